/* A list of mounts in the making: struct oci_mount in an arena, each destination once. */
#ifndef HIND_MOUNT_LIST_H
#define HIND_MOUNT_LIST_H
#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"
#include "oci.h"

struct mount_list {
	struct arena *arena;
	struct oci_mount *v;
	size_t n, size;
};

/* Adds a mount; options ends with NULL and is copied (not its strings). */
void mount_list_add(
	struct mount_list *, const char *destination, const char *type, const char *source, const char *const *options);
#define MOUNT_OPTIONS(...) ((const char *const[]){ __VA_ARGS__, NULL })
/* The same for a mount that exists; the struct is copied. */
void mount_list_append(struct mount_list *, const struct oci_mount *);
/* Takes out every mount at destination, so that a later one replaces it. */
void mount_list_drop(struct mount_list *, const char *destination);

/* An absolute path without "//", "/./", "/../" and a "/" at its end (which "/" alone keeps), by its text alone. */
char *mount_clean_path(struct arena *, const char *path);
/* Is path the directory itself or below it? Both cleaned. */
bool mount_is_below(const char *path, const char *directory);

#endif
