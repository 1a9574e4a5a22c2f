#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"

int file_read(int dir_fd, const char *path, size_t max, char **text, size_t *len, struct err *e)
{
	cleanup_fd int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "open %s", path);
	if (fd_read_all(fd, max, text, len, e))
		return err_wrap(e, "%s", path);
	return 0;
}

int file_write(int dir_fd, const char *path, const char *text, struct err *e)
{
	cleanup_fd int fd = openat(dir_fd, path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "open %s", path);
	if (write(fd, text, strlen(text)) < 0)
		return err_sys(e, "write \"%s\" to %s", text, path);
	return 0;
}

int file_replace(int dir_fd, const char *path, const void *data, size_t len, mode_t mode, struct err *e)
{
	cleanup_free char *fresh = mem_printf("%s.%d", path, (int)getpid());
	cleanup_fd int fd = openat(dir_fd, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);

	if (fd < 0)
		return err_sys(e, "create %s", fresh);
	if (fd_write_all(fd, data, len, e)) {
		unlinkat(dir_fd, fresh, 0);
		return err_wrap(e, "%s", fresh);
	}
	if (renameat(dir_fd, fresh, dir_fd, path) < 0) {
		err_sys(e, "rename %s to %s", fresh, path);
		unlinkat(dir_fd, fresh, 0);
		return -1;
	}
	return 0;
}

int file_mkdirs(const char *path, mode_t mode, struct err *e)
{
	cleanup_free char *copy = mem_strdup(path);

	if (mkdir(path, mode) == 0 || errno == EEXIST)
		return 0;
	if (errno != ENOENT)
		return err_sys(e, "mkdir %s", path);
	for (char *p = copy + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		if (mkdir(copy, mode) < 0 && errno != EEXIST)
			return err_sys(e, "mkdir %s", copy);
		*p = '/';
	}
	if (mkdir(copy, mode) < 0 && errno != EEXIST)
		return err_sys(e, "mkdir %s", copy);
	return 0;
}

static int remove_entries(int fd, dev_t dev, struct err *e)
{
	DIR *dir = fdopendir(fd); /* takes the fd, even when it fails below */
	struct dirent *entry;
	int status = 0;

	if (!dir) {
		close(fd);
		return err_sys(e, "fdopendir");
	}
	while (status == 0 && (entry = readdir(dir))) {
		struct stat st;
		int sub_fd;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(dir), entry->d_name, 0) == 0 || errno == ENOENT)
			continue;
		if (errno != EISDIR && errno != EPERM) {
			status = err_sys(e, "remove %s", entry->d_name);
			break;
		}
		sub_fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (sub_fd < 0) {
			status = errno == ENOENT ? 0 : err_sys(e, "open %s", entry->d_name);
			continue;
		}
		if (fstat(sub_fd, &st) < 0 || st.st_dev != dev) {
			close(sub_fd);
			status =
				err_set(e, "%s is another file system, which is left alone: unmount it", entry->d_name);
			break;
		}
		status = remove_entries(sub_fd, dev, e);
		if (status == 0 && unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR) < 0 && errno != ENOENT)
			status = err_sys(e, "remove %s", entry->d_name);
	}
	closedir(dir);
	return status;
}

int file_remove_tree(int dir_fd, const char *name, struct err *e)
{
	struct stat st;
	int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_sys(e, "open %s", name);
	if (fstat(fd, &st) < 0) {
		close(fd);
		return err_sys(e, "stat %s", name);
	}
	if (remove_entries(fd, st.st_dev, e))
		return err_wrap(e, "%s", name);
	if (unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys(e, "remove %s", name);
	return 0;
}
