/* File descriptors: every one is close-on-exec from birth. */
#ifndef HIND_FD_H
#define HIND_FD_H
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

void fd_close(int *fd); /* closes *fd if it is >= 0, sets it to -1, keeps errno */
#define cleanup_fd __attribute__((cleanup(fd_close)))
static inline int take_fd(int *fd) /* hands the fd over: the cleanup of *fd does nothing any more */
{
	int taken = *fd;
	*fd = -1;
	return taken;
}

/* Closes n fds, which it sorts, with one call for all whose numbers follow each other (close_range(2)); keeps errno. */
void fd_close_each(int *fds, size_t n);
int fd_write_all(int fd, const void *data, size_t len, struct err *e) must_check;
/* Reads to the end, at most max bytes; the caller frees *data, which is NUL-terminated. More than max is an error. */
int fd_read_all(int fd, size_t max, char **data, size_t *len, struct err *e) must_check;
#define FD_SEND_MAX 32
/* Sends len bytes (at least 1) with n fds (0 to FD_SEND_MAX) in one message; SIGPIPE is not raised. */
int fd_send(int socket_fd, const void *data, size_t len, const int *fds, size_t n, struct err *e) must_check;
/* Receives one message: bytes (0 at the end of the stream) or -1. *n: room in fds, then how many came; all
 * close-on-exec. */
ssize_t fd_receive(int socket_fd, void *data, size_t size, int *fds, size_t *n, struct err *e) must_check;
/* Closes every descriptor from first on but the n in keep, which it sorts (-1 is passed over): CVE-2024-21626.
 * close_range(2). */
int fd_close_others(unsigned first, int *keep, size_t n, struct err *e) must_check;
int fd_cloexec(int fd, int on, struct err *e) must_check;
/* Connects to, or binds and listens at, the UNIX socket `path` below dir_fd (AT_FDCWD: path as it stands), however long
 * the path is. type: SOCK_STREAM or SOCK_SEQPACKET. Returns the socket. */
int fd_connect(int dir_fd, const char *path, int type, struct err *e) must_check;
int fd_bind(int dir_fd, const char *path, int type, struct err *e) must_check; /* bound alone, for SOCK_DGRAM */
int fd_listen(int dir_fd, const char *path, int type, struct err *e) must_check;

#endif
