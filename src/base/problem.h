/* What is wrong with a document: any number of problems, each with its JSON path and, once located, its line and
 * column. */
#ifndef HIND_PROBLEM_H
#define HIND_PROBLEM_H
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct problem {
	char *path, *reason; /* path as in "process.rlimits[0].soft"; "" is the document itself */
	size_t line, column; /* from 1; line 0: not located yet */
	bool warning;        /* told by `validate` and --strict only (an unknown property) */
};
struct problems {
	struct problem *v;
	size_t n, errors; /* errors: how many of the n are not warnings */
};

/* The feature's validate calls this once for each thing that is wrong. Capped at 64; later ones are counted in errors
 * only. */
void problem_add(struct problems *, const char *path, const char *fmt, ...) printf_like(3, 4);
void problem_at(struct problems *, bool warning, size_t line, size_t column, const char *path, const char *fmt, ...)
	printf_like(6, 7);
/* Every error (with warnings: all) as lines "NAME:LINE:COL: .path: reason", in the order of the text; NULL where there
 * is none. The caller frees it. */
char *problems_text(const struct problems *, const char *name, bool warnings) must_check;
/* The same in e, as many lines as fit and how many more there are; returns -1, or 0 where there is none. */
int problems_err(const struct problems *, const char *name, bool warnings, struct err *e) must_check;
void problems_free(struct problems *);

/* A path with an index, for problem_add: AT("process.rlimits[%zu].soft", i). Lives until the end of the block. */
#define AT(...) problem_path((char[192]){ 0 }, 192, __VA_ARGS__)
const char *problem_path(char *buf, size_t size, const char *fmt, ...) printf_like(3, 4);

#endif
