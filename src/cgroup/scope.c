/* The scope unit of a container: linux.cgroupsPath of engines that let systemd make cgroups is "slice:prefix:name", as
 * in "machine.slice:libpod:ID"; systemd.unit(5), systemd.slice(5). */
#include <stdio.h>
#include <string.h>

#include "cgroup/systemd.h"

#define UNIT_MAX 255 /* UNIT_NAME_MAX of systemd, with the suffix */

/* What systemd.unit(5) lets a unit name hold; anything else is written \xNN, as systemd-escape(1) does. */
static void escape(struct text *t, const char *s)
{
	static const char plain[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ:-_.\\@";
	for (; *s; s++)
		if (strchr(plain, *s))
			text_add(t, s, 1);
		else
			text_printf(t, "\\x%02x", (unsigned char)*s);
}

/* "a-b.slice" is below "a.slice"; "-.slice" is the root of all. */
static int check_slice(const char *slice, struct err *e)
{
	size_t len = strlen(slice), suffix = strlen(".slice");
	if (len <= suffix || strcmp(slice + len - suffix, ".slice") || strchr(slice, '/') || len > UNIT_MAX)
		return err_set(e, "linux.cgroupsPath: \"%s\" is no name of a slice, as machine.slice is", slice);
	if (!strcmp(slice, "-.slice"))
		return 0;
	if (*slice == '-' || strstr(slice, "--") || slice[len - suffix - 1] == '-' || *slice == '.')
		return err_set(e, "linux.cgroupsPath: \"%s\" is no name of a slice: each dash stands between two names",
			slice);
	return 0;
}

int scope_name(const char *cgroups_path, const char *id, struct arena *arena, struct systemd *s, struct err *e)
{
	const char *slice = "", *prefix = "hind", *name = id;
	if (cgroups_path && *cgroups_path) {
		char *copy = arena_strdup(arena, cgroups_path);
		char *first = strchr(copy, ':'), *second = first ? strchr(first + 1, ':') : NULL;
		if (!second || !second[1] || strchr(copy, '/'))
			return err_set(e,
				"linux.cgroupsPath: \"%s\" is not slice:prefix:name, as systemd's manager needs it "
				"(\"system.slice:hind:%.40s\"); or use --cgroup-manager cgroupfs",
				cgroups_path, id);
		*first = *second = '\0';
		slice = copy;
		prefix = first + 1;
		name = second + 1;
	}
	s->slice = *slice ? slice : s->user ? "user.slice" : "system.slice";
	if (check_slice(s->slice, e) < 0)
		return -1;
	struct text unit = { 0 };
	escape(&unit, prefix);
	if (unit.len)
		text_add(&unit, "-", 1);
	escape(&unit, name);
	/* A name with the suffix of a slice would be one; containers are scopes, whatever they are called. */
	text_add(&unit, ".scope", strlen(".scope"));
	s->unit = arena_strdup(arena, unit.p);
	cleanup_free_p(&unit.p);
	if (strlen(s->unit) > UNIT_MAX)
		return err_set(e,
			"linux.cgroupsPath: the unit's name \"%.40s...\" has %zu bytes, and systemd takes %d at most",
			s->unit, strlen(s->unit), UNIT_MAX);
	return 0;
}

char *scope_path(const struct systemd *s, struct arena *arena)
{
	struct text path = { 0 };
	size_t len = strlen(s->slice) - strlen(".slice");
	for (size_t i = 1; strcmp(s->slice, "-.slice") && i <= len; i++)
		if (i == len || s->slice[i] == '-')
			text_printf(&path, "/%.*s.slice", (int)i, s->slice);
	text_printf(&path, "/%s", s->unit);
	char *copy = arena_strdup(arena, path.p);
	cleanup_free_p(&path.p);
	return copy;
}
