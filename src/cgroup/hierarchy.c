/* One cgroup hierarchy: directories, control files, and the processes inside; cgroups(7).
 *
 * Control files are named by their full path at each access instead of being kept open: most are written once in a
 * container's life, and a descriptor per directory would cost two more system calls than it saves. */
#include "cgroup/hierarchy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "cgroup/controller.h"
#include "sys/pidfd.h"

#define MAKE_TRIES 100  /* mkdir against another container's removal of the shared parent */
#define DEPTH_MAX 100   /* of descendants that are searched for processes */
#define PIDFD_BATCH 128 /* below every usual limit of open files */

long long clock_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

bool wait_a_moment(unsigned *us, long long deadline_ms)
{
	if (clock_ms() >= deadline_ms)
		return false;
	nanosleep(&(struct timespec){ .tv_nsec = *us * 1000L }, NULL);
	*us = *us < 5000 ? *us * 2 : 10000;
	return true;
}

struct hierarchy *hierarchy_with(const struct cgroup *cg, unsigned controller)
{
	/* v1 first: in the hybrid layout a core feature of v2 (freezer, devices) is v1's work. */
	for (size_t i = 0; i < cg->n; i++)
		if (cg->hierarchies[i].controllers & 1u << controller)
			return &cg->hierarchies[i];
	return NULL;
}

struct hierarchy *hierarchy_main(const struct cgroup *cg)
{
	struct hierarchy *h = hierarchy_with(cg, CONTROLLER_FREEZER);
	return h ? h : cg->n ? &cg->hierarchies[0] : NULL;
}

void hierarchy_set_dir(struct hierarchy *h, struct arena *arena)
{
	h->dir = arena_printf(arena, "%s%s", h->mount_dir, h->path);
}

/* --- control files --- */

static int control_open(const char *dir, const char *file, int flags)
{
	char path[PATH_MAX];
	if ((size_t)snprintf(path, sizeof path, "%s/%s", dir, file) >= sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(path, flags | O_CLOEXEC);
}

int control_write(const char *dir, const char *file, const char *text)
{
	int fd = control_open(dir, file, O_WRONLY);
	if (fd < 0)
		return -1;
	ssize_t written = write(fd, text, strlen(text));
	fd_close(&fd);
	return written < 0 ? -1 : 0;
}

ssize_t control_read(const char *dir, const char *file, char *buf, size_t size)
{
	int fd = control_open(dir, file, O_RDONLY);
	if (fd < 0)
		return -1;
	size_t len = 0;
	ssize_t got = 1;
	while (got > 0 && len < size - 1)
		if ((got = read(fd, buf + len, size - 1 - len)) > 0)
			len += (size_t)got;
	fd_close(&fd);
	buf[len] = '\0';
	return got < 0 ? -1 : (ssize_t)len;
}

uint64_t control_number(const char *dir, const char *file, const char *key)
{
	char buf[4096];
	if (control_read(dir, file, buf, sizeof buf) < 0)
		return 0;
	for (char *line = strtok(buf, "\n"); line; line = strtok(NULL, "\n")) {
		if (!key)
			return strtoull(line, NULL, 10);
		size_t len = strlen(key);
		if (!strncmp(line, key, len) && line[len] == ' ')
			return strtoull(line + len, NULL, 10);
	}
	return 0;
}

/* --- the directory --- */

/* One level above the container's directory: made where it is missing. */
static int make_parent(struct hierarchy *h, const char *dir,
	int (*made_parent)(struct hierarchy *, const char *, struct err *), struct err *e)
{
	if (mkdir(dir, 0755) < 0)
		return errno == EEXIST ? 0 : err_sys(e, "make cgroup %s", dir);
	log_debug("cgroup", "made=%s", dir);
	return made_parent ? made_parent(h, dir, e) : 0;
}

int hierarchy_missing_parents(const struct hierarchy *h)
{
	char dir[PATH_MAX];
	int missing = 0;
	snprintf(dir, sizeof dir, "%s", h->dir);
	for (char *slash; (slash = strrchr(dir, '/')) > dir + strlen(h->mount_dir); missing++) {
		*slash = '\0';
		if (access(dir, F_OK) == 0)
			break;
	}
	return missing;
}

bool hierarchy_permitted(const struct hierarchy *h)
{
	cleanup_free char *dir = mem_strdup(h->dir);

	for (char *end = dir + strlen(dir);;) {
		if (faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) == 0)
			return true;
		if (errno != ENOENT)
			return false;
		while (end > dir && *--end != '/')
			;
		if (end == dir)
			return false;
		*end = 0;
	}
}

