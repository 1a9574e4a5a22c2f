/* Runs test cases, some at a time, and looks after each for what it has left behind.
 *
 * The runner lists the cases, keeps --jobs of them going, and prints what came of each; keeper.c runs a single one. The
 * last line of the output is always "N passed, N failed, N skipped". With --times it says what each case took. */
#include <errno.h>
#include <regex.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "keeper.h"
#include "leak.h"
#include "tree.h"

static struct {
	struct test *tests;
	size_t n;
	int jobs, timeout;
	bool list, times;
	const char *match, *tag;
	struct keeper_place place;
	size_t passed, failed, skipped;
} run = { .jobs = 2, .timeout = 60, .tag = "" };

static volatile sig_atomic_t interrupted;

/* --- the list of cases --- */

static bool matches(const char *label)
{
	regex_t re;
	bool yes;

	if (!run.match)
		return true;
	if (regcomp(&re, run.match, REG_EXTENDED | REG_NOSUB))
		die("--match: '%s' is no extended regular expression", run.match);
	yes = regexec(&re, label, 0, NULL, 0) == 0;
	regfree(&re);
	return yes;
}

static void add_test(const char *file, const char *name, int timeout, bool alone)
{
	const char *base = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
	const char *dir = base - 1;
	char *label;

	while (dir > file && dir[-1] != '/')
		dir--;
	if (dir < file)
		dir = file;
	label = name ? format("%s: %s", dir, strchr(name, '_') + 1) : format("%s", dir);
	if (!matches(label)) {
		free(label);
		return;
	}
	run.tests = realloc(run.tests, (run.n + 1) * sizeof *run.tests);
	if (!run.tests)
		abort();
	run.tests[run.n] = (struct test){ .file = format("%s", file),
		.label = label,
		.name = name ? strdup(name) : NULL,
		.number = (int)run.n + 1,
		.timeout = timeout,
		.alone = alone };
	run.n++;
}

static void add_shell_file(const char *path)
{
	FILE *f = fopen(path, "re");
	char *line = NULL, name[128];
	size_t size = 0, before = run.n;
	int timeout = run.timeout, cases = 0;
	bool alone = false;

	if (!f)
		die("%s: %s", path, strerror(errno));
	while (getline(&line, &size, f) > 0) {
		int end = 0;
		sscanf(line, "# timeout: %d", &timeout);
		alone |= !strcmp(line, "# alone\n");
		if (sscanf(line, "%127[a-z0-9_]()%n", name, &end) != 1 || !end)
			continue;
		if (strncmp(name, "test_", 5) && strncmp(name, "long_", 5))
			continue;
		cases++;
		if (name[0] == 't' || run.place.run_long)
			add_test(path, name, timeout, alone);
	}
	for (size_t i = before; i < run.n; i++)
		run.tests[i].timeout = timeout;
	if (!cases)
		die("%s: holds no case (a function test_some_words())", path);
	free(line);
	fclose(f);
}

static void add_file(const char *path)
{
	char *full = realpath(path, NULL);
	size_t n;

	if (!full)
		die("%s: %s", path, strerror(errno));
	n = strlen(full);
	if (n > 3 && !strcmp(full + n - 3, ".sh"))
		add_shell_file(full);
	else
		add_test(full, NULL, run.timeout * 5, false);
	free(full);
}

/* --- directories --- */

static void make_dir(const char *dir, const char *name)
{
	char *path = format("%s/%s", dir, name);

	if (mkdir(path, 0755))
		die("%s: %s", path, strerror(errno));
	free(path);
}

static void show_file(const char *dir, const char *name)
{
	char *path = format("%s/%s", dir, name), *line = NULL;
	FILE *f = fopen(path, "re");
	size_t size = 0;

	while (f && getline(&line, &size, f) > 0)
		printf("    %s%s", line, strchr(line, '\n') ? "" : "\n");
	if (f)
		fclose(f);
	free(line);
	free(path);
}

/* --- the pool --- */

static void start_keeper(struct test *t)
{
	t->dir = format("%s/%d", run.place.base, t->number);
	clock_gettime(CLOCK_MONOTONIC, &t->began);
	make_dir(run.place.base, strrchr(t->dir, '/') + 1);
	make_dir(t->dir, "work");
	make_dir(t->dir, "root");
	fflush(NULL);
	t->keeper = fork();
	if (t->keeper < 0)
		die("fork: %s", strerror(errno));
	if (!t->keeper)
		_exit(keep(t, &run.place));
}

