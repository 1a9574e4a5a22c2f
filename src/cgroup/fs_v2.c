/* cgroupfs on v2: one directory; cgroup-v2.rst. Controllers are made available from the top down, by
 * cgroup.subtree_control of each cgroup above, which must have no processes of its own ("No Internal Process
 * Constraint").
 *
 * All controllers that the host has are passed down, limits or not: engines read usage from the container's files, and
 * a runtime inside the container needs them, too. One that cannot be passed down is an error only where a limit asks
 * for it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "cgroup/controller.h"

#define NAMES_MAX 1024 /* of cgroup.controllers */

static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);
	for (const char *p = list; (p = strstr(p, word)); p += len)
		if ((p == list || p[-1] == ' ') && (!p[len] || p[len] == ' ' || p[len] == '\n'))
			return true;
	return false;
}

/* --- controllers, from the top down --- */

/* A cgroup other than the root (which has no type) with processes in it. It would hand on threaded controllers, as cpu
 * and pids are, by making itself a threaded domain, and then no container could live below it. */
static bool is_inner(const char *dir)
{
	char text[64];
	return control_read(dir, "cgroup.type", text, sizeof text) > 0 &&
	       control_read(dir, "cgroup.procs", text, sizeof text) > 0;
}

void fs_v2_pass_down(const char *dir)
{
	char have[NAMES_MAX], passed[NAMES_MAX], all[NAMES_MAX] = "", *save;
	if (control_read(dir, "cgroup.controllers", have, sizeof have) <= 0 ||
		control_read(dir, "cgroup.subtree_control", passed, sizeof passed) < 0)
		return;
	size_t len = 0;
	for (char *name = strtok_r(have, " \n", &save); name; name = strtok_r(NULL, " \n", &save))
		if (!has_word(passed, name))
			len += (size_t)snprintf(all + len, sizeof all - len, "%s+%s", len ? " " : "", name);
	if (!len || is_inner(dir) || control_write(dir, "cgroup.subtree_control", all) == 0)
		return;
	/* One that is refused (cpu, with realtime processes about) takes the others with it: one by one, then. */
	for (char *name = strtok_r(all, " ", &save); name; name = strtok_r(NULL, " ", &save))
		if (control_write(dir, "cgroup.subtree_control", name) < 0)
			log_debug("cgroup", "file=%s/cgroup.subtree_control value=%s refused=%s", dir, name,
				err_text(errno));
}

static int pass_down_from_parent(struct hierarchy *h, const char *dir, struct err *e)
{
	char parent[PATH_MAX];
	(void)h;
	(void)e;
	snprintf(parent, sizeof parent, "%.*s", (int)(strrchr(dir, '/') - dir), dir);
	fs_v2_pass_down(parent);
	return 0;
}

static int why_refused(const char *dir, const char *name, int code, struct err *e)
{
	const char *why = "";
	if (code == EBUSY)
		why = "; processes live in that cgroup, and v2 lets only cgroups without processes hand controllers to "
		      "their "
		      "children: choose a linux.cgroupsPath below another cgroup, or move the processes to a child";
	else if (code == EACCES || code == EPERM)
		why = "; that cgroup is not delegated to this user";
	else if (code == EOPNOTSUPP)
		why = "; that cgroup is threaded, and only domain cgroups hold containers with this controller";
	else if (code == EINVAL)
		why = "; for cpu, this happens while realtime processes live in a cgroup other than the root";
	err_set(e, "write \"+%s\" to %s/cgroup.subtree_control: %s%s", name, dir, err_text(code), why);
	e->code = code;
	return -1;
}

int fs_v2_enable(struct hierarchy *h, const char *name, struct err *e)
{
	char dir[PATH_MAX], have[NAMES_MAX], plus[64];
	if ((size_t)snprintf(dir, sizeof dir, "%s", h->dir) >= sizeof dir)
		return err_set(e, "cgroup %s: the path is too long", h->dir);
	snprintf(plus, sizeof plus, "+%s", name);
	/* dir is the mount point, then each level down to the parent of the container's cgroup. */
	char *end = dir + strlen(h->mount_dir);
	for (char *slash = end; slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (control_read(dir, "cgroup.controllers", have, sizeof have) < 0)
			return err_sys(e, "read %s/cgroup.controllers", dir);
		have[strcspn(have, "\n")] = '\0';
		if (!has_word(have, name))
			return err_set(e,
				"the host has no %s controller here (cgroup v2, %s/cgroup.controllers: \"%s\")", name,
				dir, have);
		if (is_inner(dir))
			return why_refused(dir, name, EBUSY, e);
		if (control_write(dir, "cgroup.subtree_control", plus) < 0)
			return why_refused(dir, name, errno, e);
		*slash = '/';
	}
	return 0;
}

static bool is_threaded(const struct hierarchy *h)
{
	char type[64];
	return control_read(h->dir, "cgroup.type", type, sizeof type) > 0 &&
	       (str_starts(type, "threaded") || str_starts(type, "domain invalid"));
}