static int make_parents(
	struct hierarchy *h, int (*made_parent)(struct hierarchy *, const char *, struct err *), struct err *e)
{
	char dir[PATH_MAX];
	if ((size_t)snprintf(dir, sizeof dir, "%s", h->dir) >= sizeof dir)
		return err_set(e, "make cgroup %s: the path is too long", h->dir);
	for (char *p = dir + strlen(h->mount_dir) + 1; (p = strchr(p, '/')); *p++ = '/') {
		*p = '\0';
		/* Gone again: another container's removal took the parent above. The caller starts anew. */
		if (make_parent(h, dir, made_parent, e) < 0)
			return e->code == ENOENT ? 0 : -1;
	}
	return 0;
}

static int taken_over(struct hierarchy *h, struct err *e)
{
	char buf[64];
	if (control_read(h->dir, "cgroup.procs", buf, sizeof buf) < 0)
		return err_sys(e, "read %s/cgroup.procs", h->dir);
	if (buf[0])
		return err_set(e,
			"cgroup %s exists already and process %d lives in it; give this container a linux.cgroupsPath "
			"of its own",
			h->dir, atoi(buf));
	log_debug("cgroup", "taken_over=%s", h->dir);
	h->ours = true;
	return 0;
}

int hierarchy_make(
	struct hierarchy *h, int (*made_parent)(struct hierarchy *, const char *, struct err *), struct err *e)
{
	for (int i = 0;; i++) {
		if (mkdir(h->dir, 0755) == 0) {
			h->fresh = h->ours = true;
			return 0;
		}
		if (errno == EEXIST)
			return taken_over(h, e);
		if (errno != ENOENT || i == MAKE_TRIES)
			break;
		if (make_parents(h, made_parent, e) < 0)
			return -1;
	}
	if (errno == EROFS)
		return err_sys(e, "make cgroup %s: %s is mounted read-only", h->dir, h->mount_dir);
	return err_sys(e, "make cgroup %s", h->dir);
}

/* Opens the first subdirectory of dir_fd and copies its name; -1 where there is none. */
static int open_child(int dir_fd, char name[NAME_MAX + 1])
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		fd_close(&fd);
		return -1;
	}
	int child = -1;
	for (struct dirent *d; child < 0 && (d = readdir(dir));)
		if (d->d_type == DT_DIR && strcmp(d->d_name, ".") && strcmp(d->d_name, "..")) {
			snprintf(name, NAME_MAX + 1, "%s", d->d_name);
			child = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		}
	closedir(dir);
	return child;
}

/* Removes what is below the directory, from the leaves. What runs in a container can nest cgroups as deep as it likes,
 * so this holds one descriptor at a time and starts again from the top for each leaf. 0, or -1 with errno. */
