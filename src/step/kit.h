/* The kit: what the host side opens and prepares before the fork, and the child takes along. Filled by host steps in
 * the order of the plan; read-only for the child. Every fd is close-on-exec, -1 where there is none. */
#ifndef HIND_KIT_H
#define HIND_KIT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sock_filter;

/* How the container's cgroup looks from outside: what a mount of type cgroup needs to know. Made by src/cgroup, read by
 * src/linux/mount*.c, which do not know each other. */
struct cgroup_hierarchy {
	char *options;   /* v1: mount data, "cpu,cpuacct" or "name=systemd"; v2: NULL */
	char *mount_dir; /* of the host: "/sys/fs/cgroup/cpu,cpuacct"; the last component names it inside, too */
	char *path;      /* the container's own cgroup below mount_dir: "/hind/ID" */
};
struct cgroup_view {
	bool v2;       /* pure v2: one hierarchy */
	bool hybrid;   /* v1 controllers; the last hierarchy is a cgroup2 beside them */
	bool borrowed; /* the container has none of its own: these are the caller's, to look at */
	struct cgroup_hierarchy *hierarchies;
	size_t n;
};

/* What only the host's side can make for an entry of mounts[]. -1: nothing. */
struct kit_mount {
	int tree_fd;   /* the detached mount, its ids mapped */
	int userns_fd; /* the user namespace whose maps a mount made later gets */
	int spare_fd;  /* a copy of a bind mount's source, for an init that cannot reach that */
};

struct kit {
	int host_proc_fd; /* a procfs of our own, attached nowhere (rule S3), of the host's pid namespace */
	bool moved_first; /* into its cgroup, before it becomes somebody else in a user namespace */
	int bundle_fd;    /* O_PATH: hooks run here */
	int root_fd;      /* the root's mount on the host, by root_mount.c; -1: init looks for the root by its name */
	int ns_fd[8];     /* namespaces to join, by enum ns (step/ns.h) */
	int console_fd;   /* connected console socket; -1: the pty's master goes to the parent by the sync socket */
	int start_fd; /* where the child waits for `start`: a listening socket (create) or one end of a pair (run) */
	int start_connected;                /* 1: start_fd is one end of a pair */
	int seccomp_agent_fd;               /* connected linux.seccomp.listenerPath */
	bool apparmor;                      /* it is enabled on this host; looked at only where there is a profile */
	const char *notify_dir;             /* of the host: where the socket for sd_notify(3) will be; NULL: none */
	int notify_fd;                      /* its mount, attached nowhere; -1: the child has to make it */
	int preserve_fds;                   /* fds 3 .. 3+preserve_fds-1 go to the program */
	const char *listen_names;           /* LISTEN_FDNAMES of those, or NULL */
	int listen_fds;                     /* the first so many of them came by socket activation (sd_listen_fds(3)) */
	struct sock_filter *seccomp_filter; /* compiled program of seccomp_len instructions, NULL: none */
	unsigned short seccomp_len;
	unsigned seccomp_flags; /* SECCOMP_FILTER_FLAG_* */
	struct cgroup_view cgroup;
	struct kit_mount *mounts; /* by the index in mounts[]; NULL where there is none to prepare */
	size_t n_mounts;
};

#endif
