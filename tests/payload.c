/* A static program for the inside of containers, where busybox is not enough: `payload CENSUS [ARG...]`. Each prints
 * facts of its own process as lines, from the kernel and not from what a shell would have changed before. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int die(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	return 1;
}

/* Lines of /proc/self/status that start with one of the given words; all of them where none is given. */
static int status(int argc, char **argv)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[4096];

	if (!f)
		return die("/proc/self/status");
	while (fgets(line, sizeof line, f)) {
		bool wanted = argc == 1;
		for (int i = 1; i < argc; i++)
			wanted |= !strncmp(line, argv[i], strlen(argv[i])) && line[strlen(argv[i])] == ':';
		if (wanted)
			fputs(line, stdout);
	}
	fclose(f);
	return 0;
}

/* Every descriptor that execve has left open: "3 /path". */
static int fds(int argc, char **argv)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;

	(void)argc, (void)argv;
	if (!d)
		return die("/proc/self/fd");
	while ((e = readdir(d))) {
		char target[4096] = "";
		if (e->d_name[0] == '.' || atoi(e->d_name) == dirfd(d))
			continue;
		if (readlinkat(dirfd(d), e->d_name, target, sizeof target - 1) < 0)
			return die(e->d_name);
		printf("%s %s\n", e->d_name, target);
	}
	closedir(d);
	return 0;
}

static int namespaces(int argc, char **argv)
{
	static const char *const names[] = { "cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts" };

	(void)argc, (void)argv;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char path[64], target[64] = "";
		snprintf(path, sizeof path, "/proc/self/ns/%s", names[i]);
		if (readlink(path, target, sizeof target - 1) < 0)
			return die(path);
		printf("%s %s\n", names[i], target);
	}
	return 0;
}

static int affinity(int argc, char **argv)
{
	cpu_set_t set;

	(void)argc, (void)argv;
	if (sched_getaffinity(0, sizeof set, &set) < 0)
		return die("sched_getaffinity");
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &set))
			printf("%d\n", i);
	return 0;
}

/* MIB: takes that much memory, writes to all of it, and says so. */
static int hog(int argc, char **argv)
{
	size_t size = (argc > 1 ? strtoul(argv[1], NULL, 10) : 1) << 20;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return die("mmap");
	memset(p, 1, size);
	printf("%zu bytes\n", size);
	return 0;
}

/* NUMBER of huge pages of the usual size, one after the other: says how many it has written to, until mmap fails. */
static int huge(int argc, char **argv)
{
	size_t want = argc > 1 ? strtoul(argv[1], NULL, 10) : 1, size = 2UL << 20, n;

	for (n = 0; n < want; n++) {
		char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
		if (p == MAP_FAILED)
			break;
		*p = 1;
	}
	printf("%zu huge pages%s%s\n", n, n < want ? ": " : "", n < want ? strerror(errno) : "");
	return 0;
}

/* MILLISECONDS of wall time in a busy loop; prints the CPU time that it got in them, in milliseconds. */
static int burn(int argc, char **argv)
{
	long ms = argc > 1 ? atol(argv[1]) : 1000;
	struct timespec start, now, cpu;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < ms);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	printf("%ld\n", (long)cpu.tv_sec * 1000 + cpu.tv_nsec / 1000000);
	return 0;
}

static int rlimits(int argc, char **argv)
{
	(void)argc, (void)argv;
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit r;
		if (getrlimit(i, &r) == 0)
			printf("%d %llu %llu\n", i, (unsigned long long)r.rlim_cur, (unsigned long long)r.rlim_max);
	}
	return 0;
}

