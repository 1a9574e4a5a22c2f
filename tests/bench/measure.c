#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

extern char **environ;

double measure_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double cpu_of(const struct rusage *u)
{
	return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) * 1e6 +
	       (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec);
}

void measure_check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(2);
}

static pid_t start(const char *const *argv, int err_fd)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int failed;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, err_fd, 2);
	failed = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (failed) {
		fprintf(stderr, "bench: %s: %s\n", argv[0], strerror(failed));
		exit(2);
	}
	return pid;
}

void measure_command(struct sample *s, long *rss_kb, const char *const *argv)
{
	static int err_fd = -1;
	struct rusage usage;
	double begin;
	int status;
	pid_t pid;

	if (err_fd < 0)
		err_fd = open(place.dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	begin = measure_now();
	pid = start(argv, err_fd);
	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			exit(2);
	if (s) {
		s->wall_us += measure_now() - begin;
		s->cpu_us += cpu_of(&usage);
	}
	if (rss_kb && usage.ru_maxrss > *rss_kb)
		*rss_kb = usage.ru_maxrss;
	if (status) {
		char text[2048] = "";
		if (pread(err_fd, text, sizeof text - 1, 0) < 0)
			text[0] = '\0';
		fprintf(stderr, "bench: status 0x%x of", status);
		for (size_t i = 0; argv[i]; i++)
			fprintf(stderr, " %s", argv[i]);
		fprintf(stderr, "\n%s", text);
		exit(2);
	}
}

int measure_try(const char *const *argv)
{
	int err_fd = open("/dev/null", O_WRONLY | O_CLOEXEC), status = 0;
	pid_t pid = start(argv, err_fd);

	close(err_fd);
	for (int i = 0; waitpid(pid, &status, WNOHANG) == 0; i++) {
		if (i == 1000)
			kill(pid, SIGKILL);
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	return status;
}

void measure_together(struct sample *s, const char *const *const *argvs, size_t n)
{
	int err_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	double begin = measure_now();
	struct rusage usage;

	for (size_t i = 0; i < n; i++)
		start(argvs[i], err_fd);
	for (int status; n; n--) {
		measure_check(wait4(-1, &status, 0, &usage) > 0, "wait");
		if (status) {
			fprintf(stderr, "bench: one of those started at once ended with status 0x%x\n", status);
			exit(2);
		}
		if (s)
			s->cpu_us += cpu_of(&usage);
	}
	if (s)
		s->wall_us += measure_now() - begin;
	close(err_fd);
}

void measure_orphans(struct sample *s)
{
	struct rusage usage;
	double begin = measure_now();

	while (wait4(-1, NULL, 0, &usage) > 0)
		if (s)
			s->cpu_us += cpu_of(&usage);
	if (s)
		s->wall_us += measure_now() - begin;
}

long measure_syscalls(const char *const *argv)
{
	char out[96], line[512];
	const char *words[32] = { "strace", "-f", "-c", "-o", out };
	long calls = 0;
	int status, err_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	size_t n = 5;
	FILE *f;

	snprintf(out, sizeof out, "%s/strace", place.dir);
	for (size_t i = 0; argv[i] && n < 31; i++)
		words[n++] = argv[i];
	if (waitpid(start(words, err_fd), &status, 0) < 0 || status) {
		close(err_fd);
		return 0;
	}
	close(err_fd);
	f = fopen(out, "re");
	while (f && fgets(line, sizeof line, f))
		if (strstr(line, " total\n"))
			sscanf(line, "%*s %*s %*s %ld", &calls);
	if (f)
		fclose(f);
	unlink(out);
	return calls;
}
