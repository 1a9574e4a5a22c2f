/* misc: cgroup-v2.rst, "Misc"; Linux 5.13. Counted things that no other controller has (sev, sev_es, tdx). The runtime
 * spec has no member of its own for it: misc.max comes by linux.resources.unified. The file is the same on v1, so there
 * it is written to v1's hierarchy, where `unified` has no other meaning. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cgroup/controller.h"

#define FILE_NAME "misc.max"

static const char *advice(int errnum)
{
	return errnum == EINVAL ? "the host has no such resource, see misc.capacity of the root cgroup; a limit is a "
				  "number or max"
				: NULL;
}

static const struct limit limits[] = {
	{ "unified." FILE_NAME, FILE_NAME, FILE_NAME, NULL, advice },
	{ 0 },
};

static const char *value_of(const struct oci_resources *r)
{
	for (size_t i = 0; i < r->n_unified; i++)
		if (str_eq(r->unified[i].key, FILE_NAME))
			return r->unified[i].value;
	return NULL;
}

static const char *asked(const struct oci_resources *r)
{
	return value_of(r) ? limits[0].member : NULL;
}

static void validate(const struct oci_resources *r, bool update, struct problems *problems)
{
	const char *value = value_of(r);
	(void)update;
	for (size_t len; value && *value; value += len + (value[len] == '\n')) {
		len = strcspn(value, "\n");
		const char *space = memchr(value, ' ', len);
		size_t number = space ? len - (size_t)(space + 1 - value) : 0;
		bool right =
			space > value && number &&
			((number == 3 && !strncmp(space + 1, "max", 3)) || strspn(space + 1, "0123456789") == number);
		if (!right)
			problem_add(problems, "linux.resources.unified." FILE_NAME,
				"\"%.*s\" is no resource and its limit, as \"sev 10\" or \"sev max\" is", (int)len,
				value);
	}
}

static int apply(struct hierarchy *h, const struct controller *c, const struct oci_resources *r, struct err *e)
{
	/* The kernel takes one line a write. */
	cleanup_free char *lines = mem_strdup(value_of(r));
	char *save;
	for (char *line = strtok_r(lines, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (limit_write(h, c, &limits[0], FILE_NAME, line, e) < 0)
			return -1;
	return 0;
}

const struct controller controller_misc = {
	.v1 = "misc", .v2 = "misc", .limits = limits, .asked = asked, .validate = validate, .apply = apply
};
