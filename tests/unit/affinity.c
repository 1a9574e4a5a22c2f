/* process.execCPUAffinity: the steps on this process and a child. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "check.h"
#include "linux/linux.h"
#include "step/launch.h"
#include "validate.h"

/* As a list: "0,1". */
static char *cpus_of(pid_t pid)
{
	struct text list = { 0 };
	cpu_set_t set;

	text_printf(&list, "%s", "");
	sched_getaffinity(pid, sizeof set, &set);
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &set))
			text_printf(&list, "%s%d", list.len ? "," : "", i);
	return list.p;
}

static bool runs_on(pid_t pid, const char *want)
{
	cleanup_free char *got = cpus_of(pid);

	if (strcmp(got, want) != 0)
		printf("# on %s, not on %s\n", got, want);
	return strcmp(got, want) == 0;
}

static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	return pid;
}

static bool refuses(const char *initial, const char *final, const char *path, const char *text)
{
	struct oci_exec_cpu_affinity a = { initial, final };
	struct oci_process p = { .exec_cpu_affinity = &a };
	struct oci_config c = { .process = &p };

	return says(&feature_affinity, &c, path ? 1 : 0, path, text);
}

static void both(struct launch *l, struct oci_exec_cpu_affinity *a, const char *all, char *first, char *last)
{
	struct err e;

	*a = (struct oci_exec_cpu_affinity){ first, last };
	CHECK("initial is ours before the fork", host_affinity_initial.run(l, &e) == 0 && runs_on(0, first));
	l->pid = sleeper();
	CHECK("and the child's", runs_on(l->pid, first));
	CHECK("final is the child's", host_affinity_final.run(l, &e) == 0 && runs_on(l->pid, last));
	CHECK("we have our own back", runs_on(0, all));
	*a = (struct oci_exec_cpu_affinity){ first, "" };
	CHECK("without final the child keeps what it has",
		host_affinity_initial.run(l, &e) == 0 && host_affinity_final.run(l, &e) == 0 && runs_on(l->pid, last));
	CHECK("undone", host_affinity_initial.run(l, &e) == 0 && (host_affinity_initial.undo(l), runs_on(0, all)));
	*a = (struct oci_exec_cpu_affinity){ "", "65000" };
	CHECK("CPUs that are not there", host_affinity_final.run(l, &e) == -1 && e.code == EINVAL &&
						 strstr(e.msg, "process.execCPUAffinity.final: none of the CPUs"));
	kill(l->pid, SIGKILL);
	waitpid(l->pid, NULL, 0);
}

int main(void)
{
	struct oci_exec_cpu_affinity a;
	struct oci_process p = { .exec_cpu_affinity = &a };
	struct oci_config c = { .process = &p };
	cleanup_arena struct arena *arena = arena_new();
	struct launch l = { .config = &c, .arena = arena };
	cleanup_free char *all = cpus_of(0), *first = mem_strdup(all), *last;

	first[strcspn(first, ",")] = 0;
	last = mem_strdup(strrchr(all, ',') ? strrchr(all, ',') + 1 : all);
	fflush(stdout);
	both(&l, &a, all, first, last);
	CHECK("nothing asked", refuses(NULL, NULL, NULL, NULL) && refuses("", "", NULL, NULL));
	CHECK("lists", refuses("0-3,7", "65535", NULL, NULL));
	CHECK("no list", refuses("0-", NULL, "process.execCPUAffinity.initial", "no list of numbers"));
	CHECK("too high", refuses(NULL, "65536", "process.execCPUAffinity.final", "above 65535"));
	return check_end();
}
