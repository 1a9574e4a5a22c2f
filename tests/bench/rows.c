/* The rows: what is measured, and how often it comes. */
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define ARGV(r, ...) ((const char *const[]){ (r)->path, "--root", (r)->root, __VA_ARGS__, NULL })
#define COMMAND(argv, r, ...) memcpy(argv, ARGV(r, __VA_ARGS__), sizeof(ARGV(r, __VA_ARGS__)))

static struct sample *sample_of(struct series *s)
{
	return s ? &s->sample[s->n] : NULL;
}

static long *rss_of(struct series *s)
{
	return s ? &s->rss_kb : NULL;
}

static void run_command(const struct runtime *r, const char *argv[static 8])
{
	static char rootfs[96];

	snprintf(rootfs, sizeof rootfs, "%s/rootfs", place.dir);
	if (r->floor)
		memcpy(argv, (const char *const[]){ r->path, rootfs, "/bin/true", NULL }, 4 * sizeof *argv);
	else
		COMMAND(argv, r, "run", "--bundle", r->bundle_true, r->id);
}

static void run_true(const struct runtime *r, struct series *s)
{
	const char *argv[8];

	run_command(r, argv);
	measure_command(sample_of(s), rss_of(s), argv);
}

static void once_run(const struct runtime *r, struct series *s)
{
	run_true(r, s);
	measure_orphans(NULL);
}

/* As conmon and the containerd shim call it, the container's end awaited before delete. */
static void once_cycle(const struct runtime *r, struct series *s)
{
	struct sample *sample = sample_of(s);
	long *rss = rss_of(s);
	char pid_file[128];

	snprintf(pid_file, sizeof pid_file, "%s/pid", place.dir);
	measure_command(sample, rss, ARGV(r, "create", "--bundle", r->bundle_pause, "--pid-file", pid_file, r->id));
	measure_command(sample, rss, ARGV(r, "start", r->id));
	measure_command(sample, rss, ARGV(r, "state", r->id));
	measure_command(sample, rss, ARGV(r, "kill", r->id, "KILL"));
	measure_orphans(sample);
	measure_command(sample, rss, ARGV(r, "delete", r->id));
}

/* ---- of a running container ---- */

void row_up(const struct runtime *r)
{
	measure_command(NULL, NULL, ARGV(r, "create", "--bundle", r->bundle_pause, r->up_id));
	measure_command(NULL, NULL, ARGV(r, "start", r->up_id));
}

void row_down(const struct runtime *runtimes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!runtimes[i].floor)
			measure_command(NULL, NULL, ARGV(&runtimes[i], "kill", runtimes[i].up_id, "KILL"));
	measure_orphans(NULL);
	for (size_t i = 0; i < n; i++)
		if (!runtimes[i].floor)
			measure_command(NULL, NULL, ARGV(&runtimes[i], "delete", runtimes[i].up_id));
}

static void state_command(const struct runtime *r, const char *argv[static 8])
{
	COMMAND(argv, r, "state", r->up_id);
}

static void version_command(const struct runtime *r, const char *argv[static 8])
{
	memcpy(argv, (const char *const[]){ r->path, "--version", NULL }, 3 * sizeof *argv);
}

static void exec_command(const struct runtime *r, const char *argv[static 8])
{
	COMMAND(argv, r, "exec", r->up_id, "/bin/true");
}

static void list_command(const struct runtime *r, const char *argv[static 8])
{
	COMMAND(argv, r, "list");
}

#define ONCE(name)                                                                                                     \
	static void once_##name(const struct runtime *r, struct series *s)                                             \
	{                                                                                                              \
		const char *argv[8];                                                                                   \
                                                                                                                       \
		name##_command(r, argv);                                                                               \
		measure_command(sample_of(s), rss_of(s), argv);                                                        \
	}
ONCE(state)
ONCE(version)
ONCE(list)
ONCE(exec)

/* ---- with a seccomp profile ---- */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

/* Where hind and crun keep compiled filters; runc keeps none. */
static void forget_filters(const struct runtime *r)
{
	static const char *const caches[] = { ".seccomp", ".cache" };
	char path[256];

	for (size_t i = 0; i < sizeof caches / sizeof *caches; i++) {
		snprintf(path, sizeof path, "%s/%s", r->root, caches[i]);
		nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	}
}

/* The first runtime is hind, and every other one gets the profile that `hind run` uses, which has docker's size. */
static void run_filtered(const struct runtime *r, struct series *s)
{
	static const char *profile;
	char dir[192], id[80];

	if (!profile)
		profile = bundle_seccomp(runtimes[0].path);
	snprintf(id, sizeof id, "%s-seccomp", r->id);
	bundle_make(&(struct bundle){ .program = "true", .id = id, .seccomp = profile }, dir, sizeof dir);
	measure_command(sample_of(s), rss_of(s), ARGV(r, "run", "--bundle", dir, id));
	measure_orphans(NULL);
}

