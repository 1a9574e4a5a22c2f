/* Where in the text a path leads: for problems that were found in the decoded structs, which know no positions. */
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/str.h"
#include "json/decode.h"
#include "json/scan.h"

/* How much of the path has led to this object or array, or -1 where it lies beside the path. */
struct level {
	long matched;
	size_t index;
	long next; /* as matched, of the value that comes */
	bool array;
};

struct locator {
	yajl_handle yajl;
	const char *text, *path;
	size_t len, before, end, depth;
	long best; /* how much of the path the best value so far has matched */
	size_t offset;
	struct level levels[JSON_MAX_DEPTH];
};

static bool ends_name(char c)
{
	return c == 0 || c == '.' || c == '[';
}

/* path[at ..] goes on with that key, as ".key", "[key]" or "[\"key\"]": returns where it goes on after it, or -1. A key
 * may hold dots: "sysctl.net.ipv4.ip_forward" leads to the member "net.ipv4.ip_forward" of sysctl. */
static long match_key(const char *path, long at, const char *key, size_t len)
{
	const char *p = path + at;
	bool quote = false, bracket = *p == '[';

	if (bracket) {
		quote = *++p == '"';
		p += quote;
	} else if (*p == '.') {
		p++;
	} else if (at) {
		return -1;
	}
	if (strncmp(p, key, len) || memchr(key, 0, len))
		return -1;
	p += len;
	if (!bracket)
		return ends_name(*p) ? p - path : -1;
	if (quote && *p++ != '"')
		return -1;
	return *p == ']' ? p + 1 - path : -1;
}

static long match_index(const char *path, long at, size_t index)
{
	char *end;
	unsigned long wanted;

	if (path[at] != '[' || path[at + 1] < '0' || path[at + 1] > '9')
		return -1;
	wanted = strtoul(path + at + 1, &end, 10);
	return *end == ']' && wanted == index ? end + 1 - path : -1;
}

static void token(struct locator *l)
{
	l->before = l->end;
	l->end = yajl_get_bytes_consumed(l->yajl);
}

/* A value begins; returns how much of the path leads to it, or -1. */
static long value(struct locator *l)
{
	struct level *v = l->depth ? &l->levels[l->depth - 1] : NULL;
	long matched = 0;

	token(l);
	if (v && v->array)
		matched = v->matched < 0 ? -1 : match_index(l->path, v->matched, v->index++);
	else if (v)
		matched = v->next;
	if (matched > l->best) {
		l->best = matched;
		l->offset = scan_next(l->text, l->len, l->before);
	}
	return matched;
}

static int on_scalar(struct locator *l)
{
	value(l);
	return !l->path[l->best > 0 ? l->best : 0] ? 0 : 1;
}

static int on_null(void *context)
{
	return on_scalar(context);
}

static int on_boolean(void *context, int b)
{
	(void)b;
	return on_scalar(context);
}

static int on_number(void *context, const char *s, size_t len)
{
	(void)s, (void)len;
	return on_scalar(context);
}

static int on_string(void *context, const unsigned char *s, size_t len)
{
	(void)s, (void)len;
	return on_scalar(context);
}

static int open_level(struct locator *l, bool array)
{
	long matched = value(l);

	if (l->depth == JSON_MAX_DEPTH || (l->best >= 0 && !l->path[l->best]))
		return 0;
	l->levels[l->depth++] = (struct level){ .matched = matched, .next = -1, .array = array };
	return 1;
}

static int on_start_map(void *context)
{
	return open_level(context, false);
}

static int on_start_array(void *context)
{
	return open_level(context, true);
}

static int on_key(void *context, const unsigned char *key, size_t len)
{
	struct locator *l = context;
	struct level *v = &l->levels[l->depth - 1];

	token(l);
	v->next = v->matched < 0 ? -1 : match_key(l->path, v->matched, (const char *)key, len);
	return 1;
}

static int on_end(void *context)
{
	struct locator *l = context;

	token(l);
	l->depth--;
	return 1;
}

static size_t find(const char *text, size_t len, const char *path)
{
	static const yajl_callbacks callbacks = {
		.yajl_null = on_null,
		.yajl_boolean = on_boolean,
		.yajl_number = on_number,
		.yajl_string = on_string,
		.yajl_start_map = on_start_map,
		.yajl_map_key = on_key,
		.yajl_end_map = on_end,
		.yajl_start_array = on_start_array,
		.yajl_end_array = on_end,
	};
	struct locator l = { .text = text, .len = len, .path = path, .best = -1 };

	/* Any status is fine: what has been found until then is the answer. */
	l.yajl = yajl_alloc(&callbacks, NULL, &l);
	yajl_config(l.yajl, yajl_dont_validate_strings, 1);
	yajl_parse(l.yajl, (const unsigned char *)text, len);
	yajl_free(l.yajl);
	return l.offset;
}

void json_locate(const char *text, size_t len, struct problems *problems)
{
	for (size_t i = 0; i < problems->n; i++) {
		struct problem *p = &problems->v[i];

		if (!p->line)
			scan_position(text, find(text, len, p->path), &p->line, &p->column);
	}
}
