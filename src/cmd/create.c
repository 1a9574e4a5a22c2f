#include "cmd/launch_opts.h"

static int create(const struct globals *g, int argc, char **argv, struct err *e)
{
	struct launch_opts o = { .detach = true };
	struct bundle b = { 0 };
	struct launch l = { 0 };
	int words = opt_parse(launch_opts, &o, argc, argv, false, e), status;

	if (words < 0)
		return -1;
	if (words != 1)
		return err_set(e, "create takes one container id: hind create [options] ID");
	if (launch_opts_settle(g, argv[1], &o, e) || bundle_load(o.bundle, o.config_path, g->strict, g->arena, &b, e) ||
	        launch_opts_check(&o, &b.config, e))
		return -1;
	l = (struct launch){ .opts = &o, .config = &b.config, .arena = g->arena, .bundle = b.path };
	status = launch_create(&l, e);
	launch_close(&l);
	return status;
}

const struct command cmd_create = {
	.name = "create",
	.synopsis = "[options] ID",
	.help = "Create a container from a bundle; `start` runs it",
	.opts = launch_opts,
	.enters = true,
	.failure = 1,
	.run = create,
};
