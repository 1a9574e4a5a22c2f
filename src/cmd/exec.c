#include "cmd/exec.h"

#include <stddef.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "cmd/launch_opts.h"
#include "container/wait.h"

#define FLAG(member) offsetof(struct exec_flags, member)

static const struct opt opts[] = {
	{ "process", 'p', OPT_STRING, FLAG(process), "FILE", "the process as JSON, as config.json has it" },
	{ "cwd", 0, OPT_STRING, FLAG(cwd), "DIR", "working directory" },
	{ "env", 'e', OPT_LIST, FLAG(env), "NAME=VALUE", "one more environment variable" },
	{ "tty", 't', OPT_FLAG, FLAG(tty), NULL, "give it a terminal" },
	{ "user", 'u', OPT_STRING, FLAG(user), "UID[:GID]", "run as this user, in numbers" },
	{ "additional-gids", 'g', OPT_LIST, FLAG(additional_gids), "GID", "one more supplementary group" },
	{ "detach", 'd', OPT_FLAG, FLAG(launch.detach), NULL, "return once the program runs" },
	{ "pid-file", 0, OPT_STRING, FLAG(launch.pid_file), "FILE", "write the process's pid there" },
	{ "console-socket", 0, OPT_STRING, FLAG(launch.console_socket), "PATH",
		"socket that receives the pty's master" },
	{ "pidfd-socket", 0, OPT_STRING, FLAG(launch.pidfd_socket), "PATH",
		"socket that receives a pidfd of the process" },
	{ "process-label", 0, OPT_STRING, FLAG(process_label), "LABEL", "SELinux label" },
	{ "apparmor", 0, OPT_STRING, FLAG(apparmor), "PROFILE", "AppArmor profile" },
	{ "no-new-privs", 0, OPT_FLAG, FLAG(no_new_privs), NULL, "no program below it gains privileges" },
	{ "cap", 'c', OPT_LIST, FLAG(cap), "NAME", "one more capability" },
	{ "preserve-fds", 0, OPT_STRING, FLAG(launch.preserve_fds), "N", "pass on N descriptors from 3 on" },
	{ "cgroup", 0, OPT_LIST, FLAG(cgroup), "[CTRL:]PATH", "a cgroup below the container's own" },
	{ "ignore-paused", 0, OPT_FLAG, FLAG(ignore_paused), NULL,
		"enter a paused container; the program goes on with it" },
	{ "no-subreaper", 0, OPT_IGNORE, 0, NULL, NULL },
	/* As run and engines spell them. Standard input is open always. */
	{ "workdir", 'w', OPT_STRING, FLAG(cwd), "DIR", NULL },
	{ "interactive", 'i', OPT_IGNORE, 0, NULL, NULL },
	{ 0 },
};

static int check_status(const struct container *c, bool ignore_paused, struct err *e)
{
	switch (c->status) {
	case STATUS_STOPPED:
		return err_set(e, "cannot exec in a stopped container");
	case STATUS_CREATING:
		return err_set(e, "cannot exec in a container that is still being created");
	case STATUS_PAUSED:
		return ignore_paused
			       ? 0
			       : err_set(e, "cannot exec in a paused container (use --ignore-paused to override)");
	default:
		return 0;
	}
}

/* "CTRL:PATH", "CTRL,CTRL:PATH" or "PATH". */
static int descend(struct container *c, const struct opt_list *list, struct err *e)
{
	for (size_t i = 0; i < list->n; i++) {
		const char *colon = strchr(list->v[i], ':');
		const char *controllers = colon ? arena_strndup(c->arena, list->v[i], colon - list->v[i]) : NULL;

		if (cgroup_descend(c->cgroup, controllers, colon ? colon + 1 : list->v[i], c->arena, e))
			return -1;
	}
	return 0;
}

static int go(struct container *c, struct exec_flags *f, size_t n, char **words, struct err *e)
{
	struct oci_config config = { 0 };
	struct launch l = { .opts = &f->launch, .config = &config, .arena = c->arena, .cgroup_fixed = f->cgroup.n > 0 };
	int status;

	if (check_status(c, f->ignore_paused, e) || container_config(c, c->arena, &config, e) ||
		exec_process(f, n, words, c->arena, &config, e) || launch_opts_check(&f->launch, &config, e) ||
		descend(c, &f->cgroup, e) || (!f->launch.detach && wait_prepare(e)))
		return -1;
	f->launch.no_new_keyring = c->record.no_new_keyring;
	status = launch_join(&l, c, e);
	if (status == 0 && !f->launch.detach) {
		status = wait_foreground(l.pid, l.pidfd, &l.master_fd, e);
		log_info("exit", "id=%s status=%d", c->id, status);
	}
	launch_close(&l);
	return status;
}

static int exec_words(const struct globals *g, struct exec_flags *f, int words, char **argv, struct err *e)
{
	struct container c;
	size_t skip;
	int status;

	if (words < 0)
		return -1;
	if (words < 1)
		return err_set(e, "exec takes a container id and a command: hind exec [options] ID CMD [ARG...]");
	skip = words > 1 && strcmp(argv[2], "--") == 0 ? 3 : 2;
	argv[words + 1] = NULL;
	f->launch.root = g->root;
	f->launch.id = argv[1];
	f->launch.cgroup_manager = g->cgroup_manager;
	if (launch_opts_preserve(&f->launch, 0, e) || container_open(g->root, argv[1], &c, e))
		return -1;
	if (words + 1 == (int)skip && !f->process)
		status = err_set(e, "exec takes a command, or --process: hind exec [options] ID CMD [ARG...]");
	else
		status = go(&c, f, words + 1 - skip, argv + skip, e);
	container_close(&c);
	return status;
}

static int exec(const struct globals *g, int argc, char **argv, struct err *e)
{
	struct exec_flags f = { 0 };
	int words = opt_parse(opts, &f, argc, argv, true, e);
	int status = exec_words(g, &f, words, argv, e);

	opt_free(opts, &f);
	return status;
}

const struct command cmd_exec = {
	.name = "exec",
	.synopsis = "[options] ID CMD [ARG...] | exec [options] --process FILE ID",
	.help = "Run one more program in a container",
	.opts = opts,
	.enters = true,
	.failure = 255,
	.run = exec,
};