static void tell(const struct test *t, const char *outcome)
{
	char *path = format("%s/reason", t->dir), reason[4096] = "";
	FILE *f = fopen(path, "re");

	if (f) {
		reason[fread(reason, 1, sizeof reason - 1, f)] = '\0';
		fclose(f);
	}
	for (char *p = reason; *p; p++)
		if (*p == '\n')
			*p = ' ';
	printf("%s %s%s%s%s\n", outcome, run.tag, t->label, *reason ? " - " : "", reason);
	free(path);
}

/* A program's own lines are its cases; they get the program's name. */
static void tell_program(const struct test *t, int outcome)
{
	char *path = format("%s/output", t->dir), *line = NULL;
	FILE *f = fopen(path, "re");
	size_t size = 0, cases = 0, failed = 0;
	static const char *const words[] = { "ok ", "not ok ", "skip " };

	while (f && getline(&line, &size, f) > 0) {
		size_t w = 0;
		while (w < 3 && strncmp(line, words[w], strlen(words[w])))
			w++;
		if (w == 3) {
			printf("    %s", line);
			continue;
		}
		printf("%s%s%s: %s", words[w], run.tag, t->label, line + strlen(words[w]));
		cases++;
		failed += w == 1;
		*(w == 0 ? &run.passed : w == 1 ? &run.failed : &run.skipped) += 1;
	}
	if (f)
		fclose(f);
	if (!cases || (outcome && !failed)) {
		if (!cases && !outcome)
			add_reason(t->dir, "it ran no case");
		tell(t, "not ok");
		run.failed++;
	}
	free(line);
	free(path);
}

/* Of the CPUs, what the keeper and all that it has reaped took. */
static void tell_times(const struct test *t, const struct rusage *usage)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	printf("# %s took %.2f s, and %.2f s of the CPUs\n", t->label,
		(double)(now.tv_sec - t->began.tv_sec) + (double)(now.tv_nsec - t->began.tv_nsec) / 1e9,
		(double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
			(double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6);
}

static void finish(struct test *t, int status, const struct rusage *usage)
{
	int outcome = WIFEXITED(status) ? WEXITSTATUS(status) : 1;

	if (!t->name) {
		tell_program(t, outcome);
	} else if (outcome == 0) {
		tell(t, "ok");
		run.passed++;
	} else if (outcome == SKIPPED) {
		tell(t, "skip");
		run.skipped++;
	} else {
		tell(t, "not ok");
		show_file(t->dir, "output");
		run.failed++;
	}
	if (run.times)
		tell_times(t, usage);
	fflush(stdout);
	tree_remove(t->dir);
	t->keeper = 0;
}

static int running(void)
{
	int n = 0;

	for (size_t i = 0; i < run.n; i++)
		n += run.tests[i].keeper > 0;
	return n;
}

static void wait_one(void)
{
	int status;
	struct rusage usage;
	pid_t pid = wait4(-1, &status, 0, &usage);

	if (interrupted)
		for (size_t i = 0; i < run.n; i++)
			if (run.tests[i].keeper > 0)
				kill(run.tests[i].keeper, SIGTERM);
	for (size_t i = 0; pid > 0 && i < run.n; i++)
		if (run.tests[i].keeper == pid)
			finish(&run.tests[i], status, &usage);
}

static void run_all(bool alone)
{
	for (size_t i = 0; i < run.n && !interrupted; i++) {
		if (run.tests[i].alone != alone)
			continue;
		start_keeper(&run.tests[i]);
		while (running() >= (alone ? 1 : run.jobs))
			wait_one();
	}
	while (running())
		wait_one();
}

/* --- main --- */

static void on_signal(int sig)
{
	(void)sig;
	interrupted = 1;
}

/* For expect_no_leak of lib.sh: the same check in the middle of a case. */
static int leak_command(const char *list)
{
	char *prefix = format("%s-", getenv("PREFIX"));
	struct leak_scope scope = { .prefix = prefix,
		.root = getenv("HIND_ROOT"),
		.dir = getenv("CASE_DIR"),
		.keeper = atoi(getenv("KEEPER")) };
	struct leak_list before;

	leak_load(list, &before);
	return leak_check(&scope, &before, stdout) > 0;
}

static const char *value(int argc, char **argv, int *i)
{
	if (*i + 1 >= argc)
		die("%s needs a value", argv[*i]);
	return argv[++*i];
}

/* A program that is not there must not be taken for one that was not named. */
static char *program(const char *path)
{
	char *real = realpath(path, NULL);

	if (!real)
		die("%s is not there", path);
	return real;
}

static void parse(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--match"))
			run.match = value(argc, argv, &i);
		else if (!strcmp(argv[i], "--tag"))
			run.tag = format("%s ", value(argc, argv, &i));
		else if (!strcmp(argv[i], "--jobs"))
			run.jobs = atoi(value(argc, argv, &i));
		else if (!strcmp(argv[i], "--timeout"))
			run.timeout = atoi(value(argc, argv, &i));
		else if (!strcmp(argv[i], "--hind"))
			run.place.hind = program(value(argc, argv, &i));
		else if (!strcmp(argv[i], "--payload"))
			run.place.payload = program(value(argc, argv, &i));
		else if (!strcmp(argv[i], "--list"))
			run.list = true;
		else if (!strcmp(argv[i], "--times"))
			run.times = true;
		else if (!strcmp(argv[i], "--long"))
			run.place.run_long = true;
		else if (argv[i][0] == '-')
			die("unknown option %s; there are --match REGEX, --jobs N, --timeout SECONDS, --tag WORD, "
			    "--hind "
			    "PROGRAM, --payload PROGRAM, --list, --long, --times",
				argv[i]);
	}
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] != '-')
			add_file(argv[i]);
		else if (strcmp(argv[i], "--list") && strcmp(argv[i], "--long") && strcmp(argv[i], "--times"))
			i++;
	}
	if (run.jobs < 1 || run.timeout < 1)
		die("--jobs and --timeout start at 1");
}

