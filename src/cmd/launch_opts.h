/* What create and run have in common. */
#ifndef HIND_LAUNCH_OPTS_H
#define HIND_LAUNCH_OPTS_H
#include <stddef.h>

#include "base/opt.h"
#include "cmd/command.h"
#include "container/container.h"

/* The rows for the table of a struct that has a `struct launch_opts launch`. */
#define LAUNCH_OPTS(type)                                                                                              \
	{ "bundle", 'b', OPT_STRING, offsetof(type, launch.bundle), "DIR",                                             \
		"the bundle (default: the working directory)" },                                                       \
		{ "config", 'f', OPT_STRING, offsetof(type, launch.config_path), "FILE",                               \
			"another file than DIR/config.json" },                                                         \
		{ "console-socket", 0, OPT_STRING, offsetof(type, launch.console_socket), "PATH",                      \
			"socket that receives the pty's master" },                                                     \
		{ "pidfd-socket", 0, OPT_STRING, offsetof(type, launch.pidfd_socket), "PATH",                          \
			"socket that receives a pidfd of init" },                                                      \
		{ "pid-file", 0, OPT_STRING, offsetof(type, launch.pid_file), "FILE", "write init's pid there" },      \
		{ "preserve-fds", 0, OPT_STRING, offsetof(type, launch.preserve_fds), "N",                             \
			"pass on N descriptors from 3 on" },                                                           \
		{ "no-pivot", 0, OPT_FLAG, offsetof(type, launch.no_pivot), NULL,                                      \
			"move the root instead of pivot_root(2), for an initramfs" },                                  \
		{ "no-new-keyring", 0, OPT_FLAG, offsetof(type, launch.no_new_keyring), NULL,                          \
			"keep the caller's session keyring" },                                                         \
	{                                                                                                              \
		"no-subreaper", 0, OPT_IGNORE, 0, NULL, NULL                                                           \
	}

/* What the options leave open: the root, the bundle's default, the descriptors to keep. */
int launch_opts_settle(const struct globals *, const char *id, struct launch_opts *, struct err *) must_check;
/* rootless_amend's place for the cgroup: NULL under systemd. Settled options. */
const char *launch_opts_place(const struct launch_opts *);
/* The bundle that they name. starts: it needs a process. */
int launch_opts_load(
	const struct globals *, const struct launch_opts *, bool starts, struct bundle *, struct err *) must_check;
/* The descriptors alone; the first `activated` of them come by socket activation. */
int launch_opts_preserve(struct launch_opts *, uint64_t activated, struct err *) must_check;
/* The rules of terminal, console socket and detach. */
int launch_opts_check(const struct launch_opts *, const struct oci_config *, struct err *) must_check;

#endif
