/* How long hind takes, beside other runtimes and beside the kernel's floor, in one run:
 *
 *	bench [--hind PROGRAM] [--peer PROGRAM]... [--floor PROGRAM] [--rows run,cycle,...,memory] [--rounds N]
 *	      [--out DIR] [--limits]
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
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct runtime runtimes[MAX_RUNTIMES];
static size_t n_runtimes;
static size_t rounds = 60;
static bool judge;
static const char *rows_wanted, *out_dir;

static void prepare(const char *floor)
{
	measure_check(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0, "subreaper");
	measure_check(
		unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "mount namespace");
	bundle_place(floor);
	if (access("/sys/fs/cgroup/cgroup.controllers", F_OK) && umount2("/sys/fs/cgroup/unified", MNT_DETACH) == 0)
		measure_check(
			mount("tmpfs", "/sys/fs/cgroup/unified", "tmpfs", 0, NULL) == 0, "/sys/fs/cgroup/unified");
	for (size_t i = 0; i < n_runtimes; i++) {
		struct runtime *r = &runtimes[i];

		snprintf(runtimes[i].root, sizeof runtimes[i].root, "%s/root-%zu", place.dir, i);
		snprintf(runtimes[i].id, sizeof runtimes[i].id, "bench-%d-%zu", getpid(), i);
		snprintf(runtimes[i].up_id, sizeof runtimes[i].up_id, "bench-%d-%zu-up", getpid(), i);
		bundle_make(&(struct bundle){ .program = "true", .id = r->id }, r->bundle_true, sizeof r->bundle_true);
		bundle_make(
			&(struct bundle){ .program = "pause", .id = r->id }, r->bundle_pause, sizeof r->bundle_pause);
	}
}

/* --- main --- */

static bool listed(const char *name)
{
	size_t n = strlen(name);

	for (const char *p = rows_wanted; p && *p; p += strcspn(p, ","), p += *p == ',')
		if (strcspn(p, ",") == n && !strncmp(p, name, n))
			return true;
	return false;
}

static bool wanted(const char *name, bool slow)
{
	return rows_wanted ? listed(name) : !slow || judge;
}

static bool has(const struct runtime *r, const struct row *row)
{
	return !r->floor || row->floor;
}

static void count_syscalls(const struct runtime *r, const struct row *row, struct series *s)
{
	const char *argv[8];

	if (!row->command || !has(r, row))
		return;
	row->command(r, argv);
	s->syscalls = measure_syscalls(argv);
}

static void measure_row(const struct row *row, struct series *series)
{
	/* The kernel takes network namespaces apart later, one after the other, and the next clone(2) of one waits for
	 * that: it shall not be the next one's time. */
	struct timespec rest = { .tv_nsec = row->quick ? 500000 : 50000000 };
	size_t n = row->every ? (rounds + row->every - 1) / row->every : rounds, warm = row->every > 2 ? 1 : 3;

	if (row->whole) {
		row->whole(&runtimes[0], series);
		return;
	}
	for (size_t i = 0; i < n_runtimes; i++)
		if (row->up && !runtimes[i].floor)
			row_up(&runtimes[i]);
	for (size_t round = 0; round < n + warm; round++)
		for (size_t k = 0; k < n_runtimes; k++) {
			size_t i = (round + k) % n_runtimes;

			if (!has(&runtimes[i], row))
				continue;
			nanosleep(&rest, NULL);
			row->once(&runtimes[i], round < warm ? NULL : &series[i]);
			series[i].n += round >= warm;
		}
	for (size_t i = 0; i < n_runtimes; i++)
		count_syscalls(&runtimes[i], row, &series[i]);
	if (row->up)
		row_down(runtimes, n_runtimes);
}

static void measure_least_memory(struct table *t)
{
	for (size_t i = 0; i < n_runtimes; i++)
		if (!runtimes[i].floor)
			t->least_kb[i] = row_least_memory(&runtimes[i]);
}

static void add_runtime(const char *path, const char *name, bool floor)
{
	measure_check(n_runtimes < MAX_RUNTIMES, path);
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
		measure_check(f, path);
		files[i].write(t, f);
		measure_check(fclose(f) == 0, path);
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
	struct table t = { .rows = rows, .n_rows = n_rows, .runtimes = runtimes };
	int broken = 0;

	prepare(parse(argc, argv));
	t.n_runtimes = n_runtimes;
	/* Not from the heap, which may clear it: what we have touched counts as a child's peak, too. */
	t.series = mmap(NULL, n_rows * n_runtimes * sizeof *t.series, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	measure_check(t.series != MAP_FAILED, "memory");
	for (size_t r = 0; r < n_rows; r++)
		if (wanted(rows[r].name, rows[r].slow))
			measure_row(&rows[r], &t.series[r * n_runtimes]);
	if (wanted("memory", true))
		measure_least_memory(&t);
	report_text(&t, stdout);
	write_out(&t);
	if (judge)
		broken = report_limits(&t, stdout);
	umount2(place.dir, MNT_DETACH);
	rmdir(place.dir);
	return broken ? 1 : 0;
}
