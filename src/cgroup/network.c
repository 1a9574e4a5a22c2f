/* net_cls and net_prio: config-linux.md, "Network"; cgroup-v1/net_cls.rst, net_prio.rst. v2 has neither: there, packets
 * are told by their cgroup's path (iptables -m cgroup, eBPF), so the two members have no effect and a warning says so. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cgroup/controller.h"

static const char *class_id(const struct oci_resources *r, bool v2, char buf[LIMIT_TEXT])
{
	(void)v2;
	if (!r->network || !r->network->has_class_id)
		return NULL;
	snprintf(buf, LIMIT_TEXT, "%u", r->network->class_id);
	return buf;
}

static const char *priority_advice(int errnum)
{
	return errnum == ENODEV ? "the host has no such network interface" : NULL;
}

static const struct limit class_limits[] = {
	{ "network.classID", "net_cls.classid", NULL, class_id, NULL },
	{ 0 },
};
static const struct limit priority_limits[] = {
	{ "network.priorities", "net_prio.ifpriomap", NULL, NULL, priority_advice },
	{ 0 },
};

static int class_apply(struct hierarchy *h, const struct controller *c, const struct oci_resources *r, struct err *e)
{
	if (!h->v2)
		return limits_apply(h, c, r, e);
	log_warn("cgroup", "linux.resources.network.classID has no effect: cgroup v2 has no net_cls");
	return 0;
}

static const char *priority_asked(const struct oci_resources *r)
{
	return r->network && r->network->n_priorities ? "network.priorities" : NULL;
}

static void priority_validate(const struct oci_resources *r, bool update, struct problems *problems)
{
	(void)update;
	for (size_t i = 0; r->network && i < r->network->n_priorities; i++) {
		const char *name = r->network->priorities[i].name;
		if (!name || !*name || strlen(name) >= IFNAMSIZ || strpbrk(name, " /\n\t"))
			problem_add(problems, AT("linux.resources.network.priorities[%zu].name", i),
				"\"%s\" is no name of a network interface", name ? name : "");
	}
}

static int priority_apply(struct hierarchy *h, const struct controller *c, const struct oci_resources *r, struct err *e)
{
	if (h->v2) {
		log_warn("cgroup", "linux.resources.network.priorities has no effect: cgroup v2 has no net_prio");
		return 0;
	}
	for (size_t i = 0; i < r->network->n_priorities; i++) {
		char text[LIMIT_TEXT], member[64];
		snprintf(
			text, sizeof text, "%s %u", r->network->priorities[i].name, r->network->priorities[i].priority);
		snprintf(member, sizeof member, "network.priorities[%zu]", i);
		struct limit one = priority_limits[0];
		one.member = member;
		if (limit_write(h, c, &one, one.v1, text, e) < 0)
			return -1;
	}
	return 0;
}

const struct controller controller_net_cls = {
	.v1 = "net_cls", .v2_core = true, .limits = class_limits, .apply = class_apply
};
const struct controller controller_net_prio = { .v1 = "net_prio",
	.v2_core = true,
	.limits = priority_limits,
	.asked = priority_asked,
	.validate = priority_validate,
	.apply = priority_apply };
