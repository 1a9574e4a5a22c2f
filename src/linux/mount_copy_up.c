/* The mount option tmpcopyup: a new tmpfs begins with what the directory below it holds.
 *
 * What is copied is the image's, so nothing in it is followed, and only files of its own file system are read. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "linux/mount_tree.h"

#define NAMES_MAX 65536 /* XATTR_LIST_MAX, as well as XATTR_SIZE_MAX */

/* Capabilities of programs, labels, ACLs. What a tmpfs does not know stays behind. */
static int copy_xattrs(int from_fd, int to_fd, struct err *e)
{
	ssize_t len = flistxattr(from_fd, NULL, 0);
	cleanup_free char *names = NULL, *value = NULL;

	if (len <= 0)
		return 0;
	names = mem_alloc(NAMES_MAX);
	value = mem_alloc(NAMES_MAX);
	len = flistxattr(from_fd, names, NAMES_MAX);
	for (char *name = names; len > 0 && name < names + len; name += strlen(name) + 1) {
		ssize_t size = fgetxattr(from_fd, name, value, NAMES_MAX);

		if (size < 0 || fsetxattr(to_fd, name, value, size, 0) == 0)
			continue;
		if (errno != EOPNOTSUPP && errno != EPERM && errno != EINVAL)
			return err_sys(e, "set %s", name);
	}
	return 0;
}

/* Owners that the user namespace does not know cannot be set; those files stay root's. */
static int copy_owner(int to_fd, const struct stat *st, struct err *e)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };

	if (fchown(to_fd, st->st_uid, st->st_gid) < 0 && errno != EINVAL && errno != EPERM)
		return err_sys(e, "chown");
	if (fchmod(to_fd, st->st_mode & 07777) < 0)
		return err_sys(e, "chmod");
	return futimens(to_fd, times) < 0 ? err_sys(e, "utimensat") : 0;
}

static int copy_bytes(int from_fd, int to_fd, struct err *e)
{
	for (;;) {
		ssize_t n = sendfile(to_fd, from_fd, NULL, 1 << 30);

		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return err_sys(e, "copy");
	}
}

static int copy_file(int from_dir, int to_dir, const char *name, struct err *e)
{
	/* O_NONBLOCK: should it have become a FIFO meanwhile. */
	cleanup_fd int from_fd = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), to_fd = -1;
	struct stat st;

	if (from_fd < 0 || fstat(from_fd, &st) < 0)
		return err_sys(e, "open");
	if (!S_ISREG(st.st_mode))
		return err_set(e, "it is no file any more");
	to_fd = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to_fd < 0)
		return err_sys(e, "create");
	if (copy_bytes(from_fd, to_fd, e) || copy_xattrs(from_fd, to_fd, e))
		return -1;
	return copy_owner(to_fd, &st, e);
}

static int copy_link(int from_dir, int to_dir, const char *name, const struct stat *st, struct err *e)
{
	char target[PATH_MAX];
	ssize_t len = readlinkat(from_dir, name, target, sizeof target - 1);

	if (len < 0)
		return err_sys(e, "readlink");
	target[len] = 0;
	if (symlinkat(target, to_dir, name) < 0)
		return err_sys(e, "symlink");
	if (fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 && errno != EINVAL &&
		errno != EPERM)
		return err_sys(e, "chown");
	return 0;
}

static int copy_special(int to_dir, const char *name, const struct stat *st, struct err *e)
{
	if (mknodat(to_dir, name, st->st_mode, st->st_rdev) == 0) {
		if (fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 && errno != EINVAL &&
			errno != EPERM)
			return err_sys(e, "chown");
		return 0;
	}
	if (errno != EPERM)
		return err_sys(e, "mknod");
	log_info("mount", "tmpcopyup: %s is a device, which a user namespace cannot make", name);
	return 0;
}

static int copy_directory(int from_dir, int to_dir, const char *name, dev_t dev, struct err *e)
{
	cleanup_fd int from_fd = openat(from_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), to_fd = -1;
	struct stat st;

	if (from_fd < 0 || fstat(from_fd, &st) < 0)
		return err_sys(e, "open");
	if (mkdirat(to_dir, name, 0700) < 0)
		return err_sys(e, "mkdir");
	to_fd = openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to_fd < 0)
		return err_sys(e, "open the copy");
	if (st.st_dev == dev && mount_copy_up(from_fd, to_fd, e))
		return -1;
	return copy_xattrs(from_fd, to_fd, e) || copy_owner(to_fd, &st, e) ? -1 : 0;
}

static int copy_entry(int from_dir, int to_dir, const char *name, dev_t dev, struct err *e)
{
	struct stat st;

	if (fstatat(from_dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "stat");
	switch (st.st_mode & S_IFMT) {
	case S_IFDIR:
		return copy_directory(from_dir, to_dir, name, dev, e);
	case S_IFREG:
		return copy_file(from_dir, to_dir, name, e);
	case S_IFLNK:
		return copy_link(from_dir, to_dir, name, &st, e);
	default:
		return copy_special(to_dir, name, &st, e);
	}
}

int mount_copy_up(int from_fd, int to_fd, struct err *e)
{
	cleanup_fd int list_fd = openat(from_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry;
	struct stat st;
	int status = 0;
	DIR *dir;

	if (list_fd < 0 || fstat(list_fd, &st) < 0)
		return err_sys(e, "tmpcopyup: open");
	dir = fdopendir(list_fd);
	if (!dir)
		return err_sys(e, "tmpcopyup: list");
	(void)take_fd(&list_fd);
	while (status == 0 && (errno = 0, entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		status = copy_entry(from_fd, to_fd, entry->d_name, st.st_dev, e);
		if (status)
			err_wrap(e, "%s", entry->d_name);
	}
	if (status == 0 && errno)
		status = err_sys(e, "tmpcopyup: list");
	closedir(dir);
	return status;
}
