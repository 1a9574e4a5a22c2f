/* CRIU, which freezes a tree of processes into files and brings it back: a program of its own that we talk to. */
#ifndef HIND_CRIU_H
#define HIND_CRIU_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/opt.h"
#include "base/str.h"
#include "container/criu_rpc.h"
#include "step/feature.h"

struct container;
struct init;
struct launch;
struct oci_pair;

/* What stdin, stdout and stderr were, in the directory of the images: an array of three strings. */
#define DESCRIPTORS_FILE "descriptors.json"

#define CRIU_NETWORK_LOCK_SKIP 3
#define CRIU_CGROUPS_IGNORE 0
#define CRIU_YARD "yard"

struct criu_opts {           /* the options of checkpoint and restore */
	const char *program; /* --criu: a program, or the socket of `criu service`; NULL: the one in PATH */
	const char *image_path, *work_path, *parent_path;
	const char *cgroups_mode, *network_lock, *page_server, *status_fd, *lsm_profile, *lsm_mount_context;
	struct opt_list empty_ns;
	bool leave_running, tcp_established, tcp_close, tcp_skip_in_flight, link_remap, ext_unix_sk, shell_job;
	bool file_locks, lazy_pages, pre_dump, auto_dedup;
	struct {                                     /* what criu_opts_settle makes of them */
		uint64_t cgroups_mode, network_lock; /* as CRIU counts; network_lock 0: its default */
		char *page_address;
		uint64_t page_port;
		int status_fd;
	} settled;
};
/* Says what is wrong with the values, and fills `settled`; free settled.page_address. */
int criu_opts_settle(struct criu_opts *, struct err *) must_check;

/* ---- the directories ---- */
struct criu_dirs {
	int image_fd, work_fd; /* -1 where none is open; work_fd may be -1 throughout */
	const char *log_dir, *log_name;
};
/* make: for a checkpoint, which makes its directory. */
int criu_dirs_open(const struct criu_opts *, bool make, struct criu_dirs *, struct err *) must_check;
void criu_dirs_close(struct criu_dirs *);
/* The members that both requests have: directories, log, options, the configuration file that the annotations name. */
void criu_opts_encode(const struct criu_opts *, const struct criu_dirs *, const struct oci_pair *annotations, size_t n,
	struct text *out);
/* How we and other runtimes call a namespace of that kind (enum ns) which is not the container's own. */
const char *criu_namespace_key(int kind);
extern const struct feature feature_criu;

/* ---- the program ---- */
struct criu {
	int socket_fd, sync_fd, pidfd;
	pid_t pid;        /* 0: a service that was there already */
	unsigned version; /* 3.16.1 is 31601 */
	const struct criu_dirs *dirs;
	/* An event that CRIU tells on its way; fd came along with it, or is -1. May be NULL. */
	int (*event)(void *context, const struct rpc_answer *, int fd, struct err *);
	void *context;
};
struct criu_birth {
	uint64_t namespaces; /* CLONE_NEW* */
	int cgroup_fd;       /* to be born in, or -1 */
	bool keep_stdio;     /* it inherits ours; otherwise /dev/null */
	const int *keep_fds; /* open in CRIU under the same numbers; sorted by the call */
	size_t n_keep_fds;
	int (*prepare)(
		void *context, int sync_fd, struct err *); /* in the child, before it becomes CRIU; may be NULL */
	void *context;
};
/* Starts the program (or connects to the service, where birth is of no interest) and asks its version. *criu is zeroed but
 * for dirs, event and context. criu_end on every path behind it. */
int criu_start(const char *program, const struct criu_birth *, struct criu *, struct err *) must_check;
int criu_began(
	struct criu *, struct err *) must_check; /* waits until the program has taken over, and asks its version */
/* Sends a request and answers CRIU's events until the answer is there. One that says failure is an error, with what the end
 * of CRIU's log says. */
int criu_ask(struct criu *, enum rpc_type, const struct text *opts, struct rpc_answer *, struct err *) must_check;
/* Does it (and the kernel) know the feature? 1 or 0. */
int criu_knows(struct criu *, unsigned feature, struct err *) must_check;
void criu_end(struct criu *); /* closes the conversation and waits for the program's end */

/* A directory `yard` below dir_fd, by which CRIU finds the host's cgroup2. Otherwise it mounts it once more, and that takes
 * the options nsdelegate and memory_recursiveprot away from the one superblock, on the whole host. 1: made; 0: none is
 * needed, as the host has no cgroup2 alone. */
struct cgroup_view;
int criu_yard_make(int dir_fd, const struct cgroup_view *, struct err *) must_check;
void criu_yard_remove(int dir_fd);

/* ---- criu_external.c: mounts that CRIU must not save, as they are the host's ---- */
/* Adds "mnt[POINT]:POINT" for each of pid's. proc_fd: a procfs. */
int external_find(int proc_fd, pid_t pid, struct text *opts, struct err *) must_check;
/* In a mount namespace of its own: makes the container's mounts once more, and lays a stage over the directory `stage`, with a
 * copy of each external one and with the bare root file system as STAGE/root. Writes "mnt[POINT]:STAGE/N" with a NUL behind each
 * to names_fd. */
int external_stage(struct init *, const char *stage, int names_fd, struct err *) must_check;

/* ---- criu_dump.c ---- */
/* The container is deleted afterwards, unless it is left running. */
int container_checkpoint(struct container *, struct criu_opts *, struct err *) must_check;

/* ---- criu_restore.c ---- */
/* From a validated bundle and a checkpoint to a running container, like launch_create. */
int launch_restore(struct launch *, struct criu_opts *, struct err *) must_check;

#endif
