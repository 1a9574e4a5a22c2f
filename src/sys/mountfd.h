/* The mount system calls that work on handles: fsopen(2), fsmount(2), fspick(2), open_tree(2), move_mount(2),
 * mount_setattr(2). Without policy; every fd is close-on-exec, and an error tells the call and, where the kernel gave
 * them, its own words. */
#ifndef HIND_MOUNTFD_H
#define HIND_MOUNTFD_H
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* linux/mount.h, which glibc's sys/mount.h (before 2.37) does not go together with. Headers older than 5.14 lack these. */
#include <linux/mount.h>
#ifndef MOUNT_ATTR_NODIRATIME
#define MOUNT_ATTR_NODIRATIME 0x00000080
#endif
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif

/* A file system of this type that is not yet configured. */
int mountfd_fsopen(const char *type, struct err *) must_check;
/* The file system of the mount whose root mount_fd is, to be configured anew. */
int mountfd_fspick(int mount_fd, struct err *) must_check;
/* value NULL: a flag. */
int mountfd_config(int fs_fd, const char *key, const char *value, struct err *) must_check;
int mountfd_config_fd(int fs_fd, const char *key, int value_fd, struct err *) must_check;
int mountfd_reconfigure(int fs_fd, struct err *) must_check;
/* Makes the superblock; the mount of it is attached nowhere. attr: MOUNT_ATTR_*. */
int mountfd_create(int fs_fd, uint64_t attr, struct err *) must_check;
/* An O_PATH fd of a path of the host, as mount(2) would find it: automounts happen. follow: a link at the end, too. */
int mountfd_open(int dir_fd, const char *path, bool follow, struct err *) must_check;
/* A detached copy of the mount that fd (O_PATH will do) is on, from fd downwards; recursive: with the mounts below. The
 * kernel refuses a mount of another namespace, and before Linux 6.15 one that is attached nowhere. */
int mountfd_clone(int fd, bool recursive, struct err *) must_check;
/* The same of a path of the host in one call. */
int mountfd_clone_path(const char *path, struct err *) must_check;
/* Attaches a detached mount (or moves an attached one) to the file or directory that target_fd holds. */
int mountfd_attach(int mount_fd, int target_fd, struct err *) must_check;
/* The same to a name in the directory that dir_fd holds, which is not followed if it is a link. */
int mountfd_attach_at(int mount_fd, int dir_fd, const char *name, struct err *) must_check;
/* Takes the mount whose root mount_fd is out of the tree, with all below it; who uses it still has it until then. Changes
 * the working directory to proc_fd, a procfs of our own in which "self" is this process. e->code is EINVAL where mount_fd
 * is not the root of a mount, or the mount is locked. */
int mountfd_detach(int proc_fd, int mount_fd, struct err *) must_check;
/* set and clear: MOUNT_ATTR_*; propagation: MS_SHARED ... or 0. mount_fd must hold the root of a mount. */
int mountfd_setattr(
	int mount_fd, bool recursive, uint64_t set, uint64_t clear, uint64_t propagation, struct err *) must_check;
/* The id of the mount that fd is on, as mountinfo has it. Ids are given anew once their mount is gone. */
int mountfd_id(int fd, uint64_t *id, struct err *) must_check;
/* Maps the ids of a detached mount's files by the maps of the user namespace. Linux 5.12, and a file system that allows
 * it: e->code is EINVAL where it does not. */
int mountfd_idmap(int mount_fd, bool recursive, int userns_fd, struct err *) must_check;

#endif
