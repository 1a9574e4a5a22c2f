/* One engine for all types. yajl says what comes next; a stack of frames and the generated tables say what is expected.
 * Values go straight to their place; arrays and maps grow in scratch memory of their level and move to the arena when
 * they end. What is wrong is told and skipped, so that one pass finds all of it. */
#include "json/decode.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/str.h"
#include "json/keyset.h"
#include "json/scan.h"
#include "json/table.h"
#include "json/value.h"

enum frame_kind { IN_OBJECT, IN_ARRAY, IN_MAP, IN_IGNORED_OBJECT, IN_IGNORED_ARRAY };

struct frame {
	enum frame_kind kind;
	size_t begin;                 /* offset of the opening bracket */
	const char *key;              /* the last key; not NUL-terminated */
	size_t key_len, index;        /* index: how many elements have begun */
	const struct json_type *type; /* IN_OBJECT */
	char *object;                 /* IN_OBJECT: the struct; IN_ARRAY, IN_MAP: the struct whose member this is */
	uint64_t keys, values;        /* IN_OBJECT: members that came, and those that were not null */
	const struct json_member
		*member; /* IN_OBJECT: whose value comes, NULL: ignored; IN_ARRAY, IN_MAP: the member itself */
	bool ignored;    /* IN_MAP: the value that comes */
	char *items;     /* scratch, kept for the next array or map of this depth */
	size_t n, room;  /* elements in it; bytes that it has */
};

struct decoder {
	yajl_handle yajl;
	const char *text;
	size_t len;
	size_t before, end; /* where the token before the current one ended, and the current one */
	bool finishing;     /* the text has been read: what comes now is an unfinished token */
	bool stopped;       /* a callback gave up and has said why */
	struct arena *arena;
	struct problems *problems;
	const struct json_value *root;
	char *out;
	struct keyset keyset;
	enum scan_state state;
	size_t depth;
	struct frame frames[JSON_MAX_DEPTH];
};

/* The value that comes. place is NULL where it is ignored. */
struct expected {
	const struct json_value *value;
	const struct json_member *list; /* the member whose array or map it is to be, or NULL */
	struct frame *in;               /* NULL: it is the document */
	char *place;
};

static struct frame *top(struct decoder *d)
{
	return d->depth ? &d->frames[d->depth - 1] : NULL;
}

static size_t token_begin(const struct decoder *d)
{
	return scan_next(d->text, d->len, d->before);
}

/* --- telling what is wrong */

/* With the path that the first `depth` frames make, and `leaf` (or NULL) below it. */
static void tell(struct decoder *d, bool warning, size_t offset, size_t depth, const char *leaf, const char *reason)
{
	struct text path = { 0 };
	size_t line, column;

	text_add(&path, "", 0);
	for (size_t i = 0; i < depth; i++) {
		const struct frame *f = &d->frames[i];

		if (f->kind == IN_ARRAY || f->kind == IN_IGNORED_ARRAY) {
			text_printf(&path, "[%zu]", f->index - 1);
		} else {
			scan_path_key(&path, f->key, f->key_len);
		}
	}
	if (leaf)
		text_printf(&path, "%s%s", path.len ? "." : "", leaf);
	scan_position(d->text, offset, &line, &column);
	problem_at(d->problems, warning, line, column, path.p, "%s", reason);
	free(path.p);
}

/* The same of the value or key that has just come; frees the text. */
static void tell_text(struct decoder *d, bool warning, struct text *reason)
{
	tell(d, warning, token_begin(d), d->depth, NULL, reason->p);
	free(reason->p);
}

static void tell_wrong_kind(struct decoder *d, const struct expected *x, const char *found)
{
	static const char *const one[] = { "a string", "a boolean", "a whole number", "an object" };
	static const char *const many[] = { "strings", "booleans", "whole numbers", "objects" };
	struct text reason = { 0 };

	if (!x->list)
		text_printf(&reason, "must be %s, not %s", one[x->value->kind], found);
	else
		text_printf(&reason, "must be an %s of %s, not %s", x->list->shape == JSON_MAP ? "object" : "array",
			many[x->value->kind], found);
	tell_text(d, false, &reason);
}

static void tell_unknown_key(struct decoder *d, const struct frame *f, const char *const *names, size_t n)
{
	struct text reason = { 0 };
	char *key = arena_strndup(d->arena, f->key, f->key_len);
	const char *nearest = str_nearest(key, names, n);

	text_printf(&reason, "unknown property");
	if (nearest)
		text_printf(&reason, "; did you mean \"%s\"?", nearest);
	tell_text(d, true, &reason);
}

/* --- what is expected */

