/* How init is made, and how a process comes into a container that runs: the one clone3, and who calls it. */
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

/* what: its end of the socket and of the way for its answer, which have to stay open. */
typedef int enter_fn(struct launch *, const int what[2], struct err *);

/* A user namespace that is joined by path has to own the new ones. */
static int enter_userns(struct launch *l, const int what[2], struct err *e)
{
	(void)what;
	if (setns(l->kit.ns_fd[NS_USER], CLONE_NEWUSER) < 0)
		return err_sys(e, "join the user namespace");
	if (l->join_ns[NS_PID] && setns(l->kit.ns_fd[NS_PID], CLONE_NEWPID) < 0)
		return err_sys(e, "join the pid namespace");
	return 0;
}

/* Nothing of the host's goes along that a process of the container could use: it may be allowed to trace the child
 * (CAP_SYS_PTRACE) from its birth on. The child makes a procfs of its own. Only where it has a user namespace, so that
 * nobody in there may look into it, the host's comes along; and for init_host_pid. */
static int leave_behind(struct launch *l, const int what[2], struct err *e)
{
	struct kit *k = &l->kit;
	int keep[7] = { what[0], what[1], k->start_fd, k->console_fd, k->seccomp_agent_fd, log_fd(), -1 };

	if (!l->join_ns[NS_USER] && k->seccomp_agent_fd < 0)
		fd_close(&k->host_proc_fd);
	keep[6] = k->host_proc_fd;
	for (int fd = 3; fd < 3 + k->preserve_fds; fd++)
		if (fd_cloexec(fd, 1, e) && e->code != EBADF)
			return -1;
	return fd_close_others(3 + k->preserve_fds, keep, ARRAY_LEN(keep), e);
}

/* A container without a mount namespace of its own was moved to its root by chroot(2). */
static int open_root(const struct launch *l, int *fd, struct err *e)
{
	char path[32];

	if (ns_is_new(ns_find(l->config, NS_MOUNT)))
		return 0;
	snprintf(path, sizeof path, "%d/root", (int)l->join_pid);
	*fd = openat(l->kit.host_proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return err_sys(e, "open /proc/%s", path);
	/* The number was still init's when its root was opened. */
	return pidfd_signal(l->join_pidfd, 0, e);
}

/* All namespaces at once, as one of them may only be entered with the rights in another. */
static int enter_container(struct launch *l, const int what[2], struct err *e)
{
	cleanup_fd int root_fd = -1;
	int flags = 0;

	for (int i = 0; i < NS_COUNT; i++)
		if (l->join_ns[i])
			flags |= ns_kinds[i].flag;
	if (open_root(l, &root_fd, e))
		return -1;
	if (flags && setns(l->join_pidfd, flags) < 0)
		return err_sys(e, "enter the namespaces of process %d", (int)l->join_pid);
	/* A change of rights makes us what fs.suid_dumpable says. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(e, "prctl(PR_SET_DUMPABLE)");
	if (root_fd >= 0 && (fchdir(root_fd) < 0 || chroot(".") < 0))
		return err_sys(e, "enter the root of process %d", (int)l->join_pid);
	fd_close(&root_fd);
	return leave_behind(l, what, e);
}

struct answer {
	pid_t pid;
	struct err err;
};

/* The child is our sibling (CLONE_PARENT). */
static _Noreturn void go_between(struct launch *l, enter_fn *enter, int ours, int theirs, int answer_fd)
{
	struct answer a = { .pid = -1 };
	struct err ignored;
	int pidfd;

	if (enter(l, (int[]){ theirs, answer_fd }, &a.err) == 0)
		a.pid = clone_child(
			new_flags(l) | CLONE_PARENT, l->join_pid ? -1 : cgroup_clone_fd(l->cgroup), &pidfd, &a.err);
	if (a.pid == 0) {
		fd_close(&ours);
		fd_close(&answer_fd);
		init_main(l, theirs);
	}
	_exit(fd_write_all(answer_fd, &a, sizeof a, &ignored) ? 1 : 0);
}

/* On v2, who goes between into a container is born in its cgroup already, so that the child needs no handle of that.
 * The answer has a way of its own: the child is at work meanwhile, and may have spoken on the socket before. */
static int fork_between(struct launch *l, enter_fn *enter, int ours, int theirs, struct err *e)
{
	cleanup_fd int between_fd = -1, read_fd = -1, write_fd = -1;
	struct answer a;
	int ends[2];
	pid_t between;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	read_fd = ends[0];
	write_fd = ends[1];
	between = clone_child(0, l->join_pid ? cgroup_clone_fd(l->cgroup) : -1, &between_fd, e);
	if (between < 0)
		return -1;
	if (between == 0)
		go_between(l, enter, ours, theirs, write_fd);
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
 * third process is needed. */
static int fork_plain(struct launch *l, int ours, int theirs, struct err *e)
{
	cleanup_fd int own_fd = -1;

	if (l->join_ns[NS_PID]) {
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

/* On v2 a cgroup that hands controllers to children holds no processes itself: where init has gone to one of them, so
 * does who comes later. At the limit of pids nothing can be born in the cgroup, but who wants to see what has used them up
 * can be moved there. A user may be born only where all of the way there is his, but systemd moves for him. */
static int fork_entering(struct launch *l, int ours, int theirs, struct err *e)
{
	int status = fork_between(l, enter_container, ours, theirs, e);

	if (status == 0 || (e->code != EBUSY && e->code != EAGAIN && e->code != EACCES) ||
		cgroup_clone_fd(l->cgroup) < 0)
		return status;
	if (e->code != EBUSY)
		cgroup_no_clone(l->cgroup);
	else if (l->cgroup_fixed || cgroup_follow(l->cgroup, l->join_pid, l->arena))
		return -1;
	return fork_between(l, enter_container, ours, theirs, e);
}

static int fork_any(struct launch *l, int ours, int theirs, struct err *e)
{
	if (l->join_pid)
		return fork_entering(l, ours, theirs, e);
	if (l->join_ns[NS_USER])
		return fork_between(l, enter_userns, ours, theirs, e);
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
