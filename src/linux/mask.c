/* linux.maskedPaths and linux.readonlyPaths: parts of /proc and /sys that tell about the host, or change it.
 * runtime-spec config-linux.md "Masked Paths", "Readonly Paths".
 *
 * After every mount, which they lie over, and after the hooks, which may mount, too; before the pivot, while the host's
 * /dev/null can be had: the container's own may be a link that somebody exchanges for a file of /proc, which then would
 * be bound instead (CVE-2025-31133). A path that is not there hides nothing, and is no error: kernels differ. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "linux/host_device.h"
#include "linux/linux.h"
#include "step/init.h"
#include "step/ns.h"
#include "sys/mountfd.h"

static void validate_paths(
	const char *list, char *const *paths, size_t n, const struct oci_config *config, struct problems *problems)
{
	if (n && !ns_find(config, NS_MOUNT))
		problem_add(problems, list,
			"needs a mount namespace in linux.namespaces, or it would hide them from the host");
	for (size_t i = 0; i < n; i++)
		if (paths[i][0] != '/')
			problem_add(problems, AT("%s[%zu]", list, i), "\"%s\" is not an absolute path", paths[i]);
}

static void validate(const struct oci_config *config, struct problems *problems)
{
	const struct oci_linux *l = config->linux;

	if (!l)
		return;
	validate_paths("linux.maskedPaths", l->masked_paths, l->n_masked_paths, config, problems);
	validate_paths("linux.readonlyPaths", l->readonly_paths, l->n_readonly_paths, config, problems);
}

/* What covers them, made when the first path needs it. Before Linux 6.15 a mount that is attached nowhere cannot be
 * copied: so the first one is attached, and copied for the others. All directories share one file system. */
struct cover {
	int file_fd, directory_fd;
};

static int make_file(struct err *e)
{
	cleanup_fd int fd = host_device_copy("/dev/null", S_IFCHR, makedev(1, 3), e);

	if (fd < 0 || mountfd_setattr(fd, false, MOUNT_ATTR_RDONLY, 0, 0, e))
		return -1;
	return take_fd(&fd);
}

static int make_directory(struct err *e)
{
	cleanup_fd int fs_fd = mountfd_fsopen("tmpfs", e);

	/* nr_inodes: the root takes one; with 1 some kernels find no room for it. */
	if (fs_fd < 0 || mountfd_config(fs_fd, "source", "tmpfs", e) || mountfd_config(fs_fd, "nr_inodes", "2", e) ||
		mountfd_config(fs_fd, "size", "4k", e) || mountfd_config(fs_fd, "mode", "0555", e))
		return -1;
	return mountfd_create(fs_fd, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, e);
}

static int cover(struct cover *c, int target_fd, bool directory, struct err *e)
{
	int *first_fd = directory ? &c->directory_fd : &c->file_fd;
	cleanup_fd int copy_fd = -1;

	if (*first_fd >= 0) {
		copy_fd = mountfd_clone(*first_fd, false, e);
		return copy_fd < 0 ? -1 : mountfd_attach(copy_fd, target_fd, e);
	}
	*first_fd = directory ? make_directory(e) : make_file(e);
	return *first_fd < 0 ? -1 : mountfd_attach(*first_fd, target_fd, e);
}

/* A path in /proc or /sys starts at the mount itself: whoever can rename in the root file system at this moment could
 * have put another directory in its place, in which there is nothing to mask. */
static int start_of(const struct init *init, const char **path)
{
	if (init->proc_mount_fd >= 0 && str_starts(*path, "/proc/")) {
		*path += strlen("/proc/");
		return init->proc_mount_fd;
	}
	if (init->sys_mount_fd >= 0 && str_starts(*path, "/sys/")) {
		*path += strlen("/sys/");
		return init->sys_mount_fd;
	}
	return init->rootfs_fd;
}

/* *fd is -1 where nothing is there. */
static int open_target(const struct init *init, const char *path, int *fd, struct err *e)
{
	int start_fd = start_of(init, &path);

	*fd = path_open_in(start_fd, path, O_PATH, e);
	return *fd < 0 && e->code != ENOENT && e->code != ENOTDIR ? -1 : 0;
}

static int mask_one(const struct init *init, struct cover *c, const char *path, struct err *e)
{
	cleanup_fd int target_fd = -1;
	struct stat st;

	if (open_target(init, path, &target_fd, e))
		return -1;
	if (target_fd < 0)
		return 0;
	if (fstat(target_fd, &st) < 0)
		return err_sys(e, "fstat");
	log_debug("mask", "path=%s", path);
	return cover(c, target_fd, S_ISDIR(st.st_mode), e);
}

static int mask(struct init *init, struct err *e)
{
	const struct oci_linux *l = init->config->linux;
	struct cover c = { -1, -1 };
	int status = 0;

	for (size_t i = 0; i < l->n_masked_paths && status == 0; i++) {
		status = mask_one(init, &c, l->masked_paths[i], e);
		if (status)
			err_wrap(e, "linux.maskedPaths[%zu] (%s)", i, l->masked_paths[i]);
	}
	fd_close(&c.file_fd);
	fd_close(&c.directory_fd);
	return status;
}

/* The copy keeps all attributes (nosuid ...) of every mount in it: one is added, none is taken away. */
static int make_readonly(const struct init *init, const char *path, struct err *e)
{
	cleanup_fd int target_fd = -1, tree_fd = -1;

	if (open_target(init, path, &target_fd, e))
		return -1;
	if (target_fd < 0)
		return 0;
	tree_fd = mountfd_clone(target_fd, true, e);
	if (tree_fd < 0 || mountfd_setattr(tree_fd, true, MOUNT_ATTR_RDONLY, 0, 0, e))
		return -1;
	log_debug("mask", "readonly path=%s", path);
	return mountfd_attach(tree_fd, target_fd, e);
}

static int make_all_readonly(struct init *init, struct err *e)
{
	const struct oci_linux *l = init->config->linux;

	for (size_t i = 0; i < l->n_readonly_paths; i++)
		if (make_readonly(init, l->readonly_paths[i], e))
			return err_wrap(e, "linux.readonlyPaths[%zu] (%s)", i, l->readonly_paths[i]);
	return 0;
}

static bool wants_mask(const struct oci_config *config)
{
	return config->linux && config->linux->n_masked_paths;
}

static bool wants_readonly(const struct oci_config *config)
{
	return config->linux && config->linux->n_readonly_paths;
}

const struct feature feature_mask = { "mask", "linux.maskedPaths", validate };
const struct init_step init_mask = { "mask", wants_mask, mask };
const struct init_step init_readonly_paths = { "readonly paths", wants_readonly, make_all_readonly };
