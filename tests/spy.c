/* A hostile process of a container, which watches who comes in: a static program that is copied into the root file system.
 *
 *	spy look MARKER PID  looks into every newcomer called hind by /proc/PID/{fd,cwd,root}, and whether MARKER, a file of
 *	                     the host by its absolute path, can be reached from there, or by the host's process PID
 *	spy overwrite        holds the executable of every newcomer, and tries to open it for writing
 *	spy trace            tries to read their memory: for that the kernel asks what it asks for ptrace(2), and it disturbs nobody
 *
 * Until /tmp/stop is there; then prints what it has met, a line each: "met N" newcomers, "looked N" descriptors seen,
 * "held N" executables open, "traced N" who let themselves be read, and "escape ..." or "overwritten ..." for each success. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FDS 40
#define HELD 256

static long met, looked, traced, n_held;
static int held[HELD];
static const char *marker;
static char by_process[64];

/* The name changes with execve, to the program's. An older kernel calls what was executed by its descriptor after that's
 * number. */
static bool is_hind(const char *pid)
{
	char path[300], comm[32] = "";
	int fd;
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%s/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, comm, sizeof comm - 1);
	if (fd >= 0)
		close(fd);
	return n > 0 && (strncmp(comm, "hind", 4) == 0 || comm[strspn(comm, "0123456789\n")] == 0);
}

/* In the middle of execve(2) it has its old name still, but the program's descriptors and rights. */
static bool is_program_by_now(const char *pid)
{
	char path[300], exe[4096] = "";

	snprintf(path, sizeof path, "/proc/%s/exe", pid);
	return readlink(path, exe, sizeof exe - 1) > 0 && !strstr(exe, "hind");
}

static void reach(const char *path, const char *how)
{
	char way[4096], link[256] = "";
	struct stat st;
	ssize_t n;

	snprintf(way, sizeof way, "%s%s%s", path, how, marker);
	if (stat(way, &st) < 0)
		return;
	n = readlink(path, link, sizeof link - 1);
	printf("escape by %s, %s\n", way, n > 0 ? link : "?");
}

static void look_at(const char *pid, const char *path)
{
	char link[256];

	if (readlink(path, link, sizeof link) < 0 || !is_hind(pid) || is_program_by_now(pid))
		return;
	looked++;
	reach(path, "");
	reach(path, "/../../../../../../../../../..");
	reach(path, by_process);
}

static void look(const char *pid)
{
	char path[300];

	for (int fd = 3; fd < FDS; fd++) {
		snprintf(path, sizeof path, "/proc/%s/fd/%d", pid, fd);
		look_at(pid, path);
	}
	snprintf(path, sizeof path, "/proc/%s/cwd", pid);
	look_at(pid, path);
	snprintf(path, sizeof path, "/proc/%s/root", pid);
	look_at(pid, path);
}

/* What was opened, whatever the process executes by now: the container's own programs are no prey. */
static bool is_hinds_file(int fd)
{
	char path[300], link[4096] = "";

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return readlink(path, link, sizeof link - 1) > 0 && strstr(link, "hind");
}

static void overwrite(const char *pid)
{
	char path[300];
	int fd;

	snprintf(path, sizeof path, "/proc/%s/exe", pid);
	fd = n_held < HELD ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd >= 0 && is_hinds_file(fd))
		held[n_held++] = fd;
	else if (fd >= 0)
		close(fd);
	for (long i = 0; i < n_held; i++) {
		int again;

		snprintf(path, sizeof path, "/proc/self/fd/%d", held[i]);
		again = open(path, O_WRONLY | O_CLOEXEC);
		if (again < 0)
			continue;
		printf("overwritten: %zd bytes\n", write(again, "#!/bin/false\n", 13));
		close(again);
	}
}

static void trace(const char *pid)
{
	char byte;
	struct iovec ours = { &byte, 1 }, theirs = { (void *)4096, 1 };
	ssize_t n = process_vm_readv(atoi(pid), &ours, 1, &theirs, 1, 0);

	/* EFAULT: nothing is there, but we might have read it. */
	if ((n >= 0 || errno == EFAULT) && is_hind(pid) && !is_program_by_now(pid))
		traced++;
}

static void round_through(DIR *proc, void (*what)(const char *))
{
	rewinddir(proc);
	for (struct dirent *d; (d = readdir(proc));)
		if (*d->d_name >= '1' && *d->d_name <= '9' && is_hind(d->d_name)) {
			met++;
			what(d->d_name);
		}
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	DIR *proc = opendir("/proc");

	marker = argc > 2 ? argv[2] : "/no-marker";
	snprintf(by_process, sizeof by_process, "/%s/root", argc > 3 ? argv[3] : "1");
	if (!proc)
		return 1;
	puts("ready");
	fflush(stdout);
	while (access("/tmp/stop", F_OK) < 0)
		round_through(proc, !strcmp(name, "look") ? look : !strcmp(name, "overwrite") ? overwrite : trace);
	for (int i = 0; !strcmp(name, "overwrite") && i < 3; i++) {
		overwrite("0"); /* whoever ran it has ended by now */
		usleep(100000);
	}
	printf("met %ld\nlooked %ld\nheld %ld\ntraced %ld\n", met, looked, n_held, traced);
	return 0;
}
