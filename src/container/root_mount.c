/* The root of a container that has mounts, and no mount namespace of its own: runtime-spec config-linux.md "Namespaces"
 * gives it the runtime's. What it mounts is on the host then, so it goes onto a mount of its root that is made for it, and
 * that takes everything with it when the container is deleted.
 *
 * The parent makes it, in the same namespace, since the parent can undo it when the child fails. Which mount it is stands
 * in the link `root` of the container's directory before it is attached: whatever else lies on the root stays there. The
 * child gets it as a handle: by its name, a child whose parent was killed could find the root below it after a `delete`. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "container/container.h"
#include "container/steps.h"
#include "step/ns.h"
#include "sys/mountfd.h"
#include "sys/mountinfo.h"

static int record_id(int dir_fd, int tree_fd, struct err *e)
{
	char text[24];
	uint64_t id;

	if (mountfd_id(tree_fd, &id, e))
		return -1;
	snprintf(text, sizeof text, "%" PRIu64, id);
	return symlinkat(text, dir_fd, "root") < 0 ? err_sys(e, "record the mount of the root") : 0;
}

static int is_mounted(uint64_t id, struct err *e)
{
	cleanup_free char *text = NULL;
	struct mountinfo m;
	size_t len;

	if (file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, &len, e))
		return -1;
	for (char *next = text; mountinfo_next(&next, &m);)
		if (m.id == id)
			return 1;
	return 0;
}

int root_mount_release(int dir_fd, const char *rootfs, struct err *e)
{
	char text[24] = "";
	cleanup_fd int fd = -1;
	uint64_t id, there;
	int mounted;

	if (readlinkat(dir_fd, "root", text, sizeof text - 1) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "readlink root");
	fd = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "open %s", rootfs);
	if (mountfd_id(fd, &there, e))
		return -1;
	id = strtoull(text, NULL, 10);
	if (id == there)
		return umount2(rootfs, MNT_DETACH) < 0 ? err_sys(e, "unmount %s", rootfs) : 0;
	/* Never attached, gone already, or in another mount namespace than ours; or covered by what is not ours to take. */
	mounted = is_mounted(id, e);
	if (mounted > 0)
		log_warn("rootfs", "%s: another mount lies over the container's, which stays", rootfs);
	return mounted < 0 ? -1 : 0;
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
	l->kit.root_fd = take_fd(&tree_fd);
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
