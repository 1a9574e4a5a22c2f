/* process.scheduler: policy, priority and deadlines. runtime-spec config.md "scheduler"; sched(7), sched_setattr(2).
 *
 * The parent sets it, and last: real-time and deadline policies take CAP_SYS_NICE of the first user namespace, which
 * only the parent may have; the cgroup's limits count by then; and the set-up has run at the usual pace, making
 * processes, which a deadline task may not. */
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"
#include "linux/linux.h"
#include "step/launch.h"
#include "sys/capable.h"

#define SHORTEST_RUNTIME 1024 /* nanoseconds: the kernel counts no finer (sched_setattr(2)) */

static const struct name_value policies[] = {
	{ "SCHED_OTHER", SCHED_NORMAL },
	{ "SCHED_FIFO", SCHED_FIFO },
	{ "SCHED_RR", SCHED_RR },
	{ "SCHED_BATCH", SCHED_BATCH },
	{ "SCHED_IDLE", SCHED_IDLE },
	{ "SCHED_DEADLINE", SCHED_DEADLINE },
	{ NULL, 0 },
};

static const struct name_value flags[] = {
	{ "SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK },
	{ "SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM },
	{ "SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN },
	{ "SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY },
	{ "SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS },
	{ "SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX },
	{ NULL, 0 },
};

/* sched_setattr(2), with the utilization clamps of Linux 5.3. */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};

static uint64_t flags_of(const struct oci_scheduler *s)
{
	uint64_t all = 0;

	for (size_t i = 0; i < s->n_flags; i++)
		all |= name_find(flags, s->flags[i])->value;
	return all;
}

/* ---- validation ---- */

static void validate_deadline(const struct oci_config *config, struct problems *problems)
{
	const struct oci_scheduler *s = config->process->scheduler;
	uint64_t period = s->period ? s->period : s->deadline;

	if (s->runtime < SHORTEST_RUNTIME)
		problem_add(problems, "process.scheduler.runtime",
			"%" PRIu64 " ns, and SCHED_DEADLINE takes %d at least", s->runtime, SHORTEST_RUNTIME);
	if (s->deadline < s->runtime)
		problem_add(problems, "process.scheduler.deadline", "%" PRIu64 " is below the runtime %" PRIu64,
			s->deadline, s->runtime);
	if (period < s->deadline)
		problem_add(problems, "process.scheduler.period", "%" PRIu64 " is below the deadline %" PRIu64, period,
			s->deadline);
	/* The task is one by then, and such a task makes children only with this flag. */
	if (config->hooks && config->hooks->n_start_container && !(flags_of(s) & SCHED_FLAG_RESET_ON_FORK))
		problem_add(problems, "process.scheduler.flags",
			"needs SCHED_FLAG_RESET_ON_FORK, as a SCHED_DEADLINE process cannot start the hooks in "
			"hooks.startContainer without");
}

static void validate_priority(const struct oci_scheduler *s, uint64_t policy, struct problems *problems)
{
	bool real_time = policy == SCHED_FIFO || policy == SCHED_RR;

	if (real_time && (s->priority < 1 || s->priority > 99))
		problem_add(problems, "process.scheduler.priority", "%d is not between 1 and 99, as %s needs",
			(int)s->priority, s->policy);
	if (!real_time && s->priority)
		problem_add(problems, "process.scheduler.priority",
			"%s has no priority: SCHED_FIFO and SCHED_RR have one", s->policy);
}

static void validate(const struct oci_config *config, struct problems *problems)
{
	const struct oci_scheduler *s = config->process ? config->process->scheduler : NULL;
	const struct name_value *policy;

	if (!s)
		return;
	policy = s->policy ? name_find(policies, s->policy) : NULL;
	for (size_t i = 0; i < s->n_flags; i++)
		if (!name_find(flags, s->flags[i]))
			return; /* the schema has told */
	if (s->nice < -20 || s->nice > 19)
		problem_add(problems, "process.scheduler.nice", "%d is not between -20 and 19", (int)s->nice);
	if (!policy) {
		problem_add(problems, "process.scheduler.policy", "\"%s\" is no policy that Linux has",
			s->policy ? s->policy : "");
		return;
	}
	validate_priority(s, policy->value, problems);
	if (policy->value == SCHED_DEADLINE)
		validate_deadline(config, problems);
	else if (s->runtime || s->deadline || s->period)
		problem_add(problems, "process.scheduler",
			"runtime, deadline and period are for SCHED_DEADLINE, not %s", s->policy);
}

/* ---- host ---- */

static bool wanted(const struct oci_config *config)
{
	return config->process && config->process->scheduler;
}

static int refused(const struct oci_scheduler *s, struct err *e)
{
	int code = errno;
	const char *why = NULL;

	if (code == EPERM && !capable(CAP_SYS_NICE))
		why = "needs CAP_SYS_NICE, which this process lacks";
	else if (code == EPERM && str_eq(s->policy, "SCHED_DEADLINE"))
		why = "needs a cpuset with all CPUs, or with CPUs of its own alone (cpuset.cpu_exclusive)";
	else if (code == EPERM)
		why = "the container's cgroup has no real-time budget (linux.resources.cpu.realtimeRuntime), or "
		      "CAP_SYS_NICE is not of the first user namespace";
	else if (code == EBUSY)
		why = "so much runtime in each period is more than the CPUs have left for deadlines";
	else if (code == EOPNOTSUPP)
		why = "this kernel has no utilization clamping";
	return why ? err_sys(e, "process.scheduler: %s: %s", s->policy, why)
		   : err_sys(e, "process.scheduler: sched_setattr %s", s->policy);
}

static int set(struct launch *l, struct err *e)
{
	const struct oci_scheduler *s = l->config->process->scheduler;
	const struct attributes a = {
		.size = sizeof a,
		.policy = name_find(policies, s->policy)->value,
		.flags = flags_of(s),
		.nice = s->nice,
		.priority = s->priority,
		.runtime = s->runtime,
		.deadline = s->deadline,
		.period = s->period,
	};

	return syscall(SYS_sched_setattr, l->pid, &a, 0) < 0 ? refused(s, e) : 0;
}

const struct feature feature_sched = { "sched", "process.scheduler", validate, NULL };
const struct host_step host_sched = { "sched", wanted, set, NULL };
