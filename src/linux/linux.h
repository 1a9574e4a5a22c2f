/* What each file of src/linux exports to the plan. There is no header per object: everything else in those files is
 * static. */
#ifndef HIND_LINUX_H
#define HIND_LINUX_H
#include "step/step.h"

extern const struct feature feature_namespace, feature_userns, feature_timens, feature_rootfs, feature_mount,
	feature_mask, feature_device, feature_terminal, feature_caps, feature_seccomp, feature_user, feature_env,
	feature_cwd, feature_hostname, feature_sysctl, feature_rlimit, feature_oom;
extern const struct feature feature_personality, feature_sched, feature_ioprio, feature_affinity, feature_mempolicy,
	feature_netdev, feature_rdt, feature_lsm;

/* The host's side, before the fork. */
extern const struct host_step host_namespace_open, host_procfs, host_terminal_connect, host_caps, host_seccomp_compile,
	host_seccomp_agent;
extern const struct host_step host_sysctl_check;         /* after host_namespace_open */
extern const struct host_step host_mount_idmap;          /* after host_namespace_open */
extern const struct host_step host_mount_reach;          /* after host_mount_idmap */
extern const struct host_step host_lsm;                  /* after host_procfs */
extern const struct host_step host_rdt_choose, host_rdt; /* before and after the container is recorded */
/* The host's side, after the fork. */
extern const struct host_step host_userns_map, host_oom, host_oom_lend, host_rlimit_raise;
extern const struct host_step host_sched, host_ioprio; /* after host_ready: the set-up itself runs as usual */
/* For `exec`, which excepts no first process: before the fork, and once the child is in the cgroup. */
extern const struct host_step host_affinity_initial, host_affinity_final;

extern const struct host_step host_rdt_join;                 /* for `exec`, too: by the container's record */
extern const struct host_step host_netdev, host_netdev_keep; /* the second when nothing can fail any more */

/* The child's side. */
extern const struct init_step init_lsm_keys, init_lsm_keys_end; /* around init_keyring */
extern const struct init_step init_lsm;                         /* as late as there is a procfs of our own */
extern const struct init_step init_netdev;                      /* waits for host_netdev */
extern const struct init_step init_personality, init_mempolicy; /* late; mempolicy after the cgroup */
extern const struct init_step init_namespace_join, init_userns_enter, init_timens, init_loopback, init_hostname,
	init_keyring, init_rootfs, init_mount, init_device, init_terminal, init_terminal_attach, init_sysctl,
	init_pivot, init_mask, init_readonly_paths, init_rootfs_seal, init_cwd, init_env, init_signal, init_rlimit,
	init_user, init_caps_bound, init_caps, init_no_new_privs, init_seccomp;
extern const struct init_step init_namespace_pids; /* before init_caps_bound */
extern const struct init_step init_session;        /* after init_terminal_attach */
extern const struct init_step init_listen_pid;     /* after init_env, and in the process that executes the program */
extern const struct init_step
	init_console; /* after init_terminal; not for exec, which has no /dev/console of its own */
extern const struct init_step init_cwd_as_user; /* after init_user: what init_cwd was refused as root */

/* exec, in a container that runs. */
extern const struct host_step host_procfs_open, host_namespace_of_init; /* not host_procfs, host_namespace_open */
extern const struct host_step host_seccomp_listener, host_seccomp_tell; /* before and after the child's birth */
extern const struct init_step init_procfs, init_rootfs_entered;
extern const struct init_step init_seccomp_pass, init_caps_rest; /* the last before its birth; not init_seccomp */

#endif
