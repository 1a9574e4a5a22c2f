/* Whose cgroup it is: config-linux.md, "Cgroup ownership". On v2, in a cgroup namespace and a user namespace of its own,
 * and with its cgroups mounted for writing, a container manages the cgroups below its own: so that is given to the user
 * of its process, with the files that /sys/kernel/cgroup/delegate names. The limits' files stay the host's. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "cgroup/hierarchy.h"
#include "step/ns.h"

#define LIST "/sys/kernel/cgroup/delegate"
#define LIST_MAX 65536

static bool is_writable(const struct oci_config *config)
{
	bool writable = false;
	for (size_t i = 0; i < config->n_mounts; i++) {
		const struct oci_mount *m = &config->mounts[i];
		if (!m->type || !str_starts(m->type, "cgroup"))
			continue;
		writable = true;
		for (size_t k = 0; k < m->n_options; k++)
			if (str_eq(m->options[k], "ro") || str_eq(m->options[k], "rro"))
				writable = false;
	}
	return writable;
}

/* The id of the host; -1 where it has none. */
static int64_t mapped(const struct oci_id_mapping *v, size_t n, uint32_t id)
{
	for (size_t i = 0; i < n; i++)
		if (id >= v[i].container_id && id - v[i].container_id < v[i].size)
			return (int64_t)v[i].host_id + (id - v[i].container_id);
	return -1;
}

static int give(const struct hierarchy *h, uid_t uid, struct err *e)
{
	cleanup_free char *list = NULL;
	size_t len;
	char *save;
	if (file_read(AT_FDCWD, LIST, LIST_MAX, &list, &len, e) < 0)
		return -1;
	cleanup_fd int dir_fd = open(h->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0 || fchown(dir_fd, uid, (gid_t)-1) < 0)
		return err_sys(e, "give cgroup %s to user %u", h->dir, uid);
	for (char *file = strtok_r(list, "\n", &save); file; file = strtok_r(NULL, "\n", &save))
		/* The list is of all controllers; not all are here. */
		if (fchownat(dir_fd, file, uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
			return err_sys(e, "give %s/%s to user %u", h->dir, file, uid);
	log_info("cgroup", "dir=%s owner=%u", h->dir, uid);
	return 0;
}

int cgroup_give(struct cgroup *cg, const struct oci_config *config, struct err *e)
{
	const struct oci_linux *l = config->linux;
	if (!cg->v2 || !cg->n || !config->process || geteuid() != 0 || !ns_is_new(ns_find(config, NS_CGROUP)) ||
		!ns_is_new(ns_find(config, NS_USER)) || !is_writable(config))
		return 0;
	int64_t uid =
		mapped(l->uid_mappings, l->n_uid_mappings, config->process->user ? config->process->user->uid : 0);
	return uid < 0 ? 0 : give(&cg->hierarchies[0], (uid_t)uid, e);
}
