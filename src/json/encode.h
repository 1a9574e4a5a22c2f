/* Structs and single values to JSON text, by yajl_gen. */
#ifndef HIND_ENCODE_H
#define HIND_ENCODE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_out;
struct json_type;

struct json_out *json_out_new(bool pretty); /* pretty: two spaces a level */
void json_out_free(struct json_out *);
const char *json_out_text(struct json_out *, size_t *len); /* valid until the next call; ends without a newline */

void json_open_object(struct json_out *);
void json_close_object(struct json_out *);
void json_open_array(struct json_out *);
void json_close_array(struct json_out *);
void json_key(struct json_out *, const char *key);
void json_string(struct json_out *, const char *s);
void json_bool(struct json_out *, bool);
void json_i64(struct json_out *, int64_t);
void json_u64(struct json_out *, uint64_t);
void json_number(struct json_out *, const char *text); /* a number of JSON, as it stands */
/* A whole struct by its type: members that are absent (NULL, or has_x unset) are left out. */
void json_struct(struct json_out *, const struct json_type *, const void *value);

#endif
