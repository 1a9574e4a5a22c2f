/* Staying with a container in the foreground: its signals, its terminal, its end. */
#ifndef HIND_WAIT_H
#define HIND_WAIT_H
#include <signal.h>
#include <sys/types.h>

#include "base/err.h"

/* Blocks every signal that wait_foreground will pass on or needs, so that none is lost between the start and the wait.
 * Call it before the fork; the child clears its own mask. Also ignores SIGTTOU and SIGPIPE. */
int wait_prepare(struct err *) must_check;

/* Passes signals on to init (by pidfd) and, where *master_fd >= 0, relays between it and our stdin and stdout, whose
 * terminal is put in raw mode (OPOST kept, so that a person's screen still breaks lines) and restored on every way out.
 * Where nobody takes the output any more, *master_fd is closed and -1: a hang-up for the programs.
 * Returns the exit status as a shell has it: init's own, or 128+n where signal n ended it. Reaps init. */
int wait_foreground(pid_t pid, int pidfd, int *master_fd, struct err *) must_check;

/* What wait_foreground attends beside that: ready(data) is called when poll(2) says so of *fd (-1: nothing, or
 * nothing any more). At most two. */
void wait_watch(const int *fd, short events, void (*ready)(void *), void *data);

#endif
