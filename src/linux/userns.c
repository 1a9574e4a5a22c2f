/* linux.uidMappings and linux.gidMappings: who is who in a new user namespace. runtime-spec config-linux.md "User
 * namespace mappings"; user_namespaces(7), newuidmap(1).
 *
 * The maps must be written from outside while the child waits, directly after the fork: until then every id in it is
 * the overflow id, and no file that it makes has an owner. The child then becomes id 0 of the namespace, because set-up
 * needs an id that owns files there; it is why container id 0 has to be mapped. */
#include <sys/prctl.h>
#include <unistd.h>

#include "linux/id_map.h"
#include "linux/linux.h"
#include "step/init.h"
#include "step/launch.h"
#include "step/ns.h"
#include "step/sync.h"

static void maps_of(const struct oci_config *config, struct id_map maps[2])
{
	const struct oci_linux *l = config->linux;

	id_maps_init(maps, "linux", l->uid_mappings, l->n_uid_mappings, l->gid_mappings, l->n_gid_mappings);
}

static void validate_map(const struct id_map *map, const struct oci_namespace *ns, struct problems *problems)
{
	bool has_root = false;

	id_map_validate(map, problems);
	if (map->n && !ns)
		problem_add(problems, map->path, "needs a user namespace in linux.namespaces");
	if (!map->n && ns_is_new(ns))
		problem_add(problems, map->path, "is missing: a new user namespace without it has no ids");
	for (size_t i = 0; i < map->n; i++)
		has_root |= map->v[i].container_id == 0;
	if (map->n && ns_is_new(ns) && !has_root)
		problem_add(problems, map->path, "does not map containerID 0, as which the container is set up");
}

static void validate(const struct oci_config *config, struct problems *problems)
{
	struct id_map maps[2];

	if (!config->linux)
		return;
	maps_of(config, maps);
	for (size_t i = 0; i < 2; i++)
		validate_map(&maps[i], ns_find(config, NS_USER), problems);
}

static bool wanted(const struct oci_config *config)
{
	return ns_find(config, NS_USER);
}

static int map_ids(struct launch *l, struct err *e)
{
	struct id_map maps[2];

	if (!l->new_ns[NS_USER] && !l->kit.moved_first)
		return 0;
	maps_of(l->config, maps);
	if (l->new_ns[NS_USER] && id_maps_write(l->kit.host_proc_fd, l->pid, maps, e))
		return -1;
	return sync_send(l->sync_fd, SYNC_MAPPED, -1, e);
}

static int enter(struct init *init, struct err *e)
{
	if (!init->new_ns[NS_USER] && !init->join_ns[NS_USER])
		return 0;
	if ((init->new_ns[NS_USER] || init->kit->moved_first) && sync_expect(init->sync_fd, SYNC_MAPPED, NULL, e))
		return -1;
	/* Additional groups stay for now: init_user drops or keeps them. */
	if (setresgid(0, 0, 0) < 0)
		return err_sys(e, "become group 0 of the user namespace");
	if (setresuid(0, 0, 0) < 0)
		return err_sys(e, "become user 0 of the user namespace");
	/* Changing ids may have made us dumpable (fs.suid_dumpable), or we were, for the parent's sake. */
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? err_sys(e, "prctl(PR_SET_DUMPABLE)") : 0;
}

const struct feature feature_userns = { "userns", "linux.uidMappings", validate, NULL };
const struct host_step host_userns_map = { "userns", wanted, map_ids, NULL };
const struct init_step init_userns_enter = { "userns", NULL, enter };
