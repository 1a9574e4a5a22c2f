/* mounts[].uidMappings and gidMappings, options "idmap" and "ridmap": the files of a mount show other owners than they
 * have on their file system. runtime-spec config.md "Mounts"; mount_setattr(2) MOUNT_ATTR_IDMAP (Linux 5.12).
 *
 * The kernel takes the mapping as a user namespace, which a short-lived child of ours lends. It asks for CAP_SYS_ADMIN
 * where the file system was mounted: for the host's files that is the host, whatever user namespace the container has.
 * So the host's side makes the detached copy, and init attaches it. A file system that init mounts itself is init's
 * own: for that one only the user namespace is made here. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "linux/id_map.h"
#include "linux/linux.h"
#include "linux/mount_tree.h"
#include "step/launch.h"
#include "step/ns.h"
#include "sys/capable.h"
#include "sys/clone.h"
#include "sys/mountfd.h"
#include "sys/pidfd.h"

/* By mount_setattr(2): since when a file system allows it. NULL: no Linux up to now. */
static const struct {
	unsigned type;
	const char *name, *since;
} file_systems[] = {
	{ 0xef53, "ext4", "5.12" },
	{ 0x58465342, "xfs", "5.12" },
	{ 0x4d44, "vfat", "5.12" },
	{ 0x9123683e, "btrfs", "5.15" },
	{ 0x7366746e, "ntfs3", "5.15" },
	{ 0xf2f52010, "f2fs", "5.18" },
	{ 0xe0f5e1e2, "erofs", "5.19" },
	{ 0x73717368, "squashfs", "6.2" },
	{ 0x01021994, "tmpfs", "6.3" },
	{ 0x00c36400, "ceph", "6.7" },
	{ 0x958458f6, "hugetlbfs", "6.9" },
	{ 0x65735546, "fuse", "6.12, if its server agrees" },
	{ 0x794c7630, "overlay", NULL },
	{ 0x6969, "nfs", NULL },
	{ 0xff534d42, "cifs", NULL },
	{ 0x01021997, "9p", NULL },
	{ 0x9fa0, "proc", NULL },
	{ 0x62656572, "sysfs", NULL },
	{ 0x1cd1, "devpts", NULL },
	{ 0x19800202, "mqueue", NULL },
	{ 0x63677270, "cgroup2", NULL },
	{ 0x27e0eb, "cgroup", NULL },
};

static bool is_asked(const struct oci_mount *m, const struct mount_options *o)
{
	return o->idmap || m->n_uid_mappings || m->n_gid_mappings;
}

static bool is_bind(const struct oci_mount *m, const struct mount_options *o)
{
	return o->bind || str_eq(m->type, "bind");
}

/* --- crun's "idmap=uids=0-1-10#10-11-10;gids=0-100-10" --- */

struct list {
	struct arena *arena;
	const struct id_map *base; /* of the container: what "@" counts in */
	struct oci_id_mapping v[64];
	size_t n;
};

static int list_add(struct list *l, uint32_t first, uint32_t host, uint32_t size)
{
	if (l->n == ARRAY_LEN(l->v))
		return -1;
	l->v[l->n++] = (struct oci_id_mapping){ .container_id = first,
		.host_id = host,
		.size = size,
		.has_container_id = true,
		.has_host_id = true,
		.has_size = true };
	return 0;
}

/* Ids of the container are ids of the host at other places: one extent of them may become several. */
static int list_add_relative(struct list *l, uint32_t first, uint32_t id, uint32_t size)
{
	const struct id_map *base = l->base;

	while (size) {
		const struct oci_id_mapping *m = NULL;
		uint32_t offset, part;

		for (size_t i = 0; i < base->n && !m; i++)
			if (id >= base->v[i].container_id && id - base->v[i].container_id < base->v[i].size)
				m = &base->v[i];
		if (!m)
			return -1;
		offset = id - m->container_id;
		part = m->size - offset < size ? m->size - offset : size;
		if (list_add(l, first, m->host_id + offset, part))
			return -1;
		first += part;
		id += part;
		size -= part;
	}
	return 0;
}

