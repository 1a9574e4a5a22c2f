/* The order of everything. Reading these tables explains the runtime. */
#include "container/container.h"
#include "container/criu.h"
#include "container/steps.h"
#include "linux/linux.h"

const struct feature *const plan_features[] = {
	&feature_namespace,
	&feature_userns,
	&feature_timens,
	&feature_rootfs,
	&feature_mount,
	&feature_mask,
	&feature_device,
	&feature_terminal,
	&feature_caps,
	&feature_seccomp,
	&feature_user,
	&feature_env,
	&feature_cwd,
	&feature_hostname,
	&feature_sysctl,
	&feature_rlimit,
	&feature_oom,
	&feature_personality,
	&feature_sched,
	&feature_ioprio,
	&feature_affinity,
	&feature_mempolicy,
	&feature_netdev,
	&feature_rdt,
	&feature_lsm,
	&feature_cgroup,
	&feature_systemd,
	&feature_hooks,
	&feature_criu,
	NULL,
};

const struct host_step *const plan_host[] = {
	&host_store,            /* the directory is the lock of the id */
	&host_procfs,           /* our own procfs: the container's cannot be trusted */
	&host_lsm,              /* who asks for a security module must have it */
	&host_rdt_choose,       /* for the record: which resctrl group, and is it ours to remove? */
	&host_record,           /* before anything is made: `delete` must find it after a kill -9 */
	&host_rdt,              /* the group of caches and memory bandwidth, with its shares */
	&host_config,           /* what `exec` will want to know */
	&host_bundle,           /* `run IMAGE`: its bundle goes into that directory, and with it */
	&host_notify,           /* a socket of the container's own for sd_notify(3), where we have one */
	&host_root,             /* the root file system and the bundle as handles */
	&host_namespace_open,   /* paths of namespaces to join, while /proc is the host's */
	&host_sysctl_check,     /* is the namespace of each sysctl the container's own? */
	&host_caps,             /* warns of what cannot be granted, while stderr is still the caller's */
	&host_seccomp_compile,  /* compiling needs libseccomp, memory and files: not in the child */
	&host_seccomp_agent,    /* its socket is a path of the host */
	&host_terminal_connect, /* the console socket, too */
	&host_mount_idmap,      /* to map the ids of a file system needs privileges where that was mounted */
	&host_mount_reach,      /* what is bound from where root of a user namespace may not go */
	&host_start_channel,    /* where init will wait for `start` */
	&host_cgroup,           /* v2: init is born inside, under its limits; undone after init is gone */
	&host_root_mount,       /* without a mount namespace: what is mounted goes with it, after init has gone */
	&host_fork,             /* from here on both halves work side by side */
	&host_oom,          /* an undumpable child cannot write its own; without privileges we can until it is mapped */
	&host_cgroup_scope, /* while init is still the caller's: its ids are not mapped */
	&host_userns_map,   /* the child can do nothing before; in a joined one it waits for the scope alone */
	&host_netdev,       /* the host's interfaces go into the container's network namespace; the child waits */
	&host_cgroup_v1,    /* the child mounts meanwhile */
	&host_rdt_join,     /* before anything of the container runs */
	&host_rlimit_raise, /* a hard limit is raised with the host's privileges only */
	&host_cgroup_join,  /* under its limits from here on; the child waits for it, and so for the two before */
	&host_start_time,   /* what tells the pid from a later process's; the child is at work meanwhile */
	&host_terminal_receive, /* the pty's master comes once devpts is mounted */
	&host_hooks,            /* prestart, createRuntime: mounts are made, the root is not yet switched */
	&host_ready,            /* the child has done its part */
	&host_sched,            /* as the host's root, in the cgroup, and when nothing is left to be set up */
	&host_ioprio,           /* the same */
	&host_commit,           /* pid file and the `init` link: from here on the container exists */
	&host_netdev_keep,      /* nothing will be put back any more */
	NULL,
};

