/* A container's story: its bundle, its directory below --root, its start, its end. */
#ifndef HIND_CONTAINER_H
#define HIND_CONTAINER_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/mem.h"
#include "cgroup/cgroup.h"
#include "oci.h"
#include "step/launch.h"
#include "step/step.h"

/* ---- rootless.c: callers without privileges ---- */
enum rootless { ROOTLESS_AUTO, ROOTLESS_TRUE, ROOTLESS_FALSE };
/* word: of --rootless, or NULL for auto. */
int rootless_parse(const char *word, enum rootless *, struct err *) must_check;
/* May cgroups be left out that this process may not make? auto: for everybody but the host's root. */
bool rootless_cgroups(enum rootless);
/* Adds what a configuration lacks for a caller without privileges: a user namespace with the caller's ids, and a place
 * for the cgroup below the caller's own (place: its name; NULL where the manager of cgroups has one itself). Changes
 * nothing else, and nothing for root. 1 where a user namespace was added. */
int rootless_amend(enum rootless, const char *place, struct oci_config *, struct arena *, struct err *) must_check;
#define OCI_VERSION_MIN "1.0.0" /* of the runtime-spec */
#define OCI_VERSION_MAX "1.3.0"

/* ---- bundle.c: config.json, decoded and validated as a whole before anything happens (rule S11) ---- */
struct bundle {
	const char *path; /* absolute */
	char *text;       /* of config.json, len bytes */
	size_t len;
	struct oci_config config;
};
/* dir: the bundle. What the caller lacks the privileges for is amended (rootless_amend). */
struct bundle_opts {
	const char *config_path; /* another file than DIR/config.json, or NULL */
	bool strict;             /* unknown properties are errors */
	bool starts;             /* so a process is needed (config.md: REQUIRED when `start` is called) */
	enum rootless rootless;
	const char *place; /* of rootless_amend */
};
int bundle_load(const char *dir, const struct bundle_opts *, struct arena *, struct bundle *, struct err *) must_check;
void bundle_close(struct bundle *); /* also after a failure of bundle_load */
/* The same checks on a text, for `validate`, the shortcut and the tests; every problem (with warnings) is added. */
int bundle_check(const char *text, size_t len, struct arena *, struct oci_config *, struct problems *) must_check;

/* ---- plan.c: the order of everything ---- */
extern const struct feature *const plan_features[];    /* NULL-terminated */
extern const struct host_step *const plan_host[];      /* the parent, the fork among them */
extern const struct init_step *const plan_init[];      /* the child, until it is created */
extern const struct init_step *const plan_init_last[]; /* the child, from `start` to execve */
extern const struct host_step *const plan_restore[];   /* `restore`: CRIU makes the processes, we make what is around */
/* `exec`: a process that comes into a container */
extern const struct feature *const plan_join_features[];
extern const struct host_step *const plan_join_host[];
extern const struct init_step *const plan_join_init[];
extern const struct init_step *const plan_join_last[];

/* ---- launch.c ---- */
/* From a validated bundle to a container that is created; everything is undone when a step fails. The launch is zeroed
 * but for opts, config, bundle, arena and attached; launch_close closes what it holds. */
int launch_create(struct launch *, struct err *) must_check;
/* The same by another plan. */
int launch_by(const struct host_step *const *plan, struct launch *, struct err *) must_check;
/* Is a cgroup file system among its mounts? Then the container gets a cgroup in every hierarchy, else where one is needed. */
bool launch_shows_cgroups(const struct oci_config *);
/* Lets it start (attached launches only) and waits until execve has succeeded; runs the poststart hooks. */
int launch_start(struct launch *, struct err *) must_check;
/* What `delete --force` does, by what the launch knows; init is reaped. Nothing where somebody else has deleted it
 * meanwhile. */
int launch_remove(struct launch *, struct err *) must_check;
void launch_close(struct launch *);
/* For join.c, which shares these: the fds of l that are not open yet; what --pid-file and --pidfd-socket ask for; and
 * when a step of ours failed because the child had ended, the child's own words, which are the cause. */
void launch_blank(struct launch *);
int launch_pid_file(const struct launch *, struct err *) must_check;
int launch_send_pidfd(const struct launch *, struct err *) must_check;
void launch_childs_error(struct launch *, struct err *);
/* enter.c: from here on l->pid is the child, whom the process in between has made. */
int launch_await_birth(struct launch *, struct err *) must_check;

/* ---- store.c: one directory per container below --root ----
 * state.json  what it is; written once, before anything else is made, so that `delete` finds the cgroup after a kill -9
 * init        a link "PID STARTTIME": the commit. Without it the container is being created, or never came to be
 * start       the socket where init waits for `start`; gone once it was told
 * config.json what it was made of, for `exec`
 * root        a link "MOUNT_ID", where its mounts are on the host (root_mount.c) */
enum status { STATUS_CREATING, STATUS_CREATED, STATUS_RUNNING, STATUS_PAUSED, STATUS_STOPPED };
extern const char *const status_names[];

struct container {
	struct arena *arena;
	const char *id;
	int root_fd, dir_fd;
	struct oci_record record;
	struct cgroup *cgroup;
	pid_t pid; /* 0: not committed, or stopped */
	int pidfd; /* -1 where pid is 0 */
	enum status status;
	bool committed; /* it has, or had, a first process */
	bool locked;    /* by us: container_lock */
};
/* "container `X` does not exist" with code ENOENT where there is none. */
int container_open(const char *root, const char *id, struct container *, struct err *) must_check;
void container_close(struct container *);
/* Until container_close nobody else deletes it, and it is read anew where it was still being created. Waits for a creator.
 * 1: it was deleted meanwhile, and a container that has the name by now is another one. */
