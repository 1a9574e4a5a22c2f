#include "cmd/launch_opts.h"

struct flags {
	struct launch_opts launch;
};
static const struct opt opts[] = { LAUNCH_OPTS(struct flags), { 0 } };

static int create(const struct globals *g, int argc, char **argv, struct err *e)
{
	struct flags f = { .launch.detach = true };
	struct launch_opts *o = &f.launch;
	struct bundle b = { 0 };
	struct launch l = { 0 };
	int words = opt_parse(opts, &f, argc, argv, false, e), status;

	if (words < 0)
		return -1;
	if (words != 1)
		return err_set(e, "create takes one container id: hind create [options] ID");
	if (launch_opts_settle(g, argv[1], o, e))
		return -1;
	status = launch_opts_load(g, o, false, &b, e);
	if (status == 0)
		status = launch_opts_check(o, &b.config, e);
	if (status == 0) {
		l = (struct launch){ .opts = o,
			.config = &b.config,
			.config_text = b.text,
			.config_len = b.len,
			.arena = g->arena,
			.bundle = b.path };
		status = launch_create(&l, e);
		launch_close(&l);
	}
	bundle_close(&b);
	return status;
}

const struct command cmd_create = {
	.name = "create",
	.synopsis = "[options] ID",
	.help = "Create a container from a bundle; `start` runs it",
	.opts = opts,
	.enters = true,
	.failure = 1,
	.run = create,
};
