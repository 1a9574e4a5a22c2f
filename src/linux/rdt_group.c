#include "linux/rdt_group.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define SCHEMATA_LIMIT 65536
#define MAKER "trusted.hind.container" /* xattr(7) of a group that was made for one: its id */
#define MAKER_SIZE 1025                /* an id has 1024 characters at most */

/* ---- where it is mounted ---- */

/* proc(5): space, tab, newline and backslash stand as \ooo. In place. */
static void unescape(char *s)
{
	char *out = s;

	for (; *s; s++) {
		if (s[0] == '\\' && isdigit((unsigned char)s[1]) && isdigit((unsigned char)s[2]) &&
			isdigit((unsigned char)s[3])) {
			*out++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*out++ = *s;
		}
	}
	*out = 0;
}

/* ID PARENT MAJOR:MINOR ROOT MOUNTPOINT OPTIONS [TAG...] - TYPE SOURCE OPTIONS. Only a mount of the whole will do. */
char *rdt_mount_find(const char *mountinfo)
{
	cleanup_free char *copy = mem_strdup(mountinfo);

	for (char *rest = copy, *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		char *type = strstr(line, " - "), *field = line, *fields[5];
		size_t n = 0;

		if (!type || !str_starts(type + 3, "resctrl "))
			continue;
		while (n < ARRAY_LEN(fields) && (fields[n] = strsep(&field, " ")))
			n++;
		if (n < ARRAY_LEN(fields) || !str_eq(fields[3], "/"))
			continue;
		unescape(fields[4]);
		return mem_strdup(fields[4]);
	}
	return NULL;
}

/* ---- the lines of a schemata file ---- */

/* What is asked for, one line each: the old properties, and then `schemata`, which so has the last word. An MB line in
 * l3CacheSchema counts for nothing beside memBwSchema. The caller frees it; NULL where nothing is. */
