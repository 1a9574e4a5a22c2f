/* Unit tests: each CHECK is one line of output, `ok NAME` or `not ok NAME - why`; check_end() is the exit status. */
#ifndef HIND_CHECK_H
#define HIND_CHECK_H
#include <stdio.h>

static int check_failures;

#define CHECK(name, condition)                                                                                         \
	do {                                                                                                           \
		if (condition) {                                                                                       \
			printf("ok %s\n", name);                                                                       \
		} else {                                                                                               \
			printf("not ok %s - %s:%d: %s\n", name, __FILE__, __LINE__, #condition);                       \
			check_failures++;                                                                              \
		}                                                                                                      \
	} while (0)

static inline int check_end(void)
{
	return check_failures ? 1 : 0;
}

#endif
