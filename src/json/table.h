/* What schemas/generate.py says of each struct in oci.h, so that one engine decodes and encodes them all. The tables
 * are constant; nothing of a schema is looked at when hind runs but these. */
#ifndef HIND_TABLE_H
#define HIND_TABLE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_kind { JSON_STRING, JSON_BOOL, JSON_INTEGER, JSON_OBJECT, JSON_IGNORED };
/* JSON_MAP: an array of entries, the key first: struct oci_pair, or an entry struct with an object. */
enum json_shape { JSON_SINGLE, JSON_ARRAY, JSON_MAP };

struct json_type;

/* One value: what it may be, and how it is kept. size is of the kept value, or of the array's or map's element. */
struct json_value {
	uint8_t kind, is_signed;
	uint16_t size;
	uint16_t value_offset; /* of the value in a map's entry */
	uint16_t n_names;
	uint16_t min_length; /* bytes of a string */
	int64_t min;         /* of a signed integer */
	uint64_t max;
	uint64_t umin;                 /* of an unsigned integer */
	const char *const *names;      /* the only strings that are right, or NULL */
	bool (*matches)(const char *); /* the schema's pattern, or NULL */
	const char *example;           /* a string that matches */
	const struct json_type *type;  /* JSON_OBJECT */
};

/* One member of an object. The kept value is at offset; count_offset is of has_x (booleans and integers) or n_x
 * (arrays, maps). */
struct json_member {
	const char *key;
	const struct json_value *value;
	const char *const *keys; /* a map that takes these keys only (n_keys); others are unknown */
	uint16_t n_keys;
	uint16_t offset, count_offset;
	uint16_t min_items;
	uint8_t key_len, shape;
	bool required;
};

struct json_type {
	const char *name; /* of the struct, without oci_ */
	uint32_t size;
	uint32_t n;
	const struct json_member *members;
};

#endif
