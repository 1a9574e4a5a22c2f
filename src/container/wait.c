#include "container/wait.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"
#include "sys/pidfd.h"

/* One direction of the relay. */
struct flow {
	int from_fd, to_fd;
	bool ended;  /* nothing more will come */
	bool broken; /* nobody takes any more */
	size_t held, sent;
	char buf[8192];
};

struct relay {
	struct flow in, out; /* stdin -> master, master -> stdout */
	struct termios saved;
	bool raw;
};

static void foreground_signals(sigset_t *set)
{
	sigfillset(set);
	/* Faults of our own must end us, and the stop signals of job control are meant for us, not for the container. */
	sigdelset(set, SIGSEGV);
	sigdelset(set, SIGBUS);
	sigdelset(set, SIGILL);
	sigdelset(set, SIGFPE);
	sigdelset(set, SIGABRT);
	sigdelset(set, SIGTRAP);
	sigdelset(set, SIGSYS);
	sigdelset(set, SIGTSTP);
	sigdelset(set, SIGTTIN);
	sigdelset(set, SIGTTOU);
}

int wait_prepare(struct err *e)
{
	sigset_t set;

	foreground_signals(&set);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_sys(e, "sigprocmask");
	/* tcsetattr from a background process group would stop us with the terminal half set. */
	signal(SIGTTOU, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

static void terminal_raw(struct relay *r)
{
	struct termios t;

	if (tcgetattr(STDIN_FILENO, &r->saved) < 0)
		return; /* stdin is no terminal: there is nothing to change */
	t = r->saved;
	cfmakeraw(&t);
	t.c_oflag |= OPOST;
	r->raw = tcsetattr(STDIN_FILENO, TCSANOW, &t) == 0;
}

static void terminal_restore(struct relay *r)
{
	if (r->raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &r->saved);
	r->raw = false;
}

static void window_follow(int master_fd)
{
	struct winsize size;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col)
		ioctl(master_fd, TIOCSWINSZ, &size);
}

static void flow_read(struct flow *f)
{
	ssize_t n = read(f->from_fd, f->buf, sizeof f->buf);

	if (n > 0)
		f->held = n, f->sent = 0;
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		f->ended = true; /* EIO from the master: the last process has closed its slave */
}

static void flow_write(struct flow *f)
{
	ssize_t n = write(f->to_fd, f->buf + f->sent, f->held - f->sent);

	if (n > 0)
		f->sent += n;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		f->ended = f->broken = true, f->sent = f->held;
	if (f->sent == f->held)
		f->held = f->sent = 0;
}

/* End of a stdin that is no terminal (a pipe, a file): the program learns it as a person would tell it, by ^D. */
static void input_ended(struct relay *r)
{
	if (!r->raw && r->in.ended && !r->in.held && r->in.from_fd >= 0) {
		struct termios t;
		char eof = 4;

		if (tcgetattr(r->in.to_fd, &t) == 0)
			eof = t.c_cc[VEOF];
		(void)!write(r->in.to_fd, &eof, 1);
		r->in.from_fd = -1;
	}
}

/* Who reads has gone, as in `run -t ... | head`, or our terminal itself. A program that writes to a pipe would learn it by
 * SIGPIPE; on a terminal that is its hang-up, or it would stand still for ever once the terminal is full. */
static void hang_up(struct relay *r, int *master_fd)
{
	if (!r->out.broken && !(r->raw && r->in.ended && !r->in.held))
		return;
	r->in.from_fd = r->out.from_fd = -1;
	r->in.held = r->out.held = 0;
	fd_close(master_fd);
}

static int pass_signals(int signal_fd, pid_t pid, int pidfd, int master_fd, int *status, struct err *e)
{
	struct signalfd_siginfo info;

	if (read(signal_fd, &info, sizeof info) != sizeof info)
		return 0;
	if (info.ssi_signo == SIGCHLD) {
		/* Others than init may end, too: the third process of a joined user namespace, or what a hook left
		 * behind. */
		for (int other; (other = waitpid(-1, status, WNOHANG)) > 0;)
			if (other == pid)
				return 1;
		return 0;
	}
	if (info.ssi_signo == SIGWINCH && master_fd >= 0) {
		window_follow(master_fd);
		return 0;
	}
	if (pidfd_signal(pidfd, info.ssi_signo, e) && e->code != ESRCH)
		return -1;
	return 0;
}

/* What the container wrote before its end is still to be shown. */
static void drain(struct relay *r)
{
	fcntl(r->out.from_fd, F_SETFL, O_NONBLOCK);
	for (;;) {
		while (r->out.held) {
			struct pollfd p = { r->out.to_fd, POLLOUT, 0 };

			if (poll(&p, 1, 1000) == 0)
				return; /* a reader that has stopped must not keep the container's end from being told */
			flow_write(&r->out);
		}
		flow_read(&r->out);
		if (!r->out.held)
			return;
	}
}

#define FIXED 5 /* of what attend polls always */
#define WATCHES 3
static struct {
	const int *fd;
	short events;
	void (*ready)(void *);
	void *data;
} watched[WATCHES];
static size_t n_watched;

void wait_watch(const int *fd, short events, void (*ready)(void *), void *data)
{
	watched[n_watched].fd = fd;
	watched[n_watched].events = events;
	watched[n_watched].ready = ready;
	watched[n_watched++].data = data;
}

static int attend(struct relay *r, int signal_fd, pid_t pid, int pidfd, int *master_fd, int *status, struct err *e)
{
	for (;;) {
		struct pollfd p[FIXED + WATCHES] = {
			{ signal_fd, POLLIN, 0 },
			{ r->in.held || r->in.ended ? -1 : r->in.from_fd, POLLIN, 0 },
			{ r->in.held ? r->in.to_fd : -1, POLLOUT, 0 },
			{ r->out.held || r->out.ended ? -1 : r->out.from_fd, POLLIN, 0 },
			{ r->out.held ? r->out.to_fd : -1, POLLOUT, 0 },
		};
		int ended;

		for (size_t i = 0; i < n_watched; i++)
			p[FIXED + i] = (struct pollfd){ *watched[i].fd, watched[i].events, 0 };
		if (poll(p, FIXED + n_watched, -1) < 0 && errno != EINTR)
			return err_sys(e, "poll");
		if (p[1].revents)
			flow_read(&r->in);
		if (p[2].revents)
			flow_write(&r->in);
		if (p[3].revents)
			flow_read(&r->out);
		if (p[4].revents)
			flow_write(&r->out);
		for (size_t i = 0; i < n_watched; i++)
			if (p[FIXED + i].revents)
				watched[i].ready(watched[i].data);
		if (*master_fd >= 0) {
			input_ended(r);
			hang_up(r, master_fd);
		}
		if (!p[0].revents)
			continue;
		ended = pass_signals(signal_fd, pid, pidfd, *master_fd, status, e);
		if (ended)
			return ended;
	}
}

int wait_foreground(pid_t pid, int pidfd, int *master_fd, struct err *e)
{
	struct relay r = { .in = { .from_fd = STDIN_FILENO, .to_fd = *master_fd },
		.out = { .from_fd = *master_fd, .to_fd = STDOUT_FILENO } };
	cleanup_fd int signal_fd = -1;
	sigset_t set;
	int status = 0, ended;

	foreground_signals(&set);
	signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signal_fd < 0)
		return err_sys(e, "signalfd");
	if (*master_fd >= 0) {
		terminal_raw(&r);
		window_follow(*master_fd);
	} else {
		r.in.from_fd = r.out.from_fd = -1;
	}
	ended = attend(&r, signal_fd, pid, pidfd, master_fd, &status, e);
	if (ended > 0 && *master_fd >= 0)
		drain(&r);
	terminal_restore(&r);
	if (ended < 0)
		return -1;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