const struct host_step *const plan_restore[] = {
	&host_store, /* these as above */
	&host_procfs,
	&host_lsm,
	&host_rdt_choose,
	&host_record, /* before anything is made */
	&host_rdt,
	&host_config,
	&host_root,             /* the bundle's handle is for its hooks */
	&host_namespace_open,   /* CRIU inherits those of others */
	&host_terminal_connect, /* for the pty's master, which CRIU makes */
	&host_cgroup,           /* under its limits from the start: CRIU is in it, and what it makes is born there */
	&host_criu,             /* v1's cgroups or the scope around CRIU, then the container, interfaces and hooks */
	&host_start_time,
	&host_commit,      /* it runs by now */
	&host_netdev_keep, /* nothing will be put back any more */
	NULL,
};

const struct init_step *const plan_init[] = {
	&init_hygiene,         /* first: no descriptor of the caller's may pass */
	&init_host_pid,        /* for the state that hooks get */
	&init_userns_enter,    /* ids are mapped: become root in here */
	&init_namespace_join,  /* the others' namespaces, before anything is set up in them */
	&init_netdev,          /* interfaces of the host, by the parent: sysctls and hooks may be about them */
	&init_timens,          /* offsets before anybody is inside */
	&init_loopback,        /* a new network namespace has lo, but down */
	&init_hostname,        /* needs CAP_SYS_ADMIN of the uts namespace's owner */
	&init_lsm_keys,        /* the keyring is to be the container's by its label, too */
	&init_keyring,         /* the caller's session keys must not be seen */
	&init_lsm_keys_end,    /* and nothing else of ours */
	&init_rootfs,          /* private propagation first, or mounts would reach the host */
	&init_mount,           /* in the order of the list, as the spec says; cgroup mounts wait for the parent */
	&init_notify,          /* at /run/notify, which a mount may have made */
	&init_device,          /* /dev is mounted by now */
	&init_terminal,        /* the container's own devpts is mounted by now */
	&init_console,         /* the terminal as /dev/console */
	&init_sysctl,          /* before /proc/sys becomes read-only */
	&init_cgroup,          /* in our cgroup, and its namespace unshared, before anything of the container runs */
	&init_runtime_hooks,   /* the parent's prestart and createRuntime */
	&init_create_hooks,    /* createContainer: in our namespaces, the host's files still in sight */
	&init_mask,            /* over everything that was mounted; with the host's own /dev/null */
	&init_readonly_paths,  /* over the same */
	&init_pivot,           /* the host's files go out of sight */
	&init_rootfs_seal,     /* read-only after the last file was made */
	&init_cwd,             /* as root; where root may not, once more as the user */
	&init_terminal_attach, /* stdio, and out of the caller's session */
	&init_env,             /* HOME from the container's own passwd */
	&init_namespace_pids,  /* where it is joined and others in it might trace init: who is born from here on */
	&init_caps_bound,      /* needs CAP_SETPCAP, which goes with the user */
	&init_user,            /* supplementary groups, gid, uid */
	&init_caps,            /* what the uid change took, given back as far as configured */
	&init_cwd_as_user,
	&init_program,      /* as the user who will execute it */
	&init_no_new_privs, /* before seccomp, which without it needs CAP_SYS_ADMIN */
	&init_personality,  /* late: uname tells us otherwise, too */
	&init_mempolicy,    /* the cgroup's cpuset counts by now; ours so far is nobody's matter */
	&init_rlimit,       /* late: RLIMIT_NOFILE and others would hit our own work */
	&init_signal,       /* default dispositions, empty mask */
	&init_lsm,          /* counts from the next execve on; needs our own procfs, which goes now */
	&init_close_set_up, /* nothing of the host may be in sight while we wait */
	NULL,
};

