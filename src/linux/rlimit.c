/* process.rlimits. runtime-spec config.md "POSIX process"; getrlimit(2), prlimit(2).
 *
 * In two halves. To raise a hard limit takes CAP_SYS_RESOURCE of the first user namespace, which only the parent may
 * have: it does that for the child, directly after the fork. The child sets the exact values as the last thing but its
 * signals, because they would hit the set-up itself (files, processes, address space). */
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/pass.h"
#include "base/str.h"
#include "linux/linux.h"
#include "step/init.h"
#include "step/launch.h"
#include "sys/capable.h"

static const struct name_value names[] = {
	{ "RLIMIT_AS", RLIMIT_AS },
	{ "RLIMIT_CORE", RLIMIT_CORE },
	{ "RLIMIT_CPU", RLIMIT_CPU },
	{ "RLIMIT_DATA", RLIMIT_DATA },
	{ "RLIMIT_FSIZE", RLIMIT_FSIZE },
	{ "RLIMIT_LOCKS", RLIMIT_LOCKS },
	{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
	{ "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
	{ "RLIMIT_NICE", RLIMIT_NICE },
	{ "RLIMIT_NOFILE", RLIMIT_NOFILE },
	{ "RLIMIT_NPROC", RLIMIT_NPROC },
	{ "RLIMIT_RSS", RLIMIT_RSS },
	{ "RLIMIT_RTPRIO", RLIMIT_RTPRIO },
	{ "RLIMIT_RTTIME", RLIMIT_RTTIME },
	{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
	{ "RLIMIT_STACK", RLIMIT_STACK },
	{ NULL, 0 },
};

static void validate(const struct oci_config *config, struct problems *problems)
{
	const struct oci_process *p = config->process;
	size_t first[RLIM_NLIMITS];
	bool seen[RLIM_NLIMITS] = { 0 };

	for (size_t i = 0; p && i < p->n_rlimits; i++) {
		const struct oci_rlimit *r = &p->rlimits[i];
		const struct name_value *kind = r->type ? name_find(names, r->type) : NULL;

		if (!kind)
			problem_add(problems, AT("process.rlimits[%zu].type", i),
				"\"%s\" is no resource limit of Linux", r->type ? r->type : "");
		else if (seen[kind->value])
			problem_add(problems, AT("process.rlimits[%zu].type", i),
				"a second %s, after process.rlimits[%zu]", r->type, first[kind->value]);
		else
			seen[kind->value] = true, first[kind->value] = i;
		if (r->soft > r->hard)
			problem_add(problems, AT("process.rlimits[%zu].soft", i),
				"%" PRIu64 " is above the hard limit %" PRIu64, r->soft, r->hard);
	}
}

static bool wanted(const struct oci_config *config)
{
	return config->process && config->process->n_rlimits;
}

static const char *show(rlim_t limit, char buf[24])
{
	if (limit == RLIM_INFINITY)
		return "unlimited";
	snprintf(buf, 24, "%ju", (uintmax_t)limit);
	return buf;
}

/* errno is EPERM: which of the two reasons of prlimit(2) was it? */
static int refused(int proc_fd, size_t i, const struct oci_rlimit *r, rlim_t current, struct err *e)
{
	char wanted_text[24], current_text[24];
	cleanup_free char *most = NULL;
	uint64_t nr_open;
	size_t len;
	int code = errno;

	if (name_find(names, r->type)->value == RLIMIT_NOFILE &&
		!file_read(proc_fd, "sys/fs/nr_open", 64, &most, &len, e)) {
		most[strcspn(most, "\n")] = 0;
		if (!str_u64(most, UINT64_MAX, &nr_open) && r->hard > nr_open) {
			err_set(e, "process.rlimits[%zu]: RLIMIT_NOFILE hard limit %s is above fs.nr_open, %s", i,
				show(r->hard, wanted_text), most);
			e->code = code;
			return -1;
		}
	}
	err_set(e,
		"process.rlimits[%zu]: %s hard limit %s is above the current %s and raising it needs "
		"CAP_SYS_RESOURCE%s",
		i, r->type, show(r->hard, wanted_text), show(current, current_text),
		capable(CAP_SYS_RESOURCE) ? " of the first user namespace" : ", which this process lacks");
	e->code = code;
	return -1;
}

/* The child has inherited our limits, so ours tell what it has. */
static int raise_hard(struct launch *l, struct err *e)
{
	const struct oci_process *p = l->config->process;

	for (size_t i = 0; i < p->n_rlimits; i++) {
		const struct oci_rlimit *r = &p->rlimits[i];
		int resource = name_find(names, r->type)->value;
		struct rlimit limit;

		if (getrlimit(resource, &limit) < 0)
			return err_sys(e, "process.rlimits[%zu]: getrlimit", i);
		if (r->hard <= limit.rlim_max)
			continue;
		struct rlimit raised = { limit.rlim_cur, r->hard };
		if (prlimit(l->pid, resource, &raised, NULL) == 0)
			continue;
		return errno == EPERM ? refused(l->kit.host_proc_fd, i, r, limit.rlim_max, e)
				      : err_sys(e, "process.rlimits[%zu]: prlimit %s", i, r->type);
	}
	return 0;
}

static int set(struct init *init, struct err *e)
{
	const struct oci_process *p = init->config->process;

	for (size_t i = 0; i < p->n_rlimits; i++) {
		const struct oci_rlimit *r = &p->rlimits[i];
		const uint64_t limit[2] = { r->soft, r->hard };

		if (pass_call(SYS_prlimit64, 0, name_find(names, r->type)->value, (long)limit, 0) < 0)
			return err_sys(e, "process.rlimits[%zu]: prlimit %s", i, r->type);
	}
	return 0;
}

const struct feature feature_rlimit = { "rlimit", "process.rlimits", validate, NULL };
const struct host_step host_rlimit_raise = { "rlimit", wanted, raise_hard, NULL };
const struct init_step init_rlimit = { "rlimit", wanted, set };
