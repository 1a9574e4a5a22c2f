/* One mounted cgroup hierarchy and the container's cgroup in it: what v1 and v2 do alike. */
#ifndef HIND_HIERARCHY_H
#define HIND_HIERARCHY_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/mem.h"
#include "cgroup/cgroup.h"

struct hierarchy {
	char *options;        /* "cpu,cpuacct", "name=systemd"; NULL on v2 */
	char *mount_dir;      /* "/sys/fs/cgroup/cpu,cpuacct" */
	char *path;           /* the container's cgroup below mount_dir: "/hind/ID" */
	char *dir;            /* both: "/sys/fs/cgroup/cpu,cpuacct/hind/ID" */
	unsigned controllers; /* bits by the order of controllers[] in controller.h */
	bool v2;
	bool fresh; /* its directory was made by us just now, so it holds nothing but the kernel's defaults */
	bool ours;  /* made or taken over, so it may be killed and removed */
	struct journal *journal; /* of an update; NULL otherwise */
	int made_parents;        /* how many directories above it were not there before */
};

struct cgroup_manager;
struct systemd;
struct cgroup {
	const struct cgroup_manager *manager;
	struct systemd *systemd; /* of cgroup_systemd; NULL otherwise */
	struct hierarchy *hierarchies;
	size_t n;
	bool v2, hybrid;
	struct hierarchy *borrowed; /* of a container that stays in the caller's cgroups: for cgroup_view alone */
	size_t n_borrowed;
	bool undelegated; /* it stays there because we may not make any, not because it was asked to */
	bool forgone;     /* cgroup_forgo left out what resources might ask for */
	int dir_fd;       /* cgroup_clone_fd's, or -1 */
	bool no_clone;    /* there shall be none */
};

struct cgroup_manager {
	const char *name; /* of --cgroup-manager and the state file */
	bool around_init; /* make needs the process that the container begins with */
	int (*make)(struct cgroup *, pid_t init, struct err *);
	/* NULL: the control files are all. Tells the manager of limits that these have taken. */
	int (*set)(struct cgroup *, const struct oci_resources *, struct err *);
	/* NULL: removing the directories is all. Ends what is inside and what the manager knows of it. */
	int (*stop)(struct cgroup *, struct err *);
	int (*join)(struct cgroup *, pid_t, struct err *);
	int (*entrances)(struct cgroup *, pid_t, int *fds, size_t room, size_t *n, struct err *);
	int (*kill)(struct cgroup *, struct err *);
	int (*freeze)(struct cgroup *, bool frozen, struct err *);
	int (*frozen)(struct cgroup *);
	void (*oom)(struct cgroup *, struct cgroup_oom *);
};
extern const struct cgroup_manager cgroup_fs_v1, cgroup_fs_v2, cgroup_systemd, cgroup_none;

/* systemd.c: what the managers of files have locate_hierarchies and cgroup_from_record for. */
int systemd_locate(struct cgroup *, const struct oci_config *, const char *id, struct arena *, struct err *) must_check;
void systemd_from_record(struct cgroup *, const struct oci_hind_cgroup *, struct arena *);

/* locate.c: the hierarchies of this host, with dir filled, in the arena. With cgroup_none they
 * become the borrowed ones. */
int locate_hierarchies(struct cgroup *, const char *cgroups_path, const char *id, bool wants_named,
	unsigned asked_controllers, struct arena *, struct err *) must_check;
/* For its tests: what /proc/self/cgroup says (options and own path, in `path`), and where mountinfo has each mounted.
 * roots[i] gets mountinfo's root of hierarchies[i]; mount_dir stays NULL where a hierarchy is not mounted. */
size_t locate_parse_cgroup(const char *text, struct arena *, struct hierarchy **);
void locate_parse_mountinfo(const char *text, struct arena *, struct hierarchy *, size_t n, char **roots);
/* Fills `controllers`, which depends on all hierarchies together, from their options. */
void locate_controllers(struct hierarchy *, size_t n);
/* The container's path in a hierarchy; own: the runtime's own cgroup, root: of the mount (both only for a relative
 * path). */
char *locate_path(const char *cgroups_path, const char *id, bool v2, const char *own, const char *root, struct arena *);

/* hierarchy.c */

/* The hierarchy that has this controller (an index of controllers[]), or NULL. */
struct hierarchy *hierarchy_with(const struct cgroup *, unsigned controller);
void hierarchy_set_dir(struct hierarchy *, struct arena *);
/* How many directories above the container's are missing. */
int hierarchy_missing_parents(const struct hierarchy *);
/* May this process make it, below the nearest directory that there is? */
bool hierarchy_permitted(const struct hierarchy *);
/* Makes the container's directory, with its parents where they are missing. made_parent (may be NULL) is called for
 * each parent that this call made, from the top, before anything is made below it; it gets the parent's full path. A
 * directory that is there already must hold no process. */
int hierarchy_make(struct hierarchy *, int (*made_parent)(struct hierarchy *, const char *dir, struct err *),
	struct err *) must_check;
/* Removes the directory with its descendants, which hold no processes any more or are about to; EBUSY is retried for 10
 * s. */
int hierarchy_remove(struct hierarchy *, struct err *) must_check;
/* rmdir of the parents that are ours, from below; 1 where one is in use by another container. */
int hierarchy_remove_parents(struct hierarchy *);
/* Writes text to a control file of `dir` by one write(2). -1 with errno, for a caller that makes its own message. */
int control_write(const char *dir, const char *file, const char *text);
/* Reads a control file whole, at most size - 1 bytes; the length, or -1 with errno. */
ssize_t control_read(const char *dir, const char *file, char *buf, size_t size);
/* The number after `key` at the beginning of a line ("oom_kill 3"), or the file's only number (key NULL); 0 where there
 * is none or it is "max". */
uint64_t control_number(const char *dir, const char *file, const char *key);
int hierarchy_join(struct hierarchy *, pid_t, struct err *) must_check;
/* Every pid in the cgroup and below it, into *pids, which grows; the caller frees it. */
int hierarchy_pids(const struct hierarchy *, pid_t **pids, size_t *n, struct err *) must_check;
/* An error where this process is in the cgroup itself; otherwise the number of processes there. */
int hierarchy_refuse_self(const struct hierarchy *, struct err *) must_check;
/* Sends the signal to all of them by pidfd; a pid that has left the cgroup meanwhile is not hit. The number of
 * processes. */
int hierarchy_signal(const struct hierarchy *, int sig, struct err *) must_check;
/* The first hierarchy where the container's processes can be found: v1's freezer, as it holds them still, where there
 * is one. */
struct hierarchy *hierarchy_main(const struct cgroup *);

/* Sleeps *us microseconds and doubles it up to 10 ms; false once `deadline_ms` of clock_ms has passed. */
bool wait_a_moment(unsigned *us, long long deadline_ms);
long long clock_ms(void);
#define WAIT_FIRST_US 200
#define WAIT_LIMIT_MS 10000

#endif
