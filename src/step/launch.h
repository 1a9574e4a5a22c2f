/* The host side of one start: everything that the parent's steps share. A child step never sees it. */
#ifndef HIND_LAUNCH_H
#define HIND_LAUNCH_H
#include <stdbool.h>
#include <sys/types.h>

#include "base/mem.h"
#include "oci.h"
#include "step/kit.h"

struct cgroup;

struct launch_opts { /* the options of create and run, parsed */
	const char *root, *bundle, *config_path, *id;
	const char *console_socket, *pidfd_socket, *pid_file, *notify_socket;
	const char *cgroup_manager; /* "cgroupfs", "systemd" or "disabled" */
	int preserve_fds;
	bool no_pivot, no_new_keyring, keep, detach;
};

struct launch {
	const struct launch_opts *opts;
	const struct oci_config *config;
	struct arena *arena; /* lives as long as the launch */
	const char *bundle;  /* absolute */
	const char *rootfs;  /* absolute, of the host */
	int store_fd;        /* the container's directory below --root */
	struct kit kit;
	struct cgroup *cgroup;
	int sync_fd;         /* our end of the socket to the child */
	bool new_ns[8], join_ns[8]; /* by enum ns */
	pid_t pid;           /* of init, as the host sees it; 0 before the fork */
	int pidfd;
	int master_fd;       /* the pty's master, where no console socket took it */
};

#endif
