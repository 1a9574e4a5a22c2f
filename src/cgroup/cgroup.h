/* One container's cgroup, over whichever hierarchies and manager the host has. */
#ifndef HIND_CGROUP_H
#define HIND_CGROUP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/problem.h"
#include "oci.h"
#include "step/feature.h"
#include "step/kit.h"
#include "json/encode.h"

struct cgroup; /* lives in the arena it was made with */

/* Where the container's cgroup will be, without making anything. manager: "cgroupfs", "systemd" or "disabled"; path:
 * linux.cgroupsPath or NULL for /hind/ID. wants_named: a mount of type cgroup will show name=systemd and cgroup2
 * hierarchies too, so the container gets its own cgroup in these. */
int cgroup_locate(const struct oci_config *, const char *id, const char *manager, bool wants_named, struct arena *,
	struct cgroup **, struct err *) must_check;
/* The same from what cgroup_record wrote into the state file. */
int cgroup_from_record(const struct oci_hind_cgroup *, struct arena *, struct cgroup **, struct err *) must_check;
/* Fills *record (strings in the arena) for the state file. */
void cgroup_record(const struct cgroup *, struct arena *, struct oci_hind_cgroup *record);
void cgroup_view(const struct cgroup *, struct arena *, struct cgroup_view *);

/* For who may not make cgroups everywhere: leaves out the hierarchies where this process can make nothing, all of them
 * if need be. An error where resources ask for a limit in one of these; rules for devices are no limit there, as who may
 * make no device needs none. */
int cgroup_forgo(struct cgroup *, const struct oci_resources *, struct arena *, struct err *) must_check;

/* systemd makes a cgroup around a process that is there already: then cgroup_make comes after init. */
bool cgroup_around_init(const struct cgroup *);
/* A user's systemd moves the user's own processes and no others. */
bool cgroup_moves_own(const struct cgroup *);
/* Makes the cgroup (an existing empty one is taken over as crun and runc do; one with processes in it is an error). */
int cgroup_make(struct cgroup *, pid_t init, struct err *) must_check;
/* Writes every limit that resources asks for; a limit whose controller the host lacks is an error that names both. The
 * error says which property: "linux.resources.memory.limit: ...". */
int cgroup_apply(struct cgroup *, const struct oci_resources *, struct err *) must_check;
/* The same for a container that lives: what resources do not name stays as it is, and where one limit is refused, those
 * that were set before it are set back. */
int cgroup_update(struct cgroup *, const struct oci_resources *, struct err *) must_check;
/* owner.c: gives it to the container's own user where it is the container's to manage. */
int cgroup_give(struct cgroup *, const struct oci_config *, struct err *) must_check;
/* The part of it that init can be born in, which has to be there before: all of it on v2, the cgroup2 beside v1. */
int cgroup_make_v2(struct cgroup *, struct err *) must_check;
/* An O_DIRECTORY fd of that part for CLONE_INTO_CGROUP, or -1 where there is none. Stays open with cg. */
int cgroup_clone_fd(struct cgroup *);
/* From here on it gives none, and cgroup_entrances moves there who would have been born inside. */
void cgroup_no_clone(struct cgroup *);
int cgroup_join(struct cgroup *, pid_t, struct err *) must_check;
/* Where its processes are counted, back to the caller's own cgroup: something can be born there at the limit, too. */
int cgroup_leave(struct cgroup *, pid_t, struct arena *, struct err *) must_check;
/* v1: moving another process takes a lock of all processes and waits for an RCU grace period (milliseconds on an idle
 * machine); a thread that writes "0" to `tasks` moves itself, and needs neither (Linux 5.12). So these are fds that the
 * child writes "0" to, at most `room` of them, one a hierarchy. Opened here, as the child may be without the right to.
 * A cgroup2 is joined for pid here and now, unless that was born in it; so *n = 0 on v2. The caller closes them. */
int cgroup_entrances(struct cgroup *, pid_t, int *fds, size_t room, size_t *n, struct err *) must_check;

/* exec: from here on cg is the existing cgroup `path` below the container's; controllers: those of v1 that this is for,
 * "cpu" or "cpu,memory", NULL: all. ".." is refused. */
int cgroup_descend(struct cgroup *, const char *controllers, const char *path, struct arena *, struct err *) must_check;
/* exec, v2: from here on cg is the cgroup below the container's where that process of the container is; -1 where it is
 * no other. */
int cgroup_follow(struct cgroup *, pid_t, struct arena *);

/* Sends SIGKILL to everything inside (cgroup.kill; on v1 freeze, kill, thaw) and waits, 10 s at most, until it is
 * empty. */
int cgroup_kill(struct cgroup *, struct err *) must_check;
/* Sends any signal to every process inside, by pidfd. */
int cgroup_signal(struct cgroup *, int sig, struct err *) must_check;
/* Kills what is inside, and removes the cgroup with its descendants. What is not there is no error. */
int cgroup_remove(struct cgroup *, struct err *) must_check;

/* Has the container one, or does it stay in its caller's? */
bool cgroup_is_own(const struct cgroup *);
int cgroup_freeze(struct cgroup *, bool frozen, struct err *) must_check; /* waits until it is so */
int cgroup_frozen(struct cgroup *);                                       /* 1, 0, or 0 where there is no freezer */
/* Every pid inside, descendants included; the caller frees *pids. */
int cgroup_pids(struct cgroup *, pid_t **pids, size_t *n, struct err *) must_check;

struct cgroup_oom {
	uint64_t kills;       /* by the memory limit, since the cgroup was made */
	uint64_t limit, peak; /* bytes; 0: unknown */
};
void cgroup_oom(struct cgroup *, struct cgroup_oom *); /* never fails: what cannot be read is 0 */

/* Waiting for the memory limit to kill. Both descriptors are for poll(2) with `events`, and the caller's to close. */
struct oom_watch {
	int fd;       /* -1 where there is no memory controller */
	int above_fd; /* v2: the same for all that the cgroup above holds; -1 where nothing is counted there */
	short events;
	uint64_t kills, above; /* v2: that were seen already */
};
int cgroup_oom_watch(struct cgroup *, struct oom_watch *, struct err *) must_check;
/* Has it killed since the last call? For when poll(2) has said that there is something. v2: a cgroup that is gone meanwhile
 * is said to have killed where the one above says so, which may hold others. */
bool cgroup_oom_fired(struct cgroup *, struct oom_watch *);

/* Usage: adds "cpu", "cpuset", "memory", "pids", "blkio" and "hugetlb" to the open object. What cannot be read is 0 or
 * left out; only a container without a cgroup is an error. */
int cgroup_stats(struct cgroup *, struct json_out *, struct err *) must_check;

/* linux.resources as a whole, for the plan's feature list. */
extern const struct feature feature_cgroup, feature_systemd;
/* The same of a document that is nothing but resources, for cgroup_update; paths of problems begin at its root. */
void cgroup_validate_update(const struct oci_resources *, struct problems *);

#endif
