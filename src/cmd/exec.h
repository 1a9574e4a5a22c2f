/* `exec`: its flags, and the process that they describe. */
#ifndef HIND_EXEC_H
#define HIND_EXEC_H
#include "base/opt.h"
#include "cmd/command.h"
#include "container/container.h"

struct exec_flags {
	struct launch_opts launch;
	const char *process, *cwd, *user, *process_label, *apparmor;
	struct opt_list env, additional_gids, cap, cgroup;
	bool tty, no_new_privs, ignore_paused;
};

/* Makes *config, as the container was made of, that of the new process: config->process is from --process, or the
 * container's own, with what flags and the words (n of them, the command) say instead. All of it is checked as at create;
 * nothing on the system is changed. */
int exec_process(const struct exec_flags *, size_t n, char **words, struct arena *, struct oci_config *config,
	struct err *) must_check;

#endif
