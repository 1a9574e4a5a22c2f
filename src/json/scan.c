#include "json/scan.h"

#include <stdlib.h>
#include <string.h>

void scan_position(const char *text, size_t offset, size_t *line, size_t *column)
{
	const char *begin = text, *end = text + offset, *newline;

	*line = 1;
	while ((newline = memchr(begin, '\n', end - begin))) {
		begin = newline + 1;
		++*line;
	}
	*column = end - begin + 1;
}

/* How many bytes the character at s takes, or 0: the table of well-formed sequences in the Unicode standard (3.9). */
static size_t character(const unsigned char *s, size_t len)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;

	if (n < 2 || n > len)
		return n > len ? 0 : n;
	if (s[0] == 0xe0)
		low = 0xa0; /* less would fit in two bytes */
	else if (s[0] == 0xed)
		high = 0x9f; /* more are surrogates */
	else if (s[0] == 0xf0)
		low = 0x90; /* less would fit in three bytes */
	else if (s[0] == 0xf4)
		high = 0x8f; /* more is beyond Unicode */
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return n;
}

static size_t utf8(const char *text, size_t len)
{
	size_t i = 0, n;
	uint64_t eight;

	while (i < len) {
		while (len - i >= sizeof eight &&
			(memcpy(&eight, text + i, sizeof eight), !(eight & 0x8080808080808080u)))
			i += sizeof eight;
		if (i == len)
			break;
		n = character((const unsigned char *)text + i, len - i);
		if (n == 0)
			break;
		i += n;
	}
	return i;
}

size_t scan_bytes(const char *text, size_t len, const char **reason)
{
	size_t good = utf8(text, len);

	*reason = "the document is not UTF-8 here";
	for (const char *c = "\f\v"; good && *c; c++) {
		const char *at = memchr(text, *c, good);

		if (at) {
			good = at - text;
			*reason = "a form feed or vertical tab must stand in a string, as \\f or \\u000b";
		}
	}
	return good;
}

