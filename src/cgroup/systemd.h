/* Containers in scope units of systemd: systemd.c speaks to it, the other files turn config.json into its words. */
#ifndef HIND_SYSTEMD_H
#define HIND_SYSTEMD_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/problem.h"
#include "base/str.h"
#include "oci.h"

struct dbus;

struct systemd {
	const char *unit, *slice;        /* "libpod-ID.scope", "machine.slice" */
	bool user;                       /* the user's own manager, not the one that is pid 1 */
	const char *path;                /* of the unit's cgroup, where ours may be below */
	const struct oci_config *config; /* what it is made of; NULL for a container that is there already */
	struct dbus *bus;                /* NULL until it is needed */
};

/* ---- scope.c: linux.cgroupsPath in the form slice:prefix:name ---- */
int scope_name(const char *cgroups_path, const char *id, struct arena *, struct systemd *, struct err *) must_check;
/* The cgroup of a unit of that slice below the manager's own: "/a.slice/a-b.slice/UNIT". */
char *scope_path(const struct systemd *, struct arena *);

/* ---- subgroup.c: the annotations that ask for cgroups below the unit's own ---- */
/* The path from the unit's cgroup to the container's: "" or "/SUBGROUP". */
char *subgroup_path(const struct oci_config *, struct arena *);
/* Makes what is below the unit's cgroup, whose processes are init alone, and moves that down. */
struct cgroup;
int subgroup_make(struct cgroup *, pid_t init, struct err *) must_check;

/* ---- property.c: linux.resources as properties, each an element of "a(sv)" ---- */
/* dir: the cgroup, where it has these limits already; NULL where it is being made. */
void property_resources(struct text *, const struct oci_resources *, bool user, const char *dir);
void property_bool(struct text *, const char *name, bool);
void property_string(struct text *, const char *name, const char *);
void property_u64(struct text *, const char *name, uint64_t);

/* ---- annotation.c: org.systemd.property.NAME: text as gvariant-text has it ---- */
#define PROPERTY_ANNOTATION "org.systemd.property."
/* They are valid. */
void property_annotations(struct text *, const struct oci_config *);

#endif
