/* Cgroups below the container's own: where `exec --cgroup` and a container that manages its own ones put a process. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/str.h"
#include "cgroup/controller.h"

/* "..", in whatever place, would lead to the cgroup of another container or of the host. */
static bool leads_up(const char *path)
{
	for (size_t len; *path; path += len) {
		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (len == 2 && !strncmp(path, "..", 2))
			return true;
	}
	return false;
}

static int descend(struct hierarchy *h, const char *path, struct arena *arena, struct err *e)
{
	char *below = arena_strdup(arena, path + strspn(path, "/"));
	for (size_t len = strlen(below); len && below[len - 1] == '/';)
		below[--len] = '\0';
	if (!*below)
		return 0;
	h->path = arena_printf(arena, "%s/%s", h->path, below);
	hierarchy_set_dir(h, arena);
	return access(h->dir, F_OK) < 0 ? err_sys(e, "--cgroup \"%s\": %s", path, h->dir) : 0;
}

static struct hierarchy *hierarchy_of(struct cgroup *cg, const char *name, size_t len)
{
	for (size_t i = 0; i < cg->n; i++)
		for (const char *p = cg->hierarchies[i].options; p && *p; p += strcspn(p, ","), p += *p == ',')
			if (strcspn(p, ",") == len && !strncmp(p, name, len))
				return &cg->hierarchies[i];
	return NULL;
}

int cgroup_descend(struct cgroup *cg, const char *controllers, const char *path, struct arena *arena, struct err *e)
{
	if (leads_up(path))
		return err_set(e, "--cgroup \"%s\": \"..\" would lead out of the container's cgroup", path);
	if (!cg->n)
		return err_set(
			e, "--cgroup \"%s\": the container has no cgroup of its own (--cgroup-manager disabled)", path);
	if (controllers && cg->v2)
		return err_set(e, "--cgroup \"%s:%s\": on cgroup v2 all controllers share one path", controllers, path);
	for (size_t i = 0; !controllers && i < cg->n; i++)
		if (descend(&cg->hierarchies[i], path, arena, e) < 0)
			return -1;
	for (size_t len; controllers && *controllers; controllers += len + (controllers[len] == ',')) {
		len = strcspn(controllers, ",");
		struct hierarchy *h = hierarchy_of(cg, controllers, len);
		if (!h)
			return err_set(e, "--cgroup: the container has no cgroup of the controller \"%.*s\"", (int)len,
				controllers);
		if (descend(h, path, arena, e) < 0)
			return -1;
	}
	return 0;
}

int cgroup_follow(struct cgroup *cg, pid_t pid, struct arena *arena)
{
	struct hierarchy *h = cg->n ? &cg->hierarchies[cg->n - 1] : NULL, *found;
	cleanup_free char *text = NULL;
	char file[32];
	struct err ignored;
	size_t len, n, own;
	snprintf(file, sizeof file, "/proc/%d/cgroup", pid);
	if (!h || !h->v2 || file_read(AT_FDCWD, file, 1 << 16, &text, &len, &ignored) < 0)
		return -1;
	n = locate_parse_cgroup(text, arena, &found);
	own = strlen(h->path);
	for (size_t i = 0; i < n; i++) {
		/* The path is the kernel's word, and a cgroup's name cannot be "..". */
		const char *path = found[i].v2 ? strstr(found[i].path, h->path) : NULL;
		if (!path || path[own] != '/' || leads_up(path))
			continue;
		fd_close(&cg->dir_fd);
		return descend(h, path + own, arena, &ignored);
	}
	return -1;
}
