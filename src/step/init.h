/* The child's side of one start: everything that the steps inside the new namespaces share. A host step never sees it. */
#ifndef HIND_INIT_H
#define HIND_INIT_H
#include <stdbool.h>
#include <sys/types.h>

#include "oci.h"
#include "step/kit.h"
#include "step/sync.h"

struct init {
	const struct oci_config *config;
	const struct kit *kit;
	const char *id, *bundle, *rootfs; /* paths as the host sees them */
	bool no_pivot, no_new_keyring;
	const bool *new_ns, *join_ns; /* by enum ns */
	bool born_late;               /* not born yet: the pid namespace is still our maker's */
	int sync_fd;                  /* our end of the socket to the parent */
	pid_t host_pid;               /* our pid as the host sees it; 0 where no hook of ours asks for it */
	/* A procfs of our own for writes below /proc (rule S3): kit->host_proc_fd; "self" is ourselves there. */
	int proc_fd;
	int rootfs_fd; /* O_PATH of the mounted root; after pivot it is "/" */
	/* What was mounted on /proc and /sys, or -1: the masks in them start there, as those names may have become
	 * other files meanwhile. Valid after init_rootfs. */
	int proc_mount_fd, sys_mount_fd;
	/* Mounts that are to be read-only, but only once they are filled: init_rootfs_seal's list. */
	int *readonly_later_fd;
	size_t n_readonly_later;
	bool cgroup_joined; /* the parent has moved us and, where asked for, the cgroup namespace is unshared */
	int tty_fd;         /* the pty's slave, or -1 */
	int program_fd;     /* O_PATH of the program that was found, or -1 */
	char *program;      /* its path inside the container */
	char *foreign;      /* what it is, where that is no program of this machine's; or NULL */
	char **env;         /* the environment to exec with, NULL-terminated */
	char *listen_pid;   /* LISTEN_PID in it, for init_listen_pid; NULL where there is none */
	pid_t own_pid;      /* our pid as the container sees it, where getpid(2) may not be called; 0: it may */
	bool cwd_refused;   /* init_cwd got EACCES as root of the container: init_cwd_as_user tries again */
};

/* Waits for the parent to have moved us into the cgroup, once; then unshares the cgroup namespace where config asks for
 * one. Steps that need it (mounts of type cgroup) call this; the plan's own step catches the rest. */
int init_meet_cgroup(struct init *, struct err *) must_check;

#endif