/* Room for one more element, zeroed. */
static char *slot(struct frame *f)
{
	size_t size = f->member->value->size, used = f->n * size;

	if (f->room < used + size) {
		f->room = (used + size) * 2 + 256;
		f->items = mem_grow(f->items, f->room);
	}
	return memset(f->items + used, 0, size);
}

/* A token has come: false where yajl was only told that the text is over. */
static bool token(struct decoder *d)
{
	if (d->finishing && d->depth)
		return false;
	d->before = d->end;
	d->end = d->finishing ? d->len : yajl_get_bytes_consumed(d->yajl);
	return true;
}

static bool value_token(struct decoder *d, struct expected *x)
{
	struct frame *f = top(d);

	if (!token(d))
		return false;
	d->state = f ? SCAN_VALUE : SCAN_END;
	*x = (struct expected){ .in = f };
	if (!f) {
		x->value = d->root;
		x->place = d->out;
	} else if (f->kind == IN_OBJECT) {
		if (!f->member || f->member->value->kind == JSON_IGNORED)
			return true;
		x->value = f->member->value;
		x->list = f->member->shape == JSON_SINGLE ? NULL : f->member;
		x->place = f->object + f->member->offset;
	} else if (f->kind == IN_ARRAY) {
		f->index++;
		x->value = f->member->value;
		x->place = slot(f);
	} else if (f->kind == IN_MAP) {
		if (f->ignored)
			return true;
		x->value = f->member->value;
		x->place = slot(f) + x->value->value_offset;
	} else {
		f->index++;
	}
	return true;
}

static bool found_kind(struct decoder *d, const struct expected *x, enum json_kind kind, const char *found)
{
	if (!x->list && x->value->kind == kind)
		return true;
	tell_wrong_kind(d, x, found);
	return false;
}

/* The value is there (right or wrong: what is wrong is not missing as well). */
static void count(struct decoder *d, struct expected *x)
{
	struct frame *f = x->in;

	if (!f)
		return;
	if (f->kind == IN_OBJECT) {
		f->values |= 1ull << (f->member - f->type->members);
		if (f->member->count_offset && !x->list)
			*(bool *)(f->object + f->member->count_offset) = true;
		return;
	}
	if (f->kind == IN_MAP)
		*(const char **)(x->place - x->value->value_offset) = arena_strndup(d->arena, f->key, f->key_len);
	f->n++;
}

/* --- yajl's events; they return 0 to stop it */

static int on_null(void *context)
{
	struct decoder *d = context;
	struct expected x;

	if (!value_token(d, &x))
		return 0;
	if (x.place && (!x.in || x.in->kind == IN_ARRAY))
		tell_wrong_kind(d, &x, "null");
	return 1;
}

static int on_boolean(void *context, int value)
{
	struct decoder *d = context;
	struct expected x;

	if (!value_token(d, &x))
		return 0;
	if (!x.place)
		return 1;
	if (found_kind(d, &x, JSON_BOOL, "a boolean"))
		*(bool *)x.place = value;
	count(d, &x);
	return 1;
}

static int on_number(void *context, const char *s, size_t len)
{
	struct decoder *d = context;
	struct text reason = { 0 };
	struct expected x;

	if (!value_token(d, &x))
		return 0;
	if (!x.place)
		return 1;
	if (found_kind(d, &x, JSON_INTEGER, "a number"))
		value_integer(x.value, s, len, x.place, &reason);
	if (reason.p)
		tell_text(d, false, &reason);
	count(d, &x);
	return 1;
}

/* Strings without escapes are passed as they stand in the text; any other may hold what C or yajl cannot tell. */
static bool check_escapes(struct decoder *d, const char *s)
{
	const char *reason;
	size_t offset;

	if (s >= d->text && s < d->text + d->len)
		return true;
	offset = scan_escapes(d->text, token_begin(d), d->end, &reason);
	if (!offset)
		return true;
	tell(d, false, offset, d->depth, NULL, reason);
	return false;
}

static int on_string(void *context, const unsigned char *bytes, size_t len)
{
	struct decoder *d = context;
	const char *s = (const char *)bytes;
	struct text reason = { 0 };
	struct expected x;

	if (!value_token(d, &x))
		return 0;
	if (!x.place)
		return 1;
	if (found_kind(d, &x, JSON_STRING, "a string") && check_escapes(d, s))
		value_string(x.value, s, len, d->arena, x.place, &reason);
	if (reason.p)
		tell_text(d, false, &reason);
	count(d, &x);
	return 1;
}

/* A new frame, or NULL where there are too many. */
static struct frame *push(struct decoder *d, enum frame_kind kind)
{
	struct frame *f;

