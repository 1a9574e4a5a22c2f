/* linux.maskedPaths and linux.readonlyPaths. runtime-spec config-linux.md.
 *
 * Before the pivot, while the host's /dev/null can still be opened and verified: the container's own may be a link that somebody
 * exchanges (CVE-2025-31133). After the mounts, which they lie over. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "linux/linux.h"
#include "step/init.h"
#include "step/ns.h"
#include "sys/mountfd.h"

static void validate_paths(const char *list, char *const *paths, size_t n, struct problems *problems)
{
	for (size_t i = 0; i < n; i++)
		if (paths[i][0] != '/')
			problem_add(problems, AT("%s[%zu]", list, i), "\"%s\" is not an absolute path", paths[i]);
}

static void validate(const struct oci_config *config, struct problems *problems)
{
	const struct oci_linux *l = config->linux;

	if (!l)
		return;
	validate_paths("linux.maskedPaths", l->masked_paths, l->n_masked_paths, problems);
	validate_paths("linux.readonlyPaths", l->readonly_paths, l->n_readonly_paths, problems);
	if ((l->n_masked_paths || l->n_readonly_paths) && !ns_find(config, NS_MOUNT))
		problem_add(problems, l->n_masked_paths ? "linux.maskedPaths" : "linux.readonlyPaths",
			"needs a mount namespace in linux.namespaces");
}

/* What covers the masked paths: made when the first one needs it. */
struct cover {
	int null_fd;  /* the host's /dev/null */
	int tmpfs_fd; /* the one empty tmpfs, attached at the first masked directory */
};

static int open_null(struct cover *c, struct err *e)
{
	struct stat st;

	c->null_fd = open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (c->null_fd < 0 || fstat(c->null_fd, &st) < 0)
		return err_sys(e, "open the host's /dev/null");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return err_set(e, "the host's /dev/null is not the null device");
	return 0;
}

static int mask_file(struct cover *c, int target_fd, struct err *e)
{
	cleanup_fd int null_fd = -1;

	if (c->null_fd < 0 && open_null(c, e))
		return -1;
	null_fd = mountfd_clone(c->null_fd, false, e);
	return null_fd < 0 || mountfd_attach(null_fd, target_fd, e) ? -1 : 0;
}

/* One file system for all: each copy is a mount only. Before Linux 6.15 a detached mount cannot be copied, so the first one is
 * attached and the copies are made of it. */
static int mask_directory(struct cover *c, int target_fd, struct err *e)
{
	cleanup_fd int fs_fd = -1, copy_fd = -1;

	if (c->tmpfs_fd >= 0) {
		copy_fd = mountfd_clone(c->tmpfs_fd, false, e);
		return copy_fd < 0 || mountfd_attach(copy_fd, target_fd, e) ? -1 : 0;
	}
	fs_fd = mountfd_fsopen("tmpfs", e);
	/* nr_inodes: the root takes one; with 1 some kernels find no room for it. */
	if (fs_fd < 0 || mountfd_config(fs_fd, "nr_inodes", "2", e) || mountfd_config(fs_fd, "size", "4k", e) ||
		mountfd_config(fs_fd, "mode", "0555", e))
		return -1;
	c->tmpfs_fd = mountfd_create(
		fs_fd, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, e);
	return c->tmpfs_fd < 0 || mountfd_attach(c->tmpfs_fd, target_fd, e) ? -1 : 0;
}

/* -1 in *fd where there is nothing to hide. */
static int open_target(struct init *init, const char *path, int *fd, struct err *e)
{
	*fd = path_open_in(init->rootfs_fd, path, O_PATH, e);
	return *fd < 0 && e->code != ENOENT && e->code != ENOTDIR ? -1 : 0;
}

static int mask_one(struct init *init, struct cover *c, const char *path, struct err *e)
{
	cleanup_fd int target_fd = -1;
	struct stat st;

	if (open_target(init, path, &target_fd, e))
		return -1;
	if (target_fd < 0)
		return 0;
	if (fstat(target_fd, &st) < 0)
		return err_sys(e, "fstat %s", path);
	return S_ISDIR(st.st_mode) ? mask_directory(c, target_fd, e) : mask_file(c, target_fd, e);
}

static int mask(struct init *init, struct err *e)
{
	const struct oci_linux *l = init->config->linux;
	struct cover c = { -1, -1 };
	int status = 0;

	for (size_t i = 0; i < l->n_masked_paths && status == 0; i++) {
		status = mask_one(init, &c, l->masked_paths[i], e);
		if (status)
			err_wrap(e, "linux.maskedPaths[%zu]: %s", i, l->masked_paths[i]);
	}
	fd_close(&c.null_fd);
	fd_close(&c.tmpfs_fd);
	return status;
}

static int readonly_one(struct init *init, const char *path, struct err *e)
{
	cleanup_fd int target_fd = -1, tree_fd = -1;

	if (open_target(init, path, &target_fd, e))
		return -1;
	if (target_fd < 0)
		return 0;
	/* The copy keeps every other attribute (nosuid ...), as only one is added. */
	tree_fd = mountfd_clone(target_fd, true, e);
	if (tree_fd < 0 || mountfd_setattr(tree_fd, true, MOUNT_ATTR_RDONLY, 0, 0, e))
		return -1;
	return mountfd_attach(tree_fd, target_fd, e);
}

static int make_readonly(struct init *init, struct err *e)
{
	const struct oci_linux *l = init->config->linux;

	for (size_t i = 0; i < l->n_readonly_paths; i++)
		if (readonly_one(init, l->readonly_paths[i], e))
			return err_wrap(e, "linux.readonlyPaths[%zu]: %s", i, l->readonly_paths[i]);
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

const struct feature feature_mask = { "mask", "linux.maskedPaths", validate, NULL };
const struct init_step init_mask = { "mask", wants_mask, mask };
const struct init_step init_readonly_paths = { "readonly paths", wants_readonly, make_readonly };
