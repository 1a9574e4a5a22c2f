/* sd_notify(3): a program of the container says READY=1, and whoever started hind as a service hears it.
 *
 * The service manager's socket is a path of the host, and it believes what the service's own processes say. So the
 * container gets a socket of its own, in a directory that is mounted read-only at /run/notify, and hind passes on that
 * one message and no other, together with who the main process is. `run` listens as long as it stays, as a program may say more; `start` and
 * `run --detach` return once the message has come, as a service manager expects of who forks, or when the container has
 * ended without it. Where process.env has a NOTIFY_SOCKET already, an engine sees to it. */
#include "container/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "container/container.h"
#include "container/steps.h"
#include "step/init.h"
#include "sys/mountfd.h"

#define DIRECTORY "notify" /* below the container's own */
#define SOCKET DIRECTORY "/notify.sock"
#define MESSAGE_LIMIT 4096
#define BARRIER_MS 5000

/* ---- the directory, and its mount inside ---- */

static bool env_has(const struct oci_process *p, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; p && i < p->n_env; i++)
		if (strncmp(p->env[i], name, len) == 0 && p->env[i][len] == '=')
			return true;
	return false;
}

/* The container's users are others than its maker, and have to get at the socket. */
static int make_directory(struct launch *l, struct err *e)
{
	cleanup_fd int dir_fd = -1;

	if (!l->opts->notify_socket || env_has(l->config->process, "NOTIFY_SOCKET"))
		return 0;
	if (mkdirat(l->store_fd, DIRECTORY, 0755) < 0)
		return err_sys(e, "mkdir %s", DIRECTORY);
	dir_fd = openat(l->store_fd, DIRECTORY, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir_fd < 0 || fchmodat(l->store_fd, DIRECTORY, 0755, 0) < 0)
		return err_sys(e, "open %s", DIRECTORY);
	l->kit.notify_dir = arena_printf(l->arena, "%s/%s/" DIRECTORY, l->opts->root, l->opts->id);
	/* Here, as root of a user namespace cannot reach our directory; without privileges it can, and we cannot clone. */
	l->kit.notify_fd = mountfd_clone(dir_fd, false, e);
	return l->kit.notify_fd < 0 && e->code != EPERM ? -1 : 0;
}

static void close_directory(struct launch *l)
{
	fd_close(&l->kit.notify_fd);
}

const struct host_step host_notify = { "notify", NULL, make_directory, close_directory };

static int clone_by_name(const char *path, struct err *e)
{
	cleanup_fd int dir_fd = mountfd_open(AT_FDCWD, path, false, e);

	return dir_fd < 0 ? -1 : mountfd_clone(dir_fd, false, e);
}

static int mount_directory(struct init *init, struct err *e)
{
	const uint64_t attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	const struct kit *k = init->kit;
	cleanup_fd int own_fd = -1, target_fd = -1;
	int tree_fd = k->notify_fd;

	if (!k->notify_dir)
		return 0;
	if (tree_fd < 0)
		tree_fd = own_fd = clone_by_name(k->notify_dir, e);
	if (tree_fd < 0 || mountfd_setattr(tree_fd, false, attributes, 0, 0, e))
		return err_wrap(e, "copy the mount of %s", k->notify_dir);
	target_fd = path_make_dirs(init->rootfs_fd, NOTIFY_MOUNT_POINT, 0755, e);
	if (target_fd < 0 || mountfd_attach(tree_fd, target_fd, e))
		return err_wrap(
			e, "NOTIFY_SOCKET is set, and its socket goes to " NOTIFY_MOUNT_POINT " of the container");
	return 0;
}

const struct init_step init_notify = { "notify", NULL, mount_directory };

/* ---- messages ---- */

int notify_open(struct notify *n, int store_fd, const char *host_socket, pid_t pid, int pidfd, struct err *e)
{
	*n = (struct notify){ .fd = -1, .host_socket = host_socket, .pid = pid, .pidfd = pidfd };
	if (!host_socket || faccessat(store_fd, DIRECTORY, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	n->fd = fd_bind(store_fd, SOCKET, SOCK_DGRAM, e);
	if (n->fd < 0)
		return -1;
	return fchmodat(store_fd, SOCKET, 0777, 0) < 0 ? err_sys(e, "chmod " SOCKET) : 0;
}

void notify_close(struct notify *n)
{
	fd_close(&n->fd);
}

/* A name that begins with '@' is abstract. */
static int host_connect(const char *name, struct err *e)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	cleanup_fd int fd = -1;
	size_t len = strlen(name);

	if (*name != '@')
		return fd_connect(AT_FDCWD, name, SOCK_DGRAM, e);
	if (len >= sizeof sa.sun_path)
		return err_set(e, "the name is longer than a socket address can hold");
	memcpy(sa.sun_path + 1, name + 1, len - 1);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(e, "socket");
	if (connect(fd, (struct sockaddr *)&sa, offsetof(struct sockaddr_un, sun_path) + len) < 0)
		return err_sys(e, "connect");
	return take_fd(&fd);
}

/* sd_notify_barrier(3): the manager looks up who has sent a message, so we must not be gone by then. The descriptor's
 * other end is closed when it has read that far. */
static void await_barrier(int fd)
{
	struct pollfd p = { .events = POLLHUP };
	struct err ignored;
	int pair[2];

	if (pipe2(pair, O_CLOEXEC) < 0)
		return;
	p.fd = pair[0];
	if (fd_send(fd, "BARRIER=1", strlen("BARRIER=1"), &pair[1], 1, &ignored) == 0) {
		fd_close(&pair[1]);
		(void)poll(&p, 1, BARRIER_MS);
	}
	fd_close(&pair[1]);
	fd_close(&pair[0]);
}

static int tell_host(const struct notify *n, struct err *e)
{
	cleanup_fd int fd = host_connect(n->host_socket, e);
	char text[64];
	int len = snprintf(text, sizeof text, "MAINPID=%d\nREADY=1\n", (int)n->pid);

	if (fd < 0 || fd_send(fd, text, len, NULL, 0, e))
		return err_wrap(e, "NOTIFY_SOCKET %s", n->host_socket);
	await_barrier(fd);
	return 0;
}

static bool says_ready(char *text)
{
	for (char *rest = text, *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n"))
		if (str_eq(line, "READY=1"))
			return true;
	return false;
}

/* 1 where the manager has just heard that the container is ready, otherwise 0. Descriptors that come along are not taken. */
static int pass(struct notify *n, struct err *e)
{
	char text[MESSAGE_LIMIT + 1];
	ssize_t len;

	while ((len = recv(n->fd, text, MESSAGE_LIMIT, MSG_DONTWAIT)) >= 0) {
		text[len] = 0;
		if (n->told || !says_ready(text))
			continue;
		n->told = true;
		return tell_host(n, e) ? -1 : 1;
	}
	return errno == EAGAIN || errno == EINTR ? 0 : err_sys(e, "receive from " SOCKET);
}

int notify_await(struct notify *n, struct err *e)
{
	while (n->fd >= 0 && !n->told) {
		struct pollfd p[2] = { { n->fd, POLLIN, 0 }, { n->pidfd, POLLIN, 0 } };

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return err_sys(e, "poll");
		if (pass(n, e) < 0)
			return -1;
		if (p[1].revents)
			break;
	}
	notify_close(n);
	return 0;
}

void notify_watch(void *data)
{
	struct err e;

	if (pass(data, &e) < 0)
		log_warn("notify", "%s", e.msg);
}
