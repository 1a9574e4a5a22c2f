/* proc_pid_mountinfo(5). */
#include "image/submount.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"

#define MOUNTINFO_MAX (64u << 20)

/* The kernel writes blank, tab, newline and backslash as three octal digits. */
static char *unescape(struct arena *arena, const char *s, size_t len)
{
	char *out = arena_alloc(arena, len + 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\\' && i + 3 < len && strspn(s + i + 1, "01234567") >= 3) {
			out[n++] = (char)((s[i + 1] - '0') * 64 + (s[i + 2] - '0') * 8 + (s[i + 3] - '0'));
			i += 3;
		} else {
			out[n++] = s[i];
		}
	}
	return out;
}

/* The fifth field of a line; NULL where the line is shorter. */
static const char *mount_point(const char *line, size_t *len)
{
	for (int field = 1; field < 5; field++) {
		line += strcspn(line, " \n");
		if (*line != ' ')
			return NULL;
		line++;
	}
	*len = strcspn(line, " \n");
	return line;
}

/* "/" before every other character: what is below a directory follows it immediately ("/a", "/a/b", "/a-b"). */
static int rank(char c)
{
	return c == 0 ? 0 : c == '/' ? 1 : 2 + (unsigned char)c;
}

static int by_path(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;

	for (; *x && *x == *y; y++)
		x++;
	return rank(*x) - rank(*y);
}

static bool excepted(const char *path, const char *const *except)
{
	for (; except && *except; except++)
		if (mount_is_below(path, *except))
			return true;
	return false;
}

char **submount_parse(
	const char *mountinfo, const char *directory, const char *const *except, struct arena *arena, size_t *n)
{
	size_t lines = 0, found = 0, kept = 0;
	char **paths;

	for (const char *p = mountinfo; *p; p++)
		lines += *p == '\n';
	paths = arena_alloc(arena, (lines + 2) * sizeof *paths);
	for (const char *line = mountinfo; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t len;
		const char *point = mount_point(line, &len);
		char *path = point ? unescape(arena, point, len) : NULL;

		if (path && path[0] == '/' && strcmp(path, directory) != 0 && mount_is_below(path, directory) &&
			!excepted(path, except))
			paths[found++] = path;
	}
	qsort(paths, found, sizeof *paths, by_path);
	for (size_t i = 0; i < found; i++)
		if (kept == 0 || !mount_is_below(paths[i], paths[kept - 1]))
			paths[kept++] = paths[i];
	paths[kept] = NULL;
	*n = kept;
	return paths;
}

int submount_add(
	const char *directory, const char *const *except, const char *option, struct mount_list *list, struct err *e)
{
	cleanup_free char *text = NULL;
	size_t n, len, prefix = directory[1] ? strlen(directory) : 0;
	int added = 0;
	char **paths;

	if (file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, &len, e))
		return -1;
	paths = submount_parse(text, directory, except, list->arena, &n);
	for (size_t i = 0; i < n; i++) {
		struct stat st;

		if (fstatat(AT_FDCWD, paths[i], &st, AT_NO_AUTOMOUNT | AT_SYMLINK_NOFOLLOW)) {
			log_warn("image", "left out path=%s: what is mounted there cannot be looked at: %m", paths[i]);
			continue;
		}
		mount_list_add(list, paths[i] + prefix, "bind", paths[i], MOUNT_OPTIONS("rbind", option, "rprivate"));
		added++;
	}
	return added;
}

int submount_any(const char *directory, struct arena *arena, struct err *e)
{
	cleanup_free char *text = NULL;
	size_t n, len;

	if (file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, &len, e))
		return -1;
	submount_parse(text, directory, NULL, arena, &n);
	return n > 0;
}
