/* Mounts of type "cgroup" and "cgroup2". runtime-spec config-linux.md "Control groups"; cgroups(7),
 * cgroup_namespaces(7).
 *
 * "cgroup" means what the host has: one cgroup2, or a tmpfs with a directory for each v1 hierarchy. With a cgroup
 * namespace of its own a new mount of a hierarchy begins at the container's cgroup; without one that cgroup is bound.
 * So neither shows the host's others. Of a v1 hierarchy the two are one and the same to the container, and the new mount
 * would go through all cgroups of the machine, under their lock: there the cgroup is bound, too. A container that may
 * write there and has a user namespace but no cgroup namespace could reach what its owner may (CVE-2023-25809): it gets
 * a read-only mount, and so does one that stays in the caller's cgroup. Waits for the parent to have moved us, since a
 * cgroup namespace begins where its maker is. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "linux/mount_tree.h"
#include "step/ns.h"
#include "sys/mountfd.h"

static bool own_namespace(const struct init *init)
{
	return init->new_ns[NS_CGROUP] || init->join_ns[NS_CGROUP];
}

static uint64_t attributes(const struct mount_entry *m)
{
	uint64_t attr = m->options.set | m->options.set_all;
	bool user_namespace = m->init->new_ns[NS_USER] || m->init->join_ns[NS_USER];

	if (m->init->kit->cgroup.borrowed || (user_namespace && !own_namespace(m->init)))
		attr |= MOUNT_ATTR_RDONLY;
	return attr;
}

static int bind_own(const struct mount_entry *m, const struct cgroup_hierarchy *h, struct err *e)
{
	cleanup_free char *path = mem_printf("%s%s", h->mount_dir, h->path);
	cleanup_fd int tree_fd = mountfd_clone_path(path, e);

	if (tree_fd < 0 ||
		mountfd_setattr(tree_fd, false, attributes(m), m->options.clear & MOUNT_ATTR__ATIME, MS_PRIVATE, e))
		return err_wrap(e, "bind %s", path);
	return take_fd(&tree_fd);
}

/* "cpu,cpuacct" or "name=systemd", each an option; none for cgroup2. */
static int mount_new(const struct mount_entry *m, const struct cgroup_hierarchy *h, struct err *e)
{
	cleanup_free char *words = mem_strdup(h && h->options ? h->options : "");
	cleanup_free const char **data = mem_alloc((strlen(words) + 1) * sizeof *data);
	size_t n = 0;

	for (char *save = NULL, *word = strtok_r(words, ",", &save); word; word = strtok_r(NULL, ",", &save))
		data[n++] = word;
	return mount_tree_new(m, h && h->options ? "cgroup" : "cgroup2", data, n, attributes(m), e);
}

/* h: NULL where hind made no cgroup for the container (--cgroup-manager disabled). */
static int make_tree(const struct mount_entry *m, const struct cgroup_hierarchy *h, struct err *e)
{
	/* A namespace that is joined may begin further up. */
	bool begins_here = m->init->new_ns[NS_CGROUP] && !m->init->kit->cgroup.borrowed;

	if (own_namespace(m->init)) {
		int tree_fd = h && h->options && begins_here ? bind_own(m, h, e) : -1;

		if (tree_fd < 0)
			tree_fd = mount_new(m, h, e);

		/* The kernel refuses it to a user namespace that does not own the cgroup namespace; the copy shows the
		 * same. */
		if (tree_fd >= 0 || e->code != EPERM || !h)
			return tree_fd;
		log_debug("mount", "bind the cgroup instead: %s", e->msg);
	}
	if (!h)
		return err_set(
			e, "without a cgroup of its own or a cgroup namespace there is nothing to show the container");
	return bind_own(m, h, e);
}

static int set_propagation(const struct mount_entry *m, int tree_fd, struct err *e)
{
	for (size_t i = 0; i < m->options.n_propagation; i++)
		if (mountfd_setattr(tree_fd, false, 0, 0, m->options.propagation[i].kind, e))
			return err_wrap(e, "propagation");
	return 0;
}

