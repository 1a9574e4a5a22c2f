#include "cmd/launch_opts.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/str.h"

#define AT_MEMBER(m) offsetof(struct launch_opts, m)

const struct opt launch_opts[] = {
	{ "bundle", 'b', OPT_STRING, AT_MEMBER(bundle), "DIR", "the bundle (default: the working directory)" },
	{ "config", 'f', OPT_STRING, AT_MEMBER(config_path), "FILE", "another file than DIR/config.json" },
	{ "console-socket", 0, OPT_STRING, AT_MEMBER(console_socket), "PATH", "socket that receives the pty's master" },
	{ "pidfd-socket", 0, OPT_STRING, AT_MEMBER(pidfd_socket), "PATH", "socket that receives a pidfd of init" },
	{ "pid-file", 0, OPT_STRING, AT_MEMBER(pid_file), "FILE", "write init's pid there" },
	{ "preserve-fds", 0, OPT_STRING, AT_MEMBER(preserve_fds), "N", "pass on N descriptors from 3 on" },
	{ "no-pivot", 0, OPT_FLAG, AT_MEMBER(no_pivot), NULL, "move the root instead of pivot_root(2), for an initramfs" },
	{ "no-new-keyring", 0, OPT_FLAG, AT_MEMBER(no_new_keyring), NULL, "keep the caller's session keyring" },
	{ "no-subreaper", 0, OPT_IGNORE, 0, NULL, NULL },
	{ 0 },
};

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
