/* Strings and numbers in them. */
#ifndef HIND_STR_H
#define HIND_STR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

bool str_eq(const char *a, const char *b); /* NULL equals NULL only */
bool str_starts(const char *s, const char *prefix);
/* Whole string, decimal, no sign, no space, at most max; -1 otherwise. */
int str_u64(const char *s, uint64_t max, uint64_t *out) must_check;
/* As str_u64, with an optional leading '-'. */
int str_i64(const char *s, int64_t *out) must_check;
/* An id as the kernel knows it: 0 to 2^32-2, digits only (CVE-2016-3697, CVE-2026-30892). Used wherever a uid or gid is
 * parsed. */
int str_id(const char *s, uint32_t *out) must_check;
/* A number without sign that may have a fraction, as in 1.5 or .5, whose digits from the seventh on are dropped. *end: what
 * follows it. -1 where it is none or does not fit. */
int str_decimal(const char *s, const char **end, uint64_t *whole, uint64_t *millionths) must_check;
/* Bytes with an optional suffix b, k, m, g, t (either case, 1024 each, as in 4m, 4mb, 4MiB, 0.5g); -1 where it is none or does
 * not fit. Whole bytes: a fraction needs a unit, and what it leaves of a byte is dropped. */
int str_size(const char *s, uint64_t *out) must_check;
/* The member of names (n strings) that is nearest to s by edit distance, or NULL where none is near enough to suggest. */
const char *str_nearest(const char *s, const char *const *names, size_t n);

/* Now, in UTC, as RFC 3339 has it: "2026-11-24T05:03:41.123456789Z". Not gmtime(3), which reads the host's time zone
 * first. */
#define TIME_TEXT_SIZE 31
void str_time(char text[TIME_TEXT_SIZE]);

/* A growing text; the caller frees p. Zero-initialise. p is NUL-terminated once anything was added. */
struct text {
	char *p;
	size_t len, size;
};
void text_add(struct text *, const char *s, size_t n);
void text_printf(struct text *, const char *fmt, ...) printf_like(2, 3);

/* A name table: the one list that validation, application, `features` and the tests share. Ends with a NULL name. */
struct name_value {
	const char *name;
	uint64_t value;
};
const struct name_value *name_find(const struct name_value *table, const char *name); /* NULL where absent */
const char *name_of(const struct name_value *table, uint64_t value);                  /* NULL where absent */

#endif
