/* cpuset: config-linux.md, "CPU"; cpuset(7), cgroup-v2.rst "Cpuset".
 *
 * On v1 a new cpuset has neither cpus nor memory nodes, and nothing can join it until it has both, asked for or not.
 * With cgroup.clone_children set in a parent the kernel fills in the children's itself: hind sets it in the parents
 * that it makes. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "cgroup/controller.h"

#define LIST_MAX 65536 /* a list of single numbers on the largest machines */

static const char *cpus(const struct oci_resources *r, bool v2, char buf[LIMIT_TEXT])
{
	(void)v2;
	(void)buf;
	return r->cpu && r->cpu->cpus && *r->cpu->cpus ? r->cpu->cpus : NULL;
}

static const char *mems(const struct oci_resources *r, bool v2, char buf[LIMIT_TEXT])
{
	(void)v2;
	(void)buf;
	return r->cpu && r->cpu->mems && *r->cpu->mems ? r->cpu->mems : NULL;
}

static const char *cpus_advice(int errnum)
{
	return errnum == EINVAL || errnum == EACCES || errnum == ERANGE || errnum == ENODEV || errnum == EPERM
		       ? "take CPUs that the cgroups above and the machine have: see cpuset.cpus above and "
			 "/sys/devices/system/cpu/online"
	       : errnum == EBUSY ? "a cgroup below uses one of the CPUs that this would take away"
				 : NULL;
}

static const char *mems_advice(int errnum)
{
	return errnum == EINVAL || errnum == EACCES || errnum == ERANGE || errnum == ENODEV || errnum == EPERM
		       ? "take memory nodes that the cgroups above and the machine have: see cpuset.mems above and "
			 "/sys/devices/system/node/online"
	       : errnum == EBUSY ? "a cgroup below uses one of the nodes that this would take away"
				 : NULL;
}

static const struct limit limits[] = {
	{ "cpu.cpus", "cpuset.cpus", "cpuset.cpus", cpus, cpus_advice },
	{ "cpu.mems", "cpuset.mems", "cpuset.mems", mems, mems_advice },
	{ 0 },
};

/* --- v1: from parent to child --- */

static int copy_file(const char *from, const char *to, const char *file, struct err *e)
{
	char start[3]; /* of an empty one the file is "\n" */
	ssize_t len = control_read(to, file, start, sizeof start);
	cleanup_free char *list = NULL;
	if (len < 0)
		return err_sys(e, "read %s/%s", to, file);
	if (len > 1)
		return 0;
	list = mem_alloc(LIST_MAX);
	if (control_read(from, file, list, LIST_MAX) < 0)
		return err_sys(e, "read %s/%s", from, file);
	if (control_write(to, file, list) < 0)
		return err_sys(e, "write %s/%s", to, file);
	list[strcspn(list, "\n")] = '\0';
	log_info("cgroup", "file=%s/%s value=%s", to, file, list);
	return 0;
}

static int copy_from_parent(const char *dir, struct err *e)
{
	char parent[PATH_MAX];
	snprintf(parent, sizeof parent, "%.*s", (int)(strrchr(dir, '/') - dir), dir);
	if (copy_file(parent, dir, "cpuset.cpus", e) < 0)
		return -1;
	return copy_file(parent, dir, "cpuset.mems", e);
}

int cpuset_prepare_parent(struct hierarchy *h, const char *dir, struct err *e)
{
	if (h->v2 || !(h->controllers & 1u << CONTROLLER_CPUSET))
		return 0;
	if (copy_from_parent(dir, e) < 0)
		return -1;
	return control_write(dir, "cgroup.clone_children", "1") < 0 ? err_sys(e, "write %s/cgroup.clone_children", dir)
								    : 0;
}

int cpuset_copy_down(const struct hierarchy *h, struct err *e)
{
	char dir[PATH_MAX];
	size_t len = (size_t)snprintf(dir, sizeof dir, "%s", h->dir);
	for (char *p = dir + strlen(h->mount_dir) + 1; len < sizeof dir && (p = strchr(p, '/')); *p++ = '/') {
		*p = '\0';
		if (copy_from_parent(dir, e) < 0)
			return -1;
	}
	return copy_from_parent(h->dir, e);
}

int cpuset_fill(const struct hierarchy *h, struct err *e)
{
	char cpus[3], mems[3]; /* as above */
	bool empty;
	/* Directly below the root there is nothing to go through, and copying looks at both files itself. */
	if (!strchr(h->dir + strlen(h->mount_dir) + 1, '/'))
		return copy_from_parent(h->dir, e);
	empty = control_read(h->dir, "cpuset.cpus", cpus, sizeof cpus) <= 1 ||
		control_read(h->dir, "cpuset.mems", mems, sizeof mems) <= 1;
	return empty ? cpuset_copy_down(h, e) : 0;
}

static int apply(struct hierarchy *h, const struct controller *c, const struct oci_resources *r, struct err *e)
{
	int rc = limits_apply(h, c, r, e);
	/* The cgroup above, made by somebody else, may be as empty as a new one is. */
	if (rc < 0 && !h->v2 && e->code == EACCES) {
		struct err copy;
		if (cpuset_copy_down(h, &copy) == 0)
			rc = limits_apply(h, c, r, e);
	}
	return rc;
}

const struct controller controller_cpuset = { .v1 = "cpuset", .v2 = "cpuset", .limits = limits, .apply = apply };
