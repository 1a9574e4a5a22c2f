#include "base/bitset.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define WORD_BITS (sizeof(unsigned long) * CHAR_BIT)

static const char *skip_spaces(const char *p)
{
	return p + strspn(p, " ");
}

/* Returns what follows the number, or NULL where there is none. One beyond max is read as max + 1. */
static const char *read_number(const char *p, size_t max, size_t *number)
{
	size_t digits = strspn(p, "0123456789");

	*number = 0;
	for (size_t i = 0; i < digits; i++)
		*number = *number > max ? max + 1 : *number * 10 + (p[i] - '0');
	if (*number > max)
		*number = max + 1;
	return digits ? skip_spaces(p + digits) : NULL;
}

static void add(struct bitset *s, size_t number)
{
	size_t word = number / WORD_BITS, words = s->bytes / sizeof *s->words;
	unsigned long bit = 1UL << number % WORD_BITS;

	if (word >= words) {
		s->bytes = (word + 1) * sizeof *s->words;
		s->words = mem_grow(s->words, s->bytes);
		memset(s->words + words, 0, s->bytes - words * sizeof *s->words);
	}
	s->n += !(s->words[word] & bit);
	s->words[word] |= bit;
}

int bitset_parse(const char *list, size_t max, struct bitset *s, struct err *e)
{
	const char *p = skip_spaces(list);
	size_t first, last;

	*s = (struct bitset){ 0 };
	while (*p) {
		p = read_number(p, max, &first);
		last = first;
		if (p && *p == '-')
			p = read_number(skip_spaces(p + 1), max, &last);
		if (!p || (*p && *p != ',') || (*p == ',' && !*skip_spaces(p + 1))) {
			bitset_free(s);
			return err_set(e, "\"%s\" is no list of numbers, as 0-3,7 is", list);
		}
		if (first > last || last > max) {
			bitset_free(s);
			return first > last ? err_set(e, "\"%s\" has a range that ends before it begins", list)
					    : err_set(e, "\"%s\" has a number above %zu", list, max);
		}
		for (size_t i = first; i <= last; i++)
			add(s, i);
		p += *p == ',';
		p = skip_spaces(p);
	}
	return 0;
}

void bitset_free(struct bitset *s)
{
	free(s->words);
	*s = (struct bitset){ 0 };
}
