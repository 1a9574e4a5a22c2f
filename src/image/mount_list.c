#include "image/mount_list.h"

#include <string.h>

void mount_list_append(struct mount_list *list, const struct oci_mount *mount)
{
	if (list->n == list->size) {
		struct oci_mount *old = list->v;

		list->size = list->size ? list->size * 2 : 32;
		list->v = arena_alloc(list->arena, list->size * sizeof *list->v);
		if (list->n)
			memcpy(list->v, old, list->n * sizeof *list->v);
	}
	list->v[list->n++] = *mount;
}

void mount_list_add(struct mount_list *list, const char *destination, const char *type, const char *source,
	const char *const *options)
{
	struct oci_mount mount = { .destination = destination, .type = type, .source = source };

	while (options[mount.n_options])
		mount.n_options++;
	mount.options = arena_alloc(list->arena, (mount.n_options + 1) * sizeof *mount.options);
	for (size_t i = 0; i < mount.n_options; i++)
		mount.options[i] = (char *)options[i];
	mount_list_append(list, &mount);
}

void mount_list_drop(struct mount_list *list, const char *destination)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i].destination, destination) != 0)
			list->v[kept++] = list->v[i];
	list->n = kept;
}

char *mount_clean_path(struct arena *arena, const char *path)
{
	char *clean = arena_alloc(arena, strlen(path) + 2);
	size_t len = 0;

	for (const char *p = path; *p;) {
		size_t n = strcspn(p, "/");

		if (n == 2 && p[0] == '.' && p[1] == '.') {
			while (len > 0 && clean[--len] != '/')
				;
		} else if (n > 0 && !(n == 1 && p[0] == '.')) {
			clean[len++] = '/';
			memcpy(clean + len, p, n);
			len += n;
		}
		p += n + strspn(p + n, "/");
	}
	if (len == 0)
		clean[len++] = '/';
	clean[len] = 0;
	return clean;
}

bool mount_is_below(const char *path, const char *directory)
{
	size_t len = strlen(directory);

	if (len == 1) /* "/" */
		return true;
	return strncmp(path, directory, len) == 0 && (path[len] == 0 || path[len] == '/');
}
