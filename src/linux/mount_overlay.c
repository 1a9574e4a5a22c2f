/* Type overlay: upperdir and workdir that are to lie below the container's root are made where they are missing.
 *
 * The two stand on a mount of the same list, as a tmpfs that catches what the container writes, so nobody can make them
 * beforehand. They are named by paths of the host, as the kernel looks them up, and made below the handle of the root
 * (rule S1); directories anywhere else have to be there. The root of an overlay has the owner and mode of its upper
 * directory, so that one is made like the lowest. Linux's Documentation/filesystems/overlayfs.rst. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "linux/mount_tree.h"
#include "sys/mountfd.h"

static const char *value_of(const struct mount_entry *m, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < m->options.n_data; i++)
		if (str_starts(m->options.data[i], key) && m->options.data[i][len] == '=')
			return m->options.data[i] + len + 1;
	return NULL;
}

/* The path below the root, or NULL where it is not there. */
static const char *below_root(const struct mount_entry *m, const char *path)
{
	size_t len = strlen(m->init->rootfs);

	return path && str_starts(path, m->init->rootfs) && path[len] == '/' ? path + len : NULL;
}

static int make_like(const struct mount_entry *m, const char *path, const struct stat *like, struct err *e)
{
	cleanup_fd int handle = path_open_in(m->init->rootfs_fd, path, O_PATH, e), fd = -1;

	if (handle >= 0 || e->code != ENOENT)
		return handle < 0 ? -1 : 0;
	handle = path_make_dirs(m->init->rootfs_fd, path, 0700, e);
	if (handle < 0 || !like)
		return handle < 0 ? -1 : 0;
	fd = openat(handle, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open");
	/* In a user namespace without that id, the directory is root's. */
	if ((like->st_uid || like->st_gid) && fchown(fd, like->st_uid, like->st_gid) && errno != EINVAL)
		return err_sys(e, "chown");
	return fchmod(fd, like->st_mode & 07777) ? err_sys(e, "chmod") : 0;
}

int mount_overlay_dirs(const struct mount_entry *m, struct err *e)
{
	const char *upper = below_root(m, value_of(m, "upperdir")), *work = below_root(m, value_of(m, "workdir"));
	const char *lower = value_of(m, "lowerdir");
	struct stat st;

	if (work && make_like(m, work, NULL, e))
		return err_wrap(e, "workdir");
	if (!upper)
		return 0;
	/* Several lower directories, or one with escapes in its name: then the upper one is made for root alone. */
	if (lower && !strpbrk(lower, ":\\")) {
		cleanup_fd int fd = mountfd_open(AT_FDCWD, lower, true, e);

		if (fd < 0)
			return err_wrap(e, "lowerdir");
		if (fstat(fd, &st))
			return err_sys(e, "lowerdir: fstat");
	}
	return make_like(m, upper, lower && !strpbrk(lower, ":\\") ? &st : NULL, e) ? err_wrap(e, "upperdir") : 0;
}
