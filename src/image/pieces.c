/* An image in pieces, for who has no privileges: an overlay of everything that stands in its root directory.
 *
 * A user namespace sees the host's mounts, but may not look below one: where anything is mounted in the image, as on
 * every host's root, the kernel refuses an overlay of the whole (its copy would uncover what lies there). So the root
 * is a tmpfs, and each directory in it that has no mounts below it gets an overlay of its own. One that has some is
 * bound, read-only; one that the caller may not read would be empty anyway, and becomes an empty one that can be
 * written.
 *
 * The upper layers lie in the root's own tmpfs, in /dev, where the container's /dev is mounted over them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "image/overlay.h"
#include "image/submount.h"
#include "sys/capable.h"

/* Those that get a mount of their own in every container; "run" and "tmp" in one of the host's files. */
static const char *const not_copied[] = { "proc", "sys", "dev", "lost+found" };
static const char *const not_copied_of_host[] = { "run", "tmp" };

/* Does anything of the image have mounts below it? */
int pieces_wanted(const struct image *image, struct arena *arena, struct err *e)
{
	return capable(CAP_SYS_ADMIN) ? 0 : submount_any(image->path, arena, e);
}

static bool is_in(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static bool is_copied(const struct image *image, const char *name)
{
	if (is_in(name, not_copied, ARRAY_LEN(not_copied)))
		return false;
	if (image->kind == &image_host && is_in(name, not_copied_of_host, ARRAY_LEN(not_copied_of_host)))
		return false;
	return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static void add_overlay(struct mount_list *list, const char *rootfs, const char *destination, const char *path)
{
	const char *layer = arena_printf(list->arena, "%s/dev/.layers%s", rootfs, destination);

	mount_list_add(list, destination, "overlay", "overlay",
		MOUNT_OPTIONS(arena_printf(list->arena, "lowerdir=%s", path),
			arena_printf(list->arena, "upperdir=%s/upper", layer),
			arena_printf(list->arena, "workdir=%s/work", layer)));
}

static int add_directory(
	struct mount_list *list, const char *rootfs, const char *destination, const char *path, struct err *e)
{
	int below;

	if (faccessat(AT_FDCWD, path, R_OK | X_OK, AT_EACCESS) < 0) {
		mount_list_add(list, destination, "tmpfs", "tmpfs", MOUNT_OPTIONS("mode=0700"));
		return 0;
	}
	below = submount_any(path, list->arena, e);
	if (below < 0)
		return -1;
	if (!below && !strpbrk(path, ":,\\")) {
		add_overlay(list, rootfs, destination, path);
		return 0;
	}
	log_info("image", "read-only path=%s: it has mounts below it", path);
	mount_list_add(list, destination, "bind", path, MOUNT_OPTIONS("rbind", "rro", "rprivate"));
	return 0;
}

static int add_one(
	struct mount_list *list, const struct image *image, const char *rootfs, const char *name, struct err *e)
{
	const char *destination = arena_printf(list->arena, "/%s", name);
	const char *path = arena_printf(list->arena, "%s/%s", image->path[1] ? image->path : "", name);
	struct stat st;

	if (fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (S_ISDIR(st.st_mode))
		return add_directory(list, rootfs, destination, path, e);
	if (S_ISLNK(st.st_mode))
		mount_list_add(list, destination, "bind", path, MOUNT_OPTIONS("bind", "copy-symlink"));
	else if (S_ISREG(st.st_mode) && faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0)
		mount_list_add(list, destination, "bind", path, MOUNT_OPTIONS("bind", "ro", "rprivate"));
	return 0;
}

int pieces_config(const struct image *image, const char *state_dir, struct mount_list *list, struct oci_config *config,
	struct err *e)
{
	char *rootfs = arena_printf(list->arena, "%s/rootfs", state_dir);
	struct dirent **names;
	int n = scandir(image->path, &names, NULL, alphasort), status = 0;

	if (n < 0)
		return err_sys(e, "open %s", image->path);
	config->root->path = rootfs;
	mount_list_add(list, "/", "tmpfs", "tmpfs", MOUNT_OPTIONS("mode=0755"));
	for (int i = 0; i < n; i++) {
		if (status == 0 && is_copied(image, names[i]->d_name))
			status = add_one(list, image, rootfs, names[i]->d_name, e);
		free(names[i]);
	}
	free(names);
	return status;
}
