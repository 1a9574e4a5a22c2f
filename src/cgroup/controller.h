/* The controllers: each file of one holds the table that says which member of linux.resources goes to which control
 * file. */
#ifndef HIND_CONTROLLER_H
#define HIND_CONTROLLER_H
#include "cgroup/hierarchy.h"

#define LIMIT_TEXT 64

struct limit {
	const char *member;  /* below linux.resources: "pids.limit" */
	const char *v1, *v2; /* control files; NULL: that version has no such thing */
	/* The text to write (in buf, or a string of resources), or NULL where resources do not ask for it. */
	const char *(*value)(const struct oci_resources *, bool v2, char buf[LIMIT_TEXT]);
	/* What to do about a refused write; NULL, or NULL returned: nothing beyond the errno is known. */
	const char *(*advice)(int errnum);
};

struct controller {
	const char *v1, *v2;        /* the kernel's names; NULL: that version has none */
	bool v2_core;               /* pure v2 has an answer without a controller (devices by eBPF, freezer) */
	bool v2_files;              /* it writes v2's own files, in the cgroup2 beside v1, too */
	const struct limit *limits; /* ends with a NULL member */
	/* NULL: the members of the table decide. The member that asks for this controller, or NULL. */
	const char *(*asked)(const struct oci_resources *);
	/* What schema and table cannot say. update: what resources do not name stays as it is. May be NULL. */
	void (*validate)(const struct oci_resources *, bool update, struct problems *);
	/* NULL: limits_apply does it. */
	int (*apply)(struct hierarchy *, const struct controller *, const struct oci_resources *, struct err *);
};

enum {
	CONTROLLER_CPUSET,
	CONTROLLER_CPU,
	CONTROLLER_MEMORY,
	CONTROLLER_PIDS,
	CONTROLLER_FREEZER,
	CONTROLLER_IO,
	CONTROLLER_HUGETLB,
	CONTROLLER_NET_CLS,
	CONTROLLER_NET_PRIO,
	CONTROLLER_RDMA,
	CONTROLLER_MISC,
	CONTROLLER_UNIFIED,
	CONTROLLER_DEVICES,
	CONTROLLERS
};
extern const struct controller controller_cpuset, controller_cpu, controller_memory, controller_pids,
	controller_devices, controller_freezer, controller_io, controller_hugetlb, controller_net_cls,
	controller_net_prio, controller_rdma, controller_misc, controller_unified;
extern const struct controller *const controllers[CONTROLLERS];

/* Index of the controller with v1's name (len bytes), or -1. */
int controller_index(const char *name, size_t len);
/* The first member of resources that asks for the controller, or NULL. */
const char *controller_asked(const struct controller *, const struct oci_resources *);
/* Bits of all controllers that resources ask for. */
unsigned controllers_asked(const struct oci_resources *);
/* Writes what the table says. Some limits bound each other (memory and memory+swap, period and quota), so the right
 * order depends on what is set already: a refused write is tried again after the others, as long as one of them
 * succeeds. */
int limits_apply(struct hierarchy *, const struct controller *, const struct oci_resources *, struct err *) must_check;
/* One write, logged; the message names member, text, file, and advice. On v2 a controller that is not enabled yet is. */
int limit_write(struct hierarchy *, const struct controller *, const struct limit *, const char *file, const char *text,
	struct err *) must_check;

/* journal.c. The text that sets back what writing `text` to the file would overwrite, or NULL where that cannot be told;
 * the caller frees it, or gives it to journal_push, which takes it, once the write is done. */
char *journal_old(const struct hierarchy *, const char *file, const char *text);
void journal_push(const struct hierarchy *, const char *file, char *text);
struct journal *journal_new(void);
void journal_free(struct journal *);
/* Writes everything back, the latest first; warns of what cannot be. */
void journal_undo(const struct journal *);

/* fs_v2.c: passes all controllers of `dir` down to its children, as far as it goes. */
void fs_v2_pass_down(const char *dir);
/* fs_v2.c: makes `name` available in the hierarchy's cgroup by the cgroup.subtree_control files above it. */
int fs_v2_enable(struct hierarchy *, const char *name, struct err *) must_check;
/* cpuset.c, v1: gives the cgroup and the directories above it their parent's cpus and mems where they have none, as
 * nothing can join before. */
int cpuset_copy_down(const struct hierarchy *, struct err *) must_check;
/* The same where it is empty. */
int cpuset_fill(const struct hierarchy *, struct err *) must_check;
/* The same for one directory whose parent is in order; the directories made below it later copy it by themselves. */
int cpuset_prepare_parent(struct hierarchy *, const char *dir, struct err *) must_check;
/* freezer.c, v1 */
int freezer_v1(const struct hierarchy *, bool frozen, int limit_ms, struct err *) must_check;
/* subgroup.c: the annotations that ask for cgroups below the container's own. */
extern const char *const subgroup_annotations[];
void subgroup_validate(const struct oci_config *, struct problems *);
void subgroup_ignored(const struct oci_config *, const char *manager); /* warns where there is one */
/* cpu.c: the cgroups project's map of 2..262144 shares to 1..10000. */
unsigned cpu_weight(uint64_t shares);
/* io.c: 10..1000 to 1..10000, so that the ends meet. */
unsigned io_weight(unsigned weight);

#endif
