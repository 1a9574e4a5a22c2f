/* `run --detach --rm`: who asked for the container has gone when it ends, so a process of ours waits for that. It holds
 * nothing of the caller's but what --log named. Where it is killed, the container stays as a stopped one until
 * `delete`. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "container/container.h"

static void wait_end(int pidfd)
{
	struct pollfd end = { .fd = pidfd, .events = POLLIN };

	while (poll(&end, 1, -1) < 0 && errno == EINTR)
		;
}

/* A terminal's hang-up, or a reader of our stdout who waits for its end, are none of its business. */
static void leave_caller(void)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	for (int fd = 0; null_fd >= 0 && fd < 3; fd++)
		dup2(null_fd, fd);
	fd_close(&null_fd);
	if (chdir("/"))
		log_debug("remover", "chdir: %m");
}

/* dir_fd: its directory. Once that has no name, somebody was faster, and what has the name by now is another one. */
static int remove_stopped(const char *root, const char *id, int dir_fd, struct err *e)
{
	struct container c;
	struct stat st;
	int status;

	if (fstat(dir_fd, &st) < 0)
		return err_sys(e, "fstat");
	if (st.st_nlink == 0)
		return 0;
	if (container_open(root, id, &c, e))
		return e->code == ENOENT ? 0 : -1; /* somebody was faster */
	status = container_delete(&c, false, e);
	container_close(&c);
	return status;
}

int container_remove_later(const char *root, const char *id, int dir_fd, int pidfd, struct err *e)
{
	pid_t pid = fork();

	if (pid < 0)
		return err_sys(e, "fork of the process that removes the container");
	if (pid > 0)
		return 0;
	leave_caller();
	wait_end(pidfd);
	if (remove_stopped(root, id, dir_fd, e))
		log_warn("remover", "id=%s: %s", id, e->msg);
	_exit(0);
}
