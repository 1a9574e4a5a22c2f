/* hugetlb: config-linux.md, "Huge page limits"; cgroup-v1/hugetlb.rst, cgroup-v2.rst "HugeTLB". What is reserved by
 * mmap(2) is limited as well as what is used: a process over the limit of use dies by SIGBUS, over that of reservation
 * mmap fails. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cgroup/controller.h"

static const char *advice(int errnum)
{
	return errnum == ENOENT ? "this machine has no huge pages of that size; see /sys/kernel/mm/hugepages" : NULL;
}

/* The parts of the file names behind "hugetlb.2MB". */
static const struct limit limits[] = {
	{ "hugepageLimits", ".limit_in_bytes", ".max", NULL, advice },
	{ "hugepageLimits", ".rsvd.limit_in_bytes", ".rsvd.max", NULL, advice },
	{ 0 },
};

static const char *asked(const struct oci_resources *r)
{
	return r->n_hugepage_limits ? "hugepageLimits" : NULL;
}

static void validate(const struct oci_resources *r, bool update, struct problems *problems)
{
	(void)update;
	for (size_t i = 0; i < r->n_hugepage_limits; i++) {
		const char *size = r->hugepage_limits[i].page_size;
		size_t digits = size ? strspn(size, "0123456789") : 0;
		if (!digits || strlen(size + digits) != 2 || !strchr("KMG", size[digits]) || size[digits + 1] != 'B' ||
			strlen(size) > 12)
			problem_add(problems, AT("linux.resources.hugepageLimits[%zu].pageSize", i),
				"\"%s\" is no page size as the kernel names them (64KB, 2MB, 1GB)", size ? size : "");
		for (size_t j = 0; size && j < i; j++)
			if (r->hugepage_limits[j].page_size && !strcmp(r->hugepage_limits[j].page_size, size))
				problem_add(problems, AT("linux.resources.hugepageLimits[%zu].pageSize", i),
					"%s is limited already", size);
	}
}

static int apply(struct hierarchy *h, const struct controller *c, const struct oci_resources *r, struct err *e)
{
	for (size_t i = 0; i < r->n_hugepage_limits; i++)
		for (const struct limit *l = limits; l->member; l++) {
			const struct oci_hugepage_limit *page = &r->hugepage_limits[i];
			char file[64], text[LIMIT_TEXT], member[64];
			snprintf(member, sizeof member, "hugepageLimits[%zu].limit", i);
			struct limit one = *l;
			one.member = member;
			snprintf(file, sizeof file, "hugetlb.%s%s", page->page_size, h->v2 ? l->v2 : l->v1);
			/* Engines write "no limit" as the greatest number. */
			if (page->limit > INT64_MAX)
				snprintf(text, sizeof text, h->v2 ? "max" : "-1");
			else
				snprintf(text, sizeof text, "%llu", (unsigned long long)page->limit);
			if (limit_write(h, c, &one, file, text, e) < 0)
				return -1;
		}
	return 0;
}

const struct controller controller_hugetlb = {
	.v1 = "hugetlb", .v2 = "hugetlb", .limits = limits, .asked = asked, .validate = validate, .apply = apply
};
