#include "base/opt.h"
#include "cmd/command.h"
#include "container/container.h"

static const struct opt opts[] = { { 0 } };

static int pause_command(const struct globals *g, int argc, char **argv, struct err *e)
{
	struct container c;
	int words = opt_parse(opts, NULL, argc, argv, false, e), status;

	if (words < 0)
		return -1;
	if (words != 1)
		return err_set(e, "pause takes one container id: hind pause ID");
	if (container_open(g->root, argv[1], &c, e))
		return -1;
	status = container_pause(&c, e);
	container_close(&c);
	return status;
}

const struct command cmd_pause = {
	.name = "pause",
	.synopsis = "ID",
	.help = "Let every process of a container stand still",
	.opts = opts,
	.failure = 1,
	.run = pause_command,
};
