/* What the files that mount share: one entry of mounts[], and how a detached mount is made of it. */
#ifndef HIND_MOUNT_TREE_H
#define HIND_MOUNT_TREE_H
#include <stdbool.h>

#include "base/err.h"
#include "base/problem.h"
#include "linux/mount_flag.h"
#include "oci.h"
#include "step/init.h"

struct mount_entry {
	struct init *init;
	size_t index; /* in mounts[] */
	const struct oci_mount *config;
	struct mount_options options;
	const char *type;    /* never NULL: "bind" for every bind mount */
	int *mount_fd;       /* gets the mount that was attached; NULL: nobody asks */
	bool from_host;      /* the host's side has made the copy, as init could not reach the source */
	bool readonly_later; /* "ro" of a mount that is still to be filled: init_rootfs_seal sets it */
};

/* Says in front of the error which entry it was, and what that should have mounted where; returns -1. */
int mount_entry_error(size_t index, const struct oci_mount *, bool bind, struct err *);
/* The path of a source as the host sees it: a relative one is in the bundle. The caller frees it. */
char *mount_source_path(const char *bundle, const char *source);
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
/* The options that are flags of the superblock. */
int mount_tree_superblock(const struct mount_entry *, int fs_fd, struct err *) must_check;
/* One word of a file system's own options, "key=value" or "key". */
int mount_tree_configure(int fs_fd, const char *word, struct err *) must_check;

/* Mounts one entry below the root: what init_mount does with each. mount_fd (may be NULL) gets the mount; it stays as it
 * is where the entry changed one or made a link. */
int mount_apply(struct init *, size_t index, int *mount_fd, struct err *) must_check;

/* mount_idmap.c: uidMappings, gidMappings, "idmap" and "ridmap" */
void mount_idmap_validate(const struct oci_config *, size_t index, const struct mount_options *, struct problems *);
/* The entry's tree as the host's side has made it, or -1. */
int mount_idmap_tree(const struct mount_entry *);
/* Maps the ids of a tree that was made here, where the entry asks for it. */
int mount_idmap_apply(const struct mount_entry *, int tree_fd, struct err *) must_check;
/* mount_reach.c: init cannot reach the source; has the host's side made a copy? Then mount_idmap_tree gives that. */
bool mount_reach(struct mount_entry *);
/* mount_cgroup.c: type "cgroup" and "cgroup2" */
int mount_cgroup(struct mount_entry *, int target_fd, struct err *) must_check;
/* mount_overlay.c: makes the upperdir and workdir of type "overlay" that belong below the root */
int mount_overlay_dirs(const struct mount_entry *, struct err *) must_check;
/* mount_copy_up.c: what is below from_fd, into the empty directory to_fd; nothing is followed out of either. */
int mount_copy_up(int from_fd, int to_fd, struct err *) must_check;

#endif
