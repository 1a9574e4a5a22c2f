/* Bind mounts whose source the container's root cannot reach. In a user namespace he is nobody on the host, and engines
 * keep what they mount below directories for root alone (/run/containerd, /var/lib/kubelet). open_tree(2);
 * mount_namespaces(7).
 *
 * So the host's side, while it is privileged, copies every source in advance, and init takes the copy where its own way
 * is barred. It looks for itself first: in a copy that a user namespace has made the kernel locks what the host's mount
 * forbids (read-only, nosuid, ...), and in ours it does not. What fails here is no error: init will find the reason. */
#include <linux/capability.h>
#include <string.h>
#include <sys/mount.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "linux/linux.h"
#include "linux/mount_tree.h"
#include "linux/rootfs_propagation.h"
#include "step/launch.h"
#include "step/ns.h"
#include "sys/capable.h"
#include "sys/mountfd.h"

static bool wanted(const struct oci_config *config)
{
	return config->n_mounts > 0 && ns_find(config, NS_USER) && capable(CAP_SYS_ADMIN);
}

/* As the mounts in init's own mount namespace are: what the container mounts there must not come out. */
static uint64_t propagation(const struct oci_config *config)
{
	uint64_t kind = rootfs_propagation(config).kind;

	return kind == MS_PRIVATE || kind == MS_UNBINDABLE ? MS_PRIVATE : MS_SLAVE;
}

static int copy(const struct launch *l, const struct oci_mount *m, const struct mount_options *o, struct err *e)
{
	cleanup_free char *path = mount_source_path(l->bundle, m->source);
	cleanup_fd int source_fd = mountfd_open(AT_FDCWD, path, !o->source_link, e);
	cleanup_fd int tree_fd = source_fd < 0 ? -1 : mountfd_clone(source_fd, o->recursive, e);

	if (tree_fd < 0 || mountfd_setattr(tree_fd, true, 0, 0, propagation(l->config), e))
		return -1;
	return take_fd(&tree_fd);
}

static int prepare(struct launch *l, struct err *e)
{
	const struct oci_config *config = l->config;

	if (!l->kit.mounts) {
		l->kit.mounts = arena_alloc(l->arena, config->n_mounts * sizeof *l->kit.mounts);
		l->kit.n_mounts = config->n_mounts;
		for (size_t i = 0; i < config->n_mounts; i++)
			l->kit.mounts[i] = (struct kit_mount){ -1, -1, -1 };
	}
	for (size_t i = 0; i < config->n_mounts; i++) {
		const struct oci_mount *m = &config->mounts[i];
		struct kit_mount *made = &l->kit.mounts[i];
		struct mount_options o;

		mount_options_parse(m->options, m->n_options, &o);
		if ((o.bind || str_eq(m->type, "bind")) && !o.remount && m->source && made->tree_fd < 0) {
			made->spare_fd = copy(l, m, &o, e);
			if (made->spare_fd < 0)
				log_debug("mount", "no copy of %s in advance: %s", m->source, e->msg);
		}
		mount_options_free(&o);
	}
	return 0;
}

static void forget(struct launch *l)
{
	for (size_t i = 0; i < l->kit.n_mounts; i++)
		fd_close(&l->kit.mounts[i].spare_fd);
}

bool mount_reach(struct mount_entry *m)
{
	const struct kit *kit = m->init->kit;

	m->from_host = m->index < kit->n_mounts && kit->mounts[m->index].spare_fd >= 0;
	return m->from_host;
}

const struct host_step host_mount_reach = { "mount", wanted, prepare, forget };
