/* cgroupfs on v1: one directory in each hierarchy, and in the cgroup2 beside them where the container wants it;
 * cgroups(7). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "cgroup/controller.h"

#define FREEZE_MS 100 /* as long as killing waits for all to stand still */
#define DIE_MS 50     /* until those who are left get another round */

static int make(struct cgroup *cg, pid_t init, struct err *e)
{
	(void)init;
	for (size_t i = 0; i < cg->n; i++)
		/* cgroup_make_v2 may have made the last one already. */
		if ((cg->dir_fd < 0 || !cg->hierarchies[i].v2) &&
			hierarchy_make(&cg->hierarchies[i], cpuset_prepare_parent, e) < 0)
			return -1;
	return 0;
}

static int join(struct cgroup *cg, pid_t pid, struct err *e)
{
	for (size_t i = 0; i < cg->n; i++) {
		struct hierarchy *h = &cg->hierarchies[i];
		if (hierarchy_join(h, pid, e) == 0)
			continue;
		/* A cpuset below a parent that hind did not make is empty still. */
		if (e->code != ENOSPC || !(h->controllers & 1u << CONTROLLER_CPUSET))
			return -1;
		if (cpuset_copy_down(h, e) < 0 || hierarchy_join(h, pid, e) < 0)
			return -1;
	}
	return 0;
}

static int entrances(struct cgroup *cg, pid_t pid, int *fds, size_t room, size_t *n, struct err *e)
{
	for (size_t i = 0; i < cg->n; i++) {
		struct hierarchy *h = &cg->hierarchies[i];
		char path[PATH_MAX];
		if (h->v2) {
			if (cg->dir_fd < 0 && hierarchy_join(h, pid, e) < 0)
				return -1;
			continue;
		}
		/* A new cpuset is empty, and nobody can enter it, unless the one above hands its own down. */
		if (h->controllers & 1u << CONTROLLER_CPUSET && cpuset_fill(h, e) < 0)
			return -1;
		if (*n == room)
			return err_set(e, "more than %zu cgroup v1 hierarchies", room);
		snprintf(path, sizeof path, "%s/tasks", h->dir);
		fds[*n] = open(path, O_WRONLY | O_CLOEXEC);
		if (fds[*n] < 0)
			return err_sys(e, "open %s", path);
		++*n;
	}
	return 0;
}

static int freeze(struct cgroup *cg, bool frozen, struct err *e)
{
	struct hierarchy *h = hierarchy_with(cg, CONTROLLER_FREEZER);
	if (!h)
		return err_set(e, "the host has no freezer controller, so processes cannot be paused");
	if (frozen && hierarchy_refuse_self(h, e) < 0)
		return -1;
	return freezer_v1(h, frozen, WAIT_LIMIT_MS, e);
}

static int frozen(struct cgroup *cg)
{
	struct hierarchy *h = hierarchy_with(cg, CONTROLLER_FREEZER);
	char state[32];
	return h && control_read(h->dir, "freezer.state", state, sizeof state) > 0 && state[0] == 'F';
}

/* The number of processes that are left after at most limit_ms; the first of them in *pid. */
static int wait_empty(const struct hierarchy *h, int limit_ms, pid_t *pid, struct err *e)
{
	long long deadline = clock_ms() + limit_ms;
	unsigned us = WAIT_FIRST_US;
	for (;;) {
		cleanup_free pid_t *pids = NULL;
		size_t n;
		if (hierarchy_pids(h, &pids, &n, e) < 0)
			return -1;
		if (n == 0 || !wait_a_moment(&us, deadline)) {
			*pid = n ? pids[0] : 0;
			return (int)n;
		}
	}
}

/* Who forks faster than a list of pids is read escapes the signal, so all stand still meanwhile. A frozen process of v1
 * dies only when it is thawed. Without a freezer, or where something cannot be frozen, the next round gets the new
 * ones. */
static int kill_all(struct cgroup *cg, struct err *e)
{
	struct hierarchy *h = hierarchy_main(cg), *freezer = hierarchy_with(cg, CONTROLLER_FREEZER);
	long long deadline = clock_ms() + WAIT_LIMIT_MS;
	pid_t pid = 0;
	int n = hierarchy_refuse_self(h, e);
	while (n > 0) {
		struct err ignored;
		bool held = freezer && freezer_v1(freezer, true, FREEZE_MS, &ignored) == 0;
		n = hierarchy_signal(h, SIGKILL, e);
		/* Thawed on every path; a cgroup that is gone needs none. */
		if (freezer && freezer_v1(freezer, false, held ? WAIT_LIMIT_MS : FREEZE_MS, &ignored) < 0 &&
			ignored.code != ENOENT && n >= 0) {
			*e = ignored;
			return -1;
		}
		if (n > 0)
			n = wait_empty(h, DIE_MS, &pid, e);
		if (n > 0 && clock_ms() > deadline)
			return err_set(e,
				"%d processes of cgroup %s have not ended %d s after SIGKILL, process %d among them; "
				"it may wait for "
				"a device or a network file system",
				n, h->dir, WAIT_LIMIT_MS / 1000, pid);
	}
	return n;
}

static void oom(struct cgroup *cg, struct cgroup_oom *oom)
{
	struct hierarchy *h = hierarchy_with(cg, CONTROLLER_MEMORY);
	if (!h)
		return;
	oom->kills = control_number(h->dir, "memory.oom_control", "oom_kill");
	oom->peak = control_number(h->dir, "memory.max_usage_in_bytes", NULL);
	oom->limit = control_number(h->dir, "memory.limit_in_bytes", NULL);
	/* "No limit" is the greatest multiple of the page size. */
	if (oom->limit >= INT64_MAX - 65536)
		oom->limit = 0;
}

const struct cgroup_manager cgroup_fs_v1 = { .name = "cgroupfs",
	.make = make,
	.join = join,
	.entrances = entrances,
	.kill = kill_all,
	.freeze = freeze,
	.frozen = frozen,
	.oom = oom };
