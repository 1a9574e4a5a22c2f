#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/opt.h"
#include "base/str.h"
#include "cmd/matching.h"

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

static void row(const struct oci_state *s)
{
	printf("%-20s %-8d %-9s %-32s %s\n", s->id, (int)s->pid, s->status, s->bundle, s->created ? s->created : "");
}

static int each(const struct globals *g, const char *id, const struct flags *f, struct json_out *out, struct err *e)
{
	struct container c;
	struct oci_state s;

	if (f->quiet) {
		puts(id);
		return 0;
	}
	/* It may have been deleted since the directory was read. */
	if (container_open(g->root, id, &c, e))
		return e->code == ENOENT ? 0 : -1;
	container_state(&c, &s);
	if (out)
		json_struct(out, &json_oci_state, &s);
	else
		row(&s);
	container_close(&c);
	return 0;
}

static int list(const struct globals *g, int argc, char **argv, struct err *e)
{
	struct flags f = { .format = "table" };
	struct json_out *out = NULL;
	char **ids;
	size_t len;
	int words = opt_parse(opts, &f, argc, argv, false, e), status = 0;

	if (words < 0)
		return -1;
	if (words > 0)
		return err_set(e, "list takes no arguments: hind list [-q] [-f table|json] [-r REGEX]");
	if (!str_eq(f.format, "json") && !str_eq(f.format, "table"))
		return err_set(e, "--format: \"%s\" is neither table nor json", f.format);
	if ((f.regex ? matching_list(g, f.regex, &ids, e) : container_list(g->root, &ids, e)) < 0)
		return -1;
	if (str_eq(f.format, "json") && !f.quiet) {
		out = json_out_new(false);
		json_open_array(out);
	} else if (!f.quiet) {
		printf("%-20s %-8s %-9s %-32s %s\n", "ID", "PID", "STATUS", "BUNDLE", "CREATED");
	}
	for (char **id = ids; *id; id++) {
		if (status == 0)
			status = each(g, *id, &f, out, e);
		free(*id);
	}
	free(ids);
	if (out) {
		json_close_array(out);
		if (status == 0)
			puts(json_out_text(out, &len));
		json_out_free(out);
	}
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
