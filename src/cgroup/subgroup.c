/* Annotations that ask for cgroups below the container's own: run.oci.systemd.subgroup, a directory of its scope where
 * its processes are, and run.oci.delegate-cgroup, one more below that, which its program manages. Both belong to
 * systemd's manager: a scope's own files are systemd's, so limits and processes go one level down. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "cgroup/controller.h"
#include "cgroup/systemd.h"

const char *const subgroup_annotations[] = { "run.oci.systemd.subgroup", "run.oci.delegate-cgroup", NULL };

/* A path from the scope down; nothing of it may lead elsewhere. */
static const char *wrong(const char *path)
{
	if (*path == '/')
		return "begins with a slash, and it is a path below the container's cgroup";
	for (size_t len; *path; path += len + (path[len] == '/')) {
		len = strcspn(path, "/");
		if (len == 2 && !strncmp(path, "..", 2))
			return "\"..\" would lead out of the container's cgroup";
		if (len > 255)
			return "a directory name is longer than 255 bytes";
		if (memchr(path, '\n', len))
			return "holds a newline";
	}
	return NULL;
}

void subgroup_validate(const struct oci_config *config, struct problems *problems)
{
	for (const char *const *name = subgroup_annotations; *name; name++) {
		const char *value = config_annotation(config, *name), *why = value ? wrong(value) : NULL;
		if (why)
			problem_add(problems, AT("annotations.%s", *name), "%s", why);
	}
}

void subgroup_ignored(const struct oci_config *config, const char *manager)
{
	for (const char *const *name = subgroup_annotations; *name; name++) {
		const char *value = config_annotation(config, *name);
		/* An empty one says that none is wanted. */
		if (value && *value)
			log_warn("cgroup", "the annotation %s has no effect with --cgroup-manager %s", *name, manager);
	}
}

/* Without slashes that mean nothing. */
static char *below(const struct oci_config *config, const char *name, struct arena *arena)
{
	const char *value = config_annotation(config, name);
	char *path = "";
	for (size_t len; value && *value; value += len) {
		value += strspn(value, "/");
		len = strcspn(value, "/");
		if (len && !(len == 1 && *value == '.'))
			path = arena_printf(arena, "%s/%.*s", path, (int)len, value);
	}
	return path;
}

char *subgroup_path(const struct oci_config *config, struct arena *arena)
{
	return below(config, subgroup_annotations[0], arena);
}

/* Init goes down before controllers do: a cgroup with processes in it can hand on none. */
static int descend(struct hierarchy *h, const char *down, pid_t init, struct arena *arena, struct err *e)
{
	struct hierarchy leaf = *h;
	leaf.path = arena_printf(arena, "%s%s", h->path, down);
	hierarchy_set_dir(&leaf, arena);
	if (hierarchy_make(&leaf, NULL, e) < 0 || hierarchy_join(&leaf, init, e) < 0)
		return -1;
	return 0;
}

int subgroup_make(struct cgroup *cg, pid_t init, struct err *e)
{
	const struct systemd *s = cg->systemd;
	struct hierarchy *h = &cg->hierarchies[0];
	cleanup_arena struct arena *arena = arena_new();
	const char *down = below(s->config, subgroup_annotations[1], arena);
	size_t unit = strlen(h->mount_dir) + strlen(s->path);
	char dir[PATH_MAX];
	if (!h->dir[unit] && !*down)
		return 0;
	if (descend(h, down, init, arena, e) < 0)
		return -1;
	/* Each level from the unit's on, but for the last, where init is. */
	snprintf(dir, sizeof dir, "%s%s", h->dir, down);
	for (char *p = dir + unit; p && *p; p = strchr(p + 1, '/')) {
		*p = '\0';
		fs_v2_pass_down(dir);
		*p = '/';
	}
	return 0;
}
