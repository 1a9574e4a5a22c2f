/* Lists of numbers such as "0-3,7". */
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/bitset.h"
#include "check.h"

#define WORD (sizeof(unsigned long) * CHAR_BIT)

static bool has(const struct bitset *s, size_t number)
{
	return number / WORD < s->bytes / sizeof *s->words && s->words[number / WORD] >> number % WORD & 1;
}

/* Are exactly n numbers in it, and first and last among them? */
static bool parses(const char *list, size_t n, size_t first, size_t last)
{
	struct bitset s;
	struct err e;
	bool right = bitset_parse(list, 70000, &s, &e) == 0;

	if (!right) {
		printf("# %s\n", e.msg);
		return false;
	}
	right = s.n == n && (n == 0 || (has(&s, first) && has(&s, last) && !has(&s, last + 1) &&
					       s.bytes == (last / WORD + 1) * sizeof(long)));
	bitset_free(&s);
	return right;
}

static bool refuses(const char *list, const char *why)
{
	struct bitset s;
	struct err e;

	if (bitset_parse(list, 100, &s, &e) == 0) {
		bitset_free(&s);
		return false;
	}
	return s.words == NULL && strstr(e.msg, why) != NULL;
}

int main(void)
{
	CHECK("empty", parses("", 0, 0, 0) && parses("  ", 0, 0, 0));
	CHECK("one number", parses("0", 1, 0, 0) && parses("63", 1, 63, 63) && parses("64", 1, 64, 64));
	CHECK("ranges", parses("0-3,7", 5, 0, 7) && parses("5-5", 1, 5, 5) && parses("60-70", 11, 60, 70));
	CHECK("beyond any constant of libc", parses("0,65535", 2, 0, 65535));
	CHECK("numbers that come twice count once", parses("1,1-2,2", 2, 1, 2));
	CHECK("any order", parses("9,0", 2, 0, 9));
	CHECK("spaces", parses(" 0 - 3 , 7 ", 5, 0, 7));
	CHECK("words", refuses("all", "no list of numbers"));
	CHECK("open ranges", refuses("0-", "no list of numbers") && refuses("-3", "no list of numbers"));
	CHECK("stray commas", refuses(",1", "no list") && refuses("1,", "no list") && refuses("1,,2", "no list"));
	CHECK("stray dashes", refuses("1-2-3", "no list of numbers"));
	CHECK("numbers without a comma", refuses("1 2", "no list of numbers"));
	CHECK("range the wrong way round", refuses("3-1", "ends before it begins"));
	CHECK("too high", refuses("101", "above 100") && refuses("0-4294967296", "above 100"));
	CHECK("too high for any integer", refuses("99999999999999999999999999", "above 100"));
	return check_end();
}
