#include "sys/pidfd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

int pidfd_of(pid_t pid, struct err *e)
{
	int fd = syscall(SYS_pidfd_open, pid, 0);

	if (fd >= 0)
		return fd;
	/* Of a process that is reaped at this moment Linux 6.1 says EINVAL, as of a number that a thread has by now; 6.18 says
	 * ENOENT of the thread. */
	if (pid > 0 && (errno == EINVAL || errno == ENOENT))
		errno = ESRCH;
	return err_sys(e, "pidfd_open of process %d", (int)pid);
}

int proc_start_time(pid_t pid, uint64_t *ticks, bool *zombie, struct err *e)
{
	char path[32], text[1024], *p;
	cleanup_fd int fd = -1;
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (n < 0) {
		if (errno == ENOENT)
			errno = ESRCH;
		return err_sys(e, "%s", path);
	}
	text[n] = 0;
	/* The second field is the command in parentheses, and may hold anything, parentheses too: the last one ends it. */
	p = strrchr(text, ')');
	if (!p || p[1] != ' ')
		return err_set(e, "%s: not as proc(5) has it", path);
	p += 2;
	if (zombie)
		*zombie = *p == 'Z' || *p == 'X';
	for (int field = 3; field < 22; field++) {
		p = strchr(p, ' ');
		if (!p)
			return err_set(e, "%s: not as proc(5) has it", path);
		p++;
	}
	*ticks = strtoull(p, NULL, 10);
	return 0;
}

int pidfd_of_started(pid_t pid, uint64_t start_time, struct err *e)
{
	cleanup_fd int fd = pidfd_of(pid, e);
	uint64_t now;
	bool zombie;

	if (fd < 0)
		return -1;
	/* In this order: once the pidfd is held, the number cannot come to mean another process between the two. */
	if (proc_start_time(pid, &now, &zombie, e))
		return -1;
	if (now != start_time || zombie) {
		errno = ESRCH;
		return err_sys(e, "process %d", (int)pid);
	}
	return take_fd(&fd);
}

int pidfd_signal(int pidfd, int sig, struct err *e)
{
	if (syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0) < 0)
		return err_sys(e, "send signal %d", sig);
	return 0;
}

/* A child keeps its number until it is reaped: without a pidfd, or where the call is refused (seccomp), the number will do,
 * and to wait for one that nobody has killed would be to wait for ever. */
void pidfd_end_child(pid_t pid, int pidfd)
{
	siginfo_t info;
	struct err e;

	/* A number that is no child's may be anybody's by now. */
	if (waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
		return;
	if (pidfd < 0 || (pidfd_signal(pidfd, SIGKILL, &e) && e.code != ESRCH))
		kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}