static void once_filter_cold(const struct runtime *r, struct series *s)
{
	forget_filters(r);
	run_filtered(r, s);
}

/* ---- large, and many ---- */

static void once_large(const struct runtime *r, struct series *s)
{
	char dir[192], id[80];

	snprintf(id, sizeof id, "%s-large", r->id);
	bundle_make(&(struct bundle){ .program = "true", .id = id, .padding = 1 << 20 }, dir, sizeof dir);
	measure_command(sample_of(s), rss_of(s), ARGV(r, "run", "--bundle", dir, id));
	measure_orphans(NULL);
}

#define TOGETHER 100

static void once_together(const struct runtime *r, struct series *s)
{
	static char ids[TOGETHER][80], dirs[TOGETHER][192];
	static const char *argvs[TOGETHER][8];
	const char *const *list[TOGETHER];

	for (size_t i = 0; i < TOGETHER; i++) {
		snprintf(ids[i], sizeof ids[i], "%s-%zu", r->id, i);
		bundle_make(&(struct bundle){ .program = "true", .id = ids[i] }, dirs[i], sizeof dirs[i]);
		COMMAND(argvs[i], r, "run", "--bundle", dirs[i], ids[i]);
		list[i] = argvs[i];
	}
	measure_together(sample_of(s), list, TOGETHER);
	measure_orphans(sample_of(s));
}

#define CROWD 999

static void crowd_id(char *id, size_t size, const struct runtime *r, size_t i)
{
	snprintf(id, size, "%s-crowd-%zu", r->id, i);
}

static void crowd_up(const struct runtime *r)
{
	for (size_t i = 0; i < CROWD; i++) {
		char id[80], dir[192];

		crowd_id(id, sizeof id, r, i);
		bundle_make(&(struct bundle){ .program = "pause", .id = id }, dir, sizeof dir);
		measure_command(NULL, NULL, ARGV(r, "run", "--detach", "--bundle", dir, id));
	}
}

static void crowd_down(const struct runtime *r)
{
	for (size_t i = 0; i < CROWD; i++) {
		char id[80];

		crowd_id(id, sizeof id, r, i);
		measure_command(NULL, NULL, ARGV(r, "delete", "--force", id));
	}
	measure_orphans(NULL);
}

static void measure_crowded(const struct runtime *r, struct series *s)
{
	crowd_up(r);
	while (s->n < 20) {
		nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL); /* as between any two runs */
		run_true(r, s);
		s->n++;
	}
	crowd_down(r);
}

static bool fits(const struct runtime *r, long limit_kb)
{
	char resources[64], dir[192], id[80];

	snprintf(resources, sizeof resources, "\"memory\": { \"limit\": %ld },", limit_kb << 10);
	snprintf(id, sizeof id, "%s-least", r->id);
	bundle_make(&(struct bundle){ .program = "true", .id = id, .resources = resources }, dir, sizeof dir);
	for (int i = 0; i < 3; i++) {
		int status = measure_try(ARGV(r, "run", "--bundle", dir, id));

		measure_orphans(NULL);
		if (status == 0)
			continue;
		measure_try(ARGV(r, "delete", "--force", id));
		return false;
	}
	return true;
}

long row_least_memory(const struct runtime *r)
{
	long too_little = 64, enough = 65536; /* KiB */

	if (!fits(r, enough))
		return 0;
	while (enough - too_little > 32) {
		long middle = (enough + too_little) / 2;

		*(fits(r, middle) ? &enough : &too_little) = middle;
	}
	return enough;
}

const struct row rows[] = {
	{ .name = "run",
		.what = "one container of /bin/true from start to removal",
		.floor = true,
		.once = once_run,
		.command = run_command },
	{ .name = "cycle", .what = "create, start, state, kill, delete", .once = once_cycle },
	{ .name = "state",
		.what = "state of a running container",
		.up = true,
		.quick = true,
		.once = once_state,
		.command = state_command },
	{ .name = "exec",
		.what = "exec of /bin/true in a running container",
		.up = true,
		.quick = true,
		.once = once_exec,
		.command = exec_command },
	{ .name = "version", .what = "--version", .quick = true, .once = once_version, .command = version_command },
	{ .name = "list",
		.what = "list of one container",
		.up = true,
		.quick = true,
		.once = once_list,
		.command = list_command },
	{ .name = "filter",
		.what = "run with a seccomp profile of docker's size, compiled before",
		.once = run_filtered },
	{ .name = "cold", .what = "run with that profile, never compiled before", .once = once_filter_cold },
	{ .name = "large", .what = "run with a config.json of 1 MB", .every = 2, .once = once_large },
	{ .name = "together",
		.what = "100 containers started at once, until the last has run",
		.slow = true,
		.every = 10,
		.once = once_together },
	{ .name = "crowd", .what = "run beside 999 running containers", .slow = true, .whole = measure_crowded },
};
const size_t n_rows = sizeof rows / sizeof *rows;
