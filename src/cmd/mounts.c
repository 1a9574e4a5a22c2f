#include <fcntl.h>
#include <stddef.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/opt.h"
#include "cmd/command.h"
#include "container/container.h"
#include "json/decode.h"

static const struct opt opts[] = { { 0 } };

static int mounts(const struct globals *g, int argc, char **argv, struct err *e)
{
	int words = opt_parse(opts, NULL, argc, argv, false, e), status;
	cleanup_free char *text = NULL;
	struct container c;
	bool add;
	size_t len;

	if (words < 0)
		return -1;
	add = words > 0 && strcmp(argv[1], "add") == 0;
	if (words != 3 || (!add && strcmp(argv[1], "remove") != 0))
		return err_set(e, "mounts takes what to do, a container id and a file: hind mounts add|remove ID FILE");
	if (file_read(AT_FDCWD, argv[3], JSON_MAX_SIZE, &text, &len, e) || container_open(g->root, argv[2], &c, e))
		return -1;
	status = add ? container_mounts_add(&c, text, argv[3], e) : container_mounts_remove(&c, text, argv[3], e);
	container_close(&c);
	return status;
}

const struct command cmd_mounts = {
	.name = "mounts",
	.synopsis = "add|remove ID FILE",
	.help = "Add mounts to a running container, or remove them",
	.opts = opts,
	.enters = true,
	.failure = 1,
	.run = mounts,
	.notes = "FILE is a list of mounts as in config.json, or an object with the member \"mounts\".\n",
};
