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

/* Reading it by this very descriptor is what ends the wake-up. False: the cgroup is gone. */
static bool kills_v2(int fd, uint64_t *n)
{
	char text[512];
	ssize_t len = pread(fd, text, sizeof text - 1, 0);
	if (len < 0)
		return false;
	text[len] = '\0';
	const char *line = strstr(text, "\noom_kill ");
	*n = line ? strtoull(line + strlen("\noom_kill "), NULL, 10) : 0;
	return true;
}

static int watch_v2(const char *dir, struct oom_watch *watch, struct err *e)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/memory.events", dir);
	watch->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (watch->fd < 0)
		return err_sys(e, "open %s", path);
	watch->events = POLLPRI;
	snprintf(path, sizeof path, "%s/../memory.events", dir);
	watch->above_fd = open(path, O_RDONLY | O_CLOEXEC);
	(void)kills_v2(watch->above_fd, &watch->above);
	(void)kills_v2(watch->fd, &watch->kills);
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

/* systemd removes a cgroup as soon as it is empty, and the kernel tells of a kill up to 10 ms after it told that the limit
 * was reached, which may be too late to read it there. Then the cgroup above, where it counts as well, bears it out, if it
 * counts more than when ours was last seen. It is read first: what is in neither count now is then in both the next time. */
static bool fired_v2(struct oom_watch *watch)
{
	uint64_t above = watch->above, kills = watch->kills, more;
	(void)kills_v2(watch->above_fd, &above);
	if (kills_v2(watch->fd, &kills))
		more = kills - watch->kills;
	else
		more = above > watch->above;
	watch->kills += more;
	watch->above = above > watch->above + more ? above : watch->above + more;
	return more > 0;
}

bool cgroup_oom_fired(struct cgroup *cg, struct oom_watch *watch)
{
	struct hierarchy *h = hierarchy_with(cg, CONTROLLER_MEMORY);
	char path[PATH_MAX];
	uint64_t n = 0;
	if (watch->fd < 0 || !h)
		return false;
	if (h->v2)
		return fired_v2(watch);
	/* The removal of the cgroup rings as well. */
	snprintf(path, sizeof path, "%s/cgroup.event_control", h->dir);
	return read(watch->fd, &n, sizeof n) == sizeof n && access(path, F_OK) == 0;
}
