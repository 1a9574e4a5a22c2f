#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/opt.h"
#include "base/str.h"
#include "cmd/matching.h"
#include "linux/id_map.h"

struct flags {
	const char *format, *regex;
	bool quiet;
};
static const struct opt opts[] = {
	{ "format", 'f', OPT_STRING, offsetof(struct flags, format), "table|json", "how to print (default: table)" },
	{ "quiet", 'q', OPT_FLAG, offsetof(struct flags, quiet), NULL, "ids only" },
	{ "regex", 'r', OPT_STRING, offsetof(struct flags, regex), "REGEX",
		"those alone whose id the regular expression matches" },
	{ 0 },
};

enum { ID, PID, STATUS, BUNDLE, CREATED, OWNER, COLUMNS };

struct table {
	struct arena *arena;
	size_t n;
	const char *(*cell)[COLUMNS]; /* the first row is the heading */
};

static void table_row(struct table *t, const struct oci_state *s)
{
	const char *pid = arena_printf(t->arena, "%d", (int)s->pid);

	t->cell = mem_grow(t->cell, (t->n + 1) * sizeof *t->cell);
	memcpy(t->cell[t->n++],
		(const char *[COLUMNS]){ [ID] = arena_strdup(t->arena, s->id),
			[PID] = pid,
			[STATUS] = s->status,
			[BUNDLE] = arena_strdup(t->arena, s->bundle),
			[CREATED] = arena_strdup(t->arena, s->created ? s->created : ""),
			[OWNER] = arena_strdup(t->arena, s->owner) },
		sizeof *t->cell);
}

static void table_print(const struct table *t)
{
	int width[COLUMNS] = { 0 };

	for (size_t i = 0; i < t->n; i++)
		for (int k = 0; k < COLUMNS; k++)
			width[k] = (int)strlen(t->cell[i][k]) > width[k] ? (int)strlen(t->cell[i][k]) : width[k];
	for (size_t i = 0; i < t->n; i++) {
		for (int k = 0; k < OWNER; k++)
			printf("%-*s  ", width[k], t->cell[i][k]);
		puts(t->cell[i][OWNER]);
	}
}

/* The user whose directory it is: a name, or the number of one who has none. */
static const char *owner_of(const struct container *c, struct arena *arena)
{
	cleanup_free char *name = NULL;
	struct stat st;

	if (fstat(c->dir_fd, &st) < 0)
		return "";
	name = user_name(st.st_uid);
	return name ? arena_strdup(arena, name) : arena_printf(arena, "%u", st.st_uid);
}

static int each(const struct globals *g, const char *id, struct table *t, struct json_out *out, struct err *e)
{
	struct container c;
	struct oci_state s;

	/* It may have been deleted since the directory was read. */
	if (container_open(g->root, id, &c, e))
		return e->code == ENOENT ? 0 : -1;
	container_state(&c, &s);
	s.owner = owner_of(&c, g->arena);
	if (out)
		json_struct(out, &json_oci_state, &s);
	else
		table_row(t, &s);
	container_close(&c);
	return 0;
}

/* One that cannot be read does not hide the others; the first error is the result. */
static int print(const struct globals *g, char **ids, bool json, struct err *e)
{
	struct table t = { .arena = g->arena };
	struct json_out *out = NULL;
	struct err later;
	int status = 0;
	size_t len;

	if (json)
		json_open_array(out = json_out_new(false));
	t.cell = mem_alloc(sizeof *t.cell);
	memcpy(t.cell[t.n++], (const char *[]){ "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER" }, sizeof *t.cell);
	for (char **id = ids; *id; id++)
		if (each(g, *id, &t, out, status ? &later : e))
			status = -1;
	if (!json)
		table_print(&t);
	if (json) {
		json_close_array(out);
		puts(json_out_text(out, &len));
		json_out_free(out);
	}
	free(t.cell);
	return status;
}

static int list(const struct globals *g, int argc, char **argv, struct err *e)
{
	struct flags f = { .format = "table" };
	char **ids;
	int words = opt_parse(opts, &f, argc, argv, false, e), status = 0;

	if (words < 0)
		return -1;
	if (words > 0)
		return err_set(e, "list takes no arguments: hind list [-q] [-f table|json] [-r REGEX]");
	if (!str_eq(f.format, "json") && !str_eq(f.format, "table"))
		return err_set(e, "--format: \"%s\" is neither table nor json", f.format);
	if ((f.regex ? matching_list(g, f.regex, &ids, e) : container_list(g->root, &ids, e)) < 0)
		return -1;
	for (char **id = ids; f.quiet && *id; id++)
		puts(*id);
	if (!f.quiet)
		status = print(g, ids, str_eq(f.format, "json"), e);
	for (char **id = ids; *id; id++)
		free(*id);
	free(ids);
	return status;
}

const struct command cmd_list = {
	.name = "list",
	.synopsis = "[-q] [-f table|json] [-r REGEX]",
	.help = "List the containers",
	.opts = opts,
	.failure = 1,
	.run = list,
};
