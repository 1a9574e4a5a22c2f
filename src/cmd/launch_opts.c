#include "cmd/launch_opts.h"

#include <stdlib.h>

#include "base/str.h"

int launch_opts_settle(const struct globals *g, const char *id, struct launch_opts *o, struct err *e)
{
	const char *listen_fds = getenv("LISTEN_FDS");
	uint64_t preserve = 0, activated = 0;

	if (container_id_check(id, e))
		return -1;
	if (o->preserve_fds && str_u64(o->preserve_fds, 1 << 16, &preserve))
		return err_set(e, "--preserve-fds: \"%s\" is no number of descriptors", o->preserve_fds);
	/* Socket activation: sd_listen_fds(3) passes 3 .. 3+LISTEN_FDS-1, which go before those of --preserve-fds. */
	if (listen_fds && str_u64(listen_fds, 1 << 16, &activated))
		return err_set(e, "LISTEN_FDS=%s is no number of descriptors", listen_fds);
	o->n_preserved = preserve + activated;
	o->n_activated = activated;
	o->id = id;
	o->root = g->root;
	o->cgroup_manager = g->cgroup_manager;
	if (!o->bundle)
		o->bundle = ".";
	return 0;
}

int launch_opts_check(const struct launch_opts *o, const struct oci_config *c, struct err *e)
{
	bool terminal = c->process->terminal;

	if (terminal && o->detach && !o->console_socket)
		return err_set(e, "cannot allocate a terminal for a detached container without a console socket: give "
		                  "--console-socket, or set process.terminal to false");
	if (!terminal && o->console_socket)
		return err_set(e, "cannot use console socket if process.terminal is false: leave --console-socket out");
	return 0;
}
