/* The host's own devices (rule S4). What the container finds in its /dev may have been put there by somebody; what covers a
 * masked file, and what a user namespace gets instead of a node that it may not make, is the host's, verified by type and number
 * (CVE-2025-31133). null(4), devices.txt of the kernel.
 *
 * Opened twice: on the host side, before anything of the container is there, and by the child from its own copy of the mounts,
 * as only what is mounted there can be bound. Both must be the same file. */
#include "linux/host_device.h"

#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "linux/linux.h"
#include "step/launch.h"
#include "step/ns.h"
#include "sys/mountfd.h"

static const struct {
	const char *path;
	unsigned major, minor;
} devices[KIT_DEVICES] = {
	[DEV_NULL] = { "/dev/null", 1, 3 },
	[DEV_ZERO] = { "/dev/zero", 1, 5 },
	[DEV_FULL] = { "/dev/full", 1, 7 },
	[DEV_RANDOM] = { "/dev/random", 1, 8 },
	[DEV_URANDOM] = { "/dev/urandom", 1, 9 },
	[DEV_TTY] = { "/dev/tty", 5, 0 },
};

static int open_verified(const char *path, mode_t type, dev_t number, struct stat *st, struct err *e)
{
	cleanup_fd int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fstat(fd, st) < 0)
		return err_sys(e, "open the host's %s", path);
	if ((st->st_mode & S_IFMT) != type || st->st_rdev != number)
		return err_set(e, "the host's %s is not the device %u:%u", path, major(number), minor(number));
	return take_fd(&fd);
}

static bool needs_all(const struct oci_config *config)
{
	return ns_find(config, NS_USER);
}

static bool wanted(const struct oci_config *config)
{
	return needs_all(config) || (config->linux && config->linux->n_masked_paths);
}

static int open_devices(struct launch *l, struct err *e)
{
	for (int i = 0; i < (needs_all(l->config) ? KIT_DEVICES : DEV_NULL + 1); i++) {
		struct stat st;

		l->kit.device_fd[i] =
			open_verified(devices[i].path, S_IFCHR, makedev(devices[i].major, devices[i].minor), &st, e);
		if (l->kit.device_fd[i] < 0)
			return -1;
	}
	return 0;
}

static void close_devices(struct launch *l)
{
	for (int i = 0; i < KIT_DEVICES; i++)
		fd_close(&l->kit.device_fd[i]);
}

/* In a mount namespace that was joined, other files than the host's are found; type and number still hold. */
static int check_same(const struct init *init, const char *path, const struct stat *st, struct err *e)
{
	struct stat known;

	for (int i = 0; i < KIT_DEVICES && init->new_ns[NS_MOUNT]; i++) {
		int fd = init->kit->device_fd[i];

		if (strcmp(devices[i].path, path) != 0 || fd < 0)
			continue;
		if (fstat(fd, &known) < 0)
			return err_sys(e, "fstat");
		if (known.st_dev != st->st_dev || known.st_ino != st->st_ino)
			return err_set(e, "%s is not the host's", path);
	}
	return 0;
}

int host_device_copy(const struct init *init, const char *path, mode_t type, dev_t number, struct err *e)
{
	struct stat st;
	cleanup_fd int fd = open_verified(path, type, number, &st, e), tree_fd = -1;

	if (fd < 0 || check_same(init, path, &st, e))
		return -1;
	tree_fd = mountfd_clone(fd, false, e);
	if (tree_fd < 0 || mountfd_setattr(tree_fd, false, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0, MS_PRIVATE, e))
		return err_wrap(e, "copy the host's %s", path);
	return take_fd(&tree_fd);
}

const struct host_step host_device_open = { "device", wanted, open_devices, close_devices };
