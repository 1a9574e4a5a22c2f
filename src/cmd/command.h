/* A subcommand: one file, one const struct. */
#ifndef HIND_COMMAND_H
#define HIND_COMMAND_H
#include <stdbool.h>

#include "base/err.h"
#include "step/launch.h"

struct globals { /* options before the command */
	const char *root, *log, *log_format, *log_level, *cgroup_manager, *rootless, *criu;
	bool debug, systemd_cgroup, version, help, strict;
	const char *hind_version, *hind_commit;
	struct arena *arena; /* for the whole process */
};

struct opt;
struct command {
	const char *name, *synopsis, *help; /* "start", "ID", "Start a container that was created" */
	const struct opt *opts;             /* for --help; NULL where there is none */
	bool enters; /* its process enters a container: the executable is protected first (CVE-2019-5736) */
	int failure; /* exit status of a failure of ours: 1, for exec 255 */
	/* argv[0] is the command's name. The exit status, or -1 with *e. */
	int (*run)(const struct globals *, int argc, char **argv, struct err *e);
	const char *notes; /* what --help says behind the options, or NULL */
};

extern const struct command cmd_create, cmd_start, cmd_state, cmd_kill, cmd_delete, cmd_list, cmd_run, cmd_spec,
	cmd_features, cmd_validate, cmd_exec, cmd_ps, cmd_pause, cmd_resume, cmd_update, cmd_events, cmd_mounts,
	cmd_checkpoint, cmd_restore;
extern const struct command *const commands[]; /* NULL-terminated, in the order of --help */

#endif
