/* What a configuration gets when the caller has no privileges: a user namespace, where it asks for none.
 *
 * Without CAP_SYS_ADMIN nothing of a container can be made but inside a user namespace of one's own. The caller is its
 * root there, and the ranges of /etc/subuid and /etc/subgid follow from id 1 on, as with other runtimes; where these or
 * the set-id programs are missing, the caller's id is the only one. */
#include <linux/capability.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/spawn.h"
#include "base/str.h"
#include "container/container.h"
#include "linux/id_map.h"
#include "step/ns.h"
#include "sys/capable.h"

int rootless_parse(const char *word, enum rootless *mode, struct err *e)
{
	static const char *const names[] = { "auto", "true", "false" };

	*mode = ROOTLESS_AUTO;
	for (size_t i = 0; word && i < ARRAY_LEN(names); i++)
		if (str_eq(word, names[i])) {
			*mode = (enum rootless)i;
			return 0;
		}
	return word ? err_set(e, "--rootless: \"%s\" is none of auto, true, false", word) : 0;
}

bool rootless_cgroups(enum rootless mode)
{
	return mode == ROOTLESS_TRUE || (mode == ROOTLESS_AUTO && (geteuid() != 0 || in_user_namespace()));
}

/* The own id as 0, then what there is. *why: why it is the own id alone. */
static int map_ids(struct arena *arena, const struct id_map *kind, uint32_t own, struct oci_id_mapping **v, size_t *n,
	const char **why, struct err *e)
{
	cleanup_free char *program = spawn_find(kind->program);
	struct id_range *ranges;
	size_t n_ranges;
	uint32_t next = 1;

	if (id_ranges_read(kind->ranges, geteuid(), arena, &ranges, &n_ranges, e))
		return -1;
	if (!program)
		*why = arena_printf(arena, "%s is not installed (package uidmap)", kind->program);
	else if (!n_ranges)
		*why = arena_printf(arena, "%s has no range for user %u", kind->ranges, geteuid());
	*v = arena_alloc(arena, (n_ranges + 1) * sizeof **v);
	*n = 0;
	(*v)[(*n)++] = (struct oci_id_mapping){ 0, true, own, true, 1, true };
	for (size_t i = 0; i < n_ranges; i++) {
		uint32_t count = ranges[i].count > UINT32_MAX - 1 - next ? UINT32_MAX - 1 - next : ranges[i].count;

		if (count)
			(*v)[(*n)++] = (struct oci_id_mapping){ next, true, ranges[i].first, true, count, true };
		next += count;
	}
	return 0;
}

static void add_namespace(struct oci_linux *l, const char *type, struct arena *arena)
{
	struct oci_namespace *all = arena_alloc(arena, (l->n_namespaces + 1) * sizeof *all);

	if (l->n_namespaces)
		memcpy(all, l->namespaces, l->n_namespaces * sizeof *all);
	all[l->n_namespaces++].type = type;
	l->namespaces = all;
}

static bool is_mapped(const struct oci_id_mapping *v, size_t n, uint64_t id)
{
	for (size_t i = 0; i < n; i++)
		if (id >= v[i].container_id && id - v[i].container_id < v[i].size)
			return true;
	return false;
}

/* Every configuration that engines or `spec` write gives terminals to group 5. Where that is nobody, they are root's. */
static void drop_unmapped_groups(struct oci_config *c)
{
	for (size_t i = 0; i < c->n_mounts; i++) {
		struct oci_mount *m = &c->mounts[i];
		size_t kept = 0;

		for (size_t k = 0; k < m->n_options; k++) {
			uint64_t gid;
			bool group = str_eq(m->type, "devpts") && str_starts(m->options[k], "gid=") &&
				     str_u64(m->options[k] + 4, UINT32_MAX, &gid) == 0;

			if (!group || is_mapped(c->linux->gid_mappings, c->linux->n_gid_mappings, gid))
				m->options[kept++] = m->options[k];
		}
		m->n_options = kept;
	}
}

static bool wants_more(const struct oci_config *c)
{
	const struct oci_user *u = c->process ? c->process->user : NULL;

	return u && (u->uid || u->gid || u->n_additional_gids);
}

int rootless_amend(enum rootless mode, const char *place, struct oci_config *c, struct arena *arena, struct err *e)
{
	struct oci_linux *l = c->linux;
	const char *why = NULL;
	struct id_map maps[2];

	if (!l)
		return 0;
	if (place && rootless_cgroups(mode) && (!l->cgroups_path || !*l->cgroups_path))
		l->cgroups_path = arena_printf(arena, "hind/%s", place);
	if (mode == ROOTLESS_FALSE || capable(CAP_SYS_ADMIN) || ns_find(c, NS_USER) || l->n_uid_mappings ||
		l->n_gid_mappings)
		return 0;
	id_maps_init(maps, "linux", NULL, 0, NULL, 0);
	if (map_ids(arena, &maps[0], getegid(), &l->gid_mappings, &l->n_gid_mappings, &why, e) ||
		map_ids(arena, &maps[1], geteuid(), &l->uid_mappings, &l->n_uid_mappings, &why, e))
		return -1;
	/* One without the other is of no use: root's files would have groups that nobody can be in. */
	if (why)
		l->n_uid_mappings = l->n_gid_mappings = 1;
	add_namespace(l, "user", arena);
	drop_unmapped_groups(c);
	log_info("rootless", "user namespace added, uids=%zu gids=%zu%s%s", l->n_uid_mappings, l->n_gid_mappings,
		why ? ": " : "", why ? why : "");
	if (why && wants_more(c))
		log_warn("rootless", "the container has user 0 and group 0 only: %s", why);
	return 1;
}
