/* Which hierarchies this host has, and where the container's cgroup goes in each.
 *
 * Pure v2 is told by one statfs(2). With v1 the hierarchies come from /proc/self/cgroup, which stays short however many
 * mounts there are; their usual places are tried before /proc/self/mountinfo is read. runtime-spec 1.3.0,
 * config-linux.md, "Control groups": an absolute cgroupsPath is below the hierarchy's root, a relative one where the
 * runtime likes: in the runtime's own cgroup on v1, beside it on v2, where a cgroup with processes in it cannot hand
 * controllers to its children. */
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "cgroup/controller.h"

#define ROOT "/sys/fs/cgroup"
#define PROC_FILE_MAX (16u << 20)

static bool is_mount(const char *dir, bool v2)
{
	struct statfs fs;
	return statfs(dir, &fs) == 0 && fs.f_type == (v2 ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC);
}

static unsigned controllers_in(const char *list)
{
	unsigned bits = 0;
	for (size_t len; *list; list += len + (list[len] != '\0')) {
		len = strcspn(list, ", \n");
		int i = controller_index(list, len);
		if (i >= 0)
			bits |= 1u << i;
	}
	return bits;
}

/* v2 makes controllers available one cgroup at a time: that it lacks one shows when a limit is written. Beside v1 it
 * has what v1 lacks, but for the answers without a controller, which v1 hosts do not expect of it. */
static unsigned controllers_of_v2(bool beside_v1)
{
	unsigned bits = 0;
	for (unsigned i = 0; i < CONTROLLERS; i++)
		if (controllers[i]->v2 || controllers[i]->v2_files || (controllers[i]->v2_core && !beside_v1))
			bits |= 1u << i;
	return bits;
}

void locate_controllers(struct hierarchy *h, size_t n)
{
	unsigned v1 = 0;
	bool any_v1 = false;
	for (size_t i = 0; i < n; i++) {
		h[i].controllers = h[i].v2 ? 0 : controllers_in(h[i].options);
		v1 |= h[i].controllers;
		any_v1 |= !h[i].v2;
	}
	for (size_t i = 0; i < n; i++)
		if (h[i].v2)
			h[i].controllers = controllers_of_v2(any_v1) & ~v1;
}

size_t locate_parse_cgroup(const char *text, struct arena *arena, struct hierarchy **out)
{
	size_t n = 0, lines = 1;
	for (const char *p = text; (p = strchr(p, '\n')); p++)
		lines++;
	*out = arena_alloc(arena, lines * sizeof **out);
	/* "4:memory:/own/path": the path may hold colons, the list of controllers ("name=..." included) does not. */
	for (const char *line = text, *end; *line && (end = strchr(line, '\n')); line = end + 1) {
		const char *list = memchr(line, ':', (size_t)(end - line));
		const char *own = list ? memchr(list + 1, ':', (size_t)(end - list - 1)) : NULL;
		if (!own)
			continue;
		struct hierarchy *h = &(*out)[n++];
		h->v2 = own == list + 1;
		h->options = h->v2 ? NULL : arena_strndup(arena, list + 1, (size_t)(own - list - 1));
		h->path = arena_strndup(arena, own + 1, (size_t)(end - own - 1));
	}
	locate_controllers(*out, n);
	return n;
}

/* --- /proc/self/mountinfo, proc(5) --- */

/* Is every word of the list `wanted` among the mount's comma-separated options? */
static bool has_options(const char *options, const char *wanted)
{
	for (size_t len; *wanted; wanted += len + (wanted[len] == ',')) {
		len = strcspn(wanted, ",");
		const char *p = options;
		while (*p && !(strcspn(p, ",") == len && !strncmp(p, wanted, len))) {
			p += strcspn(p, ",");
			p += *p == ',';
		}
		if (!*p)
			return false;
	}
	return true;
}

