/* How long hind takes, beside other runtimes and beside the kernel's floor, in one run:
 *
 *	bench [--hind PROGRAM] [--peer PROGRAM]... [--floor PROGRAM] [--rows run,cycle,...] [--rounds N] [--out DIR]
 *[--limits]
 *
 * In each round every runtime takes its turn, so that a slow minute of the machine is slow for all. --limits judges the
 * ratios (ok, not ok). It all happens in a mount namespace with a tmpfs for bundles and state; a cgroup2 beside v1
 * controllers is out of sight in it, because crun refuses that layout. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct place place = { .dir = "/tmp/hind-bench.XXXXXX" };

static struct runtime runtimes[MAX_RUNTIMES];
static size_t n_runtimes;
static size_t rounds = 60;
static bool judge;
static const char *rows_wanted, *out_dir;

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(2);
}

#define ARGV(r, ...) ((const char *const[]){ (r)->path, "--root", (r)->root, __VA_ARGS__, NULL })

/* --- rows --- */

static void once_run(const struct runtime *r, struct series *s)
{
	struct sample *sample = s ? &s->sample[s->n] : NULL;
	char rootfs[256];

	snprintf(rootfs, sizeof rootfs, "%s/rootfs", r->bundle_true);
	if (r->floor)
		measure_command(
			sample, s ? &s->rss_kb : NULL, (const char *const[]){ r->path, rootfs, "/bin/true", NULL });
	else
		measure_command(sample, s ? &s->rss_kb : NULL, ARGV(r, "run", "--bundle", r->bundle_true, r->id));
	measure_orphans(NULL);
}

static void start_one(const struct runtime *r)
{
	measure_command(NULL, NULL, ARGV(r, "create", "--bundle", r->bundle_pause, r->up_id));
	measure_command(NULL, NULL, ARGV(r, "start", r->up_id));
}

/* As conmon and the containerd shim call it, the container's end awaited before delete. */
static void once_cycle(const struct runtime *r, struct series *s)
{
	struct sample *sample = s ? &s->sample[s->n] : NULL;
	long *rss = s ? &s->rss_kb : NULL;
	char pid_file[128];

	snprintf(pid_file, sizeof pid_file, "%s/pid", place.dir);
	measure_command(sample, rss, ARGV(r, "create", "--bundle", r->bundle_pause, "--pid-file", pid_file, r->id));
	measure_command(sample, rss, ARGV(r, "start", r->id));
	measure_command(sample, rss, ARGV(r, "state", r->id));
	measure_command(sample, rss, ARGV(r, "kill", r->id, "KILL"));
	measure_orphans(sample);
	measure_command(sample, rss, ARGV(r, "delete", r->id));
}

static void once_state(const struct runtime *r, struct series *s)
{
	measure_command(s ? &s->sample[s->n] : NULL, s ? &s->rss_kb : NULL, ARGV(r, "state", r->up_id));
}

static void once_version(const struct runtime *r, struct series *s)
{
	measure_command(s ? &s->sample[s->n] : NULL, s ? &s->rss_kb : NULL,
		(const char *const[]){ r->path, "--version", NULL });
}

static void once_list(const struct runtime *r, struct series *s)
{
	measure_command(s ? &s->sample[s->n] : NULL, s ? &s->rss_kb : NULL, ARGV(r, "list"));
}

static const struct row rows[] = {
	{ "run", "one container of /bin/true from start to removal", true, once_run },
	{ "cycle", "create, start, state, kill, delete", false, once_cycle },
	{ "state", "state of a running container", false, once_state },
	{ "version", "--version", false, once_version },
	{ "list", "list of one container", false, once_list },
};
#define ROWS (sizeof rows / sizeof *rows)

static long count_syscalls(const struct runtime *r, const struct row *row)
{
	char rootfs[256];

	snprintf(rootfs, sizeof rootfs, "%s/rootfs", r->bundle_true);
	if (r->floor)
		return measure_syscalls((const char *const[]){ r->path, rootfs, "/bin/true", NULL });
	if (row->once == once_run)
		return measure_syscalls(ARGV(r, "run", "--bundle", r->bundle_true, r->id));
	if (row->once == once_state)
		return measure_syscalls(ARGV(r, "state", r->up_id));
	if (row->once == once_version)
		return measure_syscalls((const char *const[]){ r->path, "--version", NULL });
	if (row->once == once_list)
		return measure_syscalls(ARGV(r, "list"));
	return 0;
}

