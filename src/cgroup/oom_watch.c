/* Being told that a memory limit has killed: on v1 an eventfd that is registered with cgroup.event_control
 * (cgroup-v1/memory.rst, "OOM Control"), on v2 a change of memory.events, which wakes poll(2). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "cgroup/controller.h"

static int watch_v1(const char *dir, struct oom_watch *watch, struct err *e)
{
	char path[PATH_MAX], text[32];
	snprintf(path, sizeof path, "%s/memory.oom_control", dir);
	cleanup_fd int control_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (control_fd < 0)
		return err_sys(e, "open %s", path);
	cleanup_fd int event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event_fd < 0)
		return err_sys(e, "eventfd");
	snprintf(text, sizeof text, "%d %d", event_fd, control_fd);
	if (control_write(dir, "cgroup.event_control", text) < 0)
		return err_sys(e, "write %s/cgroup.event_control", dir);
	watch->events = POLLIN;
	watch->fd = take_fd(&event_fd);
	return 0;
}

/* Reading it by this very descriptor is what ends the wake-up. */
static uint64_t kills_v2(int fd)
{
	char text[512];
	ssize_t len = pread(fd, text, sizeof text - 1, 0);
	text[len > 0 ? len : 0] = '\0';
	const char *line = strstr(text, "\noom_kill ");
	return line ? strtoull(line + strlen("\noom_kill "), NULL, 10) : 0;
}

static int watch_v2(const char *dir, struct oom_watch *watch, struct err *e)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/memory.events", dir);
	watch->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (watch->fd < 0)
		return err_sys(e, "open %s", path);
	watch->events = POLLPRI;
	watch->kills = kills_v2(watch->fd);
	snprintf(path, sizeof path, "%s/../memory.events", dir);
	watch->above_fd = open(path, O_RDONLY | O_CLOEXEC);
	(void)kills_v2(watch->above_fd);
	return 0;
}

int cgroup_oom_watch(struct cgroup *cg, struct oom_watch *watch, struct err *e)
{
	struct hierarchy *h = hierarchy_with(cg, CONTROLLER_MEMORY);
	*watch = (struct oom_watch){ .fd = -1, .above_fd = -1 };
	if (!h)
		return 0;
	return h->v2 ? watch_v2(h->dir, watch, e) : watch_v1(h->dir, watch, e);
}

bool cgroup_oom_fired(struct cgroup *cg, struct oom_watch *watch)
{
	struct hierarchy *h = hierarchy_with(cg, CONTROLLER_MEMORY);
	char path[PATH_MAX];
	uint64_t n = 0;
	if (watch->fd < 0 || !h)
		return false;
	if (!h->v2) {
		/* The removal of the cgroup rings as well. */
		snprintf(path, sizeof path, "%s/cgroup.event_control", h->dir);
		return read(watch->fd, &n, sizeof n) == sizeof n && access(path, F_OK) == 0;
	}
	(void)kills_v2(watch->above_fd);
	n = kills_v2(watch->fd);
	bool more = n > watch->kills;
	if (more)
		watch->kills = n;
	return more;
}
