/* The host's own devices (rule S4). What the container finds in its /dev may have been put there by somebody; what
 * covers a masked file, and what a user namespace gets instead of a node that it may not make, is the host's: opened
 * before the pivot in our copy of the host's mounts, and verified by the type and number of the very file that is then
 * bound (CVE-2025-31133). null(4), admin-guide/devices.txt. */
#include "linux/host_device.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "sys/mountfd.h"

/* By sysfs, whose directory of the number says "DEVNAME=null". Lets *fd be where that was found. */
static void open_elsewhere(mode_t type, dev_t number, int *fd)
{
	char path[64];
	cleanup_free char *text = NULL, *name = NULL;
	struct err ignored;
	size_t len;

	snprintf(path, sizeof path, "/sys/dev/%s/%u:%u/uevent", type == S_IFBLK ? "block" : "char", major(number),
		minor(number));
	if (file_read(AT_FDCWD, path, 4096, &text, &len, &ignored) < 0)
		return;
	const char *found = strstr(text, "DEVNAME=");
	if (!found)
		return;
	found += strlen("DEVNAME=");
	name = mem_printf("/dev/%.*s", (int)strcspn(found, "\n"), found);
	int other_fd = open(name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (other_fd >= 0) {
		fd_close(fd);
		*fd = other_fd;
	}
}

static bool is_device(int fd, mode_t type, dev_t number)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type && st.st_rdev == number;
}

int host_device_copy(const char *path, mode_t type, dev_t number, struct err *e)
{
	cleanup_fd int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC), tree_fd = -1;

	if (fd < 0)
		err_sys(e, "open the host's %s", path);
	if (!is_device(fd, type, number))
		open_elsewhere(type, number, &fd);
	if (fd < 0)
		return -1;
	if (!is_device(fd, type, number))
		return err_set(e, "the host's %s is not the %s device %u:%u", path,
			type == S_IFBLK ? "block" : "character", major(number), minor(number));
	tree_fd = mountfd_clone(fd, false, e);
	if (tree_fd < 0 || mountfd_setattr(tree_fd, false, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0, MS_PRIVATE, e))
		return err_wrap(e, "copy the host's %s", path);
	return take_fd(&tree_fd);
}
