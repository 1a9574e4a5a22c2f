/* process.scheduler and process.ioPriority: the name tables against the kernel's headers, by what the kernel has taken.
 * Names that need privileges are tried where there are some; validate knows all of them everywhere. */
#include <errno.h>
#include <linux/ioprio.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "check.h"
#include "linux/linux.h"
#include "step/launch.h"
#include "validate.h"

static const struct {
	const char *name;
	int policy;
} policies[] = {
	{ "SCHED_OTHER", SCHED_NORMAL },
	{ "SCHED_FIFO", SCHED_FIFO },
	{ "SCHED_RR", SCHED_RR },
	{ "SCHED_BATCH", SCHED_BATCH },
	{ "SCHED_IDLE", SCHED_IDLE },
	{ "SCHED_DEADLINE", SCHED_DEADLINE },
};

static const struct {
	const char *name;
	uint64_t flag;
} flags[] = {
	{ "SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK },
	{ "SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM },
	{ "SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN },
	{ "SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY },
	{ "SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS },
	{ "SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX },
};

static const struct {
	const char *name;
	int class;
} classes[] = {
	{ "IOPRIO_CLASS_RT", IOPRIO_CLASS_RT },
	{ "IOPRIO_CLASS_BE", IOPRIO_CLASS_BE },
	{ "IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE },
};

struct got {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

/* The step on a child that waits; 0, or the error's code. */
static int applied(const struct host_step *step, struct oci_process *p, struct got *got, int *ioprio)
{
	struct oci_config c = { .process = p };
	struct launch l = { .config = &c };
	struct err e = { 0 };
	int status;

	fflush(stdout);
	l.pid = fork();
	if (l.pid == 0)
		for (;;)
			pause();
	status = step->run(&l, &e) ? e.code : 0;
	if (status)
		printf("# %s\n", e.msg);
	syscall(SYS_sched_getattr, l.pid, got, sizeof *got, 0);
	*ioprio = syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, l.pid);
	kill(l.pid, SIGKILL);
	waitpid(l.pid, NULL, 0);
	return status;
}

static bool policy_is_taken(const char *name, int policy)
{
	struct oci_scheduler s = { .policy = name };
	struct oci_process p = { .scheduler = &s };
	struct got got;
	int ioprio, status;

	if (policy == SCHED_FIFO || policy == SCHED_RR)
		s.priority = 1;
	if (policy == SCHED_DEADLINE)
		s.runtime = 1000000, s.deadline = s.period = 10000000;
	status = applied(&host_sched, &p, &got, &ioprio);
	return status == EPERM || (status == 0 && got.policy == (uint32_t)policy);
}

static bool flag_is_known(const char *name)
{
	char *list[] = { (char *)name };
	struct oci_scheduler s = { .policy = "SCHED_OTHER", .flags = list, .n_flags = 1 };
	struct oci_process p = { .scheduler = &s };
	struct oci_config c = { .process = &p };

	return says(&feature_sched, &c, 0, NULL, NULL);
}

/* The kernel shows these two of the flags again. */
static bool flag_is_taken(const char *name, uint64_t flag)
{
	char *list[] = { (char *)name };
	struct oci_scheduler s = { .policy = "SCHED_DEADLINE",
		.runtime = 1000000,
		.deadline = 10000000,
		.period = 10000000,
		.flags = list,
		.n_flags = 1 };
	struct oci_process p = { .scheduler = &s };
	struct got got;
	int ioprio, status = applied(&host_sched, &p, &got, &ioprio);

	return status == EPERM || (status == 0 && got.flags == flag);
}

static bool class_is_taken(const char *name, int class)
{
	struct oci_io_priority io = { .class = name, .priority = class == IOPRIO_CLASS_IDLE ? 0 : 5 };
	struct oci_process p = { .io_priority = &io };
	struct got got;
	int ioprio, status = applied(&host_ioprio, &p, &got, &ioprio);

	return status == EPERM ||
	       (status == 0 && IOPRIO_PRIO_CLASS(ioprio) == class && (int)IOPRIO_PRIO_DATA(ioprio) == io.priority);
}

int main(void)
{
	struct oci_scheduler long_one = { .policy = "SCHED_DEADLINE", .runtime = 1 };
	struct oci_process p = { .scheduler = &long_one };
	struct oci_config empty = { 0 }, c = { .process = &p };

	for (size_t i = 0; i < ARRAY_LEN(policies); i++)
		CHECK(policies[i].name, policy_is_taken(policies[i].name, policies[i].policy));
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		CHECK(flags[i].name, flag_is_known(flags[i].name));
	for (size_t i = 0; i < 3; i++)
		CHECK(flags[i].name, flag_is_taken(flags[i].name, flags[i].flag));
	for (size_t i = 0; i < ARRAY_LEN(classes); i++)
		CHECK(classes[i].name, class_is_taken(classes[i].name, classes[i].class));
	CHECK("no process",
		says(&feature_sched, &empty, 0, NULL, NULL) && says(&feature_ioprio, &empty, 0, NULL, NULL));
	CHECK("runtime below the kernel's grain", says(&feature_sched, &c, 2, "process.scheduler.runtime",
							  "1 ns, and SCHED_DEADLINE takes 1024 at least"));
	return check_end();
}
