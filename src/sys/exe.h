/* The own executable, out of the container's reach. */
#ifndef HIND_EXE_H
#define HIND_EXE_H
#include "base/err.h"

/* A process of the container can open /proc/PID/exe of a runtime that enters it, wait, and write to the host's program
 * (CVE-2019-5736). So a command that enters a container first executes itself again from somewhere that cannot be
 * written: a read-only overlay of its own directory that is attached nowhere (root; no copy), or a sealed memfd.
 * Returns 0 when the running image is such a one already, judged by the file itself and never by the environment;
 * otherwise does not return, or returns -1. empty_dir: a directory of the host that can be the overlay's second layer
 * (it needs two); made where it is missing. */
int exe_protect(const char *empty_dir, char *const *argv, struct err *) must_check;

/* exe_entry.c, which needs no libc. The file of that path on a detached read-only overlay of its directory: its fd, or
 * -1 where that is not permitted or does not work. */
int exe_overlay(const char *path, const char *empty_dir) must_check;
/* What --root is for a command line (its NULL is followed by the environment, as on the stack) whose command enters a
 * container; NULL: it does not, or main has to find out. */
const char *exe_root(char *const *argv);
/* How a static program begins; stack: as the kernel leaves it. */
void exe_before_libc(char **stack);
/* empty_dir where nothing else is said: --root of the host's root. */
#define EXE_ROOT "/run/hind"

#endif
