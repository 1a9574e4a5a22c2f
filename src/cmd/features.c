#include <stdio.h>

#include "base/opt.h"
#include "cmd/command.h"
#include "container/container.h"

static const struct opt opts[] = { { 0 } };

/* Versions: of the program, and of what it is made with. */
static void annotations(const struct globals *g, struct json_out *out)
{
	json_key(out, "annotations");
	json_open_object(out);
	json_key(out, "run.hind.version");
	json_string(out, g->hind_version);
	json_key(out, "run.hind.commit");
	json_string(out, g->hind_commit);
	for (const struct feature *const *f = plan_features; *f; f++)
		if ((*f)->report_annotations)
			(*f)->report_annotations(out);
	json_close_object(out);
}

/* Annotations of config.json that change what we do: who passes them on from a user should know. */
static void obeyed_annotations(struct json_out *out)
{
	json_key(out, "potentiallyUnsafeConfigAnnotations");
	json_open_array(out);
	for (const struct feature *const *f = plan_features; *f; f++)
		for (const char *const *name = (*f)->annotations; name && *name; name++)
			json_string(out, *name);
	json_close_array(out);
}

/* features.md of the runtime-spec: what this build knows, whatever the host has. */
static int features(const struct globals *g, int argc, char **argv, struct err *e)
{
	struct json_out *out;
	size_t len;
	int words = opt_parse(opts, NULL, argc, argv, false, e);

	if (words < 0)
		return -1;
	if (words > 0)
		return err_set(e, "features takes no arguments");
	out = json_out_new(true);
	json_open_object(out);
	json_key(out, "ociVersionMin");
	json_string(out, OCI_VERSION_MIN);
	json_key(out, "ociVersionMax");
	json_string(out, OCI_VERSION_MAX);
	for (const struct feature *const *f = plan_features; *f; f++)
		if ((*f)->report_top)
			(*f)->report_top(out);
	json_key(out, "linux");
	json_open_object(out);
	for (const struct feature *const *f = plan_features; *f; f++)
		if ((*f)->report)
			(*f)->report(out);
	json_close_object(out);
	annotations(g, out);
	obeyed_annotations(out);
	json_close_object(out);
	puts(json_out_text(out, &len));
	json_out_free(out);
	return 0;
}

const struct command cmd_features = {
	.name = "features",
	.synopsis = "",
	.help = "Print what this build supports as JSON",
	.opts = opts,
	.failure = 1,
	.run = features,
};