	if (d->depth == JSON_MAX_DEPTH) {
		struct text reason = { 0 };

		text_printf(&reason, "objects and arrays are nested more than %d deep", JSON_MAX_DEPTH);
		tell_text(d, false, &reason);
		d->stopped = true;
		return NULL;
	}
	f = &d->frames[d->depth++];
	*f = (struct frame){ .kind = kind, .begin = d->end - 1, .items = f->items, .room = f->room };
	d->state = SCAN_OPENED;
	return f;
}

static int open_list(struct decoder *d, struct expected *x, enum frame_kind kind)
{
	char *owner = x->in->object;
	const struct json_member *member = x->list;
	struct frame *f;

	count(d, x);
	f = push(d, kind);
	if (!f)
		return 0;
	f->member = member;
	f->object = owner;
	return 1;
}

static int open_object(struct decoder *d, struct expected *x)
{
	const struct json_type *type = x->value->type;
	char *object = x->place;
	struct frame *f;

	/* In arrays and maps, and at the top, the struct itself is at place; as a member there is a pointer. */
	if (x->in && x->in->kind == IN_OBJECT)
		*(char **)x->place = object = arena_alloc(d->arena, type->size);
	count(d, x);
	f = push(d, IN_OBJECT);
	if (!f)
		return 0;
	f->type = type;
	f->object = object;
	return 1;
}

static int on_start_map(void *context)
{
	struct decoder *d = context;
	struct expected x;

	if (!value_token(d, &x))
		return 0;
	if (!x.place)
		return push(d, IN_IGNORED_OBJECT) != NULL;
	if (x.list && x.list->shape == JSON_MAP)
		return open_list(d, &x, IN_MAP);
	if (found_kind(d, &x, JSON_OBJECT, "an object"))
		return open_object(d, &x);
	count(d, &x);
	return push(d, IN_IGNORED_OBJECT) != NULL;
}

static int on_start_array(void *context)
{
	struct decoder *d = context;
	struct expected x;

	if (!value_token(d, &x))
		return 0;
	if (!x.place)
		return push(d, IN_IGNORED_ARRAY) != NULL;
	if (x.list && x.list->shape == JSON_ARRAY)
		return open_list(d, &x, IN_ARRAY);
	tell_wrong_kind(d, &x, "an array");
	count(d, &x);
	return push(d, IN_IGNORED_ARRAY) != NULL;
}

/* True where the type has a member of that name. */
static bool member_key(struct decoder *d, struct frame *f)
{
	const char *names[64];
	const struct json_type *t = f->type;

	for (size_t i = 0; i < t->n; i++) {
		const struct json_member *m = &t->members[i];

		if (m->key_len != f->key_len || memcmp(m->key, f->key, f->key_len))
			continue;
		f->member = m;
		if (f->keys & 1ull << i) {
			tell(d, false, token_begin(d), d->depth, NULL, "comes twice in this object");
			f->member = NULL;
		}
		f->keys |= 1ull << i;
		return true;
	}
	f->member = NULL;
	for (size_t i = 0; i < t->n; i++)
		names[i] = t->members[i].key;
	tell_unknown_key(d, f, names, t->n);
	return false;
}

static bool is_map_key(const struct frame *f)
{
	if (!f->member->keys)
		return true;
	for (size_t i = 0; i < f->member->n_keys; i++)
		if (scan_is(f->member->keys[i], f->key, f->key_len))
			return true;
	return false;
}

static int on_key(void *context, const unsigned char *bytes, size_t len)
{
	struct decoder *d = context;
	struct frame *f = top(d);
	const char *key = (const char *)bytes;

	if (!token(d))
		return 0;
	d->state = SCAN_KEY;
	f->key_len = len;
	f->key = key >= d->text && key < d->text + d->len ? key : arena_strndup(d->arena, key, len);
	check_escapes(d, key);
	if (f->kind == IN_OBJECT && member_key(d, f))
		return 1;
	if (!keyset_add(&d->keyset, f->begin, f->key, len))
		tell(d, false, token_begin(d), d->depth, NULL, "comes twice in this object");
	if (f->kind == IN_MAP) {
		f->ignored = !is_map_key(f);
		if (f->ignored)
			tell_unknown_key(d, f, f->member->keys, f->member->n_keys);
	}
	return 1;
}

/* An array or map is complete: it goes to the arena. A list of strings ends with NULL as well. */
static void move_items(struct decoder *d, struct frame *f)
{
	size_t size = f->member->value->size;
	char *items = arena_alloc(d->arena, (f->n + 1) * size);

	if (f->n)
		memcpy(items, f->items, f->n * size);
	*(char **)(f->object + f->member->offset) = items;
	*(size_t *)(f->object + f->member->count_offset) = f->n;
}

