/* linux.uidMappings and linux.gidMappings: who is who in a new user namespace. runtime-spec config-linux.md "User
 * namespace mappings"; user_namespaces(7), newuidmap(1).
 *
 * The maps must be written from outside while the child waits, directly after the fork: until then every id in it is
 * the overflow id, and no file that it makes has an owner. The child then becomes id 0 of the namespace, because set-up
 * needs an id that owns files there; it is why container id 0 has to be mapped. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/spawn.h"
#include "linux/linux.h"
#include "step/init.h"
#include "step/launch.h"
#include "step/ns.h"
#include "step/sync.h"
#include "sys/capable.h"

#define MAX_EXTENTS 340        /* UID_GID_MAP_MAX_EXTENTS, Linux 4.15 */
#define ID_LIMIT 4294967295ull /* (uid_t)-1 is no id */

/* Both kinds of id are handled alike; this is all that differs. */
struct map {
	const char *path;    /* in config.json */
	const char *file;    /* below /proc/PID */
	const char *program; /* may map more than one's own id */
	int capability;
	const struct oci_id_mapping *v;
	size_t n;
};

static void maps_of(const struct oci_config *config, struct map maps[2])
{
	const struct oci_linux *l = config->linux;

	maps[0] = (struct map){ "linux.gidMappings", "gid_map", "newgidmap", CAP_SETGID, l->gid_mappings,
		l->n_gid_mappings };
	maps[1] = (struct map){ "linux.uidMappings", "uid_map", "newuidmap", CAP_SETUID, l->uid_mappings,
		l->n_uid_mappings };
}

static bool overlap(uint32_t a, uint32_t b, uint32_t a_size, uint32_t b_size)
{
	return a < (uint64_t)b + b_size && b < (uint64_t)a + a_size;
}

static void validate_extent(const struct map *map, size_t i, struct problems *problems)
{
	const struct oci_id_mapping *m = &map->v[i];

	if (m->size == 0)
		problem_add(problems, AT("%s[%zu].size", map->path, i), "0 maps nothing");
	if ((uint64_t)m->container_id + m->size > ID_LIMIT)
		problem_add(problems, AT("%s[%zu].size", map->path, i),
			"reaches beyond the last id, 4294967294, from containerID %u on", m->container_id);
	if ((uint64_t)m->host_id + m->size > ID_LIMIT)
		problem_add(problems, AT("%s[%zu].size", map->path, i),
			"reaches beyond the last id, 4294967294, from hostID %u on", m->host_id);
	for (size_t k = 0; k < i; k++) {
		const struct oci_id_mapping *o = &map->v[k];

		if (overlap(m->container_id, o->container_id, m->size, o->size))
			problem_add(problems, AT("%s[%zu].containerID", map->path, i),
				"overlaps %s[%zu] inside the container", map->path, k);
		if (overlap(m->host_id, o->host_id, m->size, o->size))
			problem_add(problems, AT("%s[%zu].hostID", map->path, i), "overlaps %s[%zu] on the host",
				map->path, k);
	}
}

static void validate_map(const struct map *map, const struct oci_namespace *ns, struct problems *problems)
{
	bool has_root = false;

	if (map->n && !ns)
		problem_add(problems, map->path, "needs a user namespace in linux.namespaces");
	if (!map->n && ns_is_new(ns))
		problem_add(problems, map->path, "is missing: a new user namespace without it has no ids");
	if (map->n > MAX_EXTENTS) {
		problem_add(problems, map->path, "%zu mappings, and the kernel takes %d", map->n, MAX_EXTENTS);
		return;
	}
	for (size_t i = 0; i < map->n; i++) {
		validate_extent(map, i, problems);
		has_root |= map->v[i].container_id == 0;
	}
	if (map->n && ns_is_new(ns) && !has_root)
		problem_add(problems, map->path, "does not map containerID 0, as which the container is set up");
}

static void validate(const struct oci_config *config, struct problems *problems)
{
	struct map maps[2];

	if (!config->linux)
		return;
	maps_of(config, maps);
	for (size_t i = 0; i < 2; i++)
		validate_map(&maps[i], ns_find(config, NS_USER), problems);
}

