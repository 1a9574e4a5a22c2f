/* The kernel's floor: one container with the namespaces, mounts, devices, masks and cgroups of a default bundle, made
 *by nothing but the system calls that they cost, without configuration, checks or error texts. What a runtime needs
 *beyond this is its own.
 *
 *	floor ROOTFS PROGRAM [ARG...]
 *
 * Called as `true` it does nothing, called as `pause` it sleeps: the benchmark's rootfs needs no other program. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const controllers[] = { "cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio",
	"pids" };
#define CONTROLLERS (sizeof controllers / sizeof *controllers)

static char group[CONTROLLERS][96];
static int v2;

static void must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void put(const char *dir, const char *file, const char *text)
{
	char path[160];
	int fd;

	snprintf(path, sizeof path, "%s/%s", dir, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), path);
	close(fd);
}

static void copy_up(const char *dir, const char *file)
{
	char path[160], text[256];
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "%s/../%s", dir, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = read(fd, text, sizeof text - 1);
	must(n > 0, path);
	close(fd);
	text[n] = '\0';
	put(dir, file, text);
}

static void groups_make(void)
{
	v2 = access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0;
	for (size_t i = 0; i < (v2 ? 1 : CONTROLLERS); i++) {
		snprintf(group[i], sizeof group[i], "/sys/fs/cgroup%s%s/floor-%d", v2 ? "" : "/",
			v2 ? "" : controllers[i], getpid());
		must(mkdir(group[i], 0755) == 0, group[i]);
		if (!v2 && !strcmp(controllers[i], "cpuset")) {
			copy_up(group[i], "cpuset.cpus");
			copy_up(group[i], "cpuset.mems");
		}
	}
}

static void groups_join(pid_t pid)
{
	char text[16];

	snprintf(text, sizeof text, "%d", pid);
	for (size_t i = 0; !v2 && i < CONTROLLERS; i++)
		put(group[i], "cgroup.procs", text);
}

static void groups_remove(void)
{
	for (size_t i = 0; i < (v2 ? 1 : CONTROLLERS); i++)
		rmdir(group[i]);
}

static void make_mount(const char *type, const char *where, unsigned long flags, const char *data)
{
	must(mount(type, where, type, flags, data) == 0, where);
}

static void group_mounts(void)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	if (v2) {
		make_mount("cgroup2", "sys/fs/cgroup", flags | MS_RDONLY, NULL);
		return;
	}
	make_mount("tmpfs", "sys/fs/cgroup", flags, "mode=755");
	for (size_t i = 0; i < CONTROLLERS; i++) {
		char path[64];
		snprintf(path, sizeof path, "sys/fs/cgroup/%s", controllers[i]);
		must(mkdir(path, 0755) == 0, path);
		make_mount("cgroup", path, flags | MS_RDONLY, controllers[i]);
	}
	must(mount(NULL, "sys/fs/cgroup", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | flags, NULL) == 0, "sys/fs/cgroup");
}

static void mounts(const char *rootfs)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "private");
	must(mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL) == 0, rootfs);
	must(chdir(rootfs) == 0, rootfs);
	make_mount("proc", "proc", 0, NULL);
	make_mount("tmpfs", "dev", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k");
	must(mkdir("dev/pts", 0755) == 0 && mkdir("dev/shm", 0755) == 0 && mkdir("dev/mqueue", 0755) == 0, "dev");
	make_mount("devpts", "dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5");
	make_mount("tmpfs", "dev/shm", flags, "mode=1777,size=65536k");
	make_mount("mqueue", "dev/mqueue", flags, NULL);
	make_mount("sysfs", "sys", flags | MS_RDONLY, NULL);
	group_mounts();
}

static void devices(void)
{
	static const struct {
		const char *name;
		int major, minor;
	} nodes[] = { { "dev/null", 1, 3 }, { "dev/zero", 1, 5 }, { "dev/full", 1, 7 }, { "dev/random", 1, 8 },
		{ "dev/urandom", 1, 9 }, { "dev/tty", 5, 0 } };
	static const char *const links[][2] = { { "/proc/self/fd", "dev/fd" }, { "/proc/self/fd/0", "dev/stdin" },
		{ "/proc/self/fd/1", "dev/stdout" }, { "/proc/self/fd/2", "dev/stderr" }, { "pts/ptmx", "dev/ptmx" } };

	umask(0);
	for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++)
		must(mknod(nodes[i].name, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)) == 0, nodes[i].name);
	for (size_t i = 0; i < sizeof links / sizeof *links; i++)
		must(symlink(links[i][0], links[i][1]) == 0, links[i][1]);
	umask(022);
}

static void masks(void)
{
	static const char *const hidden[] = { "proc/acpi", "proc/kcore", "proc/keys", "proc/latency_stats",
		"proc/timer_list", "proc/timer_stats", "proc/sched_debug", "proc/scsi", "sys/firmware" };
	static const char *const read_only[] = { "proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger" };

	for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
		if (mount("dev/null", hidden[i], NULL, MS_BIND, NULL) && errno == ENOTDIR)
			make_mount("tmpfs", hidden[i], MS_RDONLY, NULL);
	for (size_t i = 0; i < sizeof read_only / sizeof *read_only; i++)
		if (mount(read_only[i], read_only[i], NULL, MS_BIND | MS_REC, NULL) == 0)
			must(mount(NULL, read_only[i], NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) == 0,
				read_only[i]);
}

static void child(const char *rootfs, int sync_fd, char **argv)
{
	char byte;

	must(v2 || read(sync_fd, &byte, 1) == 1, "sync");
	must(unshare(CLONE_NEWCGROUP) == 0, "cgroup namespace");
	mounts(rootfs);
	devices();
	masks();
	must(syscall(SYS_pivot_root, ".", ".") == 0 && umount2(".", MNT_DETACH) == 0, "pivot_root");
	must(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) == 0, "read-only root");
	must(chdir("/") == 0 && sethostname("floor", 5) == 0, "hostname");
	execv(argv[0], argv);
	must(0, argv[0]);
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	struct clone_args args = { .flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
					    CLONE_PIDFD,
		.exit_signal = SIGCHLD };
	int pidfd, pair[2], status, group_fd = -1;
	pid_t pid;

	if (!strcmp(name, "true"))
		return 0;
	if (!strcmp(name, "pause"))
		return pause();
	if (argc < 3)
		return 2;
	groups_make();
	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
	args.pidfd = (uintptr_t)&pidfd;
	if (v2) {
		group_fd = open(group[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = group_fd;
	}
	pid = syscall(SYS_clone3, &args, sizeof args);
	must(pid >= 0, "clone3");
	if (!pid)
		child(argv[1], pair[1], argv + 2);
	groups_join(pid);
	must(v2 || write(pair[0], "x", 1) == 1, "sync");
	must(waitpid(pid, &status, 0) == pid, "waitpid");
	groups_remove();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
