/* Writing the id maps of a user namespace. user_namespaces(7), newuidmap(1).
 *
 * A map is written once and whole, by somebody outside: who has CAP_SETUID (CAP_SETGID) may map anything, who has not
 * may map exactly the own id, and for more than that there are set-id programs, which ask /etc/subuid (/etc/subgid). */
#include "linux/id_map.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "base/spawn.h"
#include "base/str.h"
#include "sys/capable.h"

#define MAX_EXTENTS 340        /* UID_GID_MAP_MAX_EXTENTS, Linux 4.15 */
#define ID_LIMIT 4294967295ull /* (uid_t)-1 is no id */

void id_maps_init(struct id_map maps[2], const char *parent, struct oci_id_mapping *uids, size_t n_uids,
	struct oci_id_mapping *gids, size_t n_gids)
{
	maps[0] = (struct id_map){ .file = "gid_map",
		.program = "newgidmap",
		.ranges = "/etc/subgid",
		.capability = CAP_SETGID,
		.v = gids,
		.n = n_gids };
	maps[1] = (struct id_map){ .file = "uid_map",
		.program = "newuidmap",
		.ranges = "/etc/subuid",
		.capability = CAP_SETUID,
		.v = uids,
		.n = n_uids };
	snprintf(maps[0].path, sizeof maps[0].path, "%s.gidMappings", parent);
	snprintf(maps[1].path, sizeof maps[1].path, "%s.uidMappings", parent);
}

/* --- what config.json alone tells --- */

static bool overlap(uint32_t a, uint32_t b, uint32_t a_size, uint32_t b_size)
{
	return a < (uint64_t)b + b_size && b < (uint64_t)a + a_size;
}

static void validate_extent(const struct id_map *map, size_t i, struct problems *problems)
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

void id_map_validate(const struct id_map *map, struct problems *problems)
{
	if (map->n > MAX_EXTENTS) {
		problem_add(problems, map->path, "%zu mappings, and the kernel takes %d", map->n, MAX_EXTENTS);
		return;
	}
	for (size_t i = 0; i < map->n; i++)
		validate_extent(map, i, problems);
}

/* --- by oneself --- */

static int write_file(int proc_fd, pid_t pid, const char *file, const char *text, struct err *e)
{
	char path[48];
	cleanup_fd int fd = -1;

	snprintf(path, sizeof path, "%d/%s", pid, file);
	fd = path_open_proc(proc_fd, path, O_WRONLY, e);
	if (fd < 0)
		return -1;
	/* The kernel takes a whole map in one write, or none. */
	if (write(fd, text, strlen(text)) < 0)
		return err_sys(e, "write /proc/%s", path);
	return 0;
}

static int write_map(int proc_fd, pid_t pid, const struct id_map *map, struct err *e)
{
	struct text text = { 0 };
	int failed;

	for (size_t i = 0; i < map->n; i++)
		text_printf(&text, "%u %u %u\n", map->v[i].container_id, map->v[i].host_id, map->v[i].size);
	if (text.len >= (size_t)sysconf(_SC_PAGESIZE))
		failed = err_set(e, "%zu mappings are more than a page of text, and the kernel takes no more", map->n);
	else
		failed = write_file(proc_fd, pid, map->file, text.p, e);
	free(text.p);
	if (failed && e->code == EPERM)
		return err_wrap(e, "%s: ids that this process may not map (host id 0 needs CAP_SETFCAP)", map->path);
	return failed ? err_wrap(e, "%s", map->path) : 0;
}

/* --- by the set-id programs --- */

static bool is_granted(const struct id_range *ranges, size_t n, const struct oci_id_mapping *m, uint32_t own)
{
	if (m->size == 1 && m->host_id == own)
		return true;
	for (size_t i = 0; i < n; i++)
		if (m->host_id >= ranges[i].first &&
			(uint64_t)m->host_id + m->size <= (uint64_t)ranges[i].first + ranges[i].count)
			return true;
	return false;
}

/* The program says only that it may not. Which of the ids it was is what helps. */
static void name_missing_range(const struct id_map *map, struct err *e)
{
	cleanup_arena struct arena *arena = arena_new();
	uint32_t own = map->capability == CAP_SETGID ? getegid() : geteuid();
	struct id_range *ranges;
	struct err ignored;
	size_t n;

	if (id_ranges_read(map->ranges, geteuid(), arena, &ranges, &n, &ignored))
		return;
	for (size_t i = 0; i < map->n; i++) {
		const struct oci_id_mapping *m = &map->v[i];

		if (is_granted(ranges, n, m, own))
			continue;
		err_wrap(e, "%s gives user %u no range with %u to %llu: `usermod --add-sub%ss FIRST-LAST USER` does",
			map->ranges, geteuid(), m->host_id, (unsigned long long)m->host_id + m->size - 1,
			map->capability == CAP_SETGID ? "gid" : "uid");
		return;
	}
}

static int run_program(pid_t pid, const struct id_map *map, struct err *e)
{
	cleanup_free char *path = spawn_find(map->program);
	cleanup_arena struct arena *arena = arena_new();
	char **argv = arena_alloc(arena, (2 + 3 * map->n + 1) * sizeof *argv);
	size_t n = 0;

	if (!path)
		return err_set(e,
			"%s: this process may map its own id only, and %s, which could do more, is not installed "
			"(package uidmap)",
			map->path, map->program);
	argv[n++] = (char *)map->program;
	argv[n++] = arena_printf(arena, "%d", pid);
	for (size_t i = 0; i < map->n; i++) {
		argv[n++] = arena_printf(arena, "%u", map->v[i].container_id);
		argv[n++] = arena_printf(arena, "%u", map->v[i].host_id);
		argv[n++] = arena_printf(arena, "%u", map->v[i].size);
	}
	if (spawn_run(&(struct spawn){ .path = path, .argv = argv, .cwd_fd = -1 }, e) == 0)
		return 0;
	name_missing_range(map, e);
	return err_wrap(e, "%s", map->path);
}

/* For the group, one's own id may be mapped only after giving up setgroups(2) (CVE-2014-8989). */
int id_maps_write(int proc_fd, pid_t pid, const struct id_map maps[2], struct err *e)
{
	for (size_t i = 0; i < 2; i++) {
		const struct id_map *map = &maps[i];
		bool group = map->capability == CAP_SETGID;
		bool own = map->n == 1 && map->v[0].size == 1 && map->v[0].host_id == (group ? getegid() : geteuid());

		if (capable(map->capability)) {
			if (write_map(proc_fd, pid, map, e))
				return -1;
		} else if (own) {
			if (group && write_file(proc_fd, pid, "setgroups", "deny", e))
				return err_wrap(e, "%s", map->path);
			if (write_map(proc_fd, pid, map, e))
				return -1;
		} else if (run_program(pid, map, e)) {
			return -1;
		}
		log_debug("userns", "mapped file=%s mappings=%zu", map->file, map->n);
	}
	return 0;
}
