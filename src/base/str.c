#include "base/str.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"

bool str_eq(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

int str_u64(const char *s, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (!*s)
		return -1;
	for (; *s; s++) {
		unsigned digit = (unsigned char)*s - '0';

		if (digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, digit, &value))
			return -1;
	}
	if (value > max)
		return -1;
	*out = value;
	return 0;
}

int str_i64(const char *s, int64_t *out)
{
	bool negative = *s == '-';
	uint64_t value;

	if (str_u64(s + negative, (uint64_t)INT64_MAX + negative, &value))
		return -1;
	*out = negative ? (int64_t)(0 - value) : (int64_t)value;
	return 0;
}

int str_id(const char *s, uint32_t *out)
{
	uint64_t value;

	/* 2^32-1 is (uid_t)-1, which system calls take as "leave as it is". */
	if (str_u64(s, UINT32_MAX - 1, &value))
		return -1;
	*out = value;
	return 0;
}

int str_decimal(const char *s, const char **end, uint64_t *whole, uint64_t *millionths)
{
	char digits[24] = "0";
	size_t n = strspn(s, "0123456789"), fraction = 0;
	uint64_t unit = 1000000;

	if (n >= sizeof digits)
		return -1;
	memcpy(digits, s, n);
	if (str_u64(digits, UINT64_MAX, whole))
		return -1;
	*millionths = 0;
	*end = s + n;
	if (s[n] == '.')
		fraction = strspn(s + n + 1, "0123456789");
	for (size_t i = 0; i < fraction; i++)
		*millionths += (unit /= 10) * (uint64_t)(s[n + 1 + i] - '0');
	if (fraction)
		*end += 1 + fraction;
	return n || fraction ? 0 : -1;
}

int str_size(const char *s, uint64_t *out)
{
	static const char suffixes[] = "bkmgt";
	uint64_t whole, millionths;
	int shift = 0;

	if (str_decimal(s, &s, &whole, &millionths))
		return -1;
	if (*s) {
		const char *suffix = strchr(suffixes, tolower((unsigned char)*s)), *rest = s + 1;

		if (!suffix ||
			(*rest && (*suffix == 'b' || (strcasecmp(rest, "b") != 0 && strcasecmp(rest, "ib") != 0))))
			return -1;
		shift = 10 * (suffix - suffixes);
	}
	if (whole > UINT64_MAX >> shift || (millionths && !shift))
		return -1;
	/* No carry: the first part has no bit below the shift, and the second one none above. */
	*out = (whole << shift) + (millionths << shift) / 1000000;
	return 0;
}

/* Levenshtein's distance, case ignored; words longer than the row are told apart by their beginning. */
static size_t distance(const char *a, const char *b)
{
	size_t row[65], len = strlen(b);

	if (len > 64)
		len = 64;
	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= len; j++) {
			size_t above = row[j],
			       best = diagonal + (tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]));

			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = above;
			row[j] = best;
		}
	}
	return row[len];
}

const char *str_nearest(const char *s, const char *const *names, size_t n)
{
	size_t len = strlen(s), best = len / 3 + 1, longest = 0;
	const char *nearest = NULL;

	if (len > 64)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t d = distance(s, names[i]);
		size_t same = 0;

		while (s[same] && s[same] == names[i][same])
			same++;
		/* A word that would have to be exchanged as a whole is no suggestion. Of two that are as near, people
		 * mostly mean the one that begins as they did. */
		if (d <= best && d < len && (!nearest || d < best || same > longest)) {
			best = d;
			longest = same;
			nearest = names[i];
		}
	}
	return nearest;
}

void str_time(char text[TIME_TEXT_SIZE])
{
	struct timespec now;
	int64_t days, era, day_of_era, year_of_era, day_of_year, month;
	unsigned seconds;

	clock_gettime(CLOCK_REALTIME, &now);
	/* Years that begin in March have their leap day at the end, and 400 of them are 146097 days: so a day's date is
	 * plain division. 719468 days lie between 0000-03-01 and 1970-01-01. */
	days = now.tv_sec / 86400 + 719468;
	seconds = now.tv_sec % 86400;
	era = days / 146097;
	day_of_era = days % 146097;
	year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	month = (5 * day_of_year + 2) / 153;
	snprintf(text, TIME_TEXT_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u.%09uZ",
		(unsigned)(year_of_era + era * 400 + (month >= 10)) % 10000,
		(unsigned)(month < 10 ? month + 3 : month - 9) % 100,
		(unsigned)(day_of_year - (153 * month + 2) / 5 + 1) % 100, seconds / 3600 % 100, seconds / 60 % 60,
		seconds % 60, (unsigned)now.tv_nsec % 1000000000);
}

static void text_room(struct text *t, size_t n)
{
	if (t->size - t->len > n)
		return;
	t->size = (t->len + n + 1) * 2 + 64;
	t->p = mem_grow(t->p, t->size);
}

void text_add(struct text *t, const char *s, size_t n)
{
	text_room(t, n);
	memcpy(t->p + t->len, s, n);
	t->len += n;
	t->p[t->len] = 0;
}

void text_printf(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	text_room(t, n);
	va_start(ap, fmt);
	vsnprintf(t->p + t->len, n + 1, fmt, ap);
	va_end(ap);
	t->len += n;
}

const struct name_value *name_find(const struct name_value *table, const char *name)
{
	for (; table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

const char *name_of(const struct name_value *table, uint64_t value)
{
	for (; table->name; table++)
		if (table->value == value)
			return table->name;
	return NULL;
}
