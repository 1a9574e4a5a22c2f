/* unified: config-linux.md, "Unified": v2's files by name, memory.high among them. Written last, so that they win over
 * what the other members come to. Beside v1 they are written to the cgroup2 there, whose controllers are those that v1
 * has not taken. misc.max is misc.c's. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cgroup/controller.h"

static const struct limit limits[] = {
	{ "unified", NULL, "*", NULL, NULL },
	{ 0 },
};

static bool is_ours(const char *key)
{
	return !str_eq(key, "misc.max");
}

static const char *asked(const struct oci_resources *r)
{
	for (size_t i = 0; i < r->n_unified; i++)
		if (is_ours(r->unified[i].key))
			return "unified";
	return NULL;
}

static void validate(const struct oci_resources *r, bool update, struct problems *problems)
{
	(void)update;
	for (size_t i = 0; i < r->n_unified; i++) {
		const char *key = r->unified[i].key;
		const char *why =
			strchr(key, '/')                   ? "a file name cannot hold a slash"
			: !strchr(key, '.') || *key == '.' ? "this is no name of a cgroup file, as memory.high is"
			: strlen(key) > 100                ? "the name is too long for a cgroup file"
			: str_eq(key, "cgroup.procs") || str_eq(key, "cgroup.threads") || str_eq(key, "cgroup.kill")
				? "this file moves or kills processes and sets no limit"
				: NULL;
		if (why)
			problem_add(problems, AT("linux.resources.unified.%.100s", key), "%s", why);
	}
}

/* The files that take a line for each device or key take one line at a time. */
static int write_lines(struct hierarchy *h, const struct limit *l, const char *file, const char *value, struct err *e)
{
	char name[64];
	snprintf(name, sizeof name, "%.*s", (int)strcspn(file, "."), file);
	/* "cgroup.max.depth" belongs to no controller, and what is missing of these cannot be enabled. */
	struct controller owner = { .v2 = str_eq(name, "cgroup") ? NULL : name };
	cleanup_free char *lines = mem_strdup(value);
	char *save, *line = strtok_r(lines, "\n", &save);
	do {
		if (limit_write(h, &owner, l, file, line ? line : "", e) < 0)
			return -1;
	} while (line && (line = strtok_r(NULL, "\n", &save)));
	return 0;
}

static int apply(struct hierarchy *h, const struct controller *c, const struct oci_resources *r, struct err *e)
{
	(void)c;
	for (size_t i = 0; i < r->n_unified; i++) {
		char member[128];
		if (!is_ours(r->unified[i].key))
			continue;
		snprintf(member, sizeof member, "unified.%.100s", r->unified[i].key);
		struct limit one = limits[0];
		one.member = member;
		if (write_lines(h, &one, r->unified[i].key, r->unified[i].value, e) < 0)
			return -1;
	}
	return 0;
}

const struct controller controller_unified = {
	.v2_files = true, .limits = limits, .asked = asked, .validate = validate, .apply = apply
};
