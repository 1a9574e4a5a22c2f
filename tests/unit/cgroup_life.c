/* A cgroup's life on this host's real hierarchies: make, limit, join, freeze, signal, kill, remove. Needs root. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "cgroup/controller.h"
#include "check.h"
#include "sys/clone.h"

static struct arena *arena;
static char id[32];

static struct cgroup *locate(const char *path, const char *name, bool wants_named)
{
	struct err e = { 0 };
	struct oci_linux l = { .cgroups_path = (char *)path };
	struct oci_config config = { .linux = &l };
	struct cgroup *cg;
	if (cgroup_locate(&config, name, "cgroupfs", wants_named, arena, &cg, &e) < 0) {
		printf("not ok locate - %s\n", e.msg);
		exit(1);
	}
	return cg;
}

static bool done(int rc, const struct err *e)
{
	if (rc < 0)
		printf("# %s\n", e->msg);
	return rc >= 0;
}

static bool exists(const struct cgroup *cg, const char *below)
{
	char path[PATH_MAX];
	for (size_t i = 0; i < cg->n; i++) {
		snprintf(path, sizeof path, "%s%s", cg->hierarchies[i].dir, below);
		if (access(path, F_OK) == 0)
			return true;
	}
	return false;
}

/* A process in the cgroup that waits to be killed, after `forks` others. */
static pid_t resident(struct cgroup *cg, int forks)
{
	struct err e;
	int go[2];
	char c;
	if (pipe2(go, O_CLOEXEC) < 0)
		abort();
	pid_t pid = fork();
	if (pid == 0) {
		close(go[1]);
		if (read(go[0], &c, 1) != 0)
			_exit(1);
		for (int i = 0; i < forks; i++)
			if (fork() == 0)
				break;
		for (;;)
			pause();
	}
	if (pid < 0 || !done(cgroup_join(cg, pid, &e), &e))
		abort();
	close(go[0]);
	close(go[1]);
	return pid;
}

static bool killed_by(pid_t pid, int sig)
{
	int status;
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == sig;
}

static size_t count(struct cgroup *cg)
{
	struct err e;
	pid_t *pids;
	size_t n = 0;
	if (!done(cgroup_pids(cg, &pids, &n, &e), &e))
		return SIZE_MAX;
	free(pids);
	return n;
}

static bool wait_count(struct cgroup *cg, size_t want)
{
	unsigned us = WAIT_FIRST_US;
	long long deadline = clock_ms() + 5000;
	while (count(cg) != want)
		if (!wait_a_moment(&us, deadline))
			return false;
	return true;
}

static bool limit_is(struct cgroup *cg, unsigned controller, const char *file, const char *want)
{
	char buf[256] = "(none)";
	struct hierarchy *h = hierarchy_with(cg, controller);
	if (!h || control_read(h->dir, file, buf, sizeof buf) < 0)
		return false;
	buf[strcspn(buf, "\n")] = '\0';
	if (strcmp(buf, want))
		printf("# %s: wanted '%s', got '%s'\n", file, want, buf);
	return !strcmp(buf, want);
}

/* --- */

static void test_life(void)
{
	struct err e = { 0 };
	struct cgroup *cg = locate(NULL, id, true);
	CHECK("default path", str_starts(cg->hierarchies[0].path, "/hind/"));
	CHECK("make", done(cgroup_make(cg, 0, &e), &e) && exists(cg, ""));
	pid_t pid = resident(cg, 0);
	CHECK("join", count(cg) == 1);
	char path[64], buf[4096];
	snprintf(path, sizeof path, "/proc/%d", pid);
	size_t joined = 0;
	if (control_read(path, "cgroup", buf, sizeof buf) > 0)
		for (char *p = buf; (p = strstr(p, cg->hierarchies[0].path)); p++)
			joined++;
	CHECK("join: every hierarchy", joined == cg->n);
	struct cgroup *other = locate(NULL, id, true);
	CHECK("a cgroup with processes is not taken over",
		cgroup_make(other, 0, &e) < 0 && strstr(e.msg, "lives in it"));
	CHECK("and survives the undo", done(cgroup_remove(other, &e), &e) && count(cg) == 1);
	CHECK("clone into", (cgroup_clone_fd(cg) >= 0) == cg->hierarchies[cg->n - 1].v2);
	CHECK("signal", done(cgroup_signal(cg, SIGTERM, &e), &e) && killed_by(pid, SIGTERM));
	CHECK("an empty one is taken over", done(cgroup_make(other, 0, &e), &e));
	CHECK("remove", done(cgroup_remove(cg, &e), &e) && !exists(cg, ""));
	CHECK("remove twice", done(cgroup_remove(cg, &e), &e));
	CHECK("the shared parent goes with the last", !exists(cg, "/.."));
	CHECK("kill of what is gone", done(cgroup_kill(cg, &e), &e) && count(cg) == 0);
}

