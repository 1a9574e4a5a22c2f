/* What is left out of `always`, by reason:
 *	obsolete or never there: _sysctl, afs_syscall, vm86, ustat, sysfs, uselib ...
 *	kernel surface with a history, and nothing that a container is without: io_uring, userfaultfd, keyrings (which no namespace
 *	parts), swap, kernel page tables of processes (map_shadow_stack)
 *	what a capability is for: allowed with it
 *	personality, clone and socket: by their arguments, below */
#include "cmd/default_seccomp.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

#include "base/str.h"

static const char *const always[] = {
	"_llseek", "_newselect", "accept", "accept4", "access", "adjtimex", "alarm", "arch_prctl", "bind", "brk",
	"cachestat", "capget", "capset", "chdir", "chmod", "chown", "chown32", "clock_adjtime", "clock_adjtime64",
	"clock_getres", "clock_getres_time64", "clock_gettime", "clock_gettime64", "clock_nanosleep",
	"clock_nanosleep_time64", "close", "close_range", "connect", "copy_file_range", "creat", "dup", "dup2",
	"dup3", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd",
	"eventfd2", "execve", "execveat", "exit", "exit_group", "faccessat", "faccessat2", "fadvise64",
	"fadvise64_64", "fallocate", "fanotify_mark", "fchdir", "fchmod", "fchmodat", "fchmodat2", "fchown",
	"fchown32", "fchownat", "fcntl", "fcntl64", "fdatasync", "fgetxattr", "flistxattr", "flock", "fork",
	"fremovexattr", "fsetxattr", "fstat", "fstat64", "fstatat64", "fstatfs", "fstatfs64", "fsync", "ftruncate",
	"ftruncate64", "futex", "futex_requeue", "futex_time64", "futex_wait", "futex_waitv", "futex_wake",
	"futimesat", "get_robust_list", "get_thread_area", "getcpu", "getcwd", "getdents", "getdents64", "getegid",
	"getegid32", "geteuid", "geteuid32", "getgid", "getgid32", "getgroups", "getgroups32", "getitimer",
	"getpeername", "getpgid", "getpgrp", "getpid", "getppid", "getpriority", "getrandom", "getresgid",
	"getresgid32", "getresuid", "getresuid32", "getrlimit", "getrusage", "getsid", "getsockname", "getsockopt",
	"gettid", "gettimeofday", "getuid", "getuid32", "getxattr", "inotify_add_watch", "inotify_init",
	"inotify_init1", "inotify_rm_watch", "io_cancel", "io_destroy", "io_getevents", "io_pgetevents",
	"io_pgetevents_time64", "io_setup", "io_submit", "ioctl", "ioprio_get", "ioprio_set", "ipc", "kill",
	"landlock_add_rule", "landlock_create_ruleset", "landlock_restrict_self", "lchown", "lchown32", "lgetxattr",
	"link", "linkat", "listen", "listxattr", "llistxattr", "lremovexattr", "lseek", "lsetxattr", "lstat",
	"lstat64", "madvise", "membarrier", "memfd_create", "memfd_secret", "mincore", "mkdir", "mkdirat", "mknod",
	"mknodat", "mlock", "mlock2", "mlockall", "mmap", "mmap2", "modify_ldt", "mprotect", "mq_getsetattr",
	"mq_notify", "mq_open", "mq_timedreceive", "mq_timedreceive_time64", "mq_timedsend", "mq_timedsend_time64",
	"mq_unlink", "mremap", "msgctl", "msgget", "msgrcv", "msgsnd", "msync", "munlock", "munlockall", "munmap",
	"name_to_handle_at", "nanosleep", "newfstatat", "nice", "oldfstat", "oldlstat", "oldolduname", "oldstat",
	"olduname", "open", "openat", "openat2", "pause", "pidfd_open", "pidfd_send_signal", "pipe", "pipe2",
	"pkey_alloc", "pkey_free", "pkey_mprotect", "poll", "ppoll", "ppoll_time64", "prctl", "pread64", "preadv",
	"preadv2", "prlimit64", "process_mrelease", "pselect6", "pselect6_time64", "ptrace", "pwrite64", "pwritev",
	"pwritev2", "read", "readahead", "readdir", "readlink", "readlinkat", "readv", "recvfrom", "recvmmsg",
	"recvmmsg_time64", "recvmsg", "remap_file_pages", "removexattr", "rename", "renameat", "renameat2",
	"restart_syscall", "rmdir", "rseq", "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigqueueinfo",
	"rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait", "rt_sigtimedwait_time64", "rt_tgsigqueueinfo",
	"sched_get_priority_max", "sched_get_priority_min", "sched_getaffinity", "sched_getattr", "sched_getparam",
	"sched_getscheduler", "sched_rr_get_interval", "sched_rr_get_interval_time64", "sched_setaffinity",
	"sched_setattr", "sched_setparam", "sched_setscheduler", "sched_yield", "seccomp", "select", "semctl",
	"semget", "semop", "semtimedop", "semtimedop_time64", "sendfile", "sendfile64", "sendmmsg", "sendmsg",
	"sendto", "set_robust_list", "set_thread_area", "set_tid_address", "setfsgid", "setfsgid32", "setfsuid",
	"setfsuid32", "setgid", "setgid32", "setgroups", "setgroups32", "setitimer", "setpgid", "setpriority",
	"setregid", "setregid32", "setresgid", "setresgid32", "setresuid", "setresuid32", "setreuid", "setreuid32",
	"setrlimit", "setsid", "setsockopt", "setuid", "setuid32", "setxattr", "sgetmask", "shmat", "shmctl",
	"shmdt", "shmget", "shutdown", "sigaction", "sigaltstack", "signal", "signalfd", "signalfd4", "sigpending",
	"sigprocmask", "sigreturn", "sigsuspend", "socketcall", "socketpair", "splice", "ssetmask", "stat", "stat64",
	"statfs", "statfs64", "statx", "symlink", "symlinkat", "sync", "sync_file_range", "syncfs", "sysinfo", "tee",
	"tgkill", "time", "timer_create", "timer_delete", "timer_getoverrun", "timer_gettime", "timer_gettime64",
	"timer_settime", "timer_settime64", "timerfd_create", "timerfd_gettime", "timerfd_gettime64",
	"timerfd_settime", "timerfd_settime64", "times", "tkill", "truncate", "truncate64", "ugetrlimit", "umask",
	"uname", "unlink", "unlinkat", "utime", "utimensat", "utimensat_time64", "utimes", "vfork", "vmsplice",
	"wait4", "waitid", "waitpid", "write", "writev",
};
static const char *const with_sys_admin[] = {
	"bpf", "clone3", "fanotify_init", "fsconfig", "fsmount", "fsopen", "fspick", "lookup_dcookie", "mount",
	"mount_setattr", "move_mount", "open_tree", "perf_event_open", "pivot_root", "quotactl", "quotactl_fd",
	"setdomainname", "sethostname", "setns", "umount", "umount2", "unshare",
};
static const char *const with_sys_boot[] = {
	"kexec_file_load", "kexec_load", "reboot",
};
static const char *const with_sys_chroot[] = {
	"chroot",
};
static const char *const with_sys_module[] = {
	"create_module", "delete_module", "finit_module", "init_module", "query_module",
};
static const char *const with_sys_pacct[] = {
	"acct",
};
static const char *const with_sys_ptrace[] = {
	"kcmp", "pidfd_getfd", "process_madvise", "process_vm_readv", "process_vm_writev",
};
static const char *const with_sys_rawio[] = {
	"ioperm", "iopl",
};
static const char *const with_sys_time[] = {
	"clock_settime", "clock_settime64", "settimeofday", "stime",
};
static const char *const with_sys_tty_config[] = {
	"vhangup",
};
static const char *const with_sys_nice[] = {
	"get_mempolicy", "mbind", "migrate_pages", "move_pages", "set_mempolicy", "set_mempolicy_home_node",
};
static const char *const with_dac_read_search[] = {
	"open_by_handle_at",
};
static const char *const with_syslog[] = {
	"syslog",
};
static const char *const with_bpf[] = {
	"bpf",
};
static const char *const with_perfmon[] = {
	"perf_event_open",
};
static const struct {
	const char *cap;
	const char *const *names;
	size_t n;
} with_capability[] = {
	{ "CAP_SYS_ADMIN", with_sys_admin, ARRAY_LEN(with_sys_admin) },
	{ "CAP_SYS_BOOT", with_sys_boot, ARRAY_LEN(with_sys_boot) },
	{ "CAP_SYS_CHROOT", with_sys_chroot, ARRAY_LEN(with_sys_chroot) },
	{ "CAP_SYS_MODULE", with_sys_module, ARRAY_LEN(with_sys_module) },
	{ "CAP_SYS_PACCT", with_sys_pacct, ARRAY_LEN(with_sys_pacct) },
	{ "CAP_SYS_PTRACE", with_sys_ptrace, ARRAY_LEN(with_sys_ptrace) },
	{ "CAP_SYS_RAWIO", with_sys_rawio, ARRAY_LEN(with_sys_rawio) },
	{ "CAP_SYS_TIME", with_sys_time, ARRAY_LEN(with_sys_time) },
	{ "CAP_SYS_TTY_CONFIG", with_sys_tty_config, ARRAY_LEN(with_sys_tty_config) },
	{ "CAP_SYS_NICE", with_sys_nice, ARRAY_LEN(with_sys_nice) },
	{ "CAP_DAC_READ_SEARCH", with_dac_read_search, ARRAY_LEN(with_dac_read_search) },
	{ "CAP_SYSLOG", with_syslog, ARRAY_LEN(with_syslog) },
	{ "CAP_BPF", with_bpf, ARRAY_LEN(with_bpf) },
	{ "CAP_PERFMON", with_perfmon, ARRAY_LEN(with_perfmon) },
};