static bool is_new(const struct oci_config *config)
{
	return ns_is_new(ns_find(config, NS_USER));
}

static int write_file(const struct launch *l, const char *file, const char *text, struct err *e)
{
	char path[48];
	cleanup_fd int fd = -1;

	snprintf(path, sizeof path, "%d/%s", l->pid, file);
	fd = path_open_proc(l->kit.host_proc_fd, path, O_WRONLY, e);
	if (fd < 0)
		return -1;
	/* The kernel takes a whole map in one write, or none. */
	if (write(fd, text, strlen(text)) < 0)
		return err_sys(e, "write /proc/%s", path);
	return 0;
}

static int write_map(const struct launch *l, const struct map *map, struct err *e)
{
	struct text text = { 0 };
	int failed;

	for (size_t i = 0; i < map->n; i++)
		text_printf(&text, "%u %u %u\n", map->v[i].container_id, map->v[i].host_id, map->v[i].size);
	if (text.len >= (size_t)sysconf(_SC_PAGESIZE))
		failed = err_set(e, "%zu mappings are more than a page of text, and the kernel takes no more", map->n);
	else
		failed = write_file(l, map->file, text.p, e);
	free(text.p);
	if (failed && e->code == EPERM)
		return err_wrap(e, "%s: ids that this process may not map (host id 0 needs CAP_SETFCAP)", map->path);
	return failed ? err_wrap(e, "%s", map->path) : 0;
}

static int run_program(const struct launch *l, const struct map *map, struct err *e)
{
	cleanup_free char *path = spawn_find(map->program);
	char **argv = arena_alloc(l->arena, (2 + 3 * map->n + 1) * sizeof *argv);
	size_t n = 0;

	if (!path)
		return err_set(e,
			"%s: this process may map its own id only, and %s, which could do more, is not installed "
			"(package uidmap)",
			map->path, map->program);
	argv[n++] = (char *)map->program;
	argv[n++] = arena_printf(l->arena, "%d", l->pid);
	for (size_t i = 0; i < map->n; i++) {
		argv[n++] = arena_printf(l->arena, "%u", map->v[i].container_id);
		argv[n++] = arena_printf(l->arena, "%u", map->v[i].host_id);
		argv[n++] = arena_printf(l->arena, "%u", map->v[i].size);
	}
	if (spawn_run(&(struct spawn){ .path = path, .argv = argv, .cwd_fd = -1 }, e))
		return err_wrap(e, "%s: %s", map->path, path);
	return 0;
}

/* Who has the capability writes the map; who has not may map exactly the own id (for the group after giving up
 * setgroups(2), CVE-2014-8989); everything else takes the set-id programs and /etc/subuid. */
static int map_ids(struct launch *l, struct err *e)
{
	struct map maps[2];

	maps_of(l->config, maps);
	for (size_t i = 0; i < 2; i++) {
		const struct map *map = &maps[i];
		bool group = map->capability == CAP_SETGID;
		bool own = map->n == 1 && map->v[0].size == 1 && map->v[0].host_id == (group ? getegid() : geteuid());

		if (capable(map->capability)) {
			if (write_map(l, map, e))
				return -1;
		} else if (own) {
			if (group && write_file(l, "setgroups", "deny", e))
				return err_wrap(e, "%s", map->path);
			if (write_map(l, map, e))
				return -1;
		} else if (run_program(l, map, e)) {
			return -1;
		}
		log_debug("userns", "mapped file=%s mappings=%zu", map->file, map->n);
	}
	return sync_send(l->sync_fd, SYNC_MAPPED, -1, e);
}

static int enter(struct init *init, struct err *e)
{
	if (!init->new_ns[NS_USER] && !init->join_ns[NS_USER])
		return 0;
	if (init->new_ns[NS_USER] && sync_expect(init->sync_fd, SYNC_MAPPED, NULL, e))
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
const struct host_step host_userns_map = { "userns", is_new, map_ids, NULL };
const struct init_step init_userns_enter = { "userns", NULL, enter };
