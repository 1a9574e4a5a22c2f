/* The conversation of the two halves over one SOCK_SEQPACKET pair.
 *
 *   parent                         child
 *     | -- clone3 ------------------> |
 *     | ---- SYNC_MAPPED -----------> |  uid and gid maps are written             (new user namespace, or a joined one
 *     |                               |  where the caller's systemd moves the child: it may become another user now)
 *     | ---- SYNC_NETDEV -----------> |  the host's interfaces are inside          (linux.netDevices only)
 *     | ---- SYNC_CGROUP + fds -----> |  v1: it enters its cgroups through these; v2: it is inside.
 *     |                               |  Next it unshares the cgroup namespace
 *     | <--- SYNC_PTY + fd ---------- |  the pty's master                         (terminal without console socket)
 *     | <--- SYNC_MOUNTED ----------- |  mounts are made, root not yet switched   (prestart, createRuntime hooks only)
 *     | ---- SYNC_HOOKED -----------> |  those hooks have run
 *     | <--- SYNC_READY ------------- |  everything but `start` is done
 *     | ---- SYNC_COMMITTED --------> |  the container is recorded and may outlive us. The end of the stream instead:
 *     |                               |  we were killed, nobody knows it, so it exits         (create only)
 *     | <--- SYNC_FAILED + struct err |  at any time instead of one of its own messages; then the child exits
 *
 * Where a user namespace is joined, the child is not made by the parent itself but by a process in between, which is no
 * party to this (container/fork.c). `exec` has SYNC_MAPPED, SYNC_CGROUP, SYNC_PTY and SYNC_FAILED, but the other end is a
 * process in between, which at last makes the child (container/enter.c); where init joins a pid namespace, the last three
 * stand for SYNC_READY:
 *
 *     | <--- SYNC_LISTENER + fd ----- |  of the seccomp filter                  (with an agent only)
 *     | <--- SYNC_CROWDED ----------- |  no process more may be born in its cgroup
 *     | ---- SYNC_MOVED ------------> |  it is out of that
 *     | <--- SYNC_BORN + pid -------- |  it has made the child, and ends
 *
 * A message that comes in another state is an error of ours and told as one. */
#ifndef HIND_SYNC_H
#define HIND_SYNC_H
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

enum sync_message {
	SYNC_MAPPED = 1,
	SYNC_NETDEV,
	SYNC_CGROUP,
	SYNC_PTY,
	SYNC_MOUNTED,
	SYNC_HOOKED,
	SYNC_READY,
	SYNC_COMMITTED,
	SYNC_FAILED,
	SYNC_LISTENER,
	SYNC_CROWDED,
	SYNC_MOVED,
	SYNC_BORN
};

/* fd: sent along, or -1. */
int sync_send(int socket_fd, enum sync_message, int fd, struct err *) must_check;
int sync_send_fds(int socket_fd, enum sync_message, const int *fds, size_t n, struct err *) must_check;
int sync_send_born(int socket_fd, pid_t, struct err *) must_check;
int sync_send_err(int socket_fd, const struct err *failure, struct err *) must_check;
/* Waits for exactly `wanted`; *fd (may be NULL) gets what came along. On SYNC_FAILED *e is the child's own error. The
 * peer's death is an error that says so, with code EPIPE. */
int sync_expect(int socket_fd, enum sync_message wanted, int *fd, struct err *e) must_check;
/* *n: room in fds, then how many came. */
int sync_expect_fds(int socket_fd, enum sync_message wanted, int *fds, size_t *n, struct err *e) must_check;
/* Waits for SYNC_BORN, *pid is whose; or for SYNC_CROWDED, then 0. */
int sync_expect_birth(int socket_fd, pid_t *pid, struct err *e) must_check;
/* Has the peer said SYNC_FAILED by now, whatever else it said before? Then 1 and its error in *e; 0 otherwise. Never
 * waits. */
int sync_failure(int socket_fd, struct err *e);

#endif