static void test_parents(void)
{
	struct err e = { 0 };
	char path[64], top[64];
	snprintf(path, sizeof path, "/%s-top/a/b", id);
	snprintf(top, sizeof top, "/../../../%s-top", id);
	struct cgroup *cg = locate(path, id, false);
	struct oci_hind_cgroup record;
	struct cgroup *again;
	cgroup_record(cg, arena, &record);
	CHECK("make with parents", done(cgroup_make(cg, 0, &e), &e) && record.hierarchies[0].made_parents == 2);
	CHECK("from record", done(cgroup_from_record(&record, arena, &again, &e), &e) && again->n == cg->n &&
				     str_eq(again->hierarchies[0].dir, cg->hierarchies[0].dir) &&
				     again->hierarchies[0].controllers == cg->hierarchies[0].controllers);
	pid_t pid = resident(again, 0);
	CHECK("remove kills", done(cgroup_remove(again, &e), &e) && killed_by(pid, SIGKILL));
	char *dir = mem_printf("%s/%s-top", cg->hierarchies[0].mount_dir, id);
	CHECK("parents of our own go, too", access(dir, F_OK) < 0);
	/* A parent that somebody else made stays. */
	if (mkdir(dir, 0755) < 0)
		abort();
	snprintf(path, sizeof path, "/%s-top/x", id);
	struct cgroup *below = locate(path, id, false);
	below->n = 1;
	CHECK("a parent of others stays",
		done(cgroup_make(below, 0, &e), &e) && done(cgroup_remove(below, &e), &e) && access(dir, F_OK) == 0);
	rmdir(dir);
	free(dir);
	record.hierarchies[0].path = "/a/../..";
	CHECK("a record with .. is refused", cgroup_from_record(&record, arena, &again, &e) < 0);
}

static void test_kill(void)
{
	struct err e = { 0 };
	struct cgroup *cg = locate(NULL, id, false);
	if (!done(cgroup_make(cg, 0, &e), &e))
		abort();
	pid_t pid = resident(cg, 40);
	CHECK("processes that a process made", wait_count(cg, 41));
	struct hierarchy *h = hierarchy_main(cg);
	char *deep = mem_printf("%s/x/y", h->dir), *shallow = mem_printf("%s/x", h->dir);
	if (mkdir(shallow, 0755) < 0 || mkdir(deep, 0755) < 0)
		abort();
	struct hierarchy below = { .dir = deep, .mount_dir = h->mount_dir };
	CHECK("a process in a cgroup below", done(hierarchy_join(&below, pid, &e), &e) && count(cg) == 41);
	CHECK("freeze", done(cgroup_freeze(cg, true, &e), &e) && cgroup_frozen(cg));
	CHECK("thaw", done(cgroup_freeze(cg, false, &e), &e) && !cgroup_frozen(cg));
	CHECK("freeze again", done(cgroup_freeze(cg, true, &e), &e));
	CHECK("kill what is frozen", done(cgroup_kill(cg, &e), &e) && killed_by(pid, SIGKILL) && count(cg) == 0);
	CHECK("remove with descendants", done(cgroup_remove(cg, &e), &e) && !exists(cg, ""));
	free(deep);
	free(shallow);
}

