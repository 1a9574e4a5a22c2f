/* --cgroup-manager disabled, and users who may make no cgroups: the container stays in the cgroup of whoever started
 * hind, which limits nothing and removes nothing. */
#include "base/log.h"
#include "cgroup/controller.h"

static int make(struct cgroup *cg, pid_t init, struct err *e)
{
	(void)init;
	(void)cg;
	(void)e;
	return 0;
}

static int join(struct cgroup *cg, pid_t pid, struct err *e)
{
	(void)cg;
	(void)pid;
	(void)e;
	return 0;
}

static int refuse_kill(struct cgroup *cg, struct err *e)
{
	(void)cg;
	return err_set(e, "the container has no cgroup of its own, so its processes cannot be told from others");
}

static int refuse_freeze(struct cgroup *cg, bool frozen, struct err *e)
{
	(void)cg;
	return err_set(e, "the container has no cgroup of its own, so it cannot be %s", frozen ? "paused" : "resumed");
}

static int frozen(struct cgroup *cg)
{
	(void)cg;
	return 0;
}

static void oom(struct cgroup *cg, struct cgroup_oom *oom)
{
	(void)cg;
	(void)oom;
}

const struct cgroup_manager cgroup_none = { .name = "disabled",
	.make = make,
	.join = join,
	.kill = refuse_kill,
	.freeze = refuse_freeze,
	.frozen = frozen,
	.oom = oom };
