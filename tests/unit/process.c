/* Children by clone3, processes by handle, and the conversation of the two halves. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "check.h"
#include "container/container.h"
#include "step/sync.h"
#include "sys/clone.h"
#include "sys/pidfd.h"

static void handles(void)
{
	struct err e;
	uint64_t started = 0;
	bool zombie = true;
	int pidfd = -1, again;
	pid_t pid = clone_child(0, -1, &pidfd, &e);

	if (pid == 0) {
		pause();
		_exit(0);
	}
	CHECK("clone3 gives a pid and a close-on-exec pidfd", pid > 0 && fcntl(pidfd, F_GETFD) == FD_CLOEXEC);
	CHECK("a live child has a start time", proc_start_time(pid, &started, &zombie, &e) == 0 && started && !zombie);
	again = pidfd_of_started(pid, started, &e);
	CHECK("found again by its start time", again >= 0);
	fd_close(&again);
	CHECK("another start time is another process", pidfd_of_started(pid, started + 1, &e) == -1 && e.code == ESRCH);
	CHECK("a signal arrives", pidfd_signal(pidfd, SIGKILL, &e) == 0);
	while (proc_start_time(pid, &started, &zombie, &e) == 0 && !zombie)
		usleep(1000);
	CHECK("a zombie counts as gone", pidfd_of_started(pid, started, &e) == -1 && e.code == ESRCH);
	waitpid(pid, NULL, 0);
	CHECK("after the reaping a signal says so",
		pidfd_signal(pidfd, SIGTERM, &e) == -1 && e.code == ESRCH && strstr(e.msg, "no such process"));
	fd_close(&pidfd);
}

static void *own_number(void *tid)
{
	*(pid_t *)tid = gettid();
	pause();
	return NULL;
}

/* A process just reaped looks the same to pidfd_open: nobody can be late enough for that on purpose. */
static void number_of_a_thread(void)
{
	volatile pid_t tid = 0;
	pthread_t thread;
	struct err e;

	pthread_create(&thread, NULL, own_number, (void *)&tid);
	while (!tid)
		usleep(1000);
	CHECK("the number of a thread is no process's", pidfd_of(tid, &e) == -1 && e.code == ESRCH);
	pthread_cancel(thread);
	pthread_join(thread, NULL);
}

static void ending(bool with_pidfd)
{
	struct err e;
	int pidfd = -1;
	pid_t pid = clone_child(0, -1, &pidfd, &e);

	if (pid == 0) {
		pause();
		_exit(0);
	}
	alarm(10);
	pidfd_end_child(pid, with_pidfd ? pidfd : -1);
	CHECK(with_pidfd ? "a child is ended by its pidfd" : "a child is ended by its number",
		waitpid(pid, NULL, WNOHANG) == -1 && errno == ECHILD);
	fd_close(&pidfd);
	/* Of somebody else: it would end us. */
	pidfd_end_child(getpid(), -1);
	alarm(0);
}

static void conversation(void)
{
	struct err e, failure;
	int pair[2], fd = -1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return;
	CHECK("sync: a message with an fd", sync_send(pair[0], SYNC_PTY, 0, &e) == 0 &&
						    sync_expect(pair[1], SYNC_PTY, &fd, &e) == 0 && fd >= 0 &&
						    fcntl(fd, F_GETFD) == FD_CLOEXEC);
	fd_close(&fd);
	err_set(&failure, "rlimit: no");
	failure.code = EPERM;
	CHECK("sync: the child's failure arrives unchanged", sync_send_err(pair[0], &failure, &e) == 0 &&
								     sync_expect(pair[1], SYNC_READY, NULL, &e) == -1 &&
								     e.code == EPERM && str_eq(e.msg, "rlimit: no"));
	CHECK("sync: a message out of turn is told", sync_send(pair[0], SYNC_MOUNTED, -1, &e) == 0 &&
							     sync_expect(pair[1], SYNC_READY, NULL, &e) == -1 &&
							     strstr(e.msg, "\"mounted\" where \"ready\" was due"));
	close(pair[0]);
	CHECK("sync: the peer's death is told",
		sync_expect(pair[1], SYNC_READY, NULL, &e) == -1 && strstr(e.msg, "ended before"));
	close(pair[1]);
}

/* A socket that is closed with something unread resets its peer, which is told before what was sent to it. */
static void start(void)
{
	struct err e, failure;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return;
	err_set(&failure, "exec: no");
	CHECK("start: words of who has ended with ours unread",
		send(pair[0], "g", 1, 0) == 1 && write(pair[1], &failure, sizeof failure) == (ssize_t)sizeof failure &&
			close(pair[1]) == 0 && start_result(pair[0], &e) == -1 && str_eq(e.msg, "exec: no"));
	CHECK("start: an end without words is the program's start", start_result(pair[0], &e) == 0);
	close(pair[0]);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	handles();
	number_of_a_thread();
	ending(true);
	ending(false);
	conversation();
	start();
	return check_end();
}