/* Nothing but forks: each child forks its successor and ends. */
static void test_fork_bomb(void)
{
	struct err e = { 0 };
	struct cgroup *cg = locate(NULL, id, false);
	if (!done(cgroup_make(cg, 0, &e), &e))
		abort();
	pid_t pid = fork();
	if (pid == 0) {
		if (cgroup_join(cg, getpid(), &e) < 0)
			_exit(1);
		signal(SIGCHLD, SIG_IGN);
		for (;;)
			if (fork() != 0)
				_exit(0);
	}
	int status;
	bool started = waitpid(pid, &status, 0) == pid && status == 0 && count(cg) > 0;
	CHECK("a chain of forks is killed", started && done(cgroup_kill(cg, &e), &e) && count(cg) == 0);
	CHECK("and removed", done(cgroup_remove(cg, &e), &e));
}

static void test_self(void)
{
	struct err e = { 0 };
	struct cgroup *cg = locate(NULL, id, false);
	if (!done(cgroup_make(cg, 0, &e), &e))
		abort();
	pid_t pid = fork();
	if (pid == 0) {
		if (cgroup_join(cg, getpid(), &e) < 0)
			_exit(1);
		bool refused = cgroup_kill(cg, &e) < 0 && strstr(e.msg, "runtime itself") && !cgroup_frozen(cg) &&
			       cgroup_freeze(cg, true, &e) < 0 && cgroup_signal(cg, SIGTERM, &e) < 0;
		_exit(refused ? 7 : 1);
	}
	int status;
	CHECK("the runtime never kills itself",
		waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7);
	CHECK("remove after that", done(cgroup_remove(cg, &e), &e));
}

static int apply(struct cgroup *cg, struct oci_resources r, struct err *e)
{
	return cgroup_apply(cg, &r, e);
}

static void test_cpu(struct cgroup *cg)
{
	struct err e = { 0 };
	struct oci_cpu cpu = { .shares = 512,
		.has_shares = true,
		.quota = 20000,
		.has_quota = true,
		.period = 100000,
		.has_period = true,
		.burst = 10000,
		.has_burst = true,
		.cpus = "1",
		.mems = "0" };
	CHECK("cpu and cpuset", done(apply(cg, (struct oci_resources){ .cpu = &cpu }, &e), &e) &&
					limit_is(cg, CONTROLLER_CPUSET, "cpuset.cpus", "1"));
	cpu = (struct oci_cpu){ .quota = 5000, .has_quota = true, .burst = 0, .has_burst = true };
	CHECK("a quota below the burst that was set", done(apply(cg, (struct oci_resources){ .cpu = &cpu }, &e), &e));
	CHECK("quota read back", cg->v2 ? limit_is(cg, CONTROLLER_CPU, "cpu.max", "5000 100000")
					: limit_is(cg, CONTROLLER_CPU, "cpu.cfs_quota_us", "5000"));
	cpu = (struct oci_cpu){ .period = 50000, .has_period = true };
	CHECK("period alone", done(apply(cg, (struct oci_resources){ .cpu = &cpu }, &e), &e) &&
				      (cg->v2 ? limit_is(cg, CONTROLLER_CPU, "cpu.max", "5000 50000")
					      : limit_is(cg, CONTROLLER_CPU, "cpu.cfs_period_us", "50000")));
	cpu = (struct oci_cpu){ .quota = 500, .has_quota = true };
	CHECK("a quota that is too small",
		apply(cg, (struct oci_resources){ .cpu = &cpu }, &e) < 0 && e.code == EINVAL &&
			str_starts(e.msg, "linux.resources.cpu.quota: write \"500\" to /sys/fs/cgroup") &&
			strstr(e.msg, ": invalid argument; quota and period are at least 1000 us"));
	cpu = (struct oci_cpu){ .cpus = "4000" };
	CHECK("a CPU that is not there", apply(cg, (struct oci_resources){ .cpu = &cpu }, &e) < 0 &&
						 str_starts(e.msg, "linux.resources.cpu.cpus: write \"4000\" to ") &&
						 strstr(e.msg, "; take CPUs that"));
}

