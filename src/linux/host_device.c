/* The host's own devices (rule S4). What the container finds in its /dev may have been put there by somebody; what
 * covers a masked file, and what a user namespace gets instead of a node that it may not make, is the host's: opened
 * before the pivot in our copy of the host's mounts, and verified by the type and number of the very file that is then
 * bound (CVE-2025-31133). null(4), admin-guide/devices.txt. */
#include "linux/host_device.h"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "sys/mountfd.h"

int host_device_copy(const char *path, mode_t type, dev_t number, struct err *e)
{
	cleanup_fd int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC), tree_fd = -1;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open the host's %s", path);
	if ((st.st_mode & S_IFMT) != type || st.st_rdev != number)
		return err_set(e, "the host's %s is not the %s device %u:%u", path,
			type == S_IFBLK ? "block" : "character", major(number), minor(number));
	tree_fd = mountfd_clone(fd, false, e);
	if (tree_fd < 0 || mountfd_setattr(tree_fd, false, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0, MS_PRIVATE, e))
		return err_wrap(e, "copy the host's %s", path);
	return take_fd(&tree_fd);
}
