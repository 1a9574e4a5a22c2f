#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "container/container.h"
#include "container/notify.h"

int start_result(int fd, struct err *e)
{
	struct err failure;
	ssize_t n;

	/* A reset says that init has ended with our message unread, and comes before the words that it may have left. */
	do
		n = recv(fd, &failure, sizeof failure, 0);
	while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	if (n == 0)
		return 0;
	if (n < 0)
		return err_sys(e, "start: receive");
	if (n != sizeof failure)
		return err_set(e, "start: init sent %zd bytes that are no error", n);
	failure.msg[sizeof failure.msg - 1] = 0;
	*e = failure;
	return -1;
}

/* containerd removes a container whose start has failed only if it saw init's end before ours. */
static void await_end(int pidfd)
{
	struct pollfd p = { pidfd, POLLIN, 0 };

	while (poll(&p, 1, 1000) < 0 && errno == EINTR)
		continue;
}

static int run_poststart(struct container *c, struct err *e)
{
	cleanup_fd int bundle_fd = -1;
	struct oci_state state;

	if (!hooks_any(c->record.hooks, HOOK_POSTSTART))
		return 0;
	c->status = STATUS_RUNNING;
	container_state(c, &state);
	bundle_fd = open(c->record.bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return hooks_run(c->record.hooks, HOOK_POSTSTART, &state, bundle_fd, e);
}

int container_claim_start(struct container *c, char mine[static CLAIM_SIZE])
{
	snprintf(mine, CLAIM_SIZE, "start.%d", (int)getpid());
	return c->status == STATUS_CREATED ? renameat(c->dir_fd, "start", c->dir_fd, mine) : -1;
}

int container_start(struct container *c, const char *notify_socket, struct err *e)
{
	cleanup_fd int fd = -1;
	struct notify notify;
	char mine[CLAIM_SIZE];
	int status;

	if (c->status == STATUS_STOPPED)
		return err_set(e, "cannot start a container that has stopped");
	if (c->status == STATUS_CREATING)
		return err_set(e, "cannot start a container that is still being created");
	if (container_claim_start(c, mine))
		return err_set(e, "cannot start an already running container");
	status = notify_open(&notify, c->dir_fd, notify_socket, c->pid, c->pidfd, e);
	fd = status ? -1 : fd_connect(c->dir_fd, mine, SOCK_SEQPACKET, e);
	unlinkat(c->dir_fd, mine, 0);
	status = fd < 0 ? -1 : start_result(fd, e);
	if (fd >= 0 && status < 0)
		await_end(c->pidfd);
	if (status == 0) {
		log_info("start", "id=%s pid=%d exec=done", c->id, (int)c->pid);
		status = run_poststart(c, e);
	}
	if (status == 0)
		status = notify_await(&notify, e);
	notify_close(&notify);
	return status;
}
