#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/pass.h"

#define MAX_FDS FD_SEND_MAX

void fd_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

void fd_close_each(int *fds, size_t n)
{
	int saved = errno;

	qsort(fds, n, sizeof *fds, by_number);
	for (size_t i = 0, next; i < n; i = next) {
		for (next = i + 1; next < n && fds[next] == fds[next - 1] + 1;)
			next++;
		syscall(SYS_close_range, fds[i], fds[next - 1], 0);
	}
	errno = saved;
}

int fd_write_all(int fd, const void *data, size_t len, struct err *e)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "write");
		p += n;
		len -= n;
	}
	return 0;
}

int fd_read_all(int fd, size_t max, char **data, size_t *len, struct err *e)
{
	size_t size = 4096, used = 0;
	cleanup_free char *text = mem_alloc(size);

	for (;;) {
		ssize_t n = read(fd, text + used, size - used - 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "read");
		if (n == 0)
			break;
		used += n;
		if (used > max) {
			e->code = EFBIG;
			snprintf(e->msg, sizeof e->msg, "longer than %zu bytes", max);
			return -1;
		}
		if (size - used < 2)
			text = mem_grow(text, size *= 4);
	}
	text[used] = 0;
	*data = text;
	text = NULL;
	*len = used;
	return 0;
}

int fd_send(int socket_fd, const void *data, size_t len, const int *fds, size_t n, struct err *e)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(MAX_FDS * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (void *)data, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t sent;

	if (n) {
		struct cmsghdr *cmsg;

		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(cmsg), fds, n * sizeof(int));
	}
	do
		sent = pass_call(SYS_sendmsg, socket_fd, (long)&msg, MSG_NOSIGNAL, 0);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return err_sys(e, "send");
	if ((size_t)sent != len)
		return err_set(e, "send: only %zd of %zu bytes were taken", sent, len);
	return 0;
}

ssize_t fd_receive(int socket_fd, void *data, size_t size, int *fds, size_t *n, struct err *e)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(MAX_FDS * sizeof(int))];
	} control;
	struct iovec iov = { data, size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	size_t room = n ? *n : 0, got = 0;
	ssize_t len;

	msg.msg_control = control.bytes;
	msg.msg_controllen = sizeof control.bytes;
	do
		len = pass_call(SYS_recvmsg, socket_fd, (long)&msg, MSG_CMSG_CLOEXEC, 0);
	while (len < 0 && errno == EINTR);
	if (len < 0)
		return err_sys(e, "receive");
	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg)) {
		size_t came;
		int fd;

		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		came = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < came; i++) {
			memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int), sizeof fd);
			if (got < room)
				fds[got++] = fd;
			else
				close(fd);
		}
	}
	if (n)
		*n = got;
	return len;
}

int fd_close_others(unsigned first, int *keep, size_t n, struct err *e)
{
	qsort(keep, n, sizeof *keep, by_number);
	for (size_t i = 0; i <= n; i++) {
		unsigned last = i < n ? (unsigned)keep[i] - 1 : ~0U;

		if (i < n && keep[i] < (int)first)
			continue;
		if (first <= last && syscall(SYS_close_range, first, last, 0) < 0)
			return err_sys(e, "close_range, which needs Linux 5.9");
		first = last + 2;
	}
	return 0;
}

int fd_cloexec(int fd, int on, struct err *e)
{
	if (fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0) < 0)
		return err_sys(e, "fcntl(%d, F_SETFD)", fd);
	return 0;
}

/* sun_path holds 107 bytes, engines' paths may be longer: the socket is then named through an fd of its directory. */
static int address(int dir_fd, const char *path, struct sockaddr_un *sa, int *parent_fd, struct err *e)
{
	const char *slash = strrchr(path, '/');
	cleanup_free char *dir = NULL;

	sa->sun_family = AF_UNIX;
	if (dir_fd == AT_FDCWD && strlen(path) < sizeof sa->sun_path) {
		strcpy(sa->sun_path, path);
		return 0;
	}
	dir = !slash          ? mem_strdup(".")
	      : slash == path ? mem_strdup("/")
			      : mem_printf("%.*s", (int)(slash - path), path);
	*parent_fd = openat(dir_fd, dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*parent_fd < 0)
		return err_sys(e, "open %s", dir);
	if ((size_t)snprintf(sa->sun_path, sizeof sa->sun_path, "/proc/self/fd/%d/%s", *parent_fd,
		    slash ? slash + 1 : path) >= sizeof sa->sun_path)
		return err_set(e, "socket %s: its name is longer than a socket address can hold", path);
	return 0;
}

int fd_connect(int dir_fd, const char *path, int type, struct err *e)
{
	struct sockaddr_un sa = { 0 };
	cleanup_fd int parent_fd = -1, fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(e, "socket");
	if (address(dir_fd, path, &sa, &parent_fd, e))
		return -1;
	if (connect(fd, (struct sockaddr *)&sa, sizeof sa) < 0)
		return err_sys(e, "connect to socket %s", path);
	return take_fd(&fd);
}

int fd_bind(int dir_fd, const char *path, int type, struct err *e)
{
	struct sockaddr_un sa = { 0 };
	cleanup_fd int parent_fd = -1, fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(e, "socket");
	if (address(dir_fd, path, &sa, &parent_fd, e))
		return -1;
	if (bind(fd, (struct sockaddr *)&sa, sizeof sa) < 0)
		return err_sys(e, "bind socket %s", path);
	return take_fd(&fd);
}

int fd_listen(int dir_fd, const char *path, int type, struct err *e)
{
	cleanup_fd int fd = fd_bind(dir_fd, path, type, e);

	if (fd < 0)
		return -1;
	if (listen(fd, 1) < 0)
		return err_sys(e, "listen on socket %s", path);
	return take_fd(&fd);
}