/* CLONE_NEWTIME is not among clone's flags: its bit is part of the exit signal there. */
#define NEW_NAMESPACES                                                                                                 \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

struct profile {
	struct oci_seccomp *filter;
	struct arena *arena;
};

static struct oci_syscall *add(struct profile *p, const char *action, const char *const *names, size_t n)
{
	struct oci_syscall *rule = &p->filter->syscalls[p->filter->n_syscalls++];

	rule->action = action;
	rule->names = arena_alloc(p->arena, (n + 1) * sizeof *rule->names);
	memcpy(rule->names, names, n * sizeof *names);
	rule->n_names = n;
	return rule;
}

static void add_with_arg(struct profile *p, const char *name, const char *op, uint32_t index, uint64_t value, uint64_t value_two)
{
	struct oci_syscall *rule = add(p, "SCMP_ACT_ALLOW", &name, 1);

	rule->args = arena_alloc(p->arena, sizeof *rule->args);
	rule->n_args = 1;
	rule->args[0] = (struct oci_syscall_arg){ .index = index, .has_index = true, .value = value, .has_value = true,
		.value_two = value_two, .has_value_two = true, .op = op };
}

static bool holds(const char *const *caps, size_t n, const char *cap)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(caps[i], cap) == 0)
			return true;
	return false;
}

