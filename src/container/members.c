/* The processes of a container: by its cgroup, and without one by its pid namespace and those below it.
 * pid_namespaces(7), ioctl_nsfs(2). */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "container/container.h"
#include "sys/pidfd.h"

static bool same_namespace(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Up from the process's own namespace; the parent of ours is out of sight, and so is what we may not look into. */
static bool is_inside(pid_t pid, const struct stat *ns)
{
	char path[64];
	struct stat st;
	bool found = false;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/ns/pid", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && !found) {
		int parent_fd;

		found = fstat(fd, &st) == 0 && same_namespace(&st, ns);
		parent_fd = found ? -1 : ioctl(fd, NS_GET_PARENT);
		close(fd);
		fd = parent_fd;
	}
	return found;
}

static int namespace_of(const struct container *c, struct stat *ns, struct err *e)
{
	char path[64];
	struct stat own;

	snprintf(path, sizeof path, "/proc/%d/ns/pid", (int)c->pid);
	if (stat(path, ns) < 0 || stat("/proc/self/ns/pid", &own) < 0)
		return err_sys(e, "%s", path);
	if (same_namespace(ns, &own))
		return err_set(e, "the container has no cgroup of its own and no pid namespace, so its processes "
				  "cannot be told from "
				  "others");
	return 0;
}

static int pids_inside(const struct stat *ns, pid_t **pids, size_t *n, struct err *e)
{
	DIR *proc = opendir("/proc");
	size_t room = 0;

	if (!proc)
		return err_sys(e, "/proc");
	for (struct dirent *d; (d = readdir(proc));) {
		pid_t pid = isdigit((unsigned char)*d->d_name) ? atoi(d->d_name) : 0;

		if (!pid || !is_inside(pid, ns))
			continue;
		if (*n == room)
			*pids = mem_grow(*pids, (room = room * 2 + 64) * sizeof **pids);
		(*pids)[(*n)++] = pid;
	}
	closedir(proc);
	return 0;
}

int container_pids(const struct container *c, pid_t **pids, size_t *n, struct err *e)
{
	struct stat ns;

	if (cgroup_is_own(c->cgroup))
		return cgroup_pids(c->cgroup, pids, n, e);
	*pids = NULL;
	*n = 0;
	if (!c->pid)
		return 0;
	return namespace_of(c, &ns, e) ? -1 : pids_inside(&ns, pids, n, e);
}

int container_signal_all(const struct container *c, int sig, struct err *e)
{
	cleanup_free pid_t *pids = NULL;
	struct stat ns;
	size_t n = 0;

	if (cgroup_is_own(c->cgroup))
		return sig == SIGKILL ? cgroup_kill(c->cgroup, e) : cgroup_signal(c->cgroup, sig, e);
	/* With the first process of a pid namespace all of it has ended. */
	if (!c->pid)
		return 0;
	if (namespace_of(c, &ns, e))
		return -1;
	/* The kernel ends the others with it. */
	if (sig == SIGKILL)
		return pidfd_signal(c->pidfd, sig, e) && e->code != ESRCH ? -1 : 0;
	if (pids_inside(&ns, &pids, &n, e))
		return -1;
	for (size_t i = 0; i < n; i++) {
		cleanup_fd int fd = pidfd_of(pids[i], e);

		/* The number may be another process's by now: whom the handle holds is looked at once more. */
		if (fd >= 0 && is_inside(pids[i], &ns) && pidfd_signal(fd, sig, e) && e->code != ESRCH)
			return -1;
	}
	return 0;
}