static int mount_v2(const struct mount_entry *m, const struct cgroup_hierarchy *h, int target_fd, struct err *e)
{
	cleanup_fd int tree_fd = make_tree(m, h, e);

	if (tree_fd < 0 || set_propagation(m, tree_fd, e) || mountfd_attach(tree_fd, target_fd, e))
		return err_wrap(e, "cgroup2");
	return 0;
}

static const char *name_of_hierarchy(const struct cgroup_hierarchy *h)
{
	const char *slash = strrchr(h->mount_dir, '/');

	return slash ? slash + 1 : h->mount_dir;
}

/* "cpu" and "cpuacct" beside "cpu,cpuacct", where programs look for them. */
static int link_controllers(int tmpfs_fd, const struct cgroup_hierarchy *h, struct err *e)
{
	const char *name = name_of_hierarchy(h);
	cleanup_free char *words = NULL;

	if (!h->options || !strchr(h->options, ','))
		return 0;
	words = mem_strdup(h->options);
	for (char *save = NULL, *word = strtok_r(words, ",", &save); word; word = strtok_r(NULL, ",", &save))
		if (strcmp(word, name) != 0 && symlinkat(name, tmpfs_fd, word) < 0 && errno != EEXIST)
			return err_sys(e, "link %s to %s", word, name);
	return 0;
}

static int mount_hierarchy(const struct mount_entry *m, const struct cgroup_hierarchy *h, int tmpfs_fd, struct err *e)
{
	const char *name = name_of_hierarchy(h);
	cleanup_fd int tree_fd = -1;

	if (mkdirat(tmpfs_fd, name, 0755) < 0 && errno != EEXIST)
		return err_sys(e, "mkdir");
	tree_fd = make_tree(m, h, e);
	if (tree_fd < 0 || set_propagation(m, tree_fd, e) || mountfd_attach_at(tree_fd, tmpfs_fd, name, e))
		return -1;
	return link_controllers(tmpfs_fd, h, e);
}

static int make_tmpfs(const struct mount_entry *m, struct err *e)
{
	cleanup_fd int fs_fd = mountfd_fsopen("tmpfs", e);

	if (fs_fd < 0 || mountfd_config(fs_fd, "source", "cgroup", e) || mountfd_config(fs_fd, "mode", "0755", e))
		return -1;
	return mountfd_create(fs_fd, attributes(m) & ~(uint64_t)MOUNT_ATTR_RDONLY, e);
}

/* Before Linux 6.15 nothing can be mounted below what is itself attached nowhere, so the tmpfs is attached first, and
 * closed for writing last. */
static int mount_v1(const struct mount_entry *m, int target_fd, struct err *e)
{
	const struct cgroup_view *view = &m->init->kit->cgroup;
	cleanup_fd int tmpfs_fd = make_tmpfs(m, e);

	if (tmpfs_fd < 0 || mountfd_attach(tmpfs_fd, target_fd, e))
		return err_wrap(e, "tmpfs");
	for (size_t i = 0; i < view->n; i++)
		if (mount_hierarchy(m, &view->hierarchies[i], tmpfs_fd, e))
			return err_wrap(e, "cgroup hierarchy %s", name_of_hierarchy(&view->hierarchies[i]));
	if (attributes(m) & MOUNT_ATTR_RDONLY && mountfd_setattr(tmpfs_fd, false, MOUNT_ATTR_RDONLY, 0, 0, e))
		return -1;
	return set_propagation(m, tmpfs_fd, e);
}

int mount_cgroup(struct mount_entry *m, int target_fd, struct err *e)
{
	const struct cgroup_view *view = &m->init->kit->cgroup;
	const struct cgroup_hierarchy *last = view->n ? &view->hierarchies[view->n - 1] : NULL;
	const struct cgroup_hierarchy *v2 = last && !last->options ? last : NULL;

	if (init_meet_cgroup(m->init, e))
		return -1;
	if (view->v2 || str_eq(m->type, "cgroup2"))
		return mount_v2(m, v2, target_fd, e);
	return mount_v1(m, target_fd, e);
}