/* What prctl(2) and a few calls without a file tell. */
static int self(int argc, char **argv)
{
	unsigned umask_now = umask(0);
	struct sched_param param = { 0 };

	(void)argc, (void)argv;
	umask(umask_now);
	printf("pid %d\nppid %d\npgid %d\nsid %d\n", getpid(), getppid(), getpgrp(), getsid(0));
	printf("umask %03o\n", umask_now);
	printf("dumpable %d\n", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
	printf("no_new_privs %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	printf("seccomp %d\n", prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
	printf("securebits %d\n", prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
	printf("keep_caps %d\n", prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0));
	printf("subreaper %d\n", ({
		int on = 0;
		prctl(PR_GET_CHILD_SUBREAPER, &on, 0, 0, 0);
		on;
	}));
	printf("pdeathsig %d\n", ({
		int sig = 0;
		prctl(PR_GET_PDEATHSIG, &sig, 0, 0, 0);
		sig;
	}));
	printf("personality 0x%x\n", (unsigned)personality(0xffffffff));
	printf("scheduler %d\n", sched_getscheduler(0));
	sched_getparam(0, &param);
	printf("priority %d\n", param.sched_priority);
	printf("nice %d\n", getpriority(PRIO_PROCESS, 0));
	printf("ioprio %ld\n", syscall(SYS_ioprio_get, 1, 0));
	return 0;
}

/* Ignored, blocked and handled signals: every container starts with none, but for what the spec or a pipe gave it. */
static int signals(int argc, char **argv)
{
	sigset_t blocked;

	(void)argc, (void)argv;
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	for (int i = 1; i < NSIG; i++) {
		struct sigaction now;
		if (sigaction(i, NULL, &now) == 0 && now.sa_handler != SIG_DFL)
			printf("ignored %d\n", i);
		if (sigismember(&blocked, i) == 1)
			printf("blocked %d\n", i);
	}
	return 0;
}

/* NUMBER [ARG...]: one raw system call; prints its result or "errno N". */
static int raw_syscall(int argc, char **argv)
{
	long a[7] = { 0 }, result;

	for (int i = 1; i < argc && i < 8; i++)
		a[i - 1] = (long)strtoull(argv[i], NULL, 0);
	result = syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
	if (result < 0)
		printf("errno %d\n", errno);
	else
		printf("%ld\n", result);
	return 0;
}

/* PID: tries to attach to it. */
static int trace(int argc, char **argv)
{
	pid_t pid = argc > 1 ? atoi(argv[1]) : 1;

	if (ptrace(PTRACE_SEIZE, pid, 0, 0) < 0)
		return die("ptrace");
	puts("attached");
	return 0;
}

/* TEXT: pushes it into the terminal's input, as if it had been typed (CVE-2017-5226). */
static int tiocsti(int argc, char **argv)
{
	for (const char *p = argc > 1 ? argv[1] : "x"; *p; p++)
		if (ioctl(0, TIOCSTI, p) < 0)
			return die("TIOCSTI");
	puts("pushed");
	return 0;
}

/* N: makes N children that sleep; prints how many came to be. */
static int forks(int argc, char **argv)
{
	int wanted = argc > 1 ? atoi(argv[1]) : 1, made = 0;

	for (; made < wanted; made++) {
		pid_t pid = fork();
		if (pid < 0)
			break;
		if (!pid) {
			pause();
			_exit(0);
		}
	}
	printf("%d\n", made);
	fflush(stdout);
	kill(0, SIGKILL);
	return 0;
}

/* SIGNAL...: ignores them, says "ready", and sleeps. */
static int deaf(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		signal(atoi(argv[i]), SIG_IGN);
	puts("ready");
	fflush(stdout);
	while (pause() < 0)
		;
	return 0;
}

static volatile sig_atomic_t got;

static void on_signal(int sig)
{
	got = sig;
}

/* SIGNAL...: says "ready", waits for one of them, prints which, and exits with its number. */
static int listen_signal(int argc, char **argv)
{
	sigset_t all, none;

	sigfillset(&all);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &all, NULL);
	for (int i = 1; i < argc; i++) {
		signal(atoi(argv[i]), on_signal);
		sigdelset(&all, atoi(argv[i]));
	}
	puts("ready");
	fflush(stdout);
	while (!got)
		sigsuspend(&all);
	printf("%d\n", got);
	return got;
}

/* STATUS: exits with it, without a shell around. */
static int exit_with(int argc, char **argv)
{
	return argc > 1 ? atoi(argv[1]) : 0;
}

/* SIGNAL: ends by it. As pid 1 of a namespace it cannot, so a child of it does, and pid 1 tells how. */
static int die_by(int argc, char **argv)
{
	int sig = argc > 1 ? atoi(argv[1]) : SIGKILL, how = 0;
	pid_t pid = fork();

	if (!pid) {
		kill(getpid(), sig);
		_exit(1);
	}
	if (waitpid(pid, &how, 0) < 0)
		return die("waitpid");
	printf("signal %d\n", WIFSIGNALED(how) ? WTERMSIG(how) : 0);
	return 0;
}

/* Ends by a fault of its own, which kills even pid 1 of a namespace. */
static int fault(int argc, char **argv)
{
	volatile int *nowhere = (volatile int *)(uintptr_t)(argc > 100 ? (uintptr_t)argv : 8);

	return *nowhere;
}

/* FILE: writes its environment there, a line each, and what it reads from stdin to FILE.in. For hooks: no shell adds to
 * it. */
static int environment(int argc, char **argv)
{
	extern char **environ;
	FILE *f = fopen(argc > 1 ? argv[1] : "/dev/stdout", "we");
	char path[4096], data[65536];
	size_t n;

	if (!f)
		return die("fopen");
	for (char **e = environ; *e; e++)
		fprintf(f, "%s\n", *e);
	fclose(f);
	if (argc < 2)
		return 0;
	snprintf(path, sizeof path, "%s.in", argv[1]);
	f = fopen(path, "we");
	if (!f)
		return die(path);
	while ((n = fread(data, 1, sizeof data, stdin)) > 0)
		fwrite(data, 1, n, f);
	fclose(f);
	return 0;
}

/* lock FILE READY: holds a lock on FILE, and makes READY once it does. */
static int lock(int argc, char **argv)
{
	int fd = argc == 3 ? open(argv[1], O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;

	if (fd < 0 || flock(fd, LOCK_EX) < 0 || open(argv[2], O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0)
		return die("lock");
	for (;;)
		pause();
}

static socklen_t notify_address(const char *name, struct sockaddr_un *sa)
{
	memset(sa, 0, sizeof *sa);
	sa->sun_family = AF_UNIX;
	snprintf(sa->sun_path, sizeof sa->sun_path, "%s", name);
	if (*name != '@')
		return sizeof *sa;
	sa->sun_path[0] = 0;
	return offsetof(struct sockaddr_un, sun_path) + strlen(name);
}

/* MESSAGE...: sends each to $NOTIFY_SOCKET, as sd_notify(3) does; "-" is a second's rest. */
static int notify(int argc, char **argv)
{
	const char *name = getenv("NOTIFY_SOCKET");
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un sa;
	socklen_t len = notify_address(name ? name : "", &sa);

	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "-"))
			sleep(1);
		else if (sendto(fd, argv[i], strlen(argv[i]), 0, (struct sockaddr *)&sa, len) < 0)
			return die(name ? name : "NOTIFY_SOCKET is not set");
	return 0;
}

/* SOCKET: the other end. Prints what comes, with the sender's descriptors closed, until somebody ends it. */
static int manager(int argc, char **argv)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un sa;
	socklen_t len = notify_address(argc > 1 ? argv[1] : "", &sa);
	char text[4096];
	ssize_t n;

	if (bind(fd, (struct sockaddr *)&sa, len) < 0)
		return die("bind");
	/* A barrier's descriptor is closed as the message is taken: by then it has to be told. */
	while ((n = recv(fd, text, sizeof text - 1, MSG_PEEK)) >= 0) {
		text[n] = 0;
		printf("%s%s", text, n && text[n - 1] == '\n' ? "" : "\n");
		fflush(stdout);
		if (recv(fd, text, sizeof text, 0) < 0)
			return die("recv");
	}
	return 1;
}

