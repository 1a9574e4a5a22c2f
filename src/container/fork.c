/* How init is made: the one clone3, and who calls it. How a process comes into a container that runs: enter.c. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "container/container.h"
#include "container/steps.h"
#include "linux/linux.h"
#include "step/ns.h"
#include "step/sync.h"
#include "sys/clone.h"
#include "sys/pidfd.h"

static uint64_t new_flags(const struct launch *l)
{
	uint64_t flags = 0;

	/* A cgroup namespace takes the cgroup that its maker is in at that moment as its root, and clone3 makes it
	 * before the child is in its cgroup; a time namespace takes offsets only before somebody is in it: both are the
	 * child's work. */
	for (int i = 0; i < NS_COUNT; i++)
		if (l->new_ns[i] && i != NS_CGROUP && i != NS_TIME)
			flags |= ns_kinds[i].flag;
	return flags;
}

/* ---- with a process in between, which enters and makes the child from there ---- */

/* A user namespace that is joined by path has to own the new ones. */
static int enter_userns(struct launch *l, struct err *e)
{
	if (setns(l->kit.ns_fd[NS_USER], CLONE_NEWUSER) < 0)
		return err_sys(e, "join the user namespace");
	if (l->join_ns[NS_PID] && setns(l->kit.ns_fd[NS_PID], CLONE_NEWPID) < 0)
		return err_sys(e, "join the pid namespace");
	return 0;
}

struct answer {
	pid_t pid;
	struct err err;
};

/* The child is our sibling (CLONE_PARENT). */
static _Noreturn void go_between(struct launch *l, int ours, int theirs, int answer_fd)
{
	struct answer a = { .pid = -1 };
	struct err ignored;
	int pidfd;

	if (enter_userns(l, &a.err) == 0)
		a.pid = clone_child(new_flags(l) | CLONE_PARENT, cgroup_clone_fd(l->cgroup), &pidfd, &a.err);
	if (a.pid == 0) {
		fd_close(&ours);
		fd_close(&answer_fd);
		init_main(l, theirs);
	}
	_exit(fd_write_all(answer_fd, &a, sizeof a, &ignored) ? 1 : 0);
}

/* The answer has a way of its own: the child is at work meanwhile, and may have spoken on the socket before. */
static int fork_between(struct launch *l, int ours, int theirs, struct err *e)
{
	cleanup_fd int between_fd = -1, read_fd = -1, write_fd = -1;
	struct answer a;
	int ends[2];
	pid_t between;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	read_fd = ends[0];
	write_fd = ends[1];
	between = clone_child(0, -1, &between_fd, e);
	if (between < 0)
		return -1;
	if (between == 0)
		go_between(l, ours, theirs, write_fd);
	fd_close(&write_fd);
	while (waitpid(between, NULL, 0) < 0 && errno == EINTR)
		;
	if (read(read_fd, &a, sizeof a) != sizeof a)
		return err_set(e, "the process that enters the namespaces ended without a word");
	if (a.pid < 0) {
		*e = a.err;
		return -1;
	}
	l->pid = a.pid;
	/* It is our child, so the number is its own until we reap it. */
	l->pidfd = pidfd_of(l->pid, e);
	return l->pidfd < 0 ? -1 : 0;
}

/* ---- without one ---- */

/* A joined pid namespace concerns children only, and one's own may be joined again: so we go there and back, and no
 * third process is needed. But where others in it might trace the child, that joins it by a child of its own (enter.c). */
static int fork_plain(struct launch *l, int ours, int theirs, struct err *e)
{
	cleanup_fd int own_fd = -1;

	if (l->join_ns[NS_PID] && !l->born_late) {
		own_fd = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
		if (own_fd < 0)
			return err_sys(e, "open /proc/self/ns/pid");
		if (setns(l->kit.ns_fd[NS_PID], CLONE_NEWPID) < 0)
			return err_sys(e, "join the pid namespace");
	}
	l->pid = clone_child(new_flags(l), cgroup_clone_fd(l->cgroup), &l->pidfd, e);
	if (l->pid == 0) {
		close(ours);
		init_main(l, theirs);
	}
	if (own_fd >= 0 && setns(own_fd, CLONE_NEWPID) < 0)
		return err_sys(e, "return to the own pid namespace");
	return l->pid < 0 ? -1 : 0;
}

/* ---- the step ---- */

static int fork_any(struct launch *l, int ours, int theirs, struct err *e)
{
	if (l->join_ns[NS_USER])
		return fork_between(l, ours, theirs, e);
	return fork_plain(l, ours, theirs, e);
}

/* We are undumpable since main(), and so is the child, up to its execve: whoever is already in a namespace that it
 * joins cannot look into it (CVE-2016-9962). Only where somebody without privileges has to write its id maps must its
 * files in /proc be ours until then; init_userns_enter ends that. */
static int fork_guarded(struct launch *l, int ours, int theirs, struct err *e)
{
	bool show = geteuid() != 0 && l->new_ns[NS_USER];
	int status;

	if (show && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		return err_sys(e, "prctl(PR_SET_DUMPABLE)");
	status = fork_any(l, ours, theirs, e);
	if (show)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return status;
}

static int fork_init(struct launch *l, struct err *e)
{
	int pair[2], status;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "socketpair");
	l->sync_fd = pair[0];
	status = fork_guarded(l, pair[0], pair[1], e);
	close(pair[1]);
	fd_close(&l->kit.start_fd);
	/* They would keep the container's mounts busy. */
	host_mount_reach.undo(l);
	host_mount_idmap.undo(l);
	if (status == 0)
		log_info("fork", "pid=%d", (int)l->pid);
	return status;
}

static void fork_undo(struct launch *l)
{
	/* Not where wait_foreground has reaped it. */
	if (l->pid > 0)
		pidfd_end_child(l->pid, l->pidfd);
	l->pid = 0;
}

const struct host_step host_fork = { "fork", NULL, fork_init, fork_undo };
