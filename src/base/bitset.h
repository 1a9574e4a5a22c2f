/* Sets of small numbers, as the kernel takes CPUs and memory nodes: written as a list ("0-3,7"), passed as words. */
#ifndef HIND_BITSET_H
#define HIND_BITSET_H
#include <stddef.h>

#include "base/err.h"

struct bitset {
	unsigned long *words; /* freed by bitset_free */
	size_t bytes;         /* whole words, no more than the highest number needs */
	size_t n;             /* how many numbers are in it */
};

/* Numbers and ranges with commas between them; spaces around either are taken, as is an empty list. Numbers up to max.
 * Errors say what is wrong with the text, not where it stands. */
int bitset_parse(const char *list, size_t max, struct bitset *, struct err *) must_check;
void bitset_free(struct bitset *);

#endif
