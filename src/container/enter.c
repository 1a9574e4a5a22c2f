/* How a process comes into a pid namespace where others are already: exec, and init of a container that joins one
 * (CVE-2016-9962).
 *
 * As soon as it has a number in the container's pid namespace, the container's processes may look for it. Without a user
 * namespace, one that holds CAP_SYS_PTRACE may attach to it then, dumpable or not, and from there on it holds whatever the
 * newcomer holds: rights over the host, descriptors, a terminal. So a process in between does everything outside of that
 * pid namespace, where it has no number for them: it enters the other namespaces and the cgroup, opens the terminal,
 * changes the root, the user and the capabilities, loads the filter, closes what is the host's. The last thing that it
 * does is to make the child, our own (CLONE_PARENT).
 *
 * The child has, from its first moment on, what the program will have: ids, capabilities, filter, limits but for rlimits
 * (which the birth itself must not meet), the container's root, and no descriptor but the program's and the socket by which
 * it is let go. What remains to be found in it is memory: hind's own code, the container's config.json, the options of
 * this exec.
 *
 * Init of a container that joins a pid namespace (l->born_late) is made the same way by the process that has set up the
 * container. It has a filter to load still, after it was started and has run its hooks, so it may have CAP_SYS_ADMIN until
 * then (caps.c). */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/pass.h"
#include "container/container.h"
#include "container/steps.h"
#include "step/init.h"
#include "step/ns.h"
#include "step/sync.h"
#include "sys/clone.h"
#include "sys/pidfd.h"

/* ---- the process in between ---- */

static int leave_behind(struct launch *l, int sync_fd, struct err *e)
{
	struct kit *k = &l->kit;
	int keep[] = { sync_fd, k->start_fd, k->console_fd, k->host_proc_fd, log_fd() };

	fd_close(&k->seccomp_agent_fd);
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

/* All namespaces at once, as one of them may only be entered with the rights in another. That of pids is the children's
 * alone: we make no other child than the one. */
static int enter_container(struct launch *l, int sync_fd, struct err *e)
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
	return leave_behind(l, sync_fd, e);
}

/* Our caller's, which may hold anything. */
static void forget_environment(void)
{
	for (char **v = environ; v && *v; v++)
		memset(*v, 0, strlen(*v));
}

/* Everything here passes the filter that is loaded by now, as pass.h has it. At the limit of pids nothing can be born in the
 * cgroup, but who wants to see what has used them up must get in: so it is born outside, and the parent moves it. */
int init_bear(struct init *in, const struct init_step *const *last, struct err *e)
{
	pid_t pid, *host_pid = &in->host_pid;

	/* Its hooks and an agent want to know: by memory that both see. */
	if (in->born_late) {
		host_pid = mmap(NULL, sizeof *host_pid, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (host_pid == MAP_FAILED)
			return err_sys(e, "mmap");
	}
	forget_environment();
	pid = pass_fork(host_pid, &in->own_pid);
	if (pid < 0 && errno == EAGAIN) {
		if (sync_send(in->sync_fd, SYNC_CROWDED, -1, e) || sync_expect(in->sync_fd, SYNC_MOVED, NULL, e))
			return -1;
		pid = pass_fork(host_pid, &in->own_pid);
	}
	if (pid < 0)
		return err_sys(e, "clone");
	if (pid == 0) {
		in->host_pid = *host_pid;
		/* So that the parent sees the end of who made us. Init of `create` hears by it that it is recorded. */
		if (in->kit->start_connected) {
			pass_call(SYS_close_range, in->sync_fd, in->sync_fd, 0, 0);
			in->sync_fd = -1;
		}
		init_end(in, last);
	}
	return sync_send_born(in->sync_fd, pid, e);
}

static _Noreturn void between(struct launch *l, int sync_fd)
{
	struct init in;
	struct err e, ignored;
	int status = 1;

	init_begin(l, sync_fd, &in);
	if (enter_container(l, sync_fd, &e) == 0 && init_steps_run(plan_join_init, &in, &e) == 0 &&
		init_bear(&in, plan_join_last, &e) == 0)
		status = 0;
	else if (sync_send_err(sync_fd, &e, &ignored))
		status = 125;
	pass_call(SYS_exit_group, status, 0, 0, 0);
	_exit(status);
}

/* ---- the parent ---- */

/* On v2 a cgroup that hands controllers to children holds no processes itself: where init has gone to one of them, so
 * does who comes later. At the limit of pids nothing can be born in the cgroup. A user may be born only where all of the
 * way there is his, but systemd moves for him, and can be told where to only once. */
static bool other_place(struct launch *l, int code)
{
	if ((code != EBUSY && code != EAGAIN && code != EACCES) || cgroup_clone_fd(l->cgroup) < 0)
		return false;
	bool followed = code != EAGAIN && !l->cgroup_fixed && cgroup_follow(l->cgroup, l->join_pid, l->arena) == 0;
	if (code == EBUSY)
		return followed;
	cgroup_no_clone(l->cgroup);
	return true;
}

static int enter(struct launch *l, struct err *e)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "socketpair");
	l->sync_fd = pair[0];
	pid = clone_child(0, cgroup_clone_fd(l->cgroup), &l->pidfd, e);
	if (pid < 0 && other_place(l, e->code))
		pid = clone_child(0, cgroup_clone_fd(l->cgroup), &l->pidfd, e);
	if (pid == 0) {
		close(pair[0]);
		between(l, pair[1]);
	}
	close(pair[1]);
	fd_close(&l->kit.start_fd);
	if (pid < 0)
		return -1;
	l->pid = pid;
	return 0;
}

static void enter_undo(struct launch *l)
{
	host_fork.undo(l);
}

/* Who came out of it is ours to wait for. Whoever may trace the child could have said it in its place: so it has to be a
 * child of ours, and there is but one beside the process in between. */
static int take_over(struct launch *l, pid_t pid, struct err *e)
{
	siginfo_t info;
	int fd;

	if (pid == l->pid || waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
		return err_set(e, "process %d was not born of ours", (int)pid);
	fd = pidfd_of(pid, e);
	if (fd < 0)
		return -1;
	while (waitpid(l->pid, NULL, 0) < 0 && errno == EINTR)
		;
	fd_close(&l->pidfd);
	l->pid = pid;
	l->pidfd = fd;
	log_info("fork", "pid=%d", (int)l->pid);
	return 0;
}

int launch_await_birth(struct launch *l, struct err *e)
{
	bool moved = false;
	pid_t pid;

	if (sync_expect_birth(l->sync_fd, &pid, e))
		return -1;
	if (pid == 0) {
		moved = true;
		if (cgroup_leave(l->cgroup, l->pid, l->arena, e))
			return err_wrap(e,
				"all of linux.resources.pids.limit is in use, and beyond it comes only who may move");
		if (sync_send(l->sync_fd, SYNC_MOVED, -1, e) || sync_expect_birth(l->sync_fd, &pid, e))
			return -1;
	}
	if (take_over(l, pid, e))
		return -1;
	return moved ? cgroup_join(l->cgroup, l->pid, e) : 0;
}

const struct host_step host_enter = { "enter", NULL, enter, enter_undo };
const struct host_step host_birth = { "init", NULL, launch_await_birth, NULL };
