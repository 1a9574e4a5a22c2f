/* The host side of one start: everything that the parent's steps share. A child step never sees it. */
#ifndef HIND_LAUNCH_H
#define HIND_LAUNCH_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/mem.h"
#include "oci.h"
#include "step/kit.h"

struct cgroup;
struct restore;
struct netdev_moves;
struct notify;

struct launch_opts { /* the options of create and run, parsed */
	const char *root, *bundle, *config_path, *id;
	const char *console_socket, *pidfd_socket, *pid_file, *notify_socket;
	const char *cgroup_manager; /* "cgroupfs", "systemd" or "disabled" */
	const char *preserve_fds;   /* as given; settled with LISTEN_FDS into: */
	int n_preserved;
	const char *activated_names; /* LISTEN_FDNAMES of those, or NULL */
	int n_activated;             /* the first so many of them, by LISTEN_FDS */
	bool no_pivot, no_new_keyring, keep, detach;
	bool forgo_cgroups; /* cgroups that this process may not make are left out, where no limit needs them */
};

struct launch {
	const struct launch_opts *opts;
	const struct oci_config *config;
	struct arena *arena; /* lives as long as the launch */
	const char *bundle;  /* absolute */
	const char *rootfs;  /* absolute, of the host */
	int root_fd;         /* --root */
	bool store_made;     /* the directory is ours to remove */
	int store_fd;        /* the container's directory below it, locked while it is being made */
	struct kit kit;
	struct cgroup *cgroup;
	int sync_fd;              /* our end of the socket to the child */
	int go_fd;                /* `run`: our end of the pair that tells the child to start; -1 for `create` */
	bool attached;            /* `run` without a start socket: the same process creates and starts */
	struct oci_record record; /* what the state file holds */
	/* `hind run IMAGE`: writes the bundle into the container's directory once that is there. NULL: none. */
	int (*prepare)(struct launch *, struct err *);
	const void *prepare_data;
	struct restore *restore; /* `restore`: what its own step needs. NULL: none */
	const char *config_text; /* what config was decoded from, config_len bytes */
	size_t config_len;
	bool new_ns[8], join_ns[8]; /* by enum ns */
	/* The pid namespace to join may have processes that can trace ours: init is born when it is set up (enter.c). */
	bool born_late;
	/* `exec`: init of the container that is entered, and a pidfd of it; 0 and -1 where a container is made. */
	pid_t join_pid;
	int join_pidfd;
	bool cgroup_fixed; /* `exec --cgroup`: it is put there or nowhere */
	pid_t pid;         /* of init, as the host sees it; 0 before the fork */
	int pidfd;
	uint64_t started;                  /* its start time, in clock ticks since boot */
	struct notify *notify;             /* for sd_notify(3), from the start on */
	struct netdev_moves *netdev_moves; /* of src/linux/netdev.c, until the container is recorded */
	void *own_cpus; /* the parent's own affinity, while process.execCPUAffinity.initial is in force */
	size_t own_cpus_bytes;
	int own_oom;     /* the parent's own score, while a user's child is to inherit another */
	int master_fd;   /* the pty's master, where no console socket took it */
	int listener_fd; /* `exec`: of a seccomp filter with an agent, until that has it */
};

#endif
