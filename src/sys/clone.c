#include "sys/clone.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

pid_t clone_child(uint64_t flags, int cgroup_fd, int *pidfd, struct err *e)
{
	struct clone_args args = {
		.flags = flags | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)pidfd,
		/* With CLONE_PARENT the signal is that of the caller itself, and another one is refused. */
		.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
	};
	pid_t pid;

	if (cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = cgroup_fd;
	}
	pid = syscall(SYS_clone3, &args, sizeof args);
	if (pid >= 0)
		return pid;
	if (errno == ENOSYS)
		return err_sys(e, "clone3, which needs Linux 5.3 and no seccomp filter around hind that refuses it");
	if (errno == ENOSPC)
		return err_sys(e, "clone3: too many namespaces (see /proc/sys/user/max_*_namespaces)");
	return err_sys(e, "clone3");
}
