/* The keeper runs one case: a process of its own that is a child subreaper with a mount namespace, so that every
 * process and mount that is found afterwards belongs to this case, whatever runs beside it. It writes what it has to
 * say into files of the case's directory and tells the outcome by its exit status. */
#ifndef HIND_KEEPER_H
#define HIND_KEEPER_H
#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#define SKIPPED 77 /* as automake and meson know it */

struct test {                      /* one case of a shell file, or one program with cases of its own */
	char *file, *label, *name; /* name NULL: a program */
	int number, timeout;
	bool alone;
	pid_t keeper;
	struct timespec began;
	char *dir; /* work/ (its working directory), root/ (its --root), output, reason */
};
struct keeper_place {
	char *hind, *payload, *base, *self; /* base: the directory of the whole run; self: the runner */
	bool run_long;
};

/* Runs the case and its leak check; 0, 1, or SKIPPED. The calling process is the keeper. */
int keep(const struct test *, const struct keeper_place *);
/* Adds to the one line that is told about the case. */
void add_reason(const char *dir, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

__attribute__((format(printf, 1, 2), noreturn)) void die(const char *fmt, ...);
__attribute__((format(printf, 1, 2))) char *format(const char *fmt, ...);

#endif
