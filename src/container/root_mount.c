/* The root of a container that has mounts, and no mount namespace of its own: runtime-spec config-linux.md "Namespaces"
 * gives it the runtime's. What it mounts is on the host then, so it goes onto a mount of its root that is made for it, and
 * that takes everything with it when the container is deleted.
 *
 * The parent makes it, in the same namespace, since the parent can undo it when the child fails. Which mount it is stands
 * in the link `root` of the container's directory before it is attached: whatever else lies on the root stays there. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "container/container.h"
#include "container/steps.h"
#include "step/ns.h"
#include "sys/mountfd.h"

/* *is_root, which may be NULL: is fd the root of its mount? */
static int64_t mount_id(int fd, bool *is_root, struct err *e)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0)
		return err_sys(e, "statx");
	if (is_root)
		*is_root = st.stx_attributes & STATX_ATTR_MOUNT_ROOT;
	return (int64_t)st.stx_mnt_id;
}

static int record_id(int dir_fd, int tree_fd, struct err *e)
{
	int64_t id = mount_id(tree_fd, NULL, e);
	char text[24];

	if (id < 0)
		return -1;
	snprintf(text, sizeof text, "%" PRId64, id);
	return symlinkat(text, dir_fd, "root") < 0 ? err_sys(e, "record the mount of the root") : 0;
}

int root_mount_release(int dir_fd, const char *rootfs, struct err *e)
{
	char text[24] = "";
	cleanup_fd int fd = -1;
	bool is_root;
	int64_t id;

	if (readlinkat(dir_fd, "root", text, sizeof text - 1) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "readlink root");
	fd = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "open %s", rootfs);
	id = mount_id(fd, &is_root, e);
	if (id < 0)
		return -1;
	if (id == strtoll(text, NULL, 10))
		return umount2(rootfs, MNT_DETACH) < 0 ? err_sys(e, "unmount %s", rootfs) : 0;
	/* Never attached, gone already, or in another mount namespace than ours; or covered by what is not ours to take. */
	if (is_root)
		log_warn("rootfs", "%s: another mount than the container's is on it, which may lie below", rootfs);
	return 0;
}

static bool wanted(const struct oci_config *config)
{
	return config->n_mounts && !ns_find(config, NS_MOUNT);
}

static int mount_root(struct launch *l, struct err *e)
{
	cleanup_fd int below_fd = open(l->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC), tree_fd = -1;

	if (below_fd < 0)
		return err_sys(e, "root.path: open %s", l->rootfs);
	tree_fd = mountfd_clone(below_fd, true, e);
	if (tree_fd < 0)
		return err_wrap(e, "root.path: copy the mount of %s", l->rootfs);
	if (record_id(l->store_fd, tree_fd, e) || mountfd_attach(tree_fd, below_fd, e))
		return err_wrap(e, "root.path: %s", l->rootfs);
	/* Only now: what is attached to a shared mount is shared. */
	if (mountfd_setattr(tree_fd, true, 0, 0, MS_PRIVATE, e)) {
		struct err ignored;

		if (root_mount_release(l->store_fd, l->rootfs, &ignored))
			log_warn("rootfs", "%s", ignored.msg);
		return err_wrap(e, "propagation of root.path");
	}
	log_info("rootfs", "path=%s mounted on the host, for want of a mount namespace", l->rootfs);
	return 0;
}

static void undo(struct launch *l)
{
	struct err e;

	if (root_mount_release(l->store_fd, l->rootfs, &e))
		log_warn("rootfs", "%s", e.msg);
}

const struct host_step host_root_mount = { "rootfs", wanted, mount_root, undo };