/* "[@]FIRST-ID-COUNT" */
static int list_parse_one(struct list *l, char *text)
{
	char *part[3];
	bool relative = *text == '@';
	uint32_t first, id;
	uint64_t count;

	text += relative;
	for (int i = 0; i < 3; i++)
		part[i] = strsep(&text, "-");
	if (text || !part[2] || str_id(part[0], &first) || str_id(part[1], &id) || str_u64(part[2], UINT32_MAX, &count))
		return -1;
	return relative ? list_add_relative(l, first, id, count) : list_add(l, first, id, count);
}

static int list_parse(char *text, struct arena *arena, struct id_map *map)
{
	struct list l = { .arena = arena, .base = map };
	char *save = NULL;

	for (char *one = strtok_r(text, "#", &save); one; one = strtok_r(NULL, "#", &save))
		if (list_parse_one(&l, one))
			return -1;
	map->v = arena_alloc(arena, (l.n + 1) * sizeof *map->v);
	memcpy(map->v, l.v, l.n * sizeof *map->v);
	map->n = l.n;
	return l.n ? 0 : -1;
}

/* maps: the container's; each that is named is replaced. */
static int parse_words(const char *words, struct arena *arena, struct id_map maps[2])
{
	char *save = NULL, *copy = arena_strdup(arena, words);

	for (char *word = strtok_r(copy, ";", &save); word; word = strtok_r(NULL, ";", &save)) {
		struct id_map *map = str_starts(word, "uids=") ? &maps[1] : str_starts(word, "gids=") ? &maps[0] : NULL;

		if (!map || list_parse(word + strlen("uids="), arena, map))
			return -1;
	}
	return 0;
}

/* --- which mapping an entry gets --- */

/* NULL, or what is wrong with it. Both maps empty: those of the user namespace that the container joins. */
static const char *mapping_of(const struct oci_config *config, size_t index, const struct mount_options *o,
	struct arena *arena, struct id_map maps[2])
{
	const struct oci_mount *m = &config->mounts[index];
	const struct oci_linux *l = config->linux;
	const struct oci_namespace *user = ns_find(config, NS_USER);
	char parent[32];

	snprintf(parent, sizeof parent, "mounts[%zu]", index);
	if (m->n_uid_mappings || m->n_gid_mappings) {
		id_maps_init(maps, parent, m->uid_mappings, m->n_uid_mappings, m->gid_mappings, m->n_gid_mappings);
		if (o->idmap_words)
			return "has mappings among its options and as members: one of them is too much";
		return maps[0].n && maps[1].n ? NULL : "uidMappings and gidMappings go together, and one is missing";
	}
	id_maps_init(maps, parent, l ? l->uid_mappings : NULL, l ? l->n_uid_mappings : 0, l ? l->gid_mappings : NULL,
		l ? l->n_gid_mappings : 0);
	if (o->idmap_words) {
		if (parse_words(o->idmap_words, arena, maps))
			return "\"idmap=\" takes uids=FIRST-ID-COUNT#...;gids=FIRST-ID-COUNT#..., with @ in front of "
			       "FIRST where ID is an id that linux.uidMappings (gidMappings) maps into the container";
		return maps[0].n && maps[1].n ? NULL
					      : "maps only users or only groups, and the container has no "
						"mappings of its own for the others";
	}
	if (!user)
		return "\"idmap\" without uidMappings and gidMappings takes those of the container's user namespace, "
		       "and it has none";
	if (ns_is_joined(user))
		maps[0].n = maps[1].n = 0;
	return NULL;
}

void mount_idmap_validate(
	const struct oci_config *config, size_t index, const struct mount_options *o, struct problems *problems)
{
	cleanup_arena struct arena *arena = arena_new();
	const struct oci_mount *m = &config->mounts[index];
	struct id_map maps[2];
	const char *wrong;

	if (!is_asked(m, o))
		return;
	if (!is_bind(m, o) && ns_find(config, NS_USER) && (m->n_uid_mappings || m->n_gid_mappings || o->idmap_words))
		problem_add(problems, AT("mounts[%zu]", index),
			"has mappings, and its file system, of type %s, will be the container's own user namespace's, "
			"whose ids it has already",
			m->type ? m->type : "none");
	if (o->remount)
		problem_add(problems, AT("mounts[%zu].options", index),
			"an existing mount cannot be id-mapped: \"remount\" and mappings exclude each other");
	wrong = mapping_of(config, index, o, arena, maps);
	if (wrong)
		problem_add(problems, AT("mounts[%zu]", index), "%s", wrong);
	for (size_t i = 0; i < 2 && !wrong; i++)
		id_map_validate(&maps[i], problems);
}