/* SOCKET: listens there, takes one pidfd, and prints the message and the process that it is of. */
static int pidfd(int argc, char **argv)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), came;
	union {
		char space[CMSG_SPACE(sizeof came)];
		struct cmsghdr align;
	} control;
	char text[64] = "", path[64], line[256];
	struct iovec data = { text, sizeof text - 1 };
	struct msghdr m = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
	};
	struct sockaddr_un sa;
	socklen_t len = notify_address(argc > 1 ? argv[1] : "", &sa);
	FILE *f;

	if (bind(fd, (struct sockaddr *)&sa, len) < 0 || listen(fd, 1) < 0 ||
		recvmsg(accept4(fd, NULL, NULL, SOCK_CLOEXEC), &m, MSG_CMSG_CLOEXEC) <= 0 || !CMSG_FIRSTHDR(&m))
		return die("receive");
	memcpy(&came, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof came);
	snprintf(path, sizeof path, "/proc/self/fdinfo/%d", came);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof line, f))
		if (!strncmp(line, "Pid:", 4))
			printf("%s %d\n", text, atoi(line + 4));
	return 0;
}

static const struct {
	const char *name;
	int (*run)(int, char **);
} commands[] = {
	{ "status", status },
	{ "fds", fds },
	{ "namespaces", namespaces },
	{ "affinity", affinity },
	{ "hog", hog },
	{ "huge", huge },
	{ "burn", burn },
	{ "rlimits", rlimits },
	{ "self", self },
	{ "signals", signals },
	{ "syscall", raw_syscall },
	{ "trace", trace },
	{ "tiocsti", tiocsti },
	{ "forks", forks },
	{ "deaf", deaf },
	{ "listen", listen_signal },
	{ "exit", exit_with },
	{ "fault", fault },
	{ "environment", environment },
	{ "die", die_by },
	{ "lock", lock },
	{ "notify", notify },
	{ "manager", manager },
	{ "pidfd", pidfd },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof *commands; i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "payload: one of");
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		fprintf(stderr, " %s", commands[i].name);
	fprintf(stderr, "\n");
	return 2;
}