/* --- bundles --- */

static void copy_program(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	char data[65536];
	ssize_t n;

	check(in >= 0, from);
	while ((n = read(in, data, sizeof data)) > 0)
		check(write(out, data, (size_t)n) == n, to);
	close(in);
	close(out);
}

/* With a cgroup path directly below the root, as engines give one: what a runtime does about a parent of its own
 * choosing is no part of the comparison. */
static void make_bundle(char *dir, size_t size, const char *program, const char *cgroup, const char *floor)
{
	static const char *const dirs[] = { "", "/rootfs", "/rootfs/bin", "/rootfs/proc", "/rootfs/sys", "/rootfs/dev",
		"/rootfs/etc" };
	char path[256], text[8192], *at, *group;
	size_t n;
	FILE *f;

	snprintf(dir, size, "%s/%s-%s", place.dir, cgroup, program);
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
		snprintf(path, sizeof path, "%s%s", dir, dirs[i]);
		check(mkdir(path, 0755) == 0, path);
	}
	snprintf(path, sizeof path, "%s/rootfs/bin/%s", dir, program);
	copy_program(floor, path);
	f = fopen(BUNDLE, "re");
	check(f, BUNDLE);
	n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = '\0';
	at = strstr(text, "PROGRAM");
	group = strstr(text, "CGROUP");
	snprintf(path, sizeof path, "%s/config.json", dir);
	f = fopen(path, "we");
	check(f && at && group > at, path);
	fprintf(f, "%.*s%s", (int)(at - text), text, program);
	at += strlen("PROGRAM");
	fprintf(f, "%.*s%s%s", (int)(group - at), at, cgroup, group + strlen("CGROUP"));
	check(fclose(f) == 0, path);
}

static void prepare(const char *floor)
{
	check(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0, "subreaper");
	check(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "mount namespace");
	check(mkdtemp(place.dir) && mount("tmpfs", place.dir, "tmpfs", 0, "mode=755") == 0, place.dir);
	if (access("/sys/fs/cgroup/cgroup.controllers", F_OK) && umount2("/sys/fs/cgroup/unified", MNT_DETACH) == 0)
		check(mount("tmpfs", "/sys/fs/cgroup/unified", "tmpfs", 0, NULL) == 0, "/sys/fs/cgroup/unified");
	for (size_t i = 0; i < n_runtimes; i++) {
		struct runtime *r = &runtimes[i];

		snprintf(runtimes[i].root, sizeof runtimes[i].root, "%s/root-%zu", place.dir, i);
		snprintf(runtimes[i].id, sizeof runtimes[i].id, "bench-%d-%zu", getpid(), i);
		snprintf(runtimes[i].up_id, sizeof runtimes[i].up_id, "bench-%d-%zu-up", getpid(), i);
		make_bundle(r->bundle_true, sizeof r->bundle_true, "true", r->id, floor);
		make_bundle(r->bundle_pause, sizeof r->bundle_pause, "pause", r->id, floor);
	}
}

/* --- main --- */

static bool wanted(const char *row)
{
	size_t n = strlen(row);

	for (const char *p = rows_wanted; p && *p; p += strcspn(p, ","), p += *p == ',')
		if (strcspn(p, ",") == n && !strncmp(p, row, n))
			return true;
	return !rows_wanted;
}

