/* Runs a host program to its end: hooks, newuidmap. */
#ifndef HIND_SPAWN_H
#define HIND_SPAWN_H
#include <stddef.h>

#include "base/err.h"

struct spawn {
	const char *path;  /* absolute; never searched in PATH */
	char *const *argv; /* NULL-terminated, argv[0] included; NULL: just the path */
	char *const *envp; /* NULL-terminated; NULL: an empty environment, never the caller's */
	const char *input; /* written to its stdin, or NULL for an empty stdin */
	size_t input_len;
	int cwd_fd;     /* its working directory, or -1: the caller's */
	int timeout_ms; /* <= 0: none; at the end of it the program and its process group are killed */
};

/* 0 when it exited with 0. Otherwise -1 and e tells the exit status, signal or time-out with the end of its stderr. The
 * child is reaped on every path; it gets no descriptor but 0, 1, 2 and default signals. */
int spawn_run(const struct spawn *, struct err *e) must_check;

/* The path of a host's program: the caller's PATH first, but podman gives none: then where distributions put programs
 * of the administrator. The caller frees it; NULL where there is none. */
char *spawn_find(const char *name);
/* Runs a program with our environment, stdin and stderr, and gathers what it writes to stdout, at most max bytes; the
 * caller frees *text. An exit status other than 0 is an error. */
int spawn_output(const char *path, char *const *argv, size_t max, char **text, size_t *len, struct err *) must_check;

#endif
