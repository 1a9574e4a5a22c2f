#include "json/encode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>

#include "base/mem.h"
#include "json/table.h"

struct json_out {
	yajl_gen gen;
	char *text; /* of the last json_out_text, without yajl's newline */
};

/* yajl aborts a generator for good at the first wrong call (a value where a key is due): that is a mistake of ours. */
static void check(yajl_gen_status status)
{
	if (status != yajl_gen_status_ok && status != yajl_gen_generation_complete)
		abort();
}

struct json_out *json_out_new(bool pretty)
{
	struct json_out *o = mem_alloc(sizeof *o);

	o->gen = yajl_gen_alloc(NULL);
	if (!o->gen)
		abort();
	yajl_gen_config(o->gen, yajl_gen_beautify, pretty ? 1 : 0);
	yajl_gen_config(o->gen, yajl_gen_indent_string, "  ");
	return o;
}

void json_out_free(struct json_out *o)
{
	if (!o)
		return;
	yajl_gen_free(o->gen);
	free(o->text);
	free(o);
}

const char *json_out_text(struct json_out *o, size_t *len)
{
	const unsigned char *text;
	size_t n;

	check(yajl_gen_get_buf(o->gen, &text, &n));
	while (n && text[n - 1] == '\n')
		n--;
	o->text = mem_grow(o->text, n + 1);
	memcpy(o->text, text, n);
	o->text[n] = 0;
	if (len)
		*len = n;
	return o->text;
}

void json_open_object(struct json_out *o)
{
	check(yajl_gen_map_open(o->gen));
}

void json_close_object(struct json_out *o)
{
	check(yajl_gen_map_close(o->gen));
}

void json_open_array(struct json_out *o)
{
	check(yajl_gen_array_open(o->gen));
}

void json_close_array(struct json_out *o)
{
	check(yajl_gen_array_close(o->gen));
}

void json_string(struct json_out *o, const char *s)
{
	check(yajl_gen_string(o->gen, (const unsigned char *)s, strlen(s)));
}

void json_key(struct json_out *o, const char *key)
{
	json_string(o, key);
}

void json_bool(struct json_out *o, bool value)
{
	check(yajl_gen_bool(o->gen, value));
}

void json_i64(struct json_out *o, int64_t value)
{
	char digits[24];

	check(yajl_gen_number(o->gen, digits, snprintf(digits, sizeof digits, "%lld", (long long)value)));
}

void json_u64(struct json_out *o, uint64_t value)
{
	char digits[24];

	check(yajl_gen_number(o->gen, digits, snprintf(digits, sizeof digits, "%llu", (unsigned long long)value)));
}

void json_number(struct json_out *o, const char *text)
{
	check(yajl_gen_number(o->gen, text, strlen(text)));
}

static void put_integer(struct json_out *o, const struct json_value *v, const char *place)
{
	if (v->size == sizeof(uint16_t))
		json_u64(o, *(const uint16_t *)place);
	else if (v->size == sizeof(uint32_t) && v->is_signed)
		json_i64(o, *(const int32_t *)place);
	else if (v->size == sizeof(uint32_t))
		json_u64(o, *(const uint32_t *)place);
	else if (v->is_signed)
		json_i64(o, *(const int64_t *)place);
	else
		json_u64(o, *(const uint64_t *)place);
}

/* object: the struct itself, of JSON_OBJECT. */
static void put(struct json_out *o, const struct json_value *v, const char *place)
{
	if (v->kind == JSON_OBJECT)
		json_struct(o, v->type, place);
	else if (v->kind == JSON_STRING)
		json_string(o, *(char *const *)place);
	else if (v->kind == JSON_BOOL)
		json_bool(o, *(const bool *)place);
	else
		put_integer(o, v, place);
}

static void put_list(struct json_out *o, const struct json_member *m, const char *items, size_t n)
{
	const struct json_value *v = m->value;

	if (m->shape == JSON_ARRAY) {
		json_open_array(o);
		for (size_t i = 0; i < n; i++)
			put(o, v, items + i * v->size);
		json_close_array(o);
		return;
	}
	json_open_object(o);
	for (size_t i = 0; i < n; i++) {
		json_key(o, *(char *const *)(items + i * v->size));
		put(o, v, items + i * v->size + v->value_offset);
	}
	json_close_object(o);
}

void json_struct(struct json_out *o, const struct json_type *type, const void *value)
{
	json_open_object(o);
	for (size_t i = 0; i < type->n; i++) {
		const struct json_member *m = &type->members[i];
		const char *place = (const char *)value + m->offset, *count = (const char *)value + m->count_offset;
		bool pointer =
			m->shape != JSON_SINGLE || m->value->kind == JSON_STRING || m->value->kind == JSON_OBJECT;

		if (m->value->kind == JSON_IGNORED || (pointer ? !*(void *const *)place : !*(const bool *)count))
			continue;
		json_key(o, m->key);
		if (m->shape != JSON_SINGLE)
			put_list(o, m, *(char *const *)place, *(const size_t *)count);
		else
			put(o, m->value, m->value->kind == JSON_OBJECT ? *(char *const *)place : place);
	}
	json_close_object(o);
}