/* The kernel writes space, tab, newline and backslash as \ooo. */
static char *unescape(char *s)
{
	char *to = s;
	for (const char *from = s; *from;) {
		unsigned c;
		if (*from == '\\' && sscanf(from + 1, "%3o", &c) == 1) {
			*to++ = (char)c;
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	return s;
}

static void parse_mount(char *line, struct arena *arena, struct hierarchy *h, size_t n, char **roots)
{
	/* id parent major:minor root mount-point options [optional...] - type source super-options */
	char *dash = strstr(line, " - "), *save, *type, *super = NULL, *word[5];
	if (!dash || !str_starts(dash + 3, "cgroup"))
		return;
	*dash = '\0';
	type = strtok_r(dash + 3, " ", &save);
	for (int i = 0; i < 2; i++)
		super = strtok_r(NULL, " ", &save);
	word[0] = strtok_r(line, " ", &save);
	for (int i = 1; i < 5; i++)
		word[i] = word[i - 1] ? strtok_r(NULL, " ", &save) : NULL;
	if (!word[4] || !super)
		return;
	for (size_t i = 0; i < n; i++) {
		bool same =
			h[i].v2 ? str_eq(type, "cgroup2") : str_eq(type, "cgroup") && has_options(super, h[i].options);
		if (!same || roots[i])
			continue;
		roots[i] = unescape(arena_strdup(arena, word[3]));
		h[i].mount_dir = unescape(arena_strdup(arena, word[4]));
	}
}

void locate_parse_mountinfo(const char *text, struct arena *arena, struct hierarchy *h, size_t n, char **roots)
{
	for (const char *end; (end = strchr(text, '\n')); text = end + 1)
		parse_mount(arena_strndup(arena, text, (size_t)(end - text)), arena, h, n, roots);
}

/* --- the container's path --- */

/* own without the root of the mount in front: what a path below the mount point begins with. */
static const char *below_root(const char *own, const char *root)
{
	size_t len = strlen(root);
	if (len > 1 && !strncmp(own, root, len) && (own[len] == '/' || !own[len]))
		own += len;
	/* A cgroup outside of our cgroup namespace or of the mount cannot be reached: start at the root that can. */
	return str_starts(own, "/..") ? "" : own;
}

/* Without "//", "/./" and the slash at the end; ".." was refused by validation. */
static char *path_clean(const char *path, struct arena *arena)
{
	char *clean = arena_alloc(arena, strlen(path) + 2), *to = clean;
	for (size_t len; *path; path += len) {
		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (len == 0 || (len == 1 && *path == '.'))
			continue;
		*to++ = '/';
		memcpy(to, path, len);
		to += len;
	}
	return clean;
}

char *locate_path(
	const char *cgroups_path, const char *id, bool v2, const char *own, const char *root, struct arena *arena)
{
	if (!cgroups_path || !*cgroups_path)
		return arena_printf(arena, "/hind/%s", id);
	if (*cgroups_path == '/')
		return path_clean(cgroups_path, arena);
	own = below_root(own, root);
	const char *last = strrchr(own, '/');
	size_t len = v2 && last ? (size_t)(last - own) : strlen(own);
	return path_clean(arena_printf(arena, "%.*s/%s", (int)len, own, cgroups_path), arena);
}

/* --- together --- */

static int read_proc(const char *path, struct arena *arena, char **text, struct err *e)
{
	cleanup_free char *read = NULL;
	size_t len;
	if (file_read(AT_FDCWD, path, PROC_FILE_MAX, &read, &len, e) < 0)
		return -1;
	*text = arena_strndup(arena, read, len);
	return 0;
}

/* Gives each hierarchy its usual place, if it is there: "cpu,cpuacct", "systemd" for name=systemd, "unified". */
static bool usual_places(struct hierarchy *h, size_t n, bool pure_v2, struct arena *arena)
{
	bool all = true;
	for (size_t i = 0; i < n; i++) {
		const char *name = h[i].v2 ? "unified" : h[i].options;
		if (str_starts(name, "name="))
			name += strlen("name=");
		char *dir = pure_v2 ? arena_strdup(arena, ROOT) : arena_printf(arena, ROOT "/%s", name);
		if (pure_v2 || is_mount(dir, h[i].v2))
			h[i].mount_dir = dir;
		else
			all = false;
	}
	return all;
}

/* Leaves out what the container does not need: named hierarchies and the cgroup2 beside v1. The number that stays. */
static size_t drop_unwanted(struct hierarchy *h, size_t n, bool wants_named, unsigned asked)
{
	size_t kept = 0, n_v1 = 0;
	for (size_t i = 0; i < n; i++)
		n_v1 += !h[i].v2;
	struct hierarchy v2 = { 0 };
	for (size_t i = 0; i < n; i++) {
		if (h[i].v2)
			v2 = h[i];
		else if (wants_named || !str_starts(h[i].options, "name="))
			h[kept++] = h[i];
	}
	/* cgroup2 comes last, and in the hybrid layout it does what v1 cannot. */
	if (v2.v2 && (!n_v1 || wants_named || asked & v2.controllers))
		h[kept++] = v2;
	return kept;
}

/* Beside a pure v2 there may be a v1 hierarchy without controllers, or one that somebody mounted for himself. */
static size_t only_v2(struct hierarchy *h, size_t n)
{
	size_t kept = 0;
	for (size_t i = 0; i < n; i++)
		if (h[i].v2)
			h[kept++] = h[i];
	locate_controllers(h, kept);
	return kept;
}

static int no_hierarchy(struct err *e)
{
	return err_set(e,
		"no cgroup hierarchy is mounted on this host; mount one (mount -t cgroup2 none %s) or use "
		"--cgroup-manager disabled",
		ROOT);
}

/* What the container's cgroup needs above it and does not find will be made, and goes with it. Told in advance, as it
 * goes to the state file before anything is made. Our own /hind is in all hierarchies or in none: one look. */
static void note_missing_parents(struct cgroup *cg)
{
	for (size_t i = 0; i < cg->n; i++) {
		cg->hierarchies[i].made_parents = hierarchy_missing_parents(&cg->hierarchies[i]);
		if (!cg->hierarchies[i].made_parents && str_starts(cg->hierarchies[i].path, "/hind/"))
			break;
	}
}

/* The hierarchies that are mounted, with their paths: the container's own, or our own where it stays with us. */
static void settle(struct cgroup *cg, struct hierarchy *h, size_t n, const char *cgroups_path, const char *id,
	char **roots, struct arena *arena)
{
	bool borrow = cg->manager == &cgroup_none;
	size_t kept = 0;
	for (size_t i = 0; i < n; i++) {
		const char *root = roots[i] ? roots[i] : "/", *own = h[i].path;
		if (!h[i].mount_dir) {
			log_debug("cgroup", "not_mounted=%s", h[i].v2 ? "cgroup2" : h[i].options);
			continue;
		}
		h[i].path = borrow ? path_clean(below_root(own, root), arena)
				   : locate_path(cgroups_path, id, h[i].v2, own, root, arena);
		hierarchy_set_dir(&h[i], arena);
		h[kept++] = h[i];
	}
	*(borrow ? &cg->borrowed : &cg->hierarchies) = h;
	*(borrow ? &cg->n_borrowed : &cg->n) = kept;
	cg->v2 = kept == 1 && h[0].v2;
	cg->hybrid = kept && !cg->v2 && h[kept - 1].v2;
}

int locate_hierarchies(struct cgroup *cg, const char *cgroups_path, const char *id, bool wants_named,
	unsigned asked_controllers, struct arena *arena, struct err *e)
{
	bool pure_v2 = is_mount(ROOT, true), named = cgroups_path && *cgroups_path;
	bool relative = named && *cgroups_path != '/';
	bool own = relative || cg->manager == &cgroup_none;
	char *text = "0::/\n";
	if ((!pure_v2 || own) && read_proc("/proc/self/cgroup", arena, &text, e) < 0)
		return -1;
	struct hierarchy *h;
	size_t n = locate_parse_cgroup(text, arena, &h);
	if (pure_v2)
		n = only_v2(h, n);
	n = drop_unwanted(h, n, wants_named, asked_controllers);
	char **roots = arena_alloc(arena, (n + 1) * sizeof *roots);
	if (!usual_places(h, n, pure_v2, arena) || own) {
		if (read_proc("/proc/self/mountinfo", arena, &text, e) < 0)
			return -1;
		locate_parse_mountinfo(text, arena, h, n, roots);
	}
	settle(cg, h, n, cgroups_path, id, roots, arena);
	if (!cg->n && !cg->n_borrowed)
		return cg->manager == &cgroup_none ? 0 : no_hierarchy(e);
	if (cg->n && named)
		note_missing_parents(cg);
	return 0;
}
