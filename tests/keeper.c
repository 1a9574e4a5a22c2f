#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "leak.h"

void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("runner: ", stderr);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

char *format(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		abort();
	va_end(ap);
	return s;
}

static void set_env(const struct keeper_place *place, const char *dir, int number)
{
	char *root = format("%s/root", dir), *prefix = format("t%d-%d", getppid(), number);
	char *base = format("%s/rootfs", place->base), *pid = format("%d", getpid());
	const char *pairs[][2] = { { "HIND", place->hind }, { "HIND_ROOT", root }, { "CASE_DIR", dir },
		{ "PREFIX", prefix }, { "BASE_ROOTFS", base }, { "PAYLOAD", place->payload }, { "RUNNER", place->self },
		{ "KEEPER", pid }, { "TESTS", TESTS_DIR }, { "LONG", place->run_long ? "1" : "0" }, { "LC_ALL", "C" } };

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		setenv(pairs[i][0], pairs[i][1], 1);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("LISTEN_FDS");
}

/* The case's own mounts: shared as systemd's are, so that a runtime that lets its mounts propagate to the host is seen. */
static void private_mounts(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) ||
		mount("tmpfs", "/run/hind", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700"))
		die("mount namespace of a case: %s", strerror(errno));
}

static pid_t start_case(const struct test *t, const char *dir, const char *option)
{
	char *output = format("%s/output", dir);
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int out = open(output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	pid_t pid = fork();

	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (!pid) {
		sigset_t none;
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		setsid();
		dup2(in, 0);
		dup2(out, 1);
		dup2(out, 2);
		if (option)
			execl("/bin/sh", "sh", TESTS_DIR "/lib.sh", option, NULL);
		else if (t->name)
			execl("/bin/sh", "sh", TESTS_DIR "/lib.sh", t->file, t->name, NULL);
		else
			execl(t->file, t->file, NULL);
		_exit(127);
	}
	close(in);
	close(out);
	free(output);
	return pid;
}

/* Waits for pid while reaping whatever else comes; -1 after `seconds` or where the run is interrupted. */
static int wait_for(pid_t pid, int seconds)
{
	sigset_t wake;
	time_t end = time(NULL) + seconds;

	sigemptyset(&wake);
	sigaddset(&wake, SIGCHLD);
	sigaddset(&wake, SIGTERM);
	for (;;) {
		int status;
		pid_t got;
		while ((got = waitpid(-1, &status, WNOHANG)) > 0)
			if (got == pid)
				return status;
		if (time(NULL) >= end)
			return -1;
		if (sigtimedwait(&wake, NULL, &(struct timespec){ .tv_sec = 1 }) == SIGTERM)
			return -1;
	}
}

void add_reason(const char *dir, const char *fmt, ...)
{
	char *path = format("%s/reason", dir);
	FILE *f = fopen(path, "ae");
	va_list ap;

	if (!f)
		die("%s: %s", path, strerror(errno));
	va_start(ap, fmt);
	if (ftell(f) > 0)
		fputs("; ", f);
	vfprintf(f, fmt, ap);
	va_end(ap);
	fclose(f);
	free(path);
}

static bool check_leaks(const struct leak_scope *scope, const struct leak_list *before, const char *dir)
{
	char *text = NULL, *line, *rest;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	bool leaked = leak_check(scope, before, f) > 0;

	fclose(f);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		add_reason(dir, "%s", line);
	free(text);
	return leaked;
}

int keep(const struct test *t, const struct keeper_place *place)
{
	const char *dir = t->dir;
	char *root = format("%s/root", dir), *prefix = format("t%d-%d-", getppid(), t->number);
	char *work = format("%s/work", dir), *list = format("%s/leak", dir);
	struct leak_scope scope = { .prefix = prefix, .root = root, .dir = dir, .keeper = getpid() };
	struct leak_list before;
	sigset_t block;
	int status, outcome;

	sigemptyset(&block);
	sigaddset(&block, SIGCHLD);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	set_env(place, dir, t->number);
	private_mounts();
	if (chdir(work))
		die("%s: %s", work, strerror(errno));
	leak_take(&scope, &before);
	leak_save(&before, list);
	status = wait_for(start_case(t, dir, NULL), t->timeout);
	if (status == -1) {
		add_reason(dir, "still running after %d s", t->timeout);
		leak_clean(&scope);
		wait_for(start_case(t, dir, "--delete-all"), 30);
	}
	outcome = status != -1 && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
	if (status != -1 && WIFSIGNALED(status))
		add_reason(dir, "killed by signal %d", WTERMSIG(status));
	if (outcome != 0 && outcome != SKIPPED)
		outcome = 1;
	if (check_leaks(&scope, &before, dir))
		outcome = 1;
	leak_clean(&scope);
	return outcome;
}