static int remove_descendants(const char *dir)
{
	for (;;) {
		char name[NAME_MAX + 1], below[NAME_MAX + 1];
		int parent_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (parent_fd < 0)
			return errno == ENOENT ? 0 : -1;
		int fd = open_child(parent_fd, name);
		if (fd < 0) {
			fd_close(&parent_fd);
			return 0;
		}
		for (int next; (next = open_child(fd, below)) >= 0; fd = next) {
			fd_close(&parent_fd);
			parent_fd = fd;
			memcpy(name, below, sizeof name);
		}
		int failed = unlinkat(parent_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT;
		fd_close(&fd);
		fd_close(&parent_fd);
		if (failed)
			return -1;
	}
}

int hierarchy_remove(struct hierarchy *h, struct err *e)
{
	long long deadline = clock_ms() + WAIT_LIMIT_MS;
	unsigned us = WAIT_FIRST_US;
	while (rmdir(h->dir) < 0 && errno != ENOENT) {
		/* A process that was waited for leaves its cgroup a moment later. */
		int code = errno;
		if (code == EBUSY && remove_descendants(h->dir) < 0)
			code = errno;
		if (code == EBUSY && wait_a_moment(&us, deadline))
			continue;
		errno = code;
		return err_sys(e, "remove cgroup %s", h->dir);
	}
	return 0;
}

int hierarchy_remove_parents(struct hierarchy *h)
{
	char dir[PATH_MAX];
	if ((size_t)snprintf(dir, sizeof dir, "%s", h->dir) >= sizeof dir)
		return 0;
	int left = h->made_parents;
	if (str_starts(h->path, "/hind/") && left == 0)
		left = 1; /* shared by all containers without a path of their own: whoever is last removes it */
	for (char *slash; left > 0 && (slash = strrchr(dir, '/')) > dir + strlen(h->mount_dir); left--) {
		*slash = '\0';
		if (rmdir(dir) < 0 && errno != ENOENT)
			return 1;
	}
	return 0;
}

/* --- processes --- */

int hierarchy_join(struct hierarchy *h, pid_t pid, struct err *e)
{
	char text[16];
	snprintf(text, sizeof text, "%d", pid);
	if (control_write(h->dir, "cgroup.procs", text) == 0)
		return 0;
	if (errno == ENOENT)
		return err_sys(e, "write %s/cgroup.procs: the cgroup is gone", h->dir);
	return err_sys(e, "move process %d to cgroup %s", pid, h->dir);
}

struct pids {
	pid_t *v;
	size_t n, room;
};

/* The processes of one directory, by its descriptor. */
static int pids_add(int dir_fd, struct pids *pids)
{
	int fd = openat(dir_fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	FILE *file = fdopen(fd, "r");
	if (!file) {
		fd_close(&fd);
		return -1;
	}
	for (int pid; fscanf(file, "%d", &pid) == 1;) {
		if (pids->n == pids->room)
			pids->v = mem_grow(pids->v, (pids->room = pids->room * 2 + 64) * sizeof *pids->v);
		pids->v[pids->n++] = pid;
	}
	/* ENODEV: the cgroup was removed under us; EOPNOTSUPP: a threaded cgroup, whose processes its domain above
	 * lists. */
	int failed = ferror(file) && errno != ENODEV && errno != EOPNOTSUPP;
	fclose(file);
	return failed ? -1 : 0;
}

static int pids_walk(int dir_fd, int depth, struct pids *pids)
{
	if (pids_add(dir_fd, pids) < 0)
		return errno == ENOENT || errno == ENODEV ? 0 : -1;
	/* A directory of cgroupfs has two links and one for each subdirectory. */
	struct stat st;
	if (fstat(dir_fd, &st) == 0 && st.st_nlink == 2)
		return 0;
	if (depth == DEPTH_MAX) {
		errno = ELOOP;
		return -1;
	}
	int again = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = again < 0 ? NULL : fdopendir(again);
	if (!dir) {
		fd_close(&again);
		return errno == ENOENT ? 0 : -1;
	}
	int rc = 0;
	for (struct dirent *d; rc == 0 && (d = readdir(dir));) {
		if (d->d_type != DT_DIR || !strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		int child = openat(dir_fd, d->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (child >= 0)
			rc = pids_walk(child, depth + 1, pids);
		fd_close(&child);
	}
	closedir(dir);
	return rc;
}

int hierarchy_pids(const struct hierarchy *h, pid_t **v, size_t *n, struct err *e)
{
	struct pids pids = { 0 };
	int fd = open(h->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno != ENOENT)
		return err_sys(e, "open cgroup %s", h->dir);
	if (fd >= 0 && pids_walk(fd, 0, &pids) < 0) {
		int code = errno;
		fd_close(&fd);
		free(pids.v);
		errno = code;
		return err_sys(e, "list the processes of cgroup %s", h->dir);
	}
	fd_close(&fd);
	*v = pids.v;
	*n = pids.n;
	return 0;
}

static bool pids_contain(const pid_t *pids, size_t n, pid_t pid)
{
	for (size_t i = 0; i < n; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

/* A pid that was read may belong to another process by the time its pidfd is open. If the cgroup lists the pid still
 * afterwards, then the pidfd holds that process or one that is dead, and neither is a stranger. */
static int signal_batch(const struct hierarchy *h, const pid_t *pids, size_t n, int sig, struct err *e)
{
	int fds[PIDFD_BATCH];
	struct err gone;
	for (size_t i = 0; i < n; i++)
		fds[i] = pids[i] > 0 ? pidfd_of(pids[i], &gone) : -1;
	cleanup_free pid_t *still = NULL;
	size_t n_still = 0;
	int rc = hierarchy_pids(h, &still, &n_still, e);
	for (size_t i = 0; i < n; i++) {
		if (rc == 0 && fds[i] >= 0 && pids_contain(still, n_still, pids[i]) &&
			pidfd_signal(fds[i], sig, e) < 0 && e->code != ESRCH)
			rc = err_wrap(e, "process %d of cgroup %s", pids[i], h->dir);
		fd_close(&fds[i]);
	}
	return rc;
}

int hierarchy_refuse_self(const struct hierarchy *h, struct err *e)
{
	cleanup_free pid_t *pids = NULL;
	size_t n = 0;
	if (hierarchy_pids(h, &pids, &n, e) < 0)
		return -1;
	if (pids_contain(pids, n, getpid()))
		return err_set(e, "cgroup %s holds the runtime itself: refusing to freeze or kill it", h->dir);
	return n > INT_MAX ? INT_MAX : (int)n;
}

int hierarchy_signal(const struct hierarchy *h, int sig, struct err *e)
{
	cleanup_free pid_t *pids = NULL;
	size_t n = 0;
	if (hierarchy_pids(h, &pids, &n, e) < 0)
		return -1;
	if (pids_contain(pids, n, getpid()))
		return err_set(e, "cgroup %s holds the runtime itself: refusing to signal it", h->dir);
	for (size_t i = 0; i < n; i += PIDFD_BATCH)
		if (signal_batch(h, pids + i, n - i < PIDFD_BATCH ? n - i : PIDFD_BATCH, sig, e) < 0)
			return -1;
	return n > INT_MAX ? INT_MAX : (int)n;
}
