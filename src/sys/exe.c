#include "sys/exe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"

#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

extern char **environ;

/* The path of the own executable as the kernel has it, or -1; size bytes of room. */
static ssize_t exe_path(char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);

	path[n < 0 ? 0 : n] = 0;
	return n;
}

/* A container with a read-only root may be on a read-only overlay, too, whose upper layer somebody else can write to.
 * Ours is attached nowhere, so its path leads to nothing, or to another file. */
static bool is_attached(int fd)
{
	struct stat ours, there;
	char path[4096];

	return fstat(fd, &ours) < 0 || exe_path(path, sizeof path) < 0 ||
	       (stat(path, &there) == 0 && there.st_dev == ours.st_dev && there.st_ino == ours.st_ino);
}

static bool is_protected(int fd)
{
	struct statfs fs;
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals >= 0 && (seals & SEALS) == SEALS)
		return true;
	return fstatfs(fd, &fs) == 0 && fs.f_type == OVERLAYFS_SUPER_MAGIC && fs.f_flags & ST_RDONLY &&
	       !is_attached(fd);
}

static int open_memfd(int exe_fd, struct err *e)
{
	cleanup_fd int fd = syscall(SYS_memfd_create, "hind", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	struct stat st;
	off_t done = 0;

	/* Linux before 6.3 does not know MFD_EXEC. */
	if (fd < 0 && errno == EINVAL)
		fd = syscall(SYS_memfd_create, "hind", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return err_sys(e, "memfd_create");
	if (fstat(exe_fd, &st) < 0)
		return err_sys(e, "fstat of the own executable");
	while (done < st.st_size) {
		ssize_t n = sendfile(fd, exe_fd, &done, st.st_size - done);

		if (n <= 0)
			return err_sys(e, "copy the own executable");
	}
	if (fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		return err_sys(e, "seal the copy of the own executable");
	/* Where the kernel knows it (6.3), the mode is sealed, too. */
	(void)fcntl(fd, F_ADD_SEALS, F_SEAL_EXEC);
	return take_fd(&fd);
}

int exe_protect(const char *empty_dir, char *const *argv, struct err *e)
{
	cleanup_fd int exe_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), fd = -1;
	char path[4096];

	if (exe_fd < 0)
		return err_sys(e, "open /proc/self/exe");
	if (is_protected(exe_fd))
		return 0;
	if (file_mkdirs(empty_dir, 0700, e))
		return err_wrap(e, "--root %s: no place to record containers", empty_dir);
	if (exe_path(path, sizeof path) > 0)
		fd = exe_overlay(path, empty_dir);
	if (fd < 0)
		fd = open_memfd(exe_fd, e);
	if (fd < 0)
		return err_wrap(e, "protect the own executable");
	execveat(fd, "", argv, environ, AT_EMPTY_PATH);
	return err_sys(e, "execveat: execute the protected copy of the own executable");
}
