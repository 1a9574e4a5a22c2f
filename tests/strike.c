/* Kills a program at its N-th system call, or its first or second descendant at that one's N-th:
 *
 *	strike parent|child|second N PROGRAM [ARG...]
 *
 * 0: it was struck, and everything that the program waits for has ended; 99: it ended before its N-th call. strace(1)
 *can do the first, but counts the calls of the child from the same rule. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOT_REACHED 99
#define OPTIONS                                                                                                        \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC)

static pid_t parent, child, second;
static const pid_t *target;
static bool struck;
static long left; /* calls until it strikes */

static pid_t start(char **argv)
{
	pid_t pid = fork();

	if (pid == 0) {
		raise(SIGSTOP);
		execv(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	return pid;
}

static bool is_target(pid_t pid)
{
	return pid == *target;
}

/* Lets a stopped process go on, with the signal that it stopped for. */
static void go_on(pid_t pid, int sig)
{
	ptrace(is_target(pid) && !struck ? PTRACE_SYSCALL : PTRACE_CONT, pid, 0, (void *)(long)sig);
}

static void stopped(pid_t pid, int status)
{
	static bool inside; /* every call stops twice: going in and coming out */
	int sig = WSTOPSIG(status), event = status >> 16;

	if (pid != parent && !child)
		child = pid;
	else if (pid != parent && pid != child && !second)
		second = pid;
	if (sig == (SIGTRAP | 0x80)) {
		inside = !inside;
		if (is_target(pid) && inside && --left == 0) {
			struck = true;
			kill(pid, SIGKILL);
			return;
		}
		go_on(pid, 0);
	} else if (event) {
		go_on(pid, 0); /* after execve the next stop is its way out */
	} else {
		go_on(pid, sig);
	}
}

int main(int argc, char **argv)
{
	int status;
	pid_t pid;

	target = argc < 4                     ? NULL
		 : !strcmp(argv[1], "parent") ? &parent
		 : !strcmp(argv[1], "child")  ? &child
		 : !strcmp(argv[1], "second") ? &second
					      : NULL;
	if (!target)
		return 2;
	left = atol(argv[2]);
	parent = start(argv + 3);
	/* Seized, not attached: a new child then gets no SIGSTOP, which would outlive us. */
	if (waitpid(parent, &status, WUNTRACED) != parent || !WIFSTOPPED(status) ||
		ptrace(PTRACE_SEIZE, parent, 0, OPTIONS))
		return 2;
	kill(parent, SIGCONT);
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (WIFSTOPPED(status))
			stopped(pid, status);
		else if (pid == parent)
			break;
	}
	return struck ? 0 : NOT_REACHED;
}
