/* The id maps of a user namespace, and who may write which: shared by what makes user namespaces. */
#ifndef HIND_ID_MAP_H
#define HIND_ID_MAP_H
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/problem.h"
#include "oci.h"

/* Both kinds of id are handled alike; this is all that differs. */
struct id_map {
	char path[64];            /* in config.json: "linux.uidMappings" */
	const char *file;         /* below /proc/PID */
	const char *program;      /* may map more than one's own id */
	const char *ranges;       /* where that program finds what it may map */
	int capability;           /* who has it needs no program */
	struct oci_id_mapping *v; /* belongs to whoever filled it */
	size_t n;
};
/* maps[0] is for the groups, maps[1] for the users: the kernel wants them written in this order. parent: "linux" or
 * "mounts[3]". */
void id_maps_init(struct id_map maps[2], const char *parent, struct oci_id_mapping *uids, size_t n_uids,
	struct oci_id_mapping *gids, size_t n_gids);
/* What the kernel would refuse with EINVAL: empty, too large or overlapping extents, and too many. */
void id_map_validate(const struct id_map *, struct problems *);
/* Writes both for the process `pid`, the first of its user namespace: by oneself where the capability or the kernel's
 * rule for one's own id allows it, else by newuidmap(1) and newgidmap(1). proc_fd: a procfs of our own. */
int id_maps_write(int proc_fd, pid_t pid, const struct id_map maps[2], struct err *) must_check;

/* id_range.c: subuid(5) */
/* In the host's /etc/passwd, whose first entry counts, as for getpwuid(3). NULL: none. The caller frees it. */
char *user_name(uid_t) must_check;
struct id_range {
	uint32_t first, count;
};
/* The ranges that a file such as /etc/subuid gives to the user, in its order, in memory of the arena; none where it
 * does not exist. */
int id_ranges_read(const char *file, uid_t uid, struct arena *, struct id_range **, size_t *n, struct err *) must_check;

#endif