static void test_memory(struct cgroup *cg)
{
	struct err e = { 0 };
	const char *file = cg->v2 ? "memory.max" : "memory.limit_in_bytes";
	struct oci_memory m = { .limit = 32 << 20, .has_limit = true, .swap = 32 << 20, .has_swap = true };
	CHECK("memory", done(apply(cg, (struct oci_resources){ .memory = &m }, &e), &e) &&
				limit_is(cg, CONTROLLER_MEMORY, file, "33554432"));
	m.limit = m.swap = 64 << 20;
	CHECK("memory and swap raised", done(apply(cg, (struct oci_resources){ .memory = &m }, &e), &e) &&
						limit_is(cg, CONTROLLER_MEMORY, file, "67108864"));
	m.limit = m.swap = 16 << 20;
	CHECK("memory and swap lowered", done(apply(cg, (struct oci_resources){ .memory = &m }, &e), &e) &&
						 limit_is(cg, CONTROLLER_MEMORY, file, "16777216"));
	struct cgroup_oom oom;
	pid_t pid = fork();
	if (pid == 0) {
		if (cgroup_join(cg, getpid(), &e) < 0)
			_exit(1);
		volatile char *big = malloc(64 << 20);
		for (size_t i = 0; i < 64 << 20; i += 4096)
			big[i] = 1;
		_exit(0);
	}
	CHECK("the limit kills", killed_by(pid, SIGKILL));
	cgroup_oom(cg, &oom);
	CHECK("and is told", oom.kills == 1 && oom.limit == 16 << 20 && (oom.peak == 0 || oom.peak > 8 << 20));
	m = (struct oci_memory){ .limit = -1, .has_limit = true };
	CHECK("no limit lifts the one of swap", done(apply(cg, (struct oci_resources){ .memory = &m }, &e), &e));
	cgroup_oom(cg, &oom);
	CHECK("no limit is told as 0", oom.limit == 0);
}

static void test_limits(void)
{
	struct err e = { 0 };
	struct cgroup *cg = locate(NULL, id, false);
	if (!done(cgroup_make(cg, 0, &e), &e))
		abort();
	if (hierarchy_with(cg, CONTROLLER_CPU) && hierarchy_with(cg, CONTROLLER_CPUSET))
		test_cpu(cg);
	if (hierarchy_with(cg, CONTROLLER_MEMORY))
		test_memory(cg);
	struct oci_pids pids = { .limit = 3, .has_limit = true };
	CHECK("pids", done(apply(cg, (struct oci_resources){ .pids = &pids }, &e), &e) &&
			      limit_is(cg, CONTROLLER_PIDS, "pids.max", "3"));
	struct hierarchy *h = hierarchy_with(cg, CONTROLLER_PIDS);
	if (h && !h->v2)
		h->controllers &= ~(1u << CONTROLLER_PIDS);
	CHECK("a controller that the host lacks is named",
		(h && h->v2) ||
			(apply(cg, (struct oci_resources){ .pids = &pids }, &e) < 0 &&
				str_starts(e.msg, "linux.resources.pids.limit: the host has no pids controller (")));
	CHECK("remove after limits", done(cgroup_remove(cg, &e), &e));
}

/* Another container's end takes the shared parent away at any moment. */
static void test_race(void)
{
	int failed = 0;
	pid_t pids[4];
	for (int i = 0; i < 4; i++) {
		pids[i] = fork();
		if (pids[i])
			continue;
		struct err e = { 0 };
		char name[48];
		snprintf(name, sizeof name, "%s-%d", id, i);
		struct cgroup *cg = locate(NULL, name, false);
		for (int round = 0; round < 100; round++) {
			pid_t pid = fork();
			if (pid == 0) {
				pause();
				_exit(0);
			}
			bool ok = done(cgroup_make(cg, 0, &e), &e) && done(cgroup_join(cg, pid, &e), &e);
			ok &= kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid;
			if (!done(cgroup_remove(cg, &e), &e) || !ok)
				_exit(1);
		}
		_exit(0);
	}
	for (int i = 0; i < 4; i++) {
		int status = 1;
		failed += waitpid(pids[i], &status, 0) != pids[i] || status != 0;
	}
	CHECK("four at once, a hundred times", failed == 0);
	CHECK("nothing is left", !exists(locate(NULL, id, false), "/.."));
}

