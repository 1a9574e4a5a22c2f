#include <stdio.h>

#include "base/opt.h"
#include "cmd/command.h"
#include "container/container.h"

static const struct opt opts[] = { { 0 } };

static int state(const struct globals *g, int argc, char **argv, struct err *e)
{
	struct container c;
	struct oci_state s;
	struct json_out *out;
	size_t len;
	int words = opt_parse(opts, NULL, argc, argv, false, e);

	if (words < 0)
		return -1;
	if (words != 1)
		return err_set(e, "state takes one container id: hind state ID");
	if (container_open(g->root, argv[1], &c, e))
		return -1;
	container_state(&c, &s);
	out = json_out_new(true);
	json_struct(out, &json_oci_state, &s);
	puts(json_out_text(out, &len));
	json_out_free(out);
	container_close(&c);
	return 0;
}

const struct command cmd_state = {
	.name = "state",
	.synopsis = "ID",
	.help = "Print a container's state as JSON",
	.opts = opts,
	.failure = 1,
	.run = state,
};
