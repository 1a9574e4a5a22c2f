/* sd_notify(3) from the container to the service manager of the host. */
#ifndef HIND_NOTIFY_H
#define HIND_NOTIFY_H
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* Where its socket is mounted inside. */
#define NOTIFY_MOUNT_POINT "/run/notify"

struct notify {
	int fd;    /* where the container's messages come in; -1: there is nothing to wait for */
	bool told; /* it is ready, and the manager has heard so: what still comes is dropped */
	const char *host_socket;
	pid_t pid;
	int pidfd;
};

/* Before the program is let go. host_socket: NOTIFY_SOCKET, or NULL; store_fd: the container's directory. */
int notify_open(struct notify *, int store_fd, const char *host_socket, pid_t, int pidfd, struct err *) must_check;
void notify_close(struct notify *);
/* Until it is ready, or has ended. */
int notify_await(struct notify *, struct err *) must_check;
/* For wait_watch, with what notify_open has filled: reads what has come in. A failure is a warning. */
void notify_watch(void *notify);

#endif
