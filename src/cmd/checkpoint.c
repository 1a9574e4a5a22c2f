#include <stddef.h>
#include <stdlib.h>

#include "cmd/checkpoint_opts.h"
#include "cmd/command.h"
#include "container/container.h"

struct flags {
	struct criu_opts criu;
};
static const struct opt opts[] = {
	CRIU_OPTS(struct flags),
	{ "parent-path", 0, OPT_STRING, offsetof(struct flags, criu.parent_path), "DIR",
		"an earlier --pre-dump, relative to --image-path" },
	{ "pre-dump", 0, OPT_FLAG, offsetof(struct flags, criu.pre_dump), NULL,
		"the memory only; the container runs on" },
	{ "leave-running", 'R', OPT_FLAG, offsetof(struct flags, criu.leave_running), NULL,
		"the container runs on; otherwise it is deleted" },
	{ "tcp-skip-in-flight", 0, OPT_FLAG, offsetof(struct flags, criu.tcp_skip_in_flight), NULL,
		"leave out TCP connections that are not yet established" },
	{ "link-remap", 0, OPT_FLAG, offsetof(struct flags, criu.link_remap), NULL,
		"link files again that are open but have no name" },
	{ "page-server", 0, OPT_STRING, offsetof(struct flags, criu.page_server), "ADDRESS:PORT",
		"send the memory to `criu page-server` there" },
	{ "status-fd", 0, OPT_STRING, offsetof(struct flags, criu.status_fd), "FD",
		"with --lazy-pages: write a byte there once pages can be asked for" },
	{ 0 },
};

static int save(const struct globals *g, struct flags *f, const char *id, struct err *e)
{
	struct container c;
	int status;

	f->criu.program = g->criu;
	/* What engines match comes first: is there such a container? */
	if (container_open(g->root, id, &c, e))
		return -1;
	status = criu_opts_settle(&f->criu, e);
	if (status == 0)
		status = container_checkpoint(&c, &f->criu, e);
	container_close(&c);
	free(f->criu.settled.page_address);
	return status;
}

static int checkpoint(const struct globals *g, int argc, char **argv, struct err *e)
{
	struct flags f = { 0 };
	int words = opt_parse(opts, &f, argc, argv, false, e), status = -1;

	if (words == 1)
		status = save(g, &f, argv[1], e);
	else if (words >= 0)
		err_set(e, "checkpoint takes one container id: hind checkpoint [options] ID");
	opt_free(opts, &f);
	return status;
}

const struct command cmd_checkpoint = {
	.name = "checkpoint",
	.synopsis = "[options] ID",
	.help = "Save a running container's processes into files, by CRIU",
	.opts = opts,
	.failure = 1,
	.run = checkpoint,
};
