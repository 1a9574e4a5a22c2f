/* The steps that are no kernel object's but the story's own; plan.c puts them in order. */
#ifndef HIND_STEPS_H
#define HIND_STEPS_H
#include "step/step.h"

extern const struct host_step host_store, host_record, host_bundle, host_start_channel, host_root, host_cgroup,
	host_cgroup_scope, host_cgroup_v1, host_cgroup_join, host_start_time, host_fork, host_terminal_receive,
	host_hooks, host_ready, host_commit, host_notify, host_config, host_join_cgroup, host_join_move,
	host_join_commit, host_criu, host_root_mount, host_enter, host_birth;
extern const struct init_step init_hygiene, init_host_pid, init_close_set_up, init_cgroup, init_runtime_hooks,
	init_create_hooks, init_program, init_start_hooks, init_notify, init_preserve;

/* program.c: can that path be found only by the process itself, once it is where it will run? */
bool program_is_of_self(const char *path);
/* interpreter.c: is what execve(2) needs beside the program there? Paths as the container sees them; -1 names what is
 * missing. *foreign, which the caller frees: what the file is that is no program of this machine's; or unchanged. */
int interpreter_check(const char *program, char **foreign, struct err *) must_check;

#endif