bool scan_is(const char *name, const char *s, size_t len)
{
	return strlen(name) == len && memcmp(name, s, len) == 0;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool among(char c, const char *set)
{
	return c && strchr(set, c);
}

static size_t skip_space(const char *text, size_t len, size_t i)
{
	while (i < len && is_space(text[i]))
		i++;
	return i;
}

size_t scan_next(const char *text, size_t len, size_t from)
{
	while (from < len && (is_space(text[from]) || text[from] == ',' || text[from] == ':'))
		from++;
	return from;
}

/* What a message calls the byte that is there. */
static void found(struct text *reason, const char *before, const char *text, size_t len, size_t i)
{
	size_t n = i < len ? character((const unsigned char *)text + i, len - i) : 0;

	text_printf(reason, "%s", before);
	if (i == len)
		text_printf(reason, "the document ends");
	else if ((unsigned char)text[i] > ' ' && text[i] != 0x7f && n)
		text_printf(reason, "there is '%.*s'", (int)n, text + i);
	else
		text_printf(reason, "there is the byte 0x%02x", (unsigned char)text[i]);
}

static size_t explain_string(const char *text, size_t len, size_t begin, struct text *reason)
{
	size_t line, column;

	for (size_t i = begin + 1; i < len; i++) {
		if ((unsigned char)text[i] < ' ') {
			if (text[i] == '\n')
				text_printf(reason,
					"a string must end on the line where it begins (a line break in it is \\n)");
			else
				text_printf(reason,
					"a string must not hold the control character 0x%02x as it is; write \\u%04x",
					(unsigned char)text[i], (unsigned char)text[i]);
			return i;
		}
		if (text[i] != '\\' || ++i >= len)
			continue;
		if (text[i] == 'u') {
			size_t digits = 1;

			while (digits < 5 && i + digits < len && among(text[i + digits], "0123456789abcdefABCDEF"))
				digits++;
			if (digits < 5 && i + digits < len) {
				text_printf(reason, "\\u must be followed by four hexadecimal digits");
				return i - 1;
			}
			i += digits - 1;
		} else if (!among(text[i], "\"\\/bfnrt")) {
			found(reason, "a backslash must be followed by one of \"\\/bfnrtu, but ", text, len, i);
			return i - 1;
		}
	}
	scan_position(text, begin, &line, &column);
	text_printf(reason, "the document ends in the middle of a string, which begins at %zu:%zu", line, column);
	return len;
}

/* A value is due at text[i], which yajl refuses. */
static size_t explain_value(const char *text, size_t len, size_t i, struct text *reason)
{
	size_t n = 0;

	if (text[i] == '"')
		return explain_string(text, len, i, reason);
	while (i + n < len && ((text[i + n] | 32) >= 'a' && (text[i + n] | 32) <= 'z'))
		n++;
	if (n && i + n == len) {
		text_printf(reason, "the document ends in the middle of a value");
		return len;
	}
	if (n) {
		scan_quote(reason, text + i, n);
		text_printf(reason, " is no JSON value: only true, false and null stand without quotes");
	} else if (text[i] == '-' || (text[i] >= '0' && text[i] <= '9')) {
		while (i + n < len && among(text[i + n], "+-.eE0123456789"))
			n++;
		if (i + n == len) {
			text_printf(reason, "the document ends in the middle of a number");
			return len;
		}
		scan_quote(reason, text + i, n);
		text_printf(reason, " is no JSON number");
	} else if (text[i] == '/' || text[i] == '#') {
		text_printf(reason, "JSON has no comments");
	} else if (text[i] == '\'') {
		text_printf(reason, "strings stand in double quotes");
	} else if (i == 0 && len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text_printf(reason, "the document begins with a byte order mark, which JSON does not have");
	} else {
		found(reason, "a value is expected, but ", text, len, i);
	}
	return i;
}

/* After a comma or an opening bracket: a key in an object, a value in an array. */
static size_t explain_member(const char *text, size_t len, size_t i, char closing, bool comma, struct text *reason)
{
	if (comma && text[i] == closing)
		text_printf(reason, "there must be no comma before '%c'", closing);
	else if (closing != '}')
		return explain_value(text, len, i, reason);
	else if (text[i] == '"')
		return explain_string(text, len, i, reason);
	else if (text[i] == '/' || text[i] == '#')
		text_printf(reason, "JSON has no comments");
	else
		found(reason, "a key in double quotes is expected, but ", text, len, i);
	return i;
}

size_t scan_explain(const char *text, size_t len, size_t from, enum scan_state state, char closing, struct text *reason)
{
	size_t i = skip_space(text, len, from);
	bool comma = false;

	if (i < len && state == SCAN_KEY) {
		if (text[i] != ':') {
			found(reason, "a colon is expected after the key, but ", text, len, i);
			return i;
		}
		i = skip_space(text, len, i + 1);
	} else if (i < len && state == SCAN_VALUE) {
		comma = text[i] == ',';
		if (i == from && i && text[i - 1] == '0' && text[i] >= '0' && text[i] <= '9') {
			text_printf(reason, "a number must not begin with 0");
			return i - 1;
		}
		if (!comma && (text[i] == '/' || text[i] == '#')) {
			text_printf(reason, "JSON has no comments");
			return i;
		}
		if (!comma) {
			text_printf(reason, "',' or '%c' is expected, but ", closing);
			found(reason, "", text, len, i);
			return i;
		}
		i = skip_space(text, len, i + 1);
	} else if (i < len && state == SCAN_END) {
		found(reason, "nothing may follow the document, but ", text, len, i);
		return i;
	}
	if (i == len) {
		if (state == SCAN_START)
			text_printf(reason, "the document is empty");
		return len;
	}
	if (state == SCAN_START || state == SCAN_KEY)
		return explain_value(text, len, i, reason);
	return explain_member(text, len, i, closing, comma, reason);
}

static long hex4(const char *s)
{
	char digits[5] = { s[0], s[1], s[2], s[3], 0 };

	return strtol(digits, NULL, 16);
}

size_t scan_escapes(const char *text, size_t begin, size_t end, const char **reason)
{
	for (size_t i = begin; i + 1 < end; i++) {
		long unit;

		if (text[i] != '\\')
			continue;
		if (text[++i] != 'u' || i + 4 >= end)
			continue;
		unit = hex4(text + i + 1);
		if (unit == 0) {
			*reason = "must not hold \\u0000: no path or argument can";
			return i - 1;
		}
		if (unit >= 0xdc00 && unit <= 0xdfff) {
			*reason = "holds the second half of a surrogate pair without the first";
			return i - 1;
		}
		if (unit >= 0xd800 && unit <= 0xdbff) {
			if (i + 10 >= end || text[i + 5] != '\\' || text[i + 6] != 'u' || hex4(text + i + 7) < 0xdc00 ||
				hex4(text + i + 7) > 0xdfff) {
				*reason = "holds the first half of a surrogate pair without the second";
				return i - 1;
			}
			i += 6;
		}
		i += 4;
	}
	return 0;
}

/* The exponent after e or E; far beyond what a whole number can have it is cut off. */
static long exponent(const char *s, const char *end)
{
	bool negative = *s == '-';
	long value = 0;

	if (*s == '-' || *s == '+')
		s++;
	for (; s < end && value < 100000000; s++)
		value = value * 10 + (*s - '0');
	return negative ? -value : value;
}

enum scan_number scan_integer(const char *s, size_t len, bool *negative, uint64_t *magnitude)
{
	const char *end = s + len, *mantissa_end = s, *point = NULL;
	long places; /* digits before the decimal point, once the exponent has moved it */
	uint64_t value = 0;

	*negative = *s == '-';
	s += *negative;
	for (mantissa_end = s; mantissa_end < end && (*mantissa_end | 32) != 'e'; mantissa_end++)
		if (*mantissa_end == '.')
			point = mantissa_end;
	places = (point ? point : mantissa_end) - s;
	if (mantissa_end < end)
		places += exponent(mantissa_end + 1, end);
	for (; s < mantissa_end; s++) {
		unsigned digit = *s - '0';

		if (s == point)
			continue;
		if (places-- <= 0) {
			if (digit)
				return SCAN_FRACTION;
			continue;
		}
		if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value))
			return SCAN_TOO_LARGE;
	}
	for (; value && places > 0; places--)
		if (__builtin_mul_overflow(value, 10, &value))
			return SCAN_TOO_LARGE;
	*magnitude = value;
	return SCAN_WHOLE;
}