/* --- the host's side --- */

static _Noreturn void lend(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It may have died before. */
	while (getppid() == parent)
		pause();
	_exit(0);
}

/* A user namespace with these maps, which lives as long as the descriptor. */
static int userns_make(int proc_fd, const struct id_map maps[2], struct err *e)
{
	/* Its files in /proc must be ours, where we have no privileges to write them nevertheless. */
	bool show = !capable(CAP_SYS_PTRACE);
	cleanup_fd int pidfd = -1, fd = -1;
	pid_t pid, ours = getpid();
	char path[32];
	int status;

	if (show && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		return err_sys(e, "prctl(PR_SET_DUMPABLE)");
	pid = clone_child(CLONE_NEWUSER, -1, &pidfd, e);
	if (pid == 0)
		lend(ours);
	if (show)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (pid < 0)
		return err_wrap(e, "make a user namespace for the mapping");
	status = id_maps_write(proc_fd, pid, maps, e);
	if (status == 0) {
		snprintf(path, sizeof path, "%d/ns/user", (int)pid);
		fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
		status = fd < 0 ? err_sys(e, "open /proc/%s", path) : 0;
	}
	pidfd_end_child(pid, pidfd);
	return status ? -1 : take_fd(&fd);
}

static bool same_maps(const struct id_map a[2], const struct id_map b[2])
{
	for (size_t i = 0; i < 2; i++) {
		if (a[i].n != b[i].n)
			return false;
		for (size_t k = 0; k < a[i].n; k++)
			if (a[i].v[k].container_id != b[i].v[k].container_id ||
				a[i].v[k].host_id != b[i].v[k].host_id || a[i].v[k].size != b[i].v[k].size)
				return false;
	}
	return true;
}

/* The EINVAL of the kernel says nothing: it is nearly always the file system. */
static int explain(int tree_fd, struct err *e)
{
	struct statfs fs;
	struct utsname u = { 0 };
	const char *name = NULL, *since = NULL;

	if (e->code == EPERM && !capable(CAP_SYS_ADMIN))
		return err_wrap(e, "only root of the host may map the ids of the host's files");
	if (e->code == EPERM)
		return err_wrap(e, "the source is an id-mapped mount already, or another user namespace's");
	if (e->code != EINVAL || fstatfs(tree_fd, &fs) < 0 || uname(&u) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(file_systems); i++)
		if (file_systems[i].type == (unsigned)fs.f_type) {
			name = file_systems[i].name;
			since = file_systems[i].since;
		}
	if (!name)
		return err_wrap(e, "the file system (type %#x) does not allow id-mapped mounts in Linux %s",
			(unsigned)fs.f_type, u.release);
	if (!since)
		return err_wrap(e, "%s does not allow id-mapped mounts (this is Linux %s)", name, u.release);
	return err_wrap(e, "%s allows id-mapped mounts since Linux %s (this is Linux %s), or a mount below does not",
		name, since, u.release);
}

/* A source that is a link, and will be copied as one, is no mount. */
static bool stays_link(const struct mount_options *o, const char *path)
{
	struct stat st;

	return o->copy_link && fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
}

static int make_tree(const struct launch *l, const struct oci_mount *m, const struct mount_options *o,
	struct kit_mount *made, struct err *e)
{
	cleanup_free char *path = mount_source_path(l->bundle, m->source);
	cleanup_fd int source_fd = -1, tree_fd = -1;

	if (stays_link(o, path))
		return 0;
	source_fd = mountfd_open(AT_FDCWD, path, !o->source_link, e);
	if (source_fd < 0)
		return err_wrap(e, "source");
	tree_fd = mountfd_clone(source_fd, o->recursive, e);
	if (tree_fd < 0)
		return err_wrap(e,
			e->code == EPERM ? "only root of the host may map the ids of the host's files: %s"
					 : "copy the mount of %s",
			m->source);
	if (mountfd_idmap(tree_fd, o->idmap_all, made->userns_fd, e))
		return explain(tree_fd, e);
	made->tree_fd = take_fd(&tree_fd);
	return 0;
}

/* What the entry before it had, or what the container joins, or a new one. */
static int find_userns(
	struct launch *l, const struct id_map maps[2], struct id_map last[2], int *last_fd, struct err *e)
{
	int fd;

	if (!maps[0].n && !maps[1].n) {
		/* Joined by a path that is our own user namespace, it has no maps to speak of. */
		if (l->kit.ns_fd[NS_USER] < 0)
			return err_set(e, "\"idmap\" takes the mappings of the container's user namespace, and that is "
					  "the host's own");
		fd = fcntl(l->kit.ns_fd[NS_USER], F_DUPFD_CLOEXEC, 3);
		return fd < 0 ? err_sys(e, "dup") : fd;
	}
	if (*last_fd < 0 || !same_maps(maps, last)) {
		fd_close(last_fd);
		*last_fd = userns_make(l->kit.host_proc_fd, maps, e);
		if (*last_fd < 0)
			return -1;
		memcpy(last, maps, 2 * sizeof *last);
	}
	fd = fcntl(*last_fd, F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? err_sys(e, "dup") : fd;
}

static int prepare_one(
	struct launch *l, size_t i, struct mount_options *o, struct id_map last[2], int *last_fd, struct err *e)
{
	const struct oci_mount *m = &l->config->mounts[i];
	struct kit_mount *made = &l->kit.mounts[i];
	struct id_map maps[2];
	const char *wrong;

	/* What is mounted in a user namespace has that one's ids from birth. */
	if (!is_asked(m, o) || (!is_bind(m, o) && ns_find(l->config, NS_USER)))
		return 0;
	wrong = mapping_of(l->config, i, o, l->arena, maps);
	if (wrong)
		return err_set(e, "%s", wrong);
	made->userns_fd = find_userns(l, maps, last, last_fd, e);
	if (made->userns_fd < 0)
		return -1;
	if (!is_bind(m, o))
		return 0;
	if (make_tree(l, m, o, made, e))
		return -1;
	fd_close(&made->userns_fd);
	return 0;
}

static int prepare(struct launch *l, struct err *e)
{
	const struct oci_config *config = l->config;
	cleanup_fd int last_fd = -1;
	struct id_map last[2];

	l->kit.mounts = arena_alloc(l->arena, config->n_mounts * sizeof *l->kit.mounts);
	l->kit.n_mounts = config->n_mounts;
	for (size_t i = 0; i < config->n_mounts; i++)
		l->kit.mounts[i] = (struct kit_mount){ -1, -1, -1 };
	for (size_t i = 0; i < config->n_mounts; i++) {
		const struct oci_mount *m = &config->mounts[i];
		struct mount_options o;
		bool bind;
		int status;

		mount_options_parse(m->options, m->n_options, &o);
		bind = is_bind(m, &o);
		status = prepare_one(l, i, &o, last, &last_fd, e);
		mount_options_free(&o);
		if (status)
			return mount_entry_error(i, m, bind, e);
	}
	return 0;
}

static void forget(struct launch *l)
{
	for (size_t i = 0; i < l->kit.n_mounts; i++) {
		fd_close(&l->kit.mounts[i].tree_fd);
		fd_close(&l->kit.mounts[i].userns_fd);
	}
	l->kit.n_mounts = 0;
}

static bool wanted(const struct oci_config *config)
{
	for (size_t i = 0; i < config->n_mounts; i++) {
		const struct oci_mount *m = &config->mounts[i];

		if (m->n_uid_mappings || m->n_gid_mappings)
			return true;
		for (size_t k = 0; k < m->n_options; k++)
			if (str_starts(m->options[k], "idmap") || str_starts(m->options[k], "ridmap"))
				return true;
	}
	return false;
}

/* --- init's side --- */

int mount_idmap_tree(const struct mount_entry *m)
{
	const struct kit *kit = m->init->kit;

	if (m->index >= kit->n_mounts)
		return -1;
	return m->from_host ? kit->mounts[m->index].spare_fd : kit->mounts[m->index].tree_fd;
}

int mount_idmap_apply(const struct mount_entry *m, int tree_fd, struct err *e)
{
	const struct kit *kit = m->init->kit;

	if (m->index >= kit->n_mounts || kit->mounts[m->index].userns_fd < 0)
		return 0;
	if (mountfd_idmap(tree_fd, m->options.idmap_all, kit->mounts[m->index].userns_fd, e))
		return explain(tree_fd, e);
	return 0;
}

const struct host_step host_mount_idmap = { "mount", wanted, prepare, forget };
