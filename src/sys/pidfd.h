/* Processes by handle: a pid may be used again, a pidfd stays what it was (rule S9). */
#ifndef HIND_PIDFD_H
#define HIND_PIDFD_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* The pidfd (close-on-exec), or -1 with e->code ESRCH where no such process is. */
int pidfd_of(pid_t, struct err *) must_check;
/* A pidfd of the process that started at start_time (proc_start_time below), or -1 with e->code ESRCH where it is gone,
 * even when its number is in use again. A zombie counts as gone. */
int pidfd_of_started(pid_t, uint64_t start_time, struct err *) must_check;
/* e->code is ESRCH where the process has ended. */
int pidfd_signal(int pidfd, int sig, struct err *) must_check;
/* Kills a child of ours and reaps it. pidfd: its own, or -1. Nothing where it has been reaped already. */
void pidfd_end_child(pid_t, int pidfd);
/* Clock ticks since boot at which the process started (field 22 of proc(5)'s stat). *zombie (may be NULL): it has ended
 * and waits to be reaped. */
int proc_start_time(pid_t, uint64_t *ticks, bool *zombie, struct err *) must_check;

#endif