/* The manager of v2, in a part of the hybrid layout's cgroup2 (or of the pure one) as if that were all: no controllers,
 * but all that v2 does without. */
static void test_v2(void)
{
	struct err e = { 0 };
	bool pure = access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0;
	cleanup_free char *root = mem_printf("/sys/fs/cgroup%s/%s-root", pure ? "" : "/unified", id);
	if (mkdir(root, 0755) < 0) {
		printf("not ok setup - no cgroup2 for %s: %s\n", root, strerror(errno));
		return;
	}
	struct hierarchy h = { .mount_dir = root, .path = "/a/box", .v2 = true };
	locate_controllers(&h, 1);
	struct cgroup cg = { .manager = &cgroup_fs_v2, .hierarchies = &h, .n = 1, .v2 = true, .dir_fd = -1 };
	hierarchy_set_dir(&h, arena);
	h.made_parents = hierarchy_missing_parents(&h);
	CHECK("v2: make", done(cgroup_make(&cg, 0, &e), &e) && h.made_parents == 1);
	CHECK("v2: a descriptor to clone into", cgroup_clone_fd(&cg) >= 0);
	int pidfd = -1;
	pid_t pid = clone_child(0, cgroup_clone_fd(&cg), &pidfd, &e);
	if (pid == 0)
		for (;;)
			pause();
	CHECK("v2: clone into", done(pid, &e) && count(&cg) == 1);
	close(pidfd);
	pid_t second = resident(&cg, 20);
	CHECK("v2: join", wait_count(&cg, 22));
	CHECK("v2: freeze", done(cgroup_freeze(&cg, true, &e), &e) && cgroup_frozen(&cg));
	CHECK("v2: thaw", done(cgroup_freeze(&cg, false, &e), &e) && !cgroup_frozen(&cg));
	CHECK("v2: signal", done(cgroup_signal(&cg, SIGUSR1, &e), &e) && killed_by(pid, SIGUSR1));
	struct oci_pids pids = { .limit = 3, .has_limit = true };
	CHECK("v2: a controller that the host lacks is named",
		apply(&cg, (struct oci_resources){ .pids = &pids }, &e) < 0 &&
			str_starts(e.msg,
				"linux.resources.pids.limit: the host has no pids controller here (cgroup v2, "));
	pid = resident(&cg, 20);
	CHECK("v2: kill", done(cgroup_kill(&cg, &e), &e) && killed_by(pid, SIGKILL) && count(&cg) == 0);
	CHECK("v2: remove",
		done(cgroup_remove(&cg, &e), &e) && !exists(&cg, "/..") && waitpid(second, NULL, 0) == second);
	CHECK("v2: kill of what is gone", done(cgroup_kill(&cg, &e), &e));
	close(cg.dir_fd);
	if (rmdir(root) < 0)
		printf("not ok remove %s - %s\n", root, strerror(errno));
}

static void test_managers(void)
{
	struct err e = { 0 };
	struct oci_config config = { 0 };
	struct cgroup *cg;
	CHECK("an unknown manager is refused", cgroup_locate(&config, id, "x", false, arena, &cg, &e) < 0);
	CHECK("disabled", cgroup_locate(&config, id, "disabled", false, arena, &cg, &e) == 0 &&
				  cgroup_make(cg, 0, &e) == 0 && cgroup_join(cg, getpid(), &e) == 0 && count(cg) == 0 &&
				  cgroup_kill(cg, &e) < 0 && cgroup_remove(cg, &e) == 0);
	struct oci_hind_cgroup record;
	cgroup_record(cg, arena, &record);
	CHECK("disabled from record", done(cgroup_from_record(&record, arena, &cg, &e), &e) && cg->n == 0);
}

int main(void)
{
	if (geteuid() != 0) {
		printf("not ok setup - needs root\n");
		return 1;
	}
	arena = arena_new();
	setvbuf(stdout, NULL, _IOLBF, 0);
	snprintf(id, sizeof id, "life-%d", getpid());
	test_life();
	test_parents();
	test_kill();
	test_fork_bomb();
	test_self();
	test_limits();
	test_race();
	test_v2();
	test_managers();
	arena_free(arena);
	return check_end();
}
