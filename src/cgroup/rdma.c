/* rdma: config-linux.md, "RDMA"; cgroup-v1/rdma.rst, cgroup-v2.rst "RDMA". Both versions have the same file. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cgroup/controller.h"

static const char *advice(int errnum)
{
	return errnum == ENODEV || errnum == EINVAL ? "the host has no such RDMA device; see /sys/class/infiniband"
						    : NULL;
}

static const struct limit limits[] = {
	{ "rdma", "rdma.max", "rdma.max", NULL, advice },
	{ 0 },
};

static const char *asked(const struct oci_resources *r)
{
	return r->n_rdma ? "rdma" : NULL;
}

static void validate(const struct oci_resources *r, bool update, struct problems *problems)
{
	(void)update;
	for (size_t i = 0; i < r->n_rdma; i++) {
		const struct oci_rdma_entry *entry = &r->rdma[i];
		if (!*entry->key || strlen(entry->key) > 63 || strpbrk(entry->key, " /\n\t"))
			problem_add(problems, "linux.resources.rdma", "\"%s\" is no name of a device", entry->key);
		else if (!entry->value.has_hca_handles && !entry->value.has_hca_objects)
			problem_add(problems, AT("linux.resources.rdma.%s", entry->key),
				"neither hcaHandles nor hcaObjects is set");
	}
}

static int apply(struct hierarchy *h, const struct controller *c, const struct oci_resources *r, struct err *e)
{
	for (size_t i = 0; i < r->n_rdma; i++) {
		const struct oci_rdma *rdma = &r->rdma[i].value;
		char text[160], member[80];
		int len = snprintf(text, sizeof text, "%.64s", r->rdma[i].key);
		if (rdma->has_hca_handles)
			len += snprintf(text + len, sizeof text - (size_t)len, " hca_handle=%u", rdma->hca_handles);
		if (rdma->has_hca_objects)
			snprintf(text + len, sizeof text - (size_t)len, " hca_object=%u", rdma->hca_objects);
		snprintf(member, sizeof member, "rdma.%.64s", r->rdma[i].key);
		struct limit one = limits[0];
		one.member = member;
		if (limit_write(h, c, &one, one.v1, text, e) < 0)
			return -1;
	}
	return 0;
}

const struct controller controller_rdma = {
	.v1 = "rdma", .v2 = "rdma", .limits = limits, .asked = asked, .validate = validate, .apply = apply
};
