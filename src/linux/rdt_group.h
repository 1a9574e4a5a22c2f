/* Groups of the resctrl file system, below a handle of its root: what rdt.c does them with, and the tests. */
#ifndef HIND_RDT_GROUP_H
#define HIND_RDT_GROUP_H
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "oci.h"

/* Where resctrl is mounted, by the text of a mountinfo file: the caller frees it. NULL where it is not. */
char *rdt_mount_find(const char *mountinfo) must_check;
/* Which group, whether it is ours to make, whether it is to have a monitoring group. Nothing is made. */
int rdt_group_choose(
	int root_fd, const struct oci_intel_rdt *, const char *id, struct oci_hind_rdt *, struct err *) must_check;
/* One that is ours to make says from then on for which container it was made. */
int rdt_group_make(int root_fd, const struct oci_hind_rdt *, const char *id, struct err *) must_check;
/* A group of ours gets the lines; one that was there must have them already. */
int rdt_group_limit(int root_fd, const struct oci_intel_rdt *, const struct oci_hind_rdt *, struct err *) must_check;
int rdt_group_monitor(int root_fd, const struct oci_hind_rdt *, const char *id, struct err *) must_check;
int rdt_group_join(int root_fd, const struct oci_hind_rdt *, const char *id, pid_t, struct err *) must_check;
/* `update`: other lines for a container's group, which has to be its own. */
int rdt_change(const struct oci_hind_rdt *, const struct oci_intel_rdt *, struct err *) must_check;
/* What was made, and nothing else: who had recorded that he would make a group, and was killed before, leaves it to whoever
 * made it then. It is no error where it has gone already. */
int rdt_group_remove(int root_fd, const struct oci_hind_rdt *, const char *id, struct err *) must_check;
/* The same by the record of a container. */
int rdt_forget(const struct oci_hind_rdt *, const char *id, struct err *) must_check;

#endif