static char *lines_asked(const struct oci_intel_rdt *rdt)
{
	cleanup_free char *l3 = rdt->l3_cache_schema ? mem_strdup(rdt->l3_cache_schema) : NULL;
	bool memory = rdt->mem_bw_schema && *rdt->mem_bw_schema;
	struct text lines = { 0 };

	for (char *rest = l3, *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n"))
		if (*line && !(memory && str_starts(line, "MB:")))
			text_printf(&lines, "%s\n", line);
	if (memory)
		text_printf(&lines, "%s\n", rdt->mem_bw_schema);
	for (size_t i = 0; i < rdt->n_schemata; i++)
		if (*rdt->schemata[i])
			text_printf(&lines, "%s\n", rdt->schemata[i]);
	return lines.p;
}

/* "L3:0=00ff;1=f" without spaces and with the numbers as short as can be: how two texts are compared. */
static void squeeze(char *s)
{
	char *out = s, before = ':';

	for (; *s; s++) {
		bool number = before != '=' || *s != '0' || !isxdigit((unsigned char)s[1]);

		if (isspace((unsigned char)*s) || !number)
			continue;
		before = *s;
		*out++ = (char)tolower((unsigned char)*s);
	}
	*out = 0;
}

/* Has one of the lines of `file` everything that `line` says? Both are squeezed. */
static bool line_holds(const char *file, const char *line)
{
	cleanup_free char *copy = mem_strdup(file), *wanted = mem_strdup(line);
	char *parts = strchr(wanted, ':'), *have = NULL;

	if (!parts)
		return false;
	*parts++ = 0;
	for (char *rest = copy, *l = strsep(&rest, "\n"); l; l = strsep(&rest, "\n")) {
		char *colon = strchr(l, ':');

		if (colon && (*colon = 0, str_eq(l, wanted)))
			have = colon + 1;
	}
	if (!have)
		return false;
	for (char *part = strsep(&parts, ";"); part; part = strsep(&parts, ";")) {
		cleanup_free char *list = mem_printf(";%s;", have), *one = mem_printf(";%s;", part);

		if (*part && !strstr(list, one))
			return false;
	}
	return true;
}

static void squeeze_lines(const char *text, struct text *out)
{
	cleanup_free char *copy = mem_strdup(text);

	for (char *rest = copy, *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		squeeze(line);
		if (*line)
			text_printf(out, "%s\n", line);
	}
}

static int compare(int group_fd, const char *name, const char *asked, struct err *e)
{
	cleanup_free char *text = NULL;
	struct text have = { 0 }, want = { 0 };
	size_t len;
	int status = 0;

	if (file_read(group_fd, "schemata", SCHEMATA_LIMIT, &text, &len, e))
		return -1;
	squeeze_lines(text, &have);
	squeeze_lines(asked, &want);
	for (char *rest = want.p, *line = strsep(&rest, "\n"); status == 0 && line; line = strsep(&rest, "\n"))
		if (*line && (!have.p || !line_holds(have.p, line)))
			status = err_set(e, "the resctrl group %s is there already, and its schemata are not \"%s\"",
				name, line);
	free(have.p);
	free(want.p);
	return status;
}

/* ---- groups ---- */

static bool is_root(const struct oci_hind_rdt *g)
{
	return !g->group || !*g->group;
}

static int group_open(int root_fd, const struct oci_hind_rdt *g, struct err *e)
{
	int fd = openat(root_fd, is_root(g) ? "." : g->group, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "open the resctrl group %s", is_root(g) ? "/" : g->group) : fd;
}

int rdt_group_choose(
	int root_fd, const struct oci_intel_rdt *rdt, const char *id, struct oci_hind_rdt *g, struct err *e)
{
	bool own = !rdt->clos_id || !*rdt->clos_id, root = str_eq(rdt->clos_id, "/");
	cleanup_free char *lines = lines_asked(rdt);
	struct stat st;

	g->group = root ? "" : own ? id : rdt->clos_id;
	g->monitoring = g->has_monitoring = rdt->enable_monitoring;
	g->made = g->has_made = false;
	if (root)
		return 0;
	if (fstatat(root_fd, g->group, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return S_ISDIR(st.st_mode) ? 0 : err_set(e, "\"%s\" is no name for a resctrl group", g->group);
	if (errno != ENOENT)
		return err_sys(e, "resctrl group %s", g->group);
	if (!own && !lines)
		return err_set(e,
			"there is no resctrl group %s, and nothing says what it should be: make it before, or set "
			"schemata",
			g->group);
	g->made = g->has_made = true;
	return 0;
}

/* The record says it before the group is there. So does the group itself, as soon as it is; where that cannot be, the
 * record has to do. */
static void mark(int root_fd, const struct oci_hind_rdt *g, const char *id)
{
	cleanup_fd int fd = openat(root_fd, g->group, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fsetxattr(fd, MAKER, id, strlen(id), 0) < 0)
		log_debug("rdt", "group=%s cannot be marked: %s", g->group, err_text(errno));
}

static bool is_anothers(int root_fd, const struct oci_hind_rdt *g, const char *id)
{
	cleanup_fd int fd = openat(root_fd, g->group, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char maker[MAKER_SIZE] = "";
	ssize_t n = fd < 0 ? -1 : fgetxattr(fd, MAKER, maker, sizeof maker - 1);

	return n > 0 && !str_eq(maker, id);
}

int rdt_group_make(int root_fd, const struct oci_hind_rdt *g, const char *id, struct err *e)
{
	if (!g->made)
		return 0;
	if (mkdirat(root_fd, g->group, 0755) == 0) {
		mark(root_fd, g, id);
		return 0;
	}
	if (errno == ENOSPC)
		return err_sys(e, "make the resctrl group %s: the CPU has no more of them", g->group);
	return err_sys(e, "make the resctrl group %s", g->group);
}

/* The kernel's own words about a line that it refused. */
static int refused(int root_fd, struct err *e)
{
	cleanup_free char *why = NULL;
	struct err ignored;
	size_t len;

	if (file_read(root_fd, "info/last_cmd_status", 4096, &why, &len, &ignored) || !len)
		return -1;
	why[strcspn(why, "\n")] = 0;
	return err_wrap(e, "the kernel says \"%s\"", why);
}

int rdt_group_limit(int root_fd, const struct oci_intel_rdt *rdt, const struct oci_hind_rdt *g, struct err *e)
{
	cleanup_free char *lines = lines_asked(rdt);
	cleanup_fd int fd = lines ? group_open(root_fd, g, e) : -1;

	if (!lines)
		return 0;
	if (fd < 0)
		return -1;
	if (!g->made)
		return compare(fd, is_root(g) ? "/" : g->group, lines, e);
	return file_write(fd, "schemata", lines, e) ? refused(root_fd, e) : 0;
}

static char *monitoring_path(const struct oci_hind_rdt *g, const char *id)
{
	return is_root(g) ? mem_printf("mon_groups/%s", id) : mem_printf("%s/mon_groups/%s", g->group, id);
}

int rdt_group_monitor(int root_fd, const struct oci_hind_rdt *g, const char *id, struct err *e)
{
	cleanup_free char *path = g->monitoring ? monitoring_path(g, id) : NULL;

	return path && mkdirat(root_fd, path, 0755) < 0 ? err_sys(e, "make the resctrl group %s", path) : 0;
}

static int add_task(int root_fd, const char *dir, pid_t pid, struct err *e)
{
	cleanup_free char *path = mem_printf("%s/tasks", *dir ? dir : "."), *text = mem_printf("%d", (int)pid);

	return file_write(root_fd, path, text, e);
}

/* The monitoring group takes those only who are in the group that it belongs to. */
int rdt_group_join(int root_fd, const struct oci_hind_rdt *g, const char *id, pid_t pid, struct err *e)
{
	cleanup_free char *path = g->monitoring ? monitoring_path(g, id) : NULL;

	if (add_task(root_fd, is_root(g) ? "" : g->group, pid, e))
		return -1;
	return path ? add_task(root_fd, path, pid, e) : 0;
}

/* A group takes its monitoring groups along. */
int rdt_group_remove(int root_fd, const struct oci_hind_rdt *g, const char *id, struct err *e)
{
	bool made = g->made && !is_anothers(root_fd, g, id);
	cleanup_free char *path = made ? mem_strdup(g->group) : g->monitoring ? monitoring_path(g, id) : NULL;

	if (!path || unlinkat(root_fd, path, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	return err_sys(e, "remove the resctrl group %s", path);
}

int rdt_forget(const struct oci_hind_rdt *g, const char *id, struct err *e)
{
	cleanup_fd int root_fd = -1;

	if (!g)
		return 0;
	root_fd = open(g->mount_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* Without resctrl there are no groups any more. */
	return root_fd < 0 ? 0 : rdt_group_remove(root_fd, g, id, e);
}

int rdt_change(const struct oci_hind_rdt *g, const struct oci_intel_rdt *rdt, struct err *e)
{
	cleanup_fd int root_fd = -1;

	if (!g)
		return err_set(e, "the container has no resctrl group: config.json had no linux.intelRdt");
	root_fd = open(g->mount_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root_fd < 0 ? err_sys(e, "open %s", g->mount_dir) : rdt_group_limit(root_fd, rdt, g, e);
}