int container_lock(struct container *, struct err *) must_check;
/* Removes the record of a container: the directory of that name, which dir_fd holds open, under its lock. */
int store_remove(int root_fd, int dir_fd, const char *id, struct err *) must_check;
/* Letters, digits, and _+-. behind the first; at most 1024. */
int container_id_check(const char *id, struct err *) must_check;
/* The OCI state: members of the record, with what status and pid are now. */
void container_state(const struct container *, struct oci_state *);
/* The same of one that is being made, for the hooks on the way. */
void launch_state(const struct launch *, enum status, struct oci_state *);
/* The ids below root in order, NULL-terminated; none where root does not exist. The caller frees each and the list. */
int container_list(const char *root, char ***ids, struct err *) must_check;
/* /run/hind; for a user, also as root of a user namespace, $XDG_RUNTIME_DIR/hind or /run/user/UID/hind. */
const char *store_default_root(struct arena *);

/* ---- release.c ---- */
#define CLAIM_SIZE 32
/* Of several that want to start the container, or to remove it before its start, one gets 0: its socket is called mine now,
 * and for the others it is a container that has been started. */
int container_claim_start(struct container *, char mine[static CLAIM_SIZE]) must_check;
/* notify_socket: NOTIFY_SOCKET, or NULL. With one it returns when the container has said that it is ready (notify.c). */
int container_start(struct container *, const char *notify_socket, struct err *) must_check;
/* Reads what init says after it was let go: end of stream is a successful execve. */
int start_result(int fd, struct err *) must_check;

/* ---- members.c ---- */
/* Every process of the container, as our pid namespace counts them; the caller frees *pids. Without a cgroup of its own
 * those of its pid namespace, and an error where it has none of these either. */
int container_pids(const struct container *, pid_t **pids, size_t *n, struct err *) must_check;
/* Sends the signal to all of them; SIGKILL is waited for where there is a cgroup. */
int container_signal_all(const struct container *, int sig, struct err *) must_check;

/* ---- destroy.c ---- */
int container_kill(struct container *, int sig, bool all, struct err *) must_check;
/* Those that have stopped or were never started, unless force. Removes cgroup and directory, then runs the poststop hooks. */
int container_delete(struct container *, bool force, struct err *) must_check;

/* ---- root_mount.c ---- */
/* Takes the mount away that a container without a mount namespace has on the host, with all below it; 0 where there is
 * none. dir_fd: the container's directory; rootfs: as in its record. */
int root_mount_release(int dir_fd, const char *rootfs, struct err *) must_check;

/* ---- live_mount.c: mounts of a running container ---- */
/* text: the list, or an object with the member `mounts`; name: of the file, for its errors. Either all of them are
 * mounted, or none. */
int container_mounts_add(struct container *, const char *text, const char *name, struct err *) must_check;
/* Takes what is mounted at each destination away; an error leaves those before it removed. */
int container_mounts_remove(struct container *, const char *text, const char *name, struct err *) must_check;

/* ---- remover.c ---- */
/* Leaves a process behind that removes the container once the process of pidfd has ended. root: absolute; dir_fd: the
 * container's directory, which is another one after the id has been given anew. */
int container_remove_later(const char *root, const char *id, int dir_fd, int pidfd, struct err *) must_check;

int container_pause(struct container *, struct err *) must_check;
int container_resume(struct container *, struct err *) must_check;

/* ---- join.c ---- */
/* What the container was made of, from its own directory. */
int container_config(struct container *, struct arena *, struct oci_config *, struct err *) must_check;
/* `exec`: runs l->config->process in the container, whose descriptors it takes over. 0 once execve has succeeded: the
 * process is l->pid and ours to reap. When it fails, nothing is left. l is as for launch_create. */
int launch_join(struct launch *, struct container *, struct err *) must_check;

/* ---- hooks.c ---- */
enum hook_kind {
	HOOK_PRESTART,
	HOOK_CREATE_RUNTIME,
	HOOK_CREATE_CONTAINER,
	HOOK_START_CONTAINER,
	HOOK_POSTSTART,
	HOOK_POSTSTOP
};
/* Runs all hooks of the kind in order with the state on stdin. The first failure ends it; of HOOK_POSTSTOP, each is a
 * warning, and 0 is returned. cwd_fd: of the bundle, or -1. */
int hooks_run(const struct oci_hooks *, enum hook_kind, const struct oci_state *, int cwd_fd, struct err *) must_check;
extern const struct feature feature_hooks;
bool hooks_any(const struct oci_hooks *, enum hook_kind);

/* ---- init.c ---- */
/* By the plan of create, or where l enters a container, of exec. */
_Noreturn void init_main(struct launch *, int sync_fd);
/* The same in parts, for enter.c. What init holds of the launch, whose other descriptors are closed: */
struct init;
void init_begin(struct launch *, int sync_fd, struct init *);
/* Waits to be let go, runs the last steps, and executes the program. */
_Noreturn void init_end(struct init *, const struct init_step *const *last);
/* enter.c: makes the process that goes on with init_end, and tells the parent; the caller has to end. */
int init_bear(struct init *, const struct init_step *const *last, struct err *) must_check;

#endif
