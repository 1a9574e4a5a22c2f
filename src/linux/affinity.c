/* process.execCPUAffinity: the CPUs that a process of `exec` runs on. runtime-spec config.md "execCPUAffinity";
 * sched_setaffinity(2), cpuset(7).
 *
 * For `exec` alone: the spec excepts the container's first process. `initial` is set before there is a child, which
 * inherits it, so that nothing of the joining happens on other CPUs; our own come back as soon as the child is there.
 * `final` comes once the child is in the container's cgroup, which may have taken CPUs away. Without it the kernel's
 * choice stands. */
#include <errno.h>
#include <sched.h>

#include "base/bitset.h"
#include "base/mem.h"
#include "linux/linux.h"
#include "step/launch.h"

#define CPU_MAX 65535 /* NR_CPUS is 8192 at most today */

static void validate_list(const char *list, const char *path, struct problems *problems)
{
	struct bitset cpus;
	struct err e;

	if (bitset_parse(list ? list : "", CPU_MAX, &cpus, &e))
		problem_add(problems, path, "%s", e.msg);
	else
		bitset_free(&cpus);
}

static void validate(const struct oci_config *config, struct problems *problems)
{
	const struct oci_exec_cpu_affinity *a = config->process ? config->process->exec_cpu_affinity : NULL;

	if (!a)
		return;
	validate_list(a->initial, "process.execCPUAffinity.initial", problems);
	validate_list(a->final, "process.execCPUAffinity.final", problems);
}

static bool wanted(const struct oci_config *config)
{
	return config->process && config->process->exec_cpu_affinity;
}

static int set(pid_t pid, const char *list, const char *path, struct err *e)
{
	struct bitset cpus;
	int status = 0;

	if (bitset_parse(list, CPU_MAX, &cpus, e))
		return err_wrap(e, "%s", path);
	if (cpus.n && sched_setaffinity(pid, cpus.bytes, (const cpu_set_t *)cpus.words) < 0)
		status = errno == EINVAL ? err_sys(e, "%s: none of the CPUs \"%s\" is there and allowed by the cpuset",
						   path, list)
					 : err_sys(e, "%s: sched_setaffinity %s", path, list);
	bitset_free(&cpus);
	return status;
}

/* The kernel's set may be wider than any constant: it tells by EINVAL that it is. */
static int note_own(struct launch *l, struct err *e)
{
	size_t bytes = 128;
	cpu_set_t *cpus = arena_alloc(l->arena, bytes);

	while (sched_getaffinity(0, bytes, cpus) < 0) {
		if (errno != EINVAL || bytes > CPU_MAX)
			return err_sys(e, "sched_getaffinity");
		bytes *= 2;
		cpus = arena_alloc(l->arena, bytes);
	}
	l->own_cpus = cpus;
	l->own_cpus_bytes = bytes;
	return 0;
}

static void restore_own(struct launch *l)
{
	if (l->own_cpus)
		(void)sched_setaffinity(0, l->own_cpus_bytes, l->own_cpus);
	l->own_cpus = NULL;
}

static int set_initial(struct launch *l, struct err *e)
{
	const char *list = l->config->process->exec_cpu_affinity->initial;

	if (!list || !*list)
		return 0;
	return note_own(l, e) ? -1 : set(0, list, "process.execCPUAffinity.initial", e);
}

static int set_final(struct launch *l, struct err *e)
{
	const char *list = l->config->process->exec_cpu_affinity->final;

	restore_own(l);
	return list ? set(l->pid, list, "process.execCPUAffinity.final", e) : 0;
}

const struct feature feature_affinity = { "affinity", "process.execCPUAffinity", validate, NULL };
const struct host_step host_affinity_initial = { "affinity", wanted, set_initial, restore_own };
const struct host_step host_affinity_final = { "affinity", wanted, set_final, NULL };
