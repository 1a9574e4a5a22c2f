#include "step/sync.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/fd.h"

struct message {
	int kind;
	union {                 /* other messages are sent without it */
		struct err err; /* SYNC_FAILED */
		pid_t pid;      /* SYNC_BORN */
	};
};
#define BORN_SIZE (offsetof(struct message, pid) + sizeof(pid_t))

static const char *name_of_message(int kind)
{
	static const char *const names[] = { "nothing", "mapped", "netdev", "cgroup", "pty", "mounted", "hooked",
		"ready", "committed", "failed", "listener", "crowded", "moved", "born" };

	return kind > 0 && kind < (int)(sizeof names / sizeof *names) ? names[kind] : names[0];
}

int sync_send_fds(int socket_fd, enum sync_message kind, const int *fds, size_t n, struct err *e)
{
	int word = kind;

	if (fd_send(socket_fd, &word, sizeof word, fds, n, e))
		return err_wrap(e, "tell the other half \"%s\"", name_of_message(kind));
	return 0;
}

int sync_send(int socket_fd, enum sync_message kind, int fd, struct err *e)
{
	return sync_send_fds(socket_fd, kind, &fd, fd >= 0, e);
}

int sync_send_err(int socket_fd, const struct err *failure, struct err *e)
{
	struct message m = { .kind = SYNC_FAILED, .err = *failure };

	return fd_send(socket_fd, &m, sizeof m, NULL, 0, e);
}

int sync_send_born(int socket_fd, pid_t pid, struct err *e)
{
	struct message m = { .kind = SYNC_BORN, .pid = pid };

	return fd_send(socket_fd, &m, BORN_SIZE, NULL, 0, e);
}

/* It is not what we wait for: len bytes of it came. */
static int unexpected(const struct message *m, ssize_t len, enum sync_message wanted, struct err *e)
{
	if (len == 0) {
		err_set(e, "the other half ended before it said \"%s\"", name_of_message(wanted));
		e->code = EPIPE;
		return -1;
	}
	if (len == sizeof *m && m->kind == SYNC_FAILED) {
		*e = m->err;
		e->msg[sizeof e->msg - 1] = 0;
		return -1;
	}
	return err_set(e, "the other half said \"%s\" where \"%s\" was due", name_of_message(m->kind),
		name_of_message(wanted));
}

int sync_expect_fds(int socket_fd, enum sync_message wanted, int *fds, size_t *n, struct err *e)
{
	struct message m = { 0 };
	ssize_t len = fd_receive(socket_fd, &m, sizeof m, fds, n, e);

	if (len < 0)
		return err_wrap(e, "wait for \"%s\"", name_of_message(wanted));
	if (len == sizeof m.kind && m.kind == (int)wanted)
		return 0;
	while (*n)
		fd_close(&fds[--*n]);
	return unexpected(&m, len, wanted, e);
}

int sync_expect_birth(int socket_fd, pid_t *pid, struct err *e)
{
	struct message m = { 0 };
	ssize_t len = fd_receive(socket_fd, &m, sizeof m, NULL, NULL, e);

	if (len < 0)
		return err_wrap(e, "wait for \"%s\"", name_of_message(SYNC_BORN));
	*pid = 0;
	if (len == sizeof m.kind && m.kind == SYNC_CROWDED)
		return 0;
	if (len != (ssize_t)BORN_SIZE || m.kind != SYNC_BORN || m.pid <= 0)
		return unexpected(&m, len, SYNC_BORN, e);
	*pid = m.pid;
	return 0;
}

int sync_expect(int socket_fd, enum sync_message wanted, int *fd, struct err *e)
{
	int came_fd = -1;
	size_t n = 1;

	if (sync_expect_fds(socket_fd, wanted, &came_fd, &n, e))
		return -1;
	if (fd)
		*fd = came_fd;
	else
		fd_close(&came_fd);
	return 0;
}

int sync_failure(int socket_fd, struct err *e)
{
	struct pollfd p = { socket_fd, POLLIN, 0 };
	struct message m;
	struct err ignored;
	ssize_t len;

	while (poll(&p, 1, 0) > 0 && (len = fd_receive(socket_fd, &m, sizeof m, NULL, NULL, &ignored)) > 0)
		if (len == sizeof m && m.kind == SYNC_FAILED) {
			*e = m.err;
			e->msg[sizeof e->msg - 1] = 0;
			return 1;
		}
	return 0;
}
