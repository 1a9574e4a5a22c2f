/* overlay(5) as the container's root: Linux's Documentation/filesystems/overlayfs.rst.
 *
 * The overlay is part of the bundle: root.path is a directory of ours, and the first two mounts of config.json stand at
 * "/", a tmpfs that holds the upper layer and the overlay itself. So both are made inside the container's mount
 * namespace and vanish with it: a hind that is killed leaves no mount on the host, and a container that wrote a
 * gigabyte leaves nothing to remove.
 *
 * A tmpfs, and not a directory below --root: it takes the trusted.* attributes that an overlay keeps, wherever --root
 * is (on an overlay, as inside another container, upper layers are refused); on a disk, mounting would write and
 * unmounting would wait for it; and its pages count against the container's own memory limit, where a directory in /run
 * would fill the host's. What must be large or last is a volume's job.
 *
 * Upper and work directory are made in the tmpfs when the overlay is mounted (src/linux/mount_overlay.c). */
#include "image/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "sys/capable.h"

/* File systems that compare names in their own way, or look them up anew each time: the kernel takes none as a lower
 * layer. Numbers as in linux/magic.h and the file systems' own headers. */
static const struct {
	unsigned type;
	const char *name;
} no_lower[] = {
	{ 0x4d44, "vfat" },
	{ 0x2011bab0, "exfat" },
	{ 0x7366746e, "ntfs3" },
	{ 0xff534d42, "cifs" },
	{ 0xfe534d42, "smb3" },
	{ 0x0187, "autofs" },
};

int overlay_check(const struct image *image, struct err *e)
{
	cleanup_fd int fs_fd = -1;
	struct statfs fs;

	fs_fd = syscall(SYS_fsopen, "overlay", 1 /* FSOPEN_CLOEXEC */);
	if (fs_fd < 0 && errno == ENODEV)
		return err_set(e, "this kernel has no overlay file system to catch what is written: load the module "
				  "\"overlay\", or give --no-overlay to write into the image");
	/* Without privileges it will be made in a user namespace, and only there the question can be asked. */
	if (fs_fd < 0 && (errno != EPERM || capable(CAP_SYS_ADMIN)))
		return err_sys(e, "fsopen overlay");
	if (fstatfs(image->root_fd, &fs))
		return err_sys(e, "fstatfs %s", image->path);
	for (size_t i = 0; i < ARRAY_LEN(no_lower); i++)
		if ((unsigned)fs.f_type == no_lower[i].type)
			return err_set(e,
				"it is on %s, which cannot lie below an overlay: copy it to another file system, or "
				"give --no-overlay to write into it",
				no_lower[i].name);
	return 0;
}

/* ":" parts lower directories, "\" escapes, and kernels before 6.5 part options at ",": such a path is bound to a plain
 * name first. */
static bool needs_plain_name(const char *path)
{
	return strpbrk(path, ":,\\") != NULL;
}

void overlay_config(
	const struct image *image, const char *state_dir, struct mount_list *list, struct oci_config *config)
{
	char *rootfs = arena_printf(list->arena, "%s/rootfs", state_dir);
	const char *lower = image->path;

	config->root->path = rootfs;
	mount_list_add(list, "/", "tmpfs", "tmpfs", MOUNT_OPTIONS("mode=0700"));
	if (needs_plain_name(lower)) {
		mount_list_add(list, "/lower", "bind", lower, MOUNT_OPTIONS("bind", "ro", "rprivate"));
		lower = arena_printf(list->arena, "%s/lower", rootfs);
	}
	mount_list_add(list, "/", "overlay", "overlay",
		MOUNT_OPTIONS(arena_printf(list->arena, "lowerdir=%s", lower),
			arena_printf(list->arena, "upperdir=%s/upper", rootfs),
			arena_printf(list->arena, "workdir=%s/work", rootfs)));
}

int overlay_prepare(int state_dir_fd, struct err *e)
{
	if (mkdirat(state_dir_fd, "rootfs", 0700) && errno != EEXIST)
		return err_sys(e, "mkdir rootfs in the container's directory");
	return 0;
}
