/* Annotations that ask for cgroups below the container's own: run.oci.systemd.subgroup, a directory of its scope where
 * its processes are, and run.oci.delegate-cgroup, one more below that, which its program manages. Both belong to
 * systemd's manager: a scope's own files are systemd's, so limits and processes go one level down. */
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "cgroup/controller.h"

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