static int make(struct cgroup *cg, pid_t init, struct err *e)
{
	(void)init;
	struct hierarchy *h = &cg->hierarchies[0];
	char have[NAMES_MAX], above[NAMES_MAX], parent[PATH_MAX];
	if (hierarchy_make(h, pass_down_from_parent, e) < 0)
		return -1;
	snprintf(parent, sizeof parent, "%.*s", (int)(strrchr(h->dir, '/') - h->dir), h->dir);
	/* Most often all is passed down already, by whoever made the cgroup above. */
	if (control_read(parent, "cgroup.controllers", above, sizeof above) < 0)
		return err_sys(e, "read %s/cgroup.controllers", parent);
	if (control_read(h->dir, "cgroup.controllers", have, sizeof have) < 0)
		return err_sys(e, "read %s/cgroup.controllers", h->dir);
	if (!strcmp(have, above) && has_word(have, "memory"))
		return 0;
	/* These hold threads, so they never have controllers like memory. */
	if (is_threaded(h))
		return err_set(e,
			"cgroup %s is below a threaded cgroup, which can hold no containers; choose another "
			"linux.cgroupsPath",
			h->dir);
	fs_v2_pass_down(parent);
	return 0;
}

/* --- processes --- */

static int join(struct cgroup *cg, pid_t pid, struct err *e)
{
	return hierarchy_join(&cg->hierarchies[0], pid, e);
}

static int entrances(struct cgroup *cg, pid_t pid, int *fds, size_t room, size_t *n, struct err *e)
{
	(void)fds;
	(void)room;
	(void)n;
	return cg->dir_fd < 0 ? join(cg, pid, e) : 0;
}

/* Waits until cgroup.events says so; the kernel wakes poll(2) at each change. 1, or 0 after limit_ms. */
static int wait_event(const struct hierarchy *h, const char *key, bool want, int limit_ms, struct err *e)
{
	char path[PATH_MAX], text[256], line[32];
	snprintf(path, sizeof path, "%s/cgroup.events", h->dir);
	snprintf(line, sizeof line, "%s %d", key, want);
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 1 : err_sys(e, "open %s", path);
	for (long long deadline = clock_ms() + limit_ms, left;;) {
		ssize_t len = pread(fd, text, sizeof text - 1, 0);
		if (len < 0)
			return errno == ENODEV ? 1 : err_sys(e, "read %s", path);
		text[len] = '\0';
		if (strstr(text, line))
			return 1;
		if ((left = deadline - clock_ms()) <= 0)
			return 0;
		if (poll(&(struct pollfd){ .fd = fd, .events = POLLPRI }, 1, (int)left) < 0 && errno != EINTR)
			return err_sys(e, "poll %s", path);
	}
}

static int freeze(struct cgroup *cg, bool frozen, struct err *e)
{
	struct hierarchy *h = &cg->hierarchies[0];
	if (frozen && hierarchy_refuse_self(h, e) < 0)
		return -1;
	if (control_write(h->dir, "cgroup.freeze", frozen ? "1" : "0") < 0) {
		/* systemd removes one as soon as it is empty, as CRIU leaves it after a dump. */
		if (!frozen && errno == ENOENT)
			return 0;
		return err_sys(e, "write \"%d\" to %s/cgroup.freeze", frozen, h->dir);
	}
	int rc = wait_event(h, "frozen", frozen, WAIT_LIMIT_MS, e);
	if (rc)
		return rc < 0 ? -1 : 0;
	if (frozen && control_write(h->dir, "cgroup.freeze", "0") < 0)
		return err_sys(e, "write \"0\" to %s/cgroup.freeze", h->dir);
	return err_set(e, "%s/cgroup.events does not say \"frozen %d\" after %d s%s", h->dir, frozen,
		WAIT_LIMIT_MS / 1000, frozen ? "" : "; a cgroup above is frozen");
}

static int frozen(struct cgroup *cg)
{
	return control_number(cg->hierarchies[0].dir, "cgroup.events", "frozen") == 1;
}

static int kill_all(struct cgroup *cg, struct err *e)
{
	struct hierarchy *h = &cg->hierarchies[0];
	int rc = hierarchy_refuse_self(h, e);
	if (rc <= 0)
		return rc;
	if (control_write(h->dir, "cgroup.kill", "1") < 0)
		return errno == ENOENT ? 0 : err_sys(e, "write \"1\" to %s/cgroup.kill", h->dir);
	rc = wait_event(h, "populated", false, WAIT_LIMIT_MS, e);
	if (rc)
		return rc < 0 ? -1 : 0;
	return err_set(e,
		"processes of cgroup %s have not ended %d s after SIGKILL; they may wait for a device or a network "
		"file system",
		h->dir, WAIT_LIMIT_MS / 1000);
}

static void oom(struct cgroup *cg, struct cgroup_oom *oom)
{
	const char *dir = cg->hierarchies[0].dir;
	oom->kills = control_number(dir, "memory.events", "oom_kill");
	oom->peak = control_number(dir, "memory.peak", NULL); /* Linux 5.19 */
	oom->limit = control_number(dir, "memory.max", NULL);
}

const struct cgroup_manager cgroup_fs_v2 = { .name = "cgroupfs",
	.make = make,
	.join = join,
	.entrances = entrances,
	.kill = kill_all,
	.freeze = freeze,
	.frozen = frozen,
	.oom = oom };
