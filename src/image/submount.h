/* What is mounted on the host below a directory. An overlay shows its lower directory's own file system and nothing
 * that is mounted below it, so `hind run` mounts these anew. */
#ifndef HIND_SUBMOUNT_H
#define HIND_SUBMOUNT_H
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"
#include "image/mount_list.h"

/* From the text of /proc/self/mountinfo: the mount points strictly below `directory`, but for those at or below one of
 * `except` (NULL-terminated, may be NULL), each once, sorted, and none that is below another of them, for a recursive
 * bind brings these along. */
char **submount_parse(
	const char *mountinfo, const char *directory, const char *const *except, struct arena *, size_t *n);

/* Adds a recursive bind of each of them at its place below `directory`. option: "rro" or "rw". A mount point that
 * cannot be looked at (a FUSE file system of another user) is left out with a warning. Returns how many it added, or
 * -1. */
int submount_add(const char *directory, const char *const *except, const char *option, struct mount_list *,
	struct err *e) must_check;

/* 1: something is mounted below the directory. */
int submount_any(const char *directory, struct arena *, struct err *) must_check;

#endif
