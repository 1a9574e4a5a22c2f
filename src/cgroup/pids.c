/* pids: config-linux.md, "PIDs"; cgroup-v1/pids.rst, cgroup-v2.rst "PID". */
#include <stdio.h>

#include "cgroup/controller.h"

static const char *limit(const struct oci_resources *r, bool v2, char buf[LIMIT_TEXT])
{
	(void)v2;
	if (!r->pids || !r->pids->has_limit)
		return NULL;
	/* runtime-spec 1.3: -1 is no limit, and 0 is a limit. With 0 in the file not even the first process could be
	 * cloned into the cgroup, and with 1 it cannot clone another, which is what 0 asks for. */
	if (r->pids->limit < 0)
		return "max";
	snprintf(buf, LIMIT_TEXT, "%lld", r->pids->limit ? (long long)r->pids->limit : 1LL);
	return buf;
}

static const struct limit limits[] = {
	{ "pids.limit", "pids.max", "pids.max", limit, NULL },
	{ 0 },
};

const struct controller controller_pids = { .v1 = "pids", .v2 = "pids", .limits = limits };
