#include <stdlib.h>

#include "base/log.h"
#include "cmd/checkpoint_opts.h"
#include "cmd/launch_opts.h"
#include "container/wait.h"

struct flags {
	struct launch_opts launch;
	struct criu_opts criu;
};
static const struct opt opts[] = {
	{ "bundle", 'b', OPT_STRING, offsetof(struct flags, launch.bundle), "DIR",
		"the bundle (default: the working directory)" },
	{ "config", 'f', OPT_STRING, offsetof(struct flags, launch.config_path), "FILE",
		"another file than DIR/config.json" },
	{ "detach", 'd', OPT_FLAG, offsetof(struct flags, launch.detach), NULL, "do not wait for its end" },
	{ "console-socket", 0, OPT_STRING, offsetof(struct flags, launch.console_socket), "PATH",
		"socket that receives the pty's master" },
	{ "pidfd-socket", 0, OPT_STRING, offsetof(struct flags, launch.pidfd_socket), "PATH",
		"socket that receives a pidfd of init" },
	{ "pid-file", 0, OPT_STRING, offsetof(struct flags, launch.pid_file), "FILE", "write init's pid there" },
	CRIU_OPTS(struct flags),
	{ "lsm-profile", 0, OPT_STRING, offsetof(struct flags, criu.lsm_profile), "TYPE:NAME",
		"another label than the saved one: selinux:LABEL or apparmor:PROFILE" },
	{ "lsm-mount-context", 0, OPT_STRING, offsetof(struct flags, criu.lsm_mount_context), "LABEL",
		"another SELinux context of the mounts" },
	/* CRIU makes the root as it does, and init is our child. */
	{ "no-pivot", 0, OPT_IGNORE, 0, NULL, NULL },
	{ "no-subreaper", 0, OPT_IGNORE, 0, NULL, NULL },
	{ 0 },
};

static int wait_and_remove(struct launch *l, struct err *e)
{
	struct err cleanup;
	int status = wait_foreground(l->pid, l->pidfd, &l->master_fd, e);

	if (launch_remove(l, &cleanup) == 0)
		return status;
	if (status < 0)
		log_warn("delete", "%s", cleanup.msg);
	else
		*e = cleanup;
	return -1;
}

static int bring_back(const struct globals *g, struct flags *f, const struct bundle *b, struct err *e)
{
	const struct launch_opts *o = &f->launch;
	struct launch l = { .opts = o,
		.config = &b->config,
		.config_text = b->text,
		.config_len = b->len,
		.arena = g->arena,
		.bundle = b->path,
		.attached = true }; /* nobody will call `start` */
	int status;

	if (launch_opts_check(o, &b->config, e) || (!o->detach && wait_prepare(e)))
		return -1;
	status = launch_restore(&l, &f->criu, e);
	if (status == 0 && !o->detach)
		status = wait_and_remove(&l, e);
	launch_close(&l);
	return status;
}

static int restore_bundle(const struct globals *g, struct flags *f, const char *id, struct err *e)
{
	struct launch_opts *o = &f->launch;
	struct bundle b = { 0 };
	int status;

	f->criu.program = g->criu;
	if (launch_opts_settle(g, id, o, e) || criu_opts_settle(&f->criu, e))
		return -1;
	status = launch_opts_load(g, o, false, &b, e);
	if (status == 0)
		status = bring_back(g, f, &b, e);
	bundle_close(&b);
	return status;
}

static int restore(const struct globals *g, int argc, char **argv, struct err *e)
{
	struct flags f = { 0 };
	int words = opt_parse(opts, &f, argc, argv, false, e), status = -1;

	if (words == 1)
		status = restore_bundle(g, &f, argv[1], e);
	else if (words >= 0)
		err_set(e, "restore takes one container id: hind restore [options] ID");
	opt_free(opts, &f);
	free(f.criu.settled.page_address);
	return status;
}

const struct command cmd_restore = {
	.name = "restore",
	.synopsis = "[options] ID",
	.help = "Bring a container back that was saved by checkpoint",
	.opts = opts,
	.enters = true,
	.failure = 1,
	.run = restore,
};
