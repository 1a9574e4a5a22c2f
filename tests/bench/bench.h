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

/* ---- rows.c ---- */
struct row {
	const char *name, *what;
	bool floor; /* does the floor program have this row? */
	bool up;    /* a container of up_id is running meanwhile */
	bool quick; /* makes no container, so nothing has to settle between two runs */
	bool slow;  /* only where it is asked for, by --rows or --limits */
	/* One round of so many stands for this row. */
	size_t every;
	/* One measurement; s NULL: a run that only warms the caches. What is made and removed around it is not measured. */
	void (*once)(const struct runtime *, struct series *s);
	/* Instead: all that is measured of hind, beside nobody. */
	void (*whole)(const struct runtime *, struct series *s);
	/* The command whose system calls are counted, NULL-terminated in argv; NULL: none. */
	void (*command)(const struct runtime *, const char *argv[static 8]);
};
extern const struct row rows[];
extern const size_t n_rows;
extern struct runtime runtimes[MAX_RUNTIMES]; /* the first is hind */
/* The smallest memory limit, in KiB, under which a container of /bin/true runs; up to 64 MiB, 0 where none does. */
long row_least_memory(const struct runtime *);
/* What `up` rows need, and its end. */
void row_up(const struct runtime *);
void row_down(const struct runtime *, size_t n);

/* ---- bundle.c ---- */
struct place {
	char dir[64]; /* on a tmpfs of its own */
};
extern struct place place;
struct bundle {
	const char *program;   /* "true" or "pause": the floor program under that name */
	const char *id;        /* names the bundle's directory and the cgroup */
	const char *resources; /* further members of linux.resources, with a comma behind each, or "" */
	const char *seccomp;   /* linux.seccomp as JSON, or NULL */
	size_t padding;        /* bytes of annotations and environment */
};
/* Makes place.dir, once. floor: the program that goes into the root file systems, which all bundles share. */
void bundle_place(const char *floor);
/* Writes the bundle below place.dir; its path goes into dir. A bundle of the same name is replaced. */
void bundle_make(const struct bundle *, char *dir, size_t size);
/* linux.seccomp of the configuration that `hind run` makes, as JSON text that lives until the end. */
const char *bundle_seccomp(const char *hind);

/* ---- measure.c ---- */
/* Runs argv (argv[0] a path) to its end with nothing on 0, 1, 2; adds its time and CPU to *s, which may be NULL. Exits
 * where the program fails: a benchmark of failures is none. */
void measure_command(struct sample *, long *rss_kb, const char *const *argv);
/* The same without a measurement; the wait status, of SIGKILL after 10 s. */
int measure_try(const char *const *argv);
/* Runs n commands side by side, all begun before the first is waited for. */
void measure_together(struct sample *, const char *const *const *argvs, size_t n);
/* Waits for every child that is left (a container that has no parent any more is ours: we are the subreaper). */
void measure_orphans(struct sample *);
/* How many system calls argv makes, its children included; 0 where there is no strace. */
long measure_syscalls(const char *const *argv);
double measure_now(void);
/* Ends the benchmark with errno's reason unless ok. */
void measure_check(bool ok, const char *what);

/* ---- report.c ---- */
enum metric { WALL, CPU };
double percentile(const struct series *, enum metric, double percent);
struct table {
	const struct row *rows;
	size_t n_rows;
	const struct runtime *runtimes;
	size_t n_runtimes;
	struct series *series; /* n_rows * n_runtimes; n = 0: not measured */
	long least_kb
		[MAX_RUNTIMES]; /* the smallest memory limit that a container of /bin/true starts under; 0: not tried */
};
void report_text(const struct table *, FILE *);
void report_svg(const struct table *, FILE *);
/* Prints ok and not ok for each ratio that hind promises; returns how many are broken. */
int report_limits(const struct table *, FILE *);

#endif