static void measure_row(const struct row *row, struct series *series)
{
	bool up = row->once == once_state || row->once == once_list;

	for (size_t i = 0; i < n_runtimes; i++)
		if (up && !runtimes[i].floor)
			start_one(&runtimes[i]);
	for (size_t round = 0; round < rounds + 3; round++)
		for (size_t k = 0; k < n_runtimes; k++) {
			size_t i = (round + k) % n_runtimes;
			if (runtimes[i].floor && !row->floor)
				continue;
			/* The kernel takes network namespaces apart later, one after the other, and the next clone(2)
			 * of one waits for that: it shall not be the next one's time. */
			nanosleep(&(struct timespec){ .tv_nsec = up || row->once == once_version ? 500000 : 50000000 },
				NULL);
			row->once(&runtimes[i], round < 3 ? NULL : &series[i]); /* the first three warm the caches */
			series[i].n += round >= 3;
		}
	for (size_t i = 0; i < n_runtimes; i++) {
		if (!runtimes[i].floor || row->floor)
			series[i].syscalls = count_syscalls(&runtimes[i], row);
		if (up && !runtimes[i].floor)
			measure_command(NULL, NULL, ARGV(&runtimes[i], "kill", runtimes[i].up_id, "KILL"));
	}
	measure_orphans(NULL);
	for (size_t i = 0; i < n_runtimes; i++)
		if (up && !runtimes[i].floor)
			measure_command(NULL, NULL, ARGV(&runtimes[i], "delete", runtimes[i].up_id));
}

static void add_runtime(const char *path, const char *name, bool floor)
{
	check(n_runtimes < MAX_RUNTIMES, path);
	if (!name)
		name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	runtimes[n_runtimes++] = (struct runtime){ .name = name, .path = path, .floor = floor };
}

static void write_out(const struct table *t)
{
	static const struct {
		const char *name;
		void (*write)(const struct table *, FILE *);
	} files[] = { { "bench.md", report_text }, { "bench.svg", report_svg } };

	for (size_t i = 0; out_dir && i < 2; i++) {
		char path[512];
		FILE *f;
		snprintf(path, sizeof path, "%s/%s", out_dir, files[i].name);
		f = fopen(path, "we");
		check(f, path);
		files[i].write(t, f);
		check(fclose(f) == 0, path);
	}
}

static const char *parse(int argc, char **argv)
{
	const char *hind = BUILD_DIR "/hind", *floor = BUILD_DIR "/tests/floor", *peers[MAX_RUNTIMES];
	size_t n_peers = 0;

	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";
		if (!strcmp(argv[i], "--limits")) {
			judge = true;
			continue;
		}
		i++;
		if (!strcmp(argv[i - 1], "--hind"))
			hind = value;
		else if (!strcmp(argv[i - 1], "--peer") && n_peers < MAX_RUNTIMES - 2)
			peers[n_peers++] = value;
		else if (!strcmp(argv[i - 1], "--floor"))
			floor = value;
		else if (!strcmp(argv[i - 1], "--rows"))
			rows_wanted = value;
		else if (!strcmp(argv[i - 1], "--out"))
			out_dir = value;
		else if (!strcmp(argv[i - 1], "--rounds"))
			rounds = strtoul(value, NULL, 10);
		else
			rounds = 0;
	}
	if (rounds < 1 || rounds > MAX_SAMPLES) {
		fprintf(stderr,
			"usage: bench [--hind PROGRAM] [--peer PROGRAM]... [--floor PROGRAM] [--rows ROW,ROW] "
			"[--rounds 1-%d] "
			"[--out DIR] [--limits]\n",
			MAX_SAMPLES);
		exit(2);
	}
	add_runtime(hind, "hind", false);
	for (size_t i = 0; i < n_peers; i++)
		add_runtime(peers[i], NULL, false);
	add_runtime(floor, "floor", true);
	return floor;
}

int main(int argc, char **argv)
{
	struct table t = { .rows = rows, .n_rows = ROWS, .runtimes = runtimes };
	int broken = 0;

	prepare(parse(argc, argv));
	t.n_runtimes = n_runtimes;
	t.series = calloc(ROWS * n_runtimes, sizeof *t.series);
	check(t.series, "memory");
	for (size_t r = 0; r < ROWS; r++)
		if (wanted(rows[r].name))
			measure_row(&rows[r], &t.series[r * n_runtimes]);
	report_text(&t, stdout);
	write_out(&t);
	if (judge)
		broken = report_limits(&t, stdout);
	umount2(place.dir, MNT_DETACH);
	rmdir(place.dir);
	return broken ? 1 : 0;
}
