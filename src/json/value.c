#include "json/value.h"

#include <inttypes.h>
#include <string.h>

#include "json/scan.h"

static void store(char *place, size_t size, uint64_t bits)
{
	if (size == sizeof(uint16_t))
		*(uint16_t *)place = bits;
	else if (size == sizeof(uint32_t))
		*(uint32_t *)place = bits;
	else
		*(uint64_t *)place = bits;
}

void value_integer(const struct json_value *v, const char *s, size_t len, char *place, struct text *reason)
{
	bool negative, huge;
	uint64_t magnitude = 0, lowest = v->min < 0 ? 0 - (uint64_t)v->min : 0;
	enum scan_number is = scan_integer(s, len, &negative, &magnitude);

	huge = is == SCAN_TOO_LARGE;
	if (!huge && magnitude == 0)
		negative = false;
	if (is == SCAN_FRACTION)
		text_printf(reason, "must be a whole number, not %.*s", len > 40 ? 40 : (int)len, s);
	else if (negative ? huge || magnitude > lowest : !huge && v->min > 0 && magnitude < (uint64_t)v->min)
		text_printf(reason, "must be at least %" PRId64, v->min);
	else if (!negative && (huge || magnitude > v->max))
		text_printf(reason, "must be at most %" PRIu64, v->max);
	else
		store(place, v->size, negative ? 0 - magnitude : magnitude);
}

static void name(
	const struct json_value *v, const char *s, size_t len, struct arena *arena, char *place, struct text *reason)
{
	const char *nearest;

	for (size_t i = 0; i < v->n_names; i++) {
		if (scan_is(v->names[i], s, len)) {
			*(const char **)place = v->names[i];
			return;
		}
	}
	nearest = str_nearest(arena_strndup(arena, s, len), v->names, v->n_names);
	scan_quote(reason, s, len);
	if (nearest) {
		text_printf(reason, " is unknown; did you mean \"%s\"?", nearest);
		return;
	}
	text_printf(reason, " is unknown; it must be one of ");
	for (size_t i = 0; i < v->n_names; i++)
		text_printf(reason, "%s%s", i ? ", " : "", v->names[i]);
}

void value_string(
	const struct json_value *v, const char *s, size_t len, struct arena *arena, char *place, struct text *reason)
{
	char *copy;

	if (v->names) {
		name(v, s, len, arena, place, reason);
		return;
	}
	copy = arena_strndup(arena, s, len);
	if (len < v->min_length) {
		text_printf(reason, v->min_length == 1 ? "must not be empty" : "must have at least %u bytes",
			v->min_length);
	} else if (v->matches && !v->matches(copy)) {
		scan_quote(reason, s, len);
		text_printf(reason, " does not have the form of \"%s\"", v->example);
	} else {
		*(char **)place = copy;
	}
}