const struct init_step *const plan_init_last[] = {
	&init_session,     /* with the terminal */
	&init_listen_pid,  /* our own */
	&init_start_hooks, /* startContainer: in the container, before its program */
	&init_preserve,    /* the program's own descriptors lose close-on-exec as late as can be */
	&init_seccomp,     /* last: the filter judges what follows, and that is execve alone */
	NULL,
};

/* ---- exec: a process that comes into a container ---- */

/* What of config.json is the new process's. */
const struct feature *const plan_join_features[] = {
	&feature_env,
	&feature_cwd,
	&feature_user,
	&feature_caps,
	&feature_rlimit,
	&feature_oom,
	&feature_sched,
	&feature_ioprio,
	&feature_affinity,
	&feature_lsm,
	&feature_terminal,
	&feature_seccomp,
	NULL,
};

const struct host_step *const plan_join_host[] = {
	&host_procfs_open, /* what is looked up and written there */
	&host_lsm,
	&host_namespace_of_init, /* which namespaces there are to enter */
	&host_caps,
	&host_seccomp_compile, /* what init has got, from the cache */
	&host_seccomp_agent,
	&host_terminal_connect,
	&host_start_channel,
	&host_affinity_initial, /* the CPUs of all that follows, up to the child's own */
	&host_join_cgroup,      /* v2: who comes in is born inside */
	&host_oom_lend,         /* a user's can only inherit it */
	&host_enter,            /* a process in between goes into the container; what it gets here it hands down */
	&host_join_move,        /* while it is still the caller's */
	&host_userns_map,       /* it may become root in there */
	&host_oom,              /* as at create, it takes the host's privileges; or it has inherited it */
	&host_rdt_join,
	&host_rlimit_raise,
	&host_cgroup_join, /* v1: it enters by itself. It waits for this, so what it must have by then is above */
	&host_terminal_receive,
	&host_seccomp_listener, /* for the agent */
	&host_birth,            /* it has done all, and made the child */
	&host_seccomp_tell,     /* whose listener it is */
	&host_affinity_final,   /* once it is in the cgroup, which has CPUs of its own */
	&host_sched,
	&host_ioprio,
	&host_join_commit, /* pid file */
	NULL,
};

/* By the process in between, whom nobody in the container can see: enter.c. */
const struct init_step *const plan_join_init[] = {
	&init_userns_enter,    /* become root in here */
	&init_rootfs_entered,  /* where we are, as a handle */
	&init_cgroup,          /* under the container's limits before anything of it runs */
	&init_keyring,         /* the container's session keyring, not the caller's */
	&init_terminal,        /* from the container's devpts */
	&init_cwd,             /* as root; where root may not, once more as the user */
	&init_terminal_attach, /* stdio, and out of the caller's session */
	&init_env,             /* HOME from the container's own passwd */
	&init_caps_bound,      /* needs CAP_SETPCAP, which goes with the user */
	&init_user,            /* supplementary groups, gid, uid */
	&init_caps,            /* what the uid change took, given back as far as configured */
	&init_cwd_as_user,
	&init_program,      /* as the user who will execute it */
	&init_no_new_privs, /* before seccomp, which without it needs CAP_SYS_ADMIN */
	&init_personality,
	&init_mempolicy,
	&init_signal, /* default dispositions, empty mask */
	&init_lsm,
	&init_close_set_up, /* nothing of the host may come along */
	&init_preserve,     /* the program's own descriptors lose close-on-exec: we execute nothing */
	&init_seccomp_pass, /* needs CAP_SYS_ADMIN; from here on it judges us, too */
	&init_caps_rest,    /* which the child must not have for a moment */
	NULL,
};

/* By the child, which the container's processes can see and may be able to trace: what only it can do itself, without
 * rights and without memory to be had from the kernel. */
const struct init_step *const plan_join_last[] = {
	&init_session,    /* with the terminal */
	&init_listen_pid, /* our own */
	&init_rlimit,     /* the birth itself must not meet them */
	NULL,
};
