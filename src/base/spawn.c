#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"

#define TAIL 512 /* bytes of stderr that an error tells: its end, where programs put the cause */

struct tail {
	char bytes[TAIL + 1];
	size_t len;
};

static void tail_add(struct tail *t, const char *data, size_t n)
{
	if (n >= TAIL) {
		memcpy(t->bytes, data + n - TAIL, TAIL);
		t->len = TAIL;
		return;
	}
	if (t->len + n > TAIL) {
		size_t drop = t->len + n - TAIL;

		memmove(t->bytes, t->bytes + drop, t->len - drop);
		t->len -= drop;
	}
	memcpy(t->bytes + t->len, data, n);
	t->len += n;
}

static _Noreturn void child(const struct spawn *s, int in_fd, int err_fd)
{
	static char *const no_env[] = { NULL };
	char *const just_path[] = { (char *)s->path, NULL };
	sigset_t none;

	/* A hook must not outlive a killed hind with nobody to bound it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (s->cwd_fd >= 0 && fchdir(s->cwd_fd) < 0)
		dprintf(err_fd, "fchdir: %s", err_text(errno)), _exit(127);
	if (dup2(in_fd, 0) < 0 || dup2(err_fd, 2) < 0 || dup2(2, 1) < 0)
		_exit(127);
	syscall(SYS_close_range, 3, ~0U, 1U << 2 /* CLOSE_RANGE_CLOEXEC */);
	execve(s->path, s->argv ? s->argv : just_path, s->envp ? s->envp : no_env);
	dprintf(2, "%s", err_text(errno));
	_exit(127);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Feeds stdin and gathers the output until the program has closed it or the time is up. 1: time is up. */
static int converse(const struct spawn *s, int *in_fd, int out_fd, int pidfd, struct tail *tail)
{
	int64_t end = s->timeout_ms > 0 ? now_ms() + s->timeout_ms : 0;
	size_t fed = 0;
	char buf[4096];

	for (;;) {
		struct pollfd p[3] = { { out_fd, POLLIN, 0 }, { pidfd, POLLIN, 0 }, { *in_fd, POLLOUT, 0 } };
		int64_t left = end ? end - now_ms() : -1;
		ssize_t n;

		if (end && left <= 0)
			return 1;
		if (fed == s->input_len)
			fd_close(in_fd), p[2].fd = -1;
		if (poll(p, 3, left) < 0 && errno != EINTR)
			return 0;
		if (p[2].fd >= 0 && p[2].revents) {
			n = write(*in_fd, s->input + fed, s->input_len - fed);
			fed = n < 0 && errno != EAGAIN ? s->input_len : fed + (n > 0 ? n : 0);
		}
		if (p[0].revents & (POLLIN | POLLHUP)) {
			n = read(out_fd, buf, sizeof buf);
			if (n > 0) {
				tail_add(tail, buf, n);
				continue;
			}
		}
		/* A daemon that it left behind may hold the pipe open: the program's own end is what counts. */
		if (p[1].revents)
			return 0;
		if (p[0].revents & POLLHUP) {
			p[1].revents = 0;
			if (poll(&p[1], 1, end ? (int)left : -1) == 0)
				return 1;
			return 0;
		}
	}
}

static int verdict(const struct spawn *s, int status, int late, struct tail *tail, struct err *e)
{
	const char *colon = ": ";

	while (tail->len && strchr("\n\r \t", tail->bytes[tail->len - 1]))
		tail->len--;
	tail->bytes[tail->len] = 0;
	for (char *p = tail->bytes; *p; p++)
		if (*p == '\n')
			*p = ' ';
	if (!tail->len)
		colon = "";
	if (late)
		return err_set(e, "%s: killed after its time-out of %g s%s%s", s->path, s->timeout_ms / 1000.0, colon,
			tail->bytes);
	if (WIFSIGNALED(status))
		return err_set(e, "%s: killed by signal %d%s%s", s->path, WTERMSIG(status), colon, tail->bytes);
	if (WEXITSTATUS(status))
		return err_set(e, "%s: exit status %d%s%s", s->path, WEXITSTATUS(status), colon, tail->bytes);
	return 0;
}

int spawn_run(const struct spawn *s, struct err *e)
{
	cleanup_fd int in_read = -1, in_write = -1, out_read = -1, out_write = -1, pidfd = -1;
	struct tail tail = { .len = 0 };
	sigset_t pipe_set, old;
	int in[2], outp[2], status, late;
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	in_read = in[0];
	in_write = in[1];
	if (pipe2(outp, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	out_read = outp[0];
	out_write = outp[1];
	fcntl(in_write, F_SETFL, O_NONBLOCK);
	pid = fork();
	if (pid < 0)
		return err_sys(e, "fork");
	if (pid == 0)
		child(s, in_read, out_write);
	fd_close(&in_read);
	fd_close(&out_write);
	pidfd = syscall(SYS_pidfd_open, pid, 0);
	/* The program may end without reading its stdin. */
	sigemptyset(&pipe_set);
	sigaddset(&pipe_set, SIGPIPE);
	sigprocmask(SIG_BLOCK, &pipe_set, &old);
	late = converse(s, &in_write, out_read, pidfd, &tail);
	/* A script's children go with it: they are of its process group, which nobody but us has made. */
	if (late && kill(-pid, SIGKILL) < 0)
		kill(pid, SIGKILL);
	sigtimedwait(&pipe_set, NULL, &(struct timespec){ 0, 0 });
	sigprocmask(SIG_SETMASK, &old, NULL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, "wait for %s", s->path);
	return verdict(s, status, late, &tail, e);
}

char *spawn_find(const char *name)
{
	const char *env = getenv("PATH");
	cleanup_free char *dirs =
		mem_printf("%s:/usr/bin:/bin:/usr/local/bin:/usr/sbin:/sbin:/run/wrappers/bin", env ? env : "");

	for (char *save = NULL, *dir = strtok_r(dirs, ":", &save); dir; dir = strtok_r(NULL, ":", &save)) {
		char *path = mem_printf("%s/%s", dir, name);

		if (*dir == '/' && access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

int spawn_output(const char *path, char *const *argv, size_t max, char **text, size_t *len, struct err *e)
{
	cleanup_fd int read_fd = -1, write_fd = -1;
	int ends[2], status, failed;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	read_fd = ends[0];
	write_fd = ends[1];
	pid = fork();
	if (pid < 0)
		return err_sys(e, "fork");
	if (pid == 0) {
		if (dup2(write_fd, STDOUT_FILENO) >= 0)
			execv(path, argv);
		_exit(127);
	}
	fd_close(&write_fd);
	failed = fd_read_all(read_fd, max, text, len, e);
	fd_close(&read_fd);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, "wait for %s", path);
	if (failed)
		return err_wrap(e, "output of %s", path);
	if (status == 0)
		return 0;
	free(*text);
	*text = NULL;
	return WIFEXITED(status) ? err_set(e, "%s: exit status %d", path, WEXITSTATUS(status))
				 : err_set(e, "%s: killed by signal %d", path, WTERMSIG(status));
}
