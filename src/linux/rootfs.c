/* root and linux.rootfsPropagation: the container's root file system. runtime-spec config.md "Root", config-linux.md
 * "Rootfs Mount Propagation"; mount_namespaces(7), mount_setattr(2).
 *
 * init_rootfs comes before every mount, since until propagation is cut a mount would reach the host. init_rootfs_seal
 * comes after the last thing that is made in the root: a read-only one cannot even get a mount point. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "linux/linux.h"
#include "linux/mount_flag.h"
#include "linux/rootfs_propagation.h"
#include "step/init.h"
#include "step/ns.h"
#include "sys/mountfd.h"

struct rootfs_propagation rootfs_propagation(const struct oci_config *config)
{
	const char *name = config->linux ? config->linux->rootfs_propagation : NULL;
	const struct mount_option *option = name ? mount_option_find(name) : NULL;
	struct rootfs_propagation none = { 0, false };

	if (!option || (option->kind != OPTION_PROPAGATION && option->kind != OPTION_PROPAGATION_ALL))
		return none;
	return (struct rootfs_propagation){ option->value, option->kind == OPTION_PROPAGATION_ALL };
}

static void validate(const struct oci_config *config, struct problems *problems)
{
	const char *name = config->linux ? config->linux->rootfs_propagation : NULL;
	bool own = ns_find(config, NS_MOUNT);

	if (!config->root)
		problem_add(problems, "root", "is missing: it names the container's root file system");
	else if (!config->root->path || !*config->root->path)
		problem_add(problems, "root.path", "is empty: a directory, relative to the bundle or absolute");
	else if (config->root->readonly && !own)
		problem_add(problems, "root.readonly", "needs a mount namespace in linux.namespaces");
	if (!name || !*name)
		return;
	if (!rootfs_propagation(config).kind)
		problem_add(problems, "linux.rootfsPropagation",
			"\"%s\" is none of private, shared, slave and unbindable (or with an r in front, for all "
			"mounts below)",
			name);
	else if (!own)
		problem_add(problems, "linux.rootfsPropagation", "needs a mount namespace in linux.namespaces");
}

/* The root of the mount that fd is on; fd itself where it is that. */
static int open_mount_root(int fd, struct err *e)
{
	cleanup_fd int at = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	struct statx st;

	if (at < 0)
		return err_sys(e, "dup");
	for (;;) {
		int up;

		if (statx(at, "", AT_EMPTY_PATH, 0, &st) < 0)
			return err_sys(e, "statx");
		if (st.stx_attributes & STATX_ATTR_MOUNT_ROOT || !(st.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT))
			return take_fd(&at);
		up = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (up < 0)
			return err_sys(e, "open ..");
		close(at);
		at = up;
	}
}

/* What is mounted in our copy of the host's tree must not show on the host. By default the host's own changes still
 * come in, as those below a bind mount with "rslave" should. Who wants mounts to travel to the host ("shared") keeps
 * its peer groups, but for the one mount that the root is on: pivot_root(2) refuses it otherwise. */
static int cut_propagation(const struct init *init, int target_fd, struct err *e)
{
	uint64_t kind = rootfs_propagation(init->config).kind;
	cleanup_fd int fd = -1;

	if (kind == MS_SHARED) {
		fd = open_mount_root(target_fd, e);
		if (fd < 0 || mountfd_setattr(fd, false, 0, 0, MS_PRIVATE, e))
			return err_wrap(e, "propagation of the mount below root.path");
		return 0;
	}
	fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open /");
	/* Unbindable ones could not even be bound by us. */
	if (mountfd_setattr(fd, true, 0, 0, kind == MS_PRIVATE || kind == MS_UNBINDABLE ? MS_PRIVATE : MS_SLAVE, e))
		return err_wrap(e, "propagation of /%s",
			e->code == EINVAL ? " (in a chroot, hind needs its root to be a mount)" : "");
	return 0;
}

/* By its name: a handle that the parent opened would be of the parent's mount namespace, and only a mount of our own
 * can be copied. In a namespace that was joined the name means what it means there. */
static int open_target(const struct init *init, struct err *e)
{
	cleanup_fd int fd = open(init->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == EACCES && (init->new_ns[NS_USER] || init->join_ns[NS_USER]))
		return err_sys(e,
			"root.path: the container's root user, who is another one on the host, has to reach %s",
			init->rootfs);
	if (fd < 0)
		return err_sys(e, "root.path: open %s", init->rootfs);
	return take_fd(&fd);
}

/* A copy of the root, mounted on itself: pivot_root(2) wants a mount, and its attributes are ours to change. */
static int prepare(struct init *init, struct err *e)
{
	bool shared = rootfs_propagation(init->config).kind == MS_SHARED;
	cleanup_fd int target_fd = -1, tree_fd = -1;

	init->proc_mount_fd = init->sys_mount_fd = -1;
	umask(022); /* until init_user sets the program's: the caller's must not show in what is made here */
	if (init->kit->root_fd >= 0) {
		init->rootfs_fd = init->kit->root_fd;
		return 0;
	}
	target_fd = open_target(init, e);
	if (target_fd < 0)
		return -1;
	if (!init->new_ns[NS_MOUNT] && !init->join_ns[NS_MOUNT]) {
		init->rootfs_fd = take_fd(&target_fd);
		return 0;
	}
	if (init->new_ns[NS_MOUNT] && cut_propagation(init, target_fd, e))
		return -1;
	tree_fd = mountfd_clone(target_fd, true, e);
	if (tree_fd < 0)
		return err_wrap(e, "root.path: copy the mount of %s", init->rootfs);
	/* What is mounted in the copy would appear in its peers. */
	if ((shared || init->join_ns[NS_MOUNT]) && mountfd_setattr(tree_fd, true, 0, 0, MS_PRIVATE, e))
		return err_wrap(e, "propagation of root.path");
	if (mountfd_attach(tree_fd, target_fd, e))
		return err_wrap(e, "root.path: %s", init->rootfs);
	init->rootfs_fd = take_fd(&tree_fd);
	log_info("rootfs", "path=%s", init->rootfs);
	return 0;
}

static int seal(struct init *init, struct err *e)
{
	struct rootfs_propagation propagation = rootfs_propagation(init->config);

	for (size_t i = 0; i < init->n_readonly_later; i++)
		if (mountfd_setattr(init->readonly_later_fd[i], false, MOUNT_ATTR_RDONLY, 0, 0, e))
			return err_wrap(e, "mounts: make one read-only");
	for (size_t i = 0; i < init->n_readonly_later; i++)
		fd_close(&init->readonly_later_fd[i]);
	init->n_readonly_later = 0;
	if (init->config->root->readonly && mountfd_setattr(init->rootfs_fd, false, MOUNT_ATTR_RDONLY, 0, 0, e))
		return err_wrap(e, "root.readonly");
	/* Only now that it is "/": before, it was a mount among the host's. */
	if (propagation.kind && mountfd_setattr(init->rootfs_fd, propagation.all, 0, 0, propagation.kind, e))
		return err_wrap(e, "linux.rootfsPropagation");
	return 0;
}

/* exec: we were brought into the root before we were born. */
static int open_entered(struct init *init, struct err *e)
{
	init->rootfs_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return init->rootfs_fd < 0 ? err_sys(e, "open /") : 0;
}

const struct feature feature_rootfs = { "rootfs", "root", validate };
const struct init_step init_rootfs = { "rootfs", NULL, prepare };
const struct init_step init_rootfs_entered = { "rootfs", NULL, open_entered };
const struct init_step init_rootfs_seal = { "rootfs", NULL, seal };