static void add_architectures(struct profile *p)
{
	static const char *const native[] = {
#if defined __x86_64__
		"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"
#elif defined __aarch64__
		"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"
#endif
	};
	size_t n = sizeof native / sizeof *native;

	p->filter->architectures = arena_alloc(p->arena, (n + 1) * sizeof *p->filter->architectures);
	memcpy(p->filter->architectures, native, n * sizeof *native);
	p->filter->n_architectures = n;
}

struct oci_seccomp *default_seccomp(const char *const *caps, size_t n, struct arena *arena)
{
	/* The personalities that programs ask for: Linux, Linux32, and either with the 2.6 version; and "what is it?". */
	static const uint64_t personalities[] = { 0x0, 0x8, 0x20000, 0x20008, 0xffffffff };
	static const char *const clone3 = "clone3", *const clone = "clone";
	struct profile p = { .filter = arena_alloc(arena, sizeof *p.filter), .arena = arena };
	bool admin = holds(caps, n, "CAP_SYS_ADMIN");

	p.filter->default_action = "SCMP_ACT_ERRNO";
	p.filter->default_errno_ret = EPERM;
	p.filter->has_default_errno_ret = true;
	p.filter->syscalls = arena_alloc(arena, (16 + ARRAY_LEN(with_capability)) * sizeof *p.filter->syscalls);
	add_architectures(&p);
	add(&p, "SCMP_ACT_ALLOW", always, ARRAY_LEN(always));
	for (size_t i = 0; i < ARRAY_LEN(with_capability); i++)
		if (holds(caps, n, with_capability[i].cap))
			add(&p, "SCMP_ACT_ALLOW", with_capability[i].names, with_capability[i].n);
	for (size_t i = 0; i < ARRAY_LEN(personalities); i++)
		add_with_arg(&p, "personality", "SCMP_CMP_EQ", 0, personalities[i], 0);
	/* vsock reaches the hypervisor, past every network namespace. */
	add_with_arg(&p, "socket", "SCMP_CMP_NE", 0, AF_VSOCK, 0);
	if (admin) {
		add(&p, "SCMP_ACT_ALLOW", &clone, 1);
	} else {
		struct oci_syscall *rule;

		add_with_arg(&p, "clone", "SCMP_CMP_MASKED_EQ", 0, NEW_NAMESPACES, 0);
		/* Its flags are in memory, where a filter cannot look: "not there" makes the C library take clone. */
		rule = add(&p, "SCMP_ACT_ERRNO", &clone3, 1);
		rule->errno_ret = ENOSYS;
		rule->has_errno_ret = true;
	}
	return p.filter;
}