void scan_quote(struct text *t, const char *s, size_t len)
{
	const size_t most = 64;
	size_t i = 0;

	text_add(t, "\"", 1);
	while (i < len && i < most) {
		size_t n = character((const unsigned char *)s + i, len - i);

		bool control = (unsigned char)s[i] < ' ' || s[i] == 0x7f ||
			       (n == 2 && (unsigned char)s[i] == 0xc2 && (unsigned char)s[i + 1] < 0xa0);

		if (n == 0 || control) {
			text_printf(t, "\\x%02x", (unsigned char)s[i]);
			n = 1;
		} else {
			text_add(t, s + i, n);
		}
		i += n;
	}
	text_printf(t, i < len ? "...\"" : "\"");
}

static bool is_plain(const char *key, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!(key[i] == '_' || key[i] == '-' || (key[i] >= '0' && key[i] <= '9') ||
			    ((key[i] | 32) >= 'a' && (key[i] | 32) <= 'z')))
			return false;
	return len > 0 && len <= 64;
}

void scan_path_key(struct text *path, const char *key, size_t len)
{
	if (is_plain(key, len)) {
		text_printf(path, "%s%.*s", path->len ? "." : "", (int)len, key);
		return;
	}
	text_add(path, "[", 1);
	scan_quote(path, key, len);
	text_add(path, "]", 1);
}
