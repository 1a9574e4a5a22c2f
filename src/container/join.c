/* exec: a process that comes into a container. The parent's half, where it differs from a start. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "container/container.h"
#include "container/steps.h"
#include "json/decode.h"
#include "step/ns.h"

int container_config(struct container *c, struct arena *arena, struct oci_config *config, struct err *e)
{
	struct problems problems = { 0 };
	cleanup_free char *text = NULL;
	size_t len;
	int status;

	if (file_read(c->dir_fd, "config.json", JSON_MAX_SIZE, &text, &len, e))
		return err_wrap(e, "container `%s`", c->id);
	status = json_decode(&json_oci_config, text, len, arena, config, &problems);
	if (status && problems_err(&problems, "config.json", false, e) == 0)
		err_set(e, "config.json: refused");
	problems_free(&problems);
	if (status == 0 && (!config->process || !config->linux))
		status = err_set(e, "config.json has no process or no linux");
	return status ? err_wrap(e, "container `%s`", c->id) : 0;
}

/* ---- steps ---- */

static int open_cgroup(struct launch *l, struct err *e)
{
	(void)e;
	l->kit.moved_first = cgroup_moves_own(l->cgroup) && l->join_ns[NS_USER];
	/* Before the process in between is made, which would not find it any more. */
	(void)cgroup_clone_fd(l->cgroup);
	return 0;
}

static int move_first(struct launch *l, struct err *e)
{
	size_t n;

	return l->kit.moved_first ? cgroup_entrances(l->cgroup, l->pid, NULL, 0, &n, e) : 0;
}

const struct host_step host_join_cgroup = { "cgroup", NULL, open_cgroup, NULL };
const struct host_step host_join_move = { "cgroup join", NULL, move_first, NULL };

static int commit(struct launch *l, struct err *e)
{
	return launch_send_pidfd(l, e) || launch_pid_file(l, e) ? -1 : 0;
}

static void commit_undo(struct launch *l)
{
	if (l->opts->pid_file)
		unlink(l->opts->pid_file);
}

const struct host_step host_join_commit = { "commit", NULL, commit, commit_undo };

/* ---- the way through ---- */

static bool has_ended(int pidfd)
{
	struct pollfd p = { pidfd, POLLIN, 0 };

	return poll(&p, 1, 0) > 0;
}

int launch_join(struct launch *l, struct container *c, struct err *e)
{
	int done = 0;

	launch_blank(l);
	l->root_fd = take_fd(&c->root_fd);
	l->store_fd = take_fd(&c->dir_fd);
	l->join_pid = c->pid;
	l->join_pidfd = c->pidfd;
	l->record = c->record;
	l->cgroup = c->cgroup;
	l->bundle = c->record.bundle;
	l->rootfs = c->record.rootfs;
	l->attached = true;
	if (host_steps_run(plan_join_host, l, &done, e) == 0) {
		if (launch_start(l, e) == 0)
			return 0;
	} else {
		launch_childs_error(l, e);
	}
	host_steps_undo(plan_join_host, l, done);
	/* Whatever could not be done then, this is why. */
	if (has_ended(c->pidfd))
		err_set(e, "cannot exec in a stopped container");
	return -1;
}
