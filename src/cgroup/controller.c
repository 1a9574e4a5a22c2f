/* All controllers, and how their tables are validated, applied and reported. */
#include "cgroup/controller.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"

#define LIMITS_MAX 16

/* In the order in which limits are written: cpuset first, as nothing can join before it; devices last, as an update of
 * theirs is the hardest to take back. */
const struct controller *const controllers[CONTROLLERS] = {
	[CONTROLLER_CPUSET] = &controller_cpuset,
	[CONTROLLER_CPU] = &controller_cpu,
	[CONTROLLER_MEMORY] = &controller_memory,
	[CONTROLLER_PIDS] = &controller_pids,
	[CONTROLLER_FREEZER] = &controller_freezer,
	[CONTROLLER_IO] = &controller_io,
	[CONTROLLER_HUGETLB] = &controller_hugetlb,
	[CONTROLLER_NET_CLS] = &controller_net_cls,
	[CONTROLLER_NET_PRIO] = &controller_net_prio,
	[CONTROLLER_RDMA] = &controller_rdma,
	[CONTROLLER_MISC] = &controller_misc,
	[CONTROLLER_UNIFIED] = &controller_unified,
	[CONTROLLER_DEVICES] = &controller_devices,
};

int controller_index(const char *name, size_t len)
{
	for (int i = 0; i < CONTROLLERS; i++) {
		const char *known = controllers[i]->v1;
		if (known && strlen(known) == len && !strncmp(known, name, len))
			return i;
	}
	return -1;
}

const char *controller_asked(const struct controller *c, const struct oci_resources *resources)
{
	char buf[LIMIT_TEXT];
	if (c->asked)
		return c->asked(resources);
	for (const struct limit *l = c->limits; l && l->member; l++)
		if (l->value(resources, false, buf) || l->value(resources, true, buf))
			return l->member;
	return NULL;
}

unsigned controllers_asked(const struct oci_resources *resources)
{
	unsigned bits = 0;
	for (unsigned i = 0; resources && i < CONTROLLERS; i++)
		if (controller_asked(controllers[i], resources))
			bits |= 1u << i;
	return bits;
}

static int write_refused(
	const struct hierarchy *h, const struct limit *l, const char *file, const char *text, int code, struct err *e)
{
	const char *advice = l->advice ? l->advice(code) : NULL;
	if (!advice && code == ENOENT)
		advice = h->v2 ? "this kernel has no such file" : "this kernel was built without it";
	err_set(e, "linux.resources.%s: write \"%s\" to %s/%s: %s%s%s", l->member, text, h->dir, file, err_text(code),
		advice ? "; " : "", advice ? advice : "");
	e->code = code;
	return -1;
}

int limit_write(struct hierarchy *h, const struct controller *c, const struct limit *l, const char *file,
	const char *text, struct err *e)
{
	char *old = h->journal ? journal_old(h, file, text) : NULL;
	int rc = control_write(h->dir, file, text);
	if (rc < 0 && errno == ENOENT && h->v2 && c->v2) {
		if (fs_v2_enable(h, c->v2, e) < 0) {
			free(old);
			return err_wrap(e, "linux.resources.%s", l->member);
		}
		rc = control_write(h->dir, file, text);
	}
	if (rc < 0) {
		int code = errno;
		free(old);
		return write_refused(h, l, file, text, code, e);
	}
	if (h->journal)
		journal_push(h, file, old);
	log_info("cgroup", "file=%s/%s value=%s", h->dir, file, text);
	return 0;
}

int limits_apply(struct hierarchy *h, const struct controller *c, const struct oci_resources *resources, struct err *e)
{
	const struct limit *open[LIMITS_MAX];
	char buf[LIMIT_TEXT];
	size_t left = 0;
	for (const struct limit *l = c->limits; l->member; l++) {
		if (!l->value(resources, h->v2, buf))
			continue;
		if (!(h->v2 ? l->v2 : l->v1))
			return err_set(e,
				"linux.resources.%s: cgroup %s has no such limit, and this host has cgroup %s",
				l->member, h->v2 ? "v2" : "v1", h->v2 ? "v2" : "v1");
		open[left++] = l;
	}
	for (size_t before = left + 1; left && left < before;) {
		size_t refused = 0;
		struct err later;
		before = left;
		for (size_t i = 0; i < left; i++) {
			const struct limit *l = open[i];
			const char *text = l->value(resources, h->v2, buf);
			if (limit_write(h, c, l, h->v2 ? l->v2 : l->v1, text, refused ? &later : e) < 0)
				open[refused++] = l;
		}
		left = refused;
	}
	return left ? -1 : 0;
}
