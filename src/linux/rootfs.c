/* root and linux.rootfsPropagation: the container's root file system. runtime-spec config.md "Root", config-linux.md "Rootfs Mount
 * Propagation"; pivot_root(2), mount_namespaces(7).
 *
 * Three steps: init_rootfs comes before every mount, since until propagation is cut a mount would reach the host; init_pivot
 * comes after the last thing that needs the host's files; init_rootfs_seal is the last to touch the tree. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "linux/linux.h"
#include "step/init.h"
#include "step/ns.h"
#include "sys/mountfd.h"

static const struct name_value propagations[] = {
	{ "private", MS_PRIVATE },
	{ "rprivate", MS_PRIVATE | MS_REC },
	{ "shared", MS_SHARED },
	{ "rshared", MS_SHARED | MS_REC },
	{ "slave", MS_SLAVE },
	{ "rslave", MS_SLAVE | MS_REC },
	{ "unbindable", MS_UNBINDABLE },
	{ "runbindable", MS_UNBINDABLE | MS_REC },
	{ 0 },
};

static uint64_t propagation_of(const struct oci_config *config)
{
	const char *name = config->linux ? config->linux->rootfs_propagation : NULL;
	const struct name_value *found = name ? name_find(propagations, name) : NULL;

	return found ? found->value : 0;
}

static void validate(const struct oci_config *config, struct problems *problems)
{
	const char *name = config->linux ? config->linux->rootfs_propagation : NULL;

	if (!config->root)
		problem_add(problems, "root", "is missing: it names the root file system");
	else if (!*config->root->path)
		problem_add(problems, "root.path", "is empty");
	if (name && *name && !name_find(propagations, name))
		problem_add(problems, "linux.rootfsPropagation",
			"\"%s\" is none of private, shared, slave, unbindable and the same with r for recursive", name);
}

static bool own_mounts(const struct init *init)
{
	return init->new_ns[NS_MOUNT] || init->join_ns[NS_MOUNT];
}

static int set_propagation(const char *path, bool recursive, uint64_t propagation, struct err *e)
{
	cleanup_fd int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "open %s", path);
	if (mountfd_setattr(fd, recursive, 0, 0, propagation, e))
		return err_wrap(e, "propagation of %s", path);
	return 0;
}

/* The longest mount point of mountinfo that holds path. */
static char *mount_point_of(const char *mountinfo, const char *path)
{
	char *best = mem_strdup("/"), point[4096];

	for (const char *line = mountinfo; line && *line; line = strchr(line, '\n'), line += line != NULL) {
		size_t len;

		if (sscanf(line, "%*d %*d %*s %*s %4095s", point) != 1)
			continue;
		len = strlen(point);
		if (len > strlen(best) && strncmp(path, point, len) == 0 && (path[len] == '/' || !path[len])) {
			free(best);
			best = mem_strdup(point);
		}
	}
	return best;
}

/* With shared propagation the tree stays in the host's peer groups, as somebody wants mounts to travel. Only what holds the
 * root itself must not: pivot_root refuses it, and our own bind there would show up on the host. */
static int cut_parent(const struct init *init, struct err *e)
{
	cleanup_free char *text = NULL, *point = NULL;
	size_t len;

	if (file_read(init->proc_fd, "self/mountinfo", 64 << 20, &text, &len, e))
		return -1;
	point = mount_point_of(text, init->rootfs);
	return set_propagation(point, false, MS_PRIVATE, e);
}

static int prepare(struct init *init, struct err *e)
{
	uint64_t propagation = propagation_of(init->config);
	cleanup_fd int target_fd = open(init->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC), tree_fd = -1;

	if (target_fd < 0)
		return err_sys(e, "root.path: open %s", init->rootfs);
	if (!own_mounts(init)) {
		init->rootfs_fd = take_fd(&target_fd);
		return 0;
	}
	if (propagation & MS_SHARED) {
		if (cut_parent(init, e))
			return -1;
	} else if (set_propagation("/", true, propagation & MS_PRIVATE ? MS_PRIVATE : MS_SLAVE, e)) {
		return -1;
	}
	/* pivot_root wants a mount, which a directory is not; and the clone's attributes are ours to change. */
	tree_fd = mountfd_clone(target_fd, true, e);
	if (tree_fd < 0 || mountfd_attach(tree_fd, target_fd, e))
		return err_wrap(e, "root.path: %s", init->rootfs);
	init->rootfs_fd = take_fd(&tree_fd);
	return 0;
}

/* For an initramfs, which cannot be pivoted away: our root is moved over it. What is still mounted above is out of reach by
 * name, but not by fd; hind has none open that the program will see. */
static int move_root(struct init *init, struct err *e)
{
	if (syscall(SYS_move_mount, init->rootfs_fd, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_sys(e, "move the root");
	if (fchdir(init->rootfs_fd) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return err_sys(e, "chroot");
	return 0;
}

static int pivot(struct init *init, struct err *e)
{
	cleanup_fd int old_fd = -1;

	if (!own_mounts(init)) {
		if (fchdir(init->rootfs_fd) < 0 || chroot(".") < 0 || chdir("/") < 0)
			return err_sys(e, "chroot");
		return 0;
	}
	if (init->no_pivot)
		return move_root(init, e);
	old_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (old_fd < 0 || fchdir(init->rootfs_fd) < 0)
		return err_sys(e, "open the old root");
	/* pivot_root(".", ".") stacks the old root on the new one, so no directory is needed for it (pivot_root(2)). */
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return err_sys(e, "pivot_root%s",
			errno == EINVAL ? " (the host's root is an initramfs? --no-pivot is for that)" : "");
	/* Nor must taking the old tree away travel to the host. */
	if (propagation_of(init->config) & MS_SHARED && mountfd_setattr(old_fd, true, 0, 0, MS_SLAVE, e))
		return err_wrap(e, "propagation of the old root");
	if (fchdir(old_fd) < 0 || umount2(".", MNT_DETACH) < 0)
		return err_sys(e, "detach the old root");
	return chdir("/") < 0 ? err_sys(e, "chdir /") : 0;
}

static bool wants_seal(const struct oci_config *config)
{
	return (config->root && config->root->readonly) || propagation_of(config);
}

static int seal(struct init *init, struct err *e)
{
	uint64_t propagation = propagation_of(init->config);

	/* What had to be filled first, with device nodes or the hierarchies of cgroup v1. */
	for (size_t i = 0; i < init->n_readonly_later; i++)
		if (mountfd_setattr(init->readonly_later_fd[i], false, MOUNT_ATTR_RDONLY, 0, 0, e))
			return err_wrap(e, "mounts: make read-only");
	if (!wants_seal(init->config))
		return 0;
	if (!own_mounts(init))
		return err_set(e, "root.readonly and linux.rootfsPropagation need a mount namespace");
	if (init->config->root->readonly && mountfd_setattr(init->rootfs_fd, false, MOUNT_ATTR_RDONLY, 0, 0, e))
		return err_wrap(e, "root.readonly");
	if (propagation &&
		mountfd_setattr(init->rootfs_fd, propagation & MS_REC, 0, 0, propagation & ~(uint64_t)MS_REC, e))
		return err_wrap(e, "linux.rootfsPropagation");
	return 0;
}

const struct feature feature_rootfs = { "rootfs", "root", validate, NULL };
const struct init_step init_rootfs = { "rootfs", NULL, prepare };
const struct init_step init_pivot = { "pivot", NULL, pivot };
const struct init_step init_rootfs_seal = { "rootfs", NULL, seal };
