#include <stdlib.h>

#include "base/opt.h"
#include "cmd/command.h"
#include "container/container.h"

static const struct opt opts[] = { { 0 } };

static int start(const struct globals *g, int argc, char **argv, struct err *e)
{
	struct container c;
	int words = opt_parse(opts, NULL, argc, argv, false, e), status;

	if (words < 0)
		return -1;
	if (words != 1)
		return err_set(e, "start takes one container id: hind start ID");
	if (container_open(g->root, argv[1], &c, e))
		return -1;
	status = container_start(&c, getenv("NOTIFY_SOCKET"), e);
	container_close(&c);
	return status;
}

const struct command cmd_start = {
	.name = "start",
	.synopsis = "ID",
	.help = "Run the program of a container that was created",
	.opts = opts,
	.failure = 1,
	.run = start,
};