static int on_end_map(void *context)
{
	struct decoder *d = context;
	struct frame *f = top(d);

	if (!token(d))
		return 0;
	for (size_t i = 0; f->kind == IN_OBJECT && i < f->type->n; i++) {
		const struct json_member *m = &f->type->members[i];

		if (m->required && !(f->values & 1ull << i))
			tell(d, false, f->begin, d->depth - 1, m->key, "is missing, but required");
	}
	if (f->kind == IN_MAP)
		move_items(d, f);
	d->depth--;
	d->state = d->depth ? SCAN_VALUE : SCAN_END;
	return 1;
}

static int on_end_array(void *context)
{
	struct decoder *d = context;
	struct frame *f = top(d);
	struct text reason = { 0 };

	if (!token(d))
		return 0;
	if (f->kind == IN_ARRAY) {
		if (f->n < f->member->min_items) {
			text_printf(&reason, "must have at least %u element%s", f->member->min_items,
				f->member->min_items == 1 ? "" : "s");
			tell(d, false, f->begin, d->depth - 1, NULL, reason.p);
			free(reason.p);
		}
		move_items(d, f);
	}
	d->depth--;
	d->state = SCAN_VALUE;
	return 1;
}

/* --- the document */

static void tell_syntax(struct decoder *d)
{
	struct frame *f = top(d);
	bool in_object = f && (f->kind == IN_OBJECT || f->kind == IN_MAP || f->kind == IN_IGNORED_OBJECT);
	struct text reason = { 0 };
	size_t offset = scan_explain(d->text, d->len, d->end, d->state, !f ? 0 : in_object ? '}' : ']', &reason);

	if (!reason.p && f) {
		size_t line, column;

		scan_position(d->text, f->begin, &line, &column);
		text_printf(&reason, "the document ends in the middle of an %s, which begins at %zu:%zu",
			in_object ? "object" : "array", line, column);
	}
	/* After a key it is that member's value that is wrong, anywhere else the object or array itself. */
	tell(d, false, offset, d->depth && d->state != SCAN_KEY ? d->depth - 1 : d->depth, NULL,
		reason.p ? reason.p : "the document is not JSON");
	free(reason.p);
}

/* What needs no parser. */
static bool check_text(struct decoder *d)
{
	const char *reason;
	size_t good;

	if (d->len > JSON_MAX_SIZE) {
		tell(d, false, 0, 0, NULL, "the document is larger than 16 MiB");
		return false;
	}
	good = scan_bytes(d->text, d->len, &reason);
	if (good < d->len)
		tell(d, false, good, 0, NULL, reason);
	return good == d->len;
}

static void *yajl_malloc(void *context, size_t size)
{
	(void)context;
	return mem_grow(NULL, size);
}

static void *yajl_realloc(void *context, void *old, size_t size)
{
	(void)context;
	return mem_grow(old, size);
}

static void yajl_mfree(void *context, void *old)
{
	(void)context;
	free(old);
}

static void parse(struct decoder *d)
{
	static const yajl_callbacks callbacks = {
		.yajl_null = on_null,
		.yajl_boolean = on_boolean,
		.yajl_number = on_number,
		.yajl_string = on_string,
		.yajl_start_map = on_start_map,
		.yajl_map_key = on_key,
		.yajl_end_map = on_end_map,
		.yajl_start_array = on_start_array,
		.yajl_end_array = on_end_array,
	};
	yajl_alloc_funcs memory = { yajl_malloc, yajl_realloc, yajl_mfree, NULL };
	yajl_status status;

	d->yajl = yajl_alloc(&callbacks, &memory, d);
	yajl_config(d->yajl, yajl_dont_validate_strings, 1); /* check_text has done it, and better */
	status = yajl_parse(d->yajl, (const unsigned char *)d->text, d->len);
	if (status == yajl_status_ok) {
		d->finishing = true;
		status = yajl_complete_parse(d->yajl);
	}
	if (status != yajl_status_ok && !d->stopped)
		tell_syntax(d);
	yajl_free(d->yajl);
}

int json_decode(const struct json_type *type, const char *text, size_t len, struct arena *arena, void *out,
	struct problems *problems)
{
	const struct json_value root = { .kind = JSON_OBJECT, .size = type->size, .type = type };
	struct decoder d = {
		.text = text, .len = len, .arena = arena, .problems = problems, .root = &root, .out = out
	};
	size_t errors = problems->errors;

	if (check_text(&d))
		parse(&d);
	keyset_free(&d.keyset);
	for (size_t i = 0; i < JSON_MAX_DEPTH; i++)
		free(d.frames[i].items);
	return problems->errors > errors ? -1 : 0;
}
