#include <stdio.h>

#include "base/opt.h"
#include "cmd/command.h"
#include "container/container.h"

static const struct opt opts[] = { { 0 } };

static void hook_names(struct json_out *out)
{
	static const char *const names[] = { "prestart", "createRuntime", "createContainer", "startContainer",
		"poststart", "poststop" };

	json_key(out, "hooks");
	json_open_array(out);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		json_string(out, names[i]);
	json_close_array(out);
}

/* features.md of the runtime-spec: what this build knows, whatever the host has. */
static int features(const struct globals *g, int argc, char **argv, struct err *e)
{
	struct json_out *out;
	size_t len;
	int words = opt_parse(opts, NULL, argc, argv, false, e);

	(void)g;
	if (words < 0)
		return -1;
	if (words > 0)
		return err_set(e, "features takes no arguments");
	out = json_out_new(true);
	json_open_object(out);
	json_key(out, "ociVersionMin");
	json_string(out, "1.0.0");
	json_key(out, "ociVersionMax");
	json_string(out, "1.3.0");
	hook_names(out);
	for (const struct feature *const *f = plan_features; *f; f++)
		if ((*f)->report_top)
			(*f)->report_top(out);
	json_key(out, "linux");
	json_open_object(out);
	for (const struct feature *const *f = plan_features; *f; f++)
		if ((*f)->report)
			(*f)->report(out);
	cgroup_report(out);
	json_close_object(out);
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
