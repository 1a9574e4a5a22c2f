#include "sys/mountfd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef MNT_DETACH
#define MNT_DETACH 2 /* sys/mount.h */
#endif
#define VALUE_MAX 255 /* fsconfig(2) copies 256 bytes of a string, and says EINVAL to more */

/* The context keeps what the file system said, one message a read, as "e overlay: ...": the errno alone is mostly
 * EINVAL. */
static int context_error(int fs_fd, const char *what, struct err *e)
{
	int errnum = errno;
	char said[256], errors[512] = "";
	ssize_t n;

	while ((n = read(fs_fd, said, sizeof said - 1)) > 0) {
		size_t used = strlen(errors);

		said[n] = 0;
		said[strcspn(said, "\n")] = 0;
		if (n > 2 && said[0] == 'e')
			snprintf(errors + used, sizeof errors - used, "%s%s", used ? "; " : "", said + 2);
	}
	errno = errnum;
	return errors[0] ? err_sys(e, "%s: %s", what, errors) : err_sys(e, "%s", what);
}

int mountfd_fsopen(const char *type, struct err *e)
{
	int fd = syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);

	if (fd < 0 && errno == ENODEV)
		return err_set(e, "this kernel has no file system \"%s\"", type), e->code = ENODEV, -1;
	return fd < 0 ? err_sys(e, "fsopen %s", type) : fd;
}

int mountfd_fspick(int mount_fd, struct err *e)
{
	int fd = syscall(SYS_fspick, mount_fd, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH);

	return fd < 0 ? err_sys(e, "fspick") : fd;
}

int mountfd_config(int fs_fd, const char *key, const char *value, struct err *e)
{
	char what[160];

	if (value && strlen(value) > VALUE_MAX)
		return err_set(e, "%s: the value has %zu bytes, and fsconfig takes %d", key, strlen(value), VALUE_MAX);
	if (syscall(SYS_fsconfig, fs_fd, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, key, value, 0) == 0)
		return 0;
	snprintf(what, sizeof what, "fsconfig %.64s%s%.64s", key, value ? "=" : "", value ? value : "");
	return context_error(fs_fd, what, e);
}

int mountfd_config_fd(int fs_fd, const char *key, int value_fd, struct err *e)
{
	char what[160];

	if (syscall(SYS_fsconfig, fs_fd, FSCONFIG_SET_FD, key, NULL, value_fd) == 0)
		return 0;
	snprintf(what, sizeof what, "fsconfig %.64s", key);
	return context_error(fs_fd, what, e);
}

int mountfd_reconfigure(int fs_fd, struct err *e)
{
	if (syscall(SYS_fsconfig, fs_fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) == 0)
		return 0;
	return context_error(fs_fd, "fsconfig reconfigure", e);
}

int mountfd_create(int fs_fd, uint64_t attr, struct err *e)
{
	int fd;

	if (syscall(SYS_fsconfig, fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return context_error(fs_fd, "fsconfig create", e);
	fd = syscall(SYS_fsmount, fs_fd, FSMOUNT_CLOEXEC, (unsigned)attr);
	return fd < 0 ? context_error(fs_fd, "fsmount", e) : fd;
}

int mountfd_open(int dir_fd, const char *path, bool follow, struct err *e)
{
	int fd = syscall(SYS_open_tree, dir_fd, path, OPEN_TREE_CLOEXEC | (follow ? 0 : AT_SYMLINK_NOFOLLOW));

	return fd < 0 ? err_sys(e, "open %s", path) : fd;
}

int mountfd_clone(int fd, bool recursive, struct err *e)
{
	int clone_fd = syscall(SYS_open_tree, fd, "",
		AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0));

	return clone_fd < 0 ? err_sys(e, "open_tree") : clone_fd;
}

int mountfd_clone_path(const char *path, struct err *e)
{
	int clone_fd = syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	return clone_fd < 0 ? err_sys(e, "open_tree %s", path) : clone_fd;
}

int mountfd_attach_at(int mount_fd, int dir_fd, const char *name, struct err *e)
{
	if (syscall(SYS_move_mount, mount_fd, "", dir_fd, name, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_sys(e, "move_mount to %s", name);
	return 0;
}

int mountfd_attach(int mount_fd, int target_fd, struct err *e)
{
	if (syscall(SYS_move_mount, mount_fd, "", target_fd, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return err_sys(e, "move_mount");
	return 0;
}

/* umount2(2) takes names only; that of a descriptor in our own procfs leads nowhere else. */
int mountfd_detach(int proc_fd, int mount_fd, struct err *e)
{
	char name[32];

	snprintf(name, sizeof name, "self/fd/%d", mount_fd);
	if (fchdir(proc_fd) < 0)
		return err_sys(e, "fchdir");
	return syscall(SYS_umount2, name, MNT_DETACH) < 0 ? err_sys(e, "umount2") : 0;
}

static int set_attr(int mount_fd, bool recursive, struct mount_attr *attr, struct err *e)
{
	if (syscall(SYS_mount_setattr, mount_fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), attr,
		    sizeof *attr) < 0)
		return err_sys(e, "mount_setattr");
	return 0;
}

int mountfd_setattr(int mount_fd, bool recursive, uint64_t set, uint64_t clear, uint64_t propagation, struct err *e)
{
	struct mount_attr attr = { .attr_set = set, .attr_clr = clear, .propagation = propagation };

	return set_attr(mount_fd, recursive, &attr, e);
}

int mountfd_idmap(int mount_fd, bool recursive, int userns_fd, struct err *e)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = userns_fd };

	return set_attr(mount_fd, recursive, &attr, e);
}

int mountfd_id(int fd, uint64_t *id, struct err *e)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0)
		return err_sys(e, "statx");
	*id = st.stx_mnt_id;
	return 0;
}
