#include "cmd/launch_opts.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"

/* How many descriptors from 3 on came by socket activation. podman says LISTEN_PID=1, as it does not know our pid; any
 * other process's is left over from somebody else, and the descriptors are gone. */
static int activated_fds(uint64_t *n, struct err *e)
{
	const char *fds = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	uint64_t listener = 1;

	*n = 0;
	if (!fds || (pid && (str_u64(pid, INT32_MAX, &listener) || (listener != 1 && listener != (uint64_t)getpid()))))
		return 0;
	return str_u64(fds, 1 << 16, n) ? err_set(e, "LISTEN_FDS=%s is no number of descriptors", fds) : 0;
}

/* A number among them that the caller has not opened would go to one of our own descriptors, and with that to the
 * program. Ours are close-on-exec from birth; the caller's cannot be, after execve. */
static int preserved_check(uint64_t n, struct err *e)
{
	for (uint64_t fd = 3; fd < 3 + n; fd++) {
		int flags = fcntl(fd, F_GETFD);

		if (flags < 0 || flags & FD_CLOEXEC)
			return err_set(e,
				"descriptor %d is not open, and %llu from 3 on are to be preserved (--preserve-fds and "
				"LISTEN_FDS)",
				(int)fd, (unsigned long long)n);
	}
	return 0;
}

int launch_opts_preserve(struct launch_opts *o, uint64_t activated, struct err *e)
{
	uint64_t preserve = 0;

	if (o->preserve_fds && str_u64(o->preserve_fds, 1 << 16, &preserve))
		return err_set(e, "--preserve-fds: \"%s\" is no number of descriptors", o->preserve_fds);
	if (preserved_check(preserve + activated, e))
		return -1;
	o->n_preserved = preserve + activated;
	o->n_activated = activated;
	o->activated_names = activated ? getenv("LISTEN_FDNAMES") : NULL;
	o->notify_socket = getenv("NOTIFY_SOCKET");
	return 0;
}

int launch_opts_settle(const struct globals *g, const char *id, struct launch_opts *o, struct err *e)
{
	uint64_t activated;
	enum rootless rootless;

	if (container_id_check(id, e) || rootless_parse(g->rootless, &rootless, e))
		return -1;
	o->forgo_cgroups = rootless_cgroups(rootless);
	/* Socket activation: sd_listen_fds(3) passes 3 .. 3+LISTEN_FDS-1, which go before those of --preserve-fds. */
	if (activated_fds(&activated, e) || launch_opts_preserve(o, activated, e))
		return -1;
	o->id = id;
	o->root = g->root;
	o->cgroup_manager = g->cgroup_manager;
	if (!o->bundle)
		o->bundle = ".";
	return 0;
}

const char *launch_opts_place(const struct launch_opts *o)
{
	return str_eq(o->cgroup_manager, "systemd") ? NULL : o->id;
}

int launch_opts_load(const struct globals *g, const struct launch_opts *o, bool starts, struct bundle *b, struct err *e)
{
	struct bundle_opts opts = {
		.config_path = o->config_path, .strict = g->strict, .starts = starts, .place = launch_opts_place(o)
	};

	return rootless_parse(g->rootless, &opts.rootless, e) || bundle_load(o->bundle, &opts, g->arena, b, e) ? -1 : 0;
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
