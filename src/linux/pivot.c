/* The switch to the container's root: pivot_root(2), or with --no-pivot a root that is moved over the host's, which is
 * for an initramfs that cannot be pivoted away. runtime-spec config.md "Root"; filesystems/ramfs-rootfs-initramfs.rst.
 *
 * After the last thing that needs the host's files, hooks and masks among them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "linux/linux.h"
#include "linux/rootfs_propagation.h"
#include "step/init.h"
#include "step/ns.h"
#include "sys/mountfd.h"

#define DETACH 2     /* MNT_DETACH of sys/mount.h, which does not go together with linux/mount.h */
#define UNFOLLOWED 8 /* UMOUNT_NOFOLLOW */
#define MOUNTINFO_MAX (64u << 20)

static int enter(int root_fd, struct err *e)
{
	if (fchdir(root_fd) < 0)
		return err_sys(e, "fchdir to the root");
	if (chroot(".") < 0)
		return err_sys(e, "chroot");
	return chdir("/") < 0 ? err_sys(e, "chdir /") : 0;
}

static int open_old(struct err *e)
{
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "open /") : fd;
}

static bool is_shared(const struct init *init)
{
	return rootfs_propagation(init->config).kind == MS_SHARED;
}

static int switch_root(const struct init *init, struct err *e)
{
	cleanup_fd int old_fd = open_old(e);

	if (old_fd < 0)
		return -1;
	if (fchdir(init->rootfs_fd) < 0)
		return err_sys(e, "fchdir to the root");
	/* The old root is stacked on the new one, so that no directory in it is needed (pivot_root(2)). */
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return err_sys(e, "pivot_root%s",
			errno == EINVAL ? " (where the host's root is an initramfs, --no-pivot is needed)" : "");
	/* While it has the host's peer groups, to take it away would take the host's mounts away. */
	if (is_shared(init) && mountfd_setattr(old_fd, true, 0, 0, MS_SLAVE, e))
		return err_wrap(e, "propagation of the old root");
	if (syscall(SYS_umount2, ".", DETACH) < 0)
		return err_sys(e, "detach the old root");
	return chdir("/") < 0 ? err_sys(e, "chdir /") : 0;
}

/* --- --no-pivot ---
 * A chroot can be left by who may chroot(2) again, and finds the host's mounts below: an unmasked /proc for one, whose
 * mere presence also lets a user namespace mount another. So what is mounted in the old root goes. */

/* mountinfo writes space, tab, newline and backslash as \ooo. */
static void unescape(char *path)
{
	char *to = path;

	for (const char *from = path; *from;) {
		unsigned c;

		if (*from == '\\' && sscanf(from + 1, "%3o", &c) == 1) {
			*to++ = (char)c;
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = 0;
}

/* In a user namespace the mounts that came with it are locked: then an empty file system goes on top. */
static int cover(int fd, const char *path, struct err *e)
{
	cleanup_fd int fs_fd = -1, tree_fd = -1;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "fstat %s", path);
	if (!S_ISDIR(st.st_mode))
		return 0;
	fs_fd = mountfd_fsopen("tmpfs", e);
	if (fs_fd < 0)
		return -1;
	tree_fd =
		mountfd_create(fs_fd, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, e);
	return tree_fd < 0 ? -1 : mountfd_attach(tree_fd, fd, e);
}

static int hide(const struct init *init, const char *path, struct err *e)
{
	cleanup_fd int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "open %s", path);
	if (is_shared(init) && mountfd_setattr(fd, true, 0, 0, MS_SLAVE, e))
		return err_wrap(e, "propagation of %s", path);
	if (syscall(SYS_umount2, path, DETACH | UNFOLLOWED) == 0)
		return 0;
	if (errno != EINVAL)
		return err_sys(e, "detach the host's %s", path);
	return cover(fd, path, e) ? err_wrap(e, "cover the host's %s", path) : 0;
}

static int hide_all(const struct init *init, int old_fd, struct err *e)
{
	cleanup_free char *text = NULL;
	uint64_t old, new;
	size_t len;

	if (mountfd_id(old_fd, &old, e) || mountfd_id(init->rootfs_fd, &new, e))
		return -1;
	if (file_read(init->proc_fd, "self/mountinfo", MOUNTINFO_MAX, &text, &len, e))
		return -1;
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		unsigned id, parent;
		char *point;

		if (sscanf(line, "%u %u %*s %*s %ms", &id, &parent, &point) != 3)
			return err_set(e, "/proc/self/mountinfo: cannot read \"%.80s\"", line);
		unescape(point);
		if (parent == old && id != old && id != new &&strcmp(point, "/") != 0 && hide(init, point, e)) {
			free(point);
			return -1;
		}
		free(point);
	}
	return 0;
}

static int move_root(const struct init *init, struct err *e)
{
	cleanup_fd int old_fd = open_old(e);

	if (old_fd < 0)
		return -1;
	if (mountfd_attach(init->rootfs_fd, old_fd, e))
		return err_wrap(e, "move the root over the host's");
	if (hide_all(init, old_fd, e))
		return -1;
	return enter(init->rootfs_fd, e);
}

/* Pivoting moves every process of the mount namespace to the new root: one that others are in, or that is the host's,
 * is left as it is. */
static int pivot(struct init *init, struct err *e)
{
	if (!init->new_ns[NS_MOUNT])
		return enter(init->rootfs_fd, e);
	return init->no_pivot ? move_root(init, e) : switch_root(init, e);
}

const struct init_step init_pivot = { "pivot", NULL, pivot };
