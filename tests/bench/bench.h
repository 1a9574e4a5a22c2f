/* The benchmark: rows of commands, run by hind, its peers and the floor program in turn. */
#ifndef HIND_BENCH_H
#define HIND_BENCH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define MAX_RUNTIMES 6
#define MAX_SAMPLES 2000

struct sample {
	double wall_us, cpu_us; /* cpu: of the runtime and of every process that it left to us */
};
struct series {
	struct sample sample[MAX_SAMPLES];
	size_t n;
	long rss_kb;   /* the largest of the runtime's own processes */
	long syscalls; /* of one run under strace -f, 0: not counted */
};
struct runtime {
	const char *name, *path;
	char root[128], id[64], up_id[64]; /* the same id in two roots would be one cgroup */
	char bundle_true[192], bundle_pause[192];
	bool floor; /* takes a rootfs and a program instead of a command line as engines give it */
};
struct row {
	const char *name, *what;
	bool floor; /* does the floor program have this row? */
	/* One measurement. May make and remove what is not measured around it. */
	void (*once)(const struct runtime *, struct series *);
};
struct place {
	char dir[64]; /* on a tmpfs of its own */
};
extern struct place place;

/* Runs argv (argv[0] a path) to its end with nothing on 0, 1, 2; adds its time and CPU to *s, which may be NULL. Exits
 * where the program fails: a benchmark of failures is none. */
void measure_command(struct sample *, long *rss_kb, const char *const *argv);
/* Waits for every child that is left (a container that has no parent any more is ours: we are the subreaper). */
void measure_orphans(struct sample *);
/* How many system calls argv makes, its children included; 0 where there is no strace. */
long measure_syscalls(const char *const *argv);
double measure_now(void);

enum metric { WALL, CPU };
double percentile(const struct series *, enum metric, double percent);
struct table {
	const struct row *rows;
	size_t n_rows;
	const struct runtime *runtimes;
	size_t n_runtimes;
	struct series *series; /* n_rows * n_runtimes; n = 0: not measured */
};
void report_text(const struct table *, FILE *);
void report_svg(const struct table *, FILE *);
/* Prints ok and not ok for each ratio that hind promises; returns how many are broken. */
int report_limits(const struct table *, FILE *);

#endif
