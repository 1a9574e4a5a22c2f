/* The private procfs: what hind writes below /proc with, on both sides of the fork (rule S3). fsopen(2), fsmount(2),
 * Linux 5.2.
 *
 * A path below /proc may be mounted over, by the image, by a container that shares the mount, or by whoever prepared
 * the host's /proc: a security label that lands in another file of procfs is silently lost, or worse (CVE-2019-16884,
 * CVE-2025-52881). A procfs that is attached nowhere cannot be mounted over. First of all steps, as nearly all others
 * use it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "linux/linux.h"
#include "linux/procfs.h"
#include "step/init.h"
#include "step/launch.h"
#include "step/ns.h"
#include "sys/mountfd.h"

#define PROC_ROOT_INODE 1 /* PROC_ROOT_INO: the root of a whole procfs, not a directory of one */

static int mount_new(struct err *e)
{
	cleanup_fd int context_fd = syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC);
	int fd;

	if (context_fd < 0)
		return err_sys(e, "fsopen proc");
	if (syscall(SYS_fsconfig, context_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return err_sys(e, "fsconfig: make a procfs");
	fd = syscall(
		SYS_fsmount, context_fd, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	return fd < 0 ? err_sys(e, "fsmount proc") : fd;
}

static int verify(int fd, struct err *e)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "stat /proc");
	if (fs.f_type != PROC_SUPER_MAGIC || st.st_ino != PROC_ROOT_INODE)
		return err_set(e, "/proc is not a procfs, and this process may not mount one of its own");
	return 0;
}

/* Without the right over the pid namespace, the procfs that is there has to do. A copy of its mount alone leaves behind
 * whatever was mounted over files of it; where even the copy is refused (no mount namespace of our own, or mounts in it
 * that are locked together), path_open_proc still refuses to step onto such a mount. */
static int use_existing(struct err *e)
{
	cleanup_fd int fd = syscall(SYS_open_tree, AT_FDCWD, "/proc", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (fd >= 0) {
		struct mount_attr attr = { .propagation = MS_PRIVATE };

		/* A copy of a shared mount would receive later mounts on the original. */
		if (syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &attr, sizeof attr) < 0)
			return err_sys(e, "make the copy of /proc private");
	} else {
		fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return err_sys(e, "open /proc");
	}
	return verify(fd, e) ? -1 : take_fd(&fd);
}

static int open_procfs(struct launch *l, struct err *e)
{
	l->kit.host_proc_fd = mount_new(e);
	if (l->kit.host_proc_fd < 0 && e->code == EPERM) {
		log_debug("procfs", "no procfs of our own: %s", e->msg);
		l->kit.host_proc_fd = use_existing(e);
	}
	return l->kit.host_proc_fd < 0 ? -1 : 0;
}

bool procfs_takes_namespace(int ns_fd)
{
	struct err ignored;
	cleanup_fd int fs_fd = mountfd_fsopen("proc", &ignored);

	return fs_fd >= 0 && mountfd_config_fd(fs_fd, "pidns", ns_fd, &ignored) == 0;
}

/* ---- exec ---- */

/* A mount that is attached nowhere costs a grace period of RCU when it is closed, which is a good part of the whole exec.
 * On the host the one that is there does: what may be mounted over files of it is an error for path_open_proc, and
 * nothing of the container can mount there. */
static int open_hosts(struct launch *l, struct err *e)
{
	cleanup_fd int fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "open /proc");
	if (verify(fd, e))
		return -1;
	l->kit.host_proc_fd = take_fd(&fd);
	return 0;
}

/* The child's own, of the container's pid namespace, so that no handle of the host's is in reach of a process of the
 * container that may trace it. Whatever the container has put at /proc, it is the root of a procfs or not taken. In a
 * user namespace the kernel refuses a new one where the container's is masked, but there nobody may trace: the host's has
 * come along. */
static int open_own(struct init *init, struct err *e)
{
	int fd = use_existing(e);

	if (fd >= 0 && faccessat(fd, "self", F_OK, 0) < 0)
		fd_close(&fd); /* of another pid namespace */
	if (fd < 0 && init->join_ns[NS_USER])
		return 0;
	if (fd < 0)
		fd = mount_new(e);
	if (init->proc_fd >= 0)
		close(init->proc_fd);
	init->proc_fd = fd;
	return fd < 0 ? -1 : 0;
}

static void close_procfs(struct launch *l)
{
	fd_close(&l->kit.host_proc_fd);
}

const struct host_step host_procfs_open = { "procfs", NULL, open_hosts, close_procfs };
const struct init_step init_procfs = { "procfs", NULL, open_own };
const struct host_step host_procfs = { "procfs", NULL, open_procfs, close_procfs };
