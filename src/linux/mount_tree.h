/* What the files that mount share: one entry of mounts[], and how a detached mount is made of it. */
#ifndef HIND_MOUNT_TREE_H
#define HIND_MOUNT_TREE_H
#include <stdbool.h>

#include "base/err.h"
#include "linux/mount_flag.h"
#include "oci.h"
#include "step/init.h"

struct mount_entry {
	struct init *init;
	const struct oci_mount *config;
	struct mount_options options;
	const char *type;    /* never NULL: "bind" for every bind mount */
	bool readonly_later; /* "ro" of a mount that is still to be filled: init_rootfs_seal sets it */
};

/* O_PATH of the source of a bind mount: a path of the host. */
int mount_source_open(const struct mount_entry *, struct err *) must_check;
/* The detached mount, every attribute set. source_fd: as above, for bind mounts. target_fd: what it will lie over, with
 * target_made where that was made for it. */
int mount_tree_make(
	const struct mount_entry *, int source_fd, int target_fd, bool target_made, struct err *) must_check;
/* Attributes of every kind that the options ask for, on a detached mount that has none of them yet. */
int mount_tree_attributes(const struct mount_entry *, int tree_fd, struct err *) must_check;
/* A new file system with the entry's options; kind: its type, where that is not the entry's own. */
int mount_tree_new(const struct mount_entry *, const char *type, const char *const *data, size_t n, uint64_t attr,
	struct err *) must_check;
/* One word of a file system's own options, "key=value" or "key". */
int mount_tree_configure(int fs_fd, const char *word, struct err *) must_check;

/* mount_cgroup.c: type "cgroup" and "cgroup2" */
int mount_cgroup(struct mount_entry *, int target_fd, struct err *) must_check;
/* mount_overlay.c: makes the upperdir and workdir of type "overlay" that belong below the root */
int mount_overlay_dirs(const struct mount_entry *, struct err *) must_check;
/* mount_copy_up.c: what is below from_fd, into the empty directory to_fd; nothing is followed out of either. */
int mount_copy_up(int from_fd, int to_fd, struct err *) must_check;

#endif