/* The programs' places when nothing else is said: as the build directory has them. */
static void find_programs(void)
{
	char *dir;

	run.place.self = realpath("/proc/self/exe", NULL);
	dir = format("%.*s", (int)(strrchr(run.place.self, '/') - run.place.self), run.place.self);
	if (!run.place.hind)
		run.place.hind = format("%s/../hind", dir);
	if (!run.place.payload)
		run.place.payload = format("%s/payload", dir);
	if (access(run.place.hind, X_OK) || access(run.place.payload, X_OK))
		die("%s or %s is not there", run.place.hind, run.place.payload);
	free(dir);
}

static void prepare(void)
{
	char *rootfs, base[] = "/tmp/hind-tests.XXXXXX";
	int status;
	pid_t pid;

	if (!mkdtemp(base) || chmod(base, 0755))
		die("%s: %s", base, strerror(errno));
	run.place.base = strdup(base);
	rootfs = format("%s/rootfs", base);
	pid = fork();
	if (!pid) {
		setenv("HIND", run.place.hind, 1);
		setenv("PAYLOAD", run.place.payload, 1);
		execl("/bin/sh", "sh", TESTS_DIR "/lib.sh", "--base-rootfs", rootfs, NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		die("cannot make the test rootfs");
	free(rootfs);
}

int main(int argc, char **argv)
{
	bool made_run;

	if (argc == 3 && !strcmp(argv[1], "--leak-check"))
		return leak_command(argv[2]);
	if (argc == 4 && !strcmp(argv[1], "--copy-tree")) { /* for rootfs_new */
		tree_copy(argv[2], argv[3]);
		return 0;
	}
	parse(argc, argv);
	if (run.list) {
		for (size_t i = 0; i < run.n; i++)
			puts(run.tests[i].label);
		return 0;
	}
	find_programs();
	if (geteuid() != 0)
		die("the tests make containers: run them as root");
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	sigaction(SIGINT, &(struct sigaction){ .sa_handler = on_signal }, NULL);
	sigaction(SIGTERM, &(struct sigaction){ .sa_handler = on_signal }, NULL);
	umask(022);
	made_run = mkdir("/run/hind", 0700) == 0;
	prepare();
	run_all(false);
	run_all(true);
	tree_remove(run.place.base);
	if (made_run)
		rmdir("/run/hind");
	printf("%zu passed, %zu failed, %zu skipped\n", run.passed, run.failed, run.skipped);
	return run.failed || interrupted || !run.n ? 1 : 0;
}
