/* JSON as text: where a byte is, whether it is UTF-8, what exactly is wrong with it, and its numbers. */
#ifndef HIND_SCAN_H
#define HIND_SCAN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Line and column (in bytes) of text[offset], both from 1. */
void scan_position(const char *text, size_t offset, size_t *line, size_t *column);
/* The first byte that no JSON text may hold, anywhere, with the reason; or len: all of it is well-formed UTF-8, so that
 * yajl, which is lax about that and takes form feeds for white space, need not look. */
size_t scan_bytes(const char *text, size_t len, const char **reason);
/* Whether the len bytes at s are the string `name`. */
bool scan_is(const char *name, const char *s, size_t len);
/* What comes after `from` and the white space, commas and colons there. */
size_t scan_next(const char *text, size_t len, size_t from);

/* What a parser has just been through. */
enum scan_state { SCAN_START, SCAN_OPENED, SCAN_KEY, SCAN_VALUE, SCAN_END };
/* Says why text, which is good up to `from`, is not JSON after it; returns the offset of the first wrong byte (len: the
 * text ends too early). closing is '}' or ']' of the innermost object or array, 0 outside. */
size_t scan_explain(
	const char *text, size_t len, size_t from, enum scan_state state, char closing, struct text *reason);
/* A string's escapes, from its opening quote on: the offset of one that stands for no character or for NUL (with the
 * reason), or 0. yajl replaces the former by '?', and C strings end at the latter. */
size_t scan_escapes(const char *text, size_t begin, size_t end, const char **reason);

enum scan_number { SCAN_WHOLE, SCAN_FRACTION, SCAN_TOO_LARGE };
/* A JSON number as sign and magnitude, exactly; 1.0 and 1e3 are whole numbers. */
enum scan_number scan_integer(const char *s, size_t len, bool *negative, uint64_t *magnitude);
/* s in quotes for a message: cut short, and without bytes that a terminal would obey. */
void scan_quote(struct text *, const char *s, size_t len);
/* Adds a member to a path as ".key", or as ["key"] where the key is no plain word. */
void scan_path_key(struct text *path, const char *key, size_t len);

#endif
