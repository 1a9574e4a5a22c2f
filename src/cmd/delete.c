#include <errno.h>
#include <stddef.h>

#include "base/opt.h"
#include "cmd/matching.h"

struct flags {
	bool force, regex;
};

static int delete_matching(struct container *c, const void *force, struct err *e)
{
	return container_delete(c, *(const bool *)force, e);
}

static const struct opt opts[] = {
	{ "force", 'f', OPT_FLAG, offsetof(struct flags, force), NULL,
		"kill it first; no error where it does not exist" },
	{ "regex", 'r', OPT_FLAG, offsetof(struct flags, regex), NULL,
		"ID is a regular expression: remove every container that it matches" },
	{ 0 },
};

static int delete (const struct globals *g, int argc, char **argv, struct err *e)
{
	struct flags f = { 0 };
	struct container c;
	int words = opt_parse(opts, &f, argc, argv, false, e), status;

	if (words < 0)
		return -1;
	if (words != 1)
		return err_set(e, "delete takes one container id: hind delete [--force] ID");
	if (f.regex)
		return matching_each(g, argv[1], delete_matching, &f.force, e);
	if (container_open(g->root, argv[1], &c, e))
		return f.force && e->code == ENOENT ? 0 : -1;
	status = container_delete(&c, f.force, e);
	container_close(&c);
	return status;
}

const struct command cmd_delete = {
	.name = "delete",
	.synopsis = "[--force] ID",
	.help = "Remove a container that has stopped or was never started",
	.opts = opts,
	.failure = 1,
	.run = delete,
};
