#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "container/container.h"
#include "linux/rdt_group.h"
#include "sys/pidfd.h"

#define PATIENCE_MS 10000

int container_kill(struct container *c, int sig, bool all, struct err *e)
{
	/* Also of a stopped container: with the host's pid namespace, others may still live in its cgroup. */
	if (all)
		return container_signal_all(c, sig, e);
	if (c->pidfd < 0 || pidfd_signal(c->pidfd, sig, e)) {
		if (c->pidfd >= 0 && e->code != ESRCH)
			return -1;
		err_set(e, "container not running");
		e->code = ESRCH;
		return -1;
	}
	log_info("kill", "id=%s pid=%d signal=%d", c->id, (int)c->pid, sig);
	/* A process that stands still on v1 dies only when it is let go. */
	return sig == SIGKILL && c->status == STATUS_PAUSED ? cgroup_freeze(c->cgroup, false, e) : 0;
}

int container_pause(struct container *c, struct err *e)
{
	if (c->status != STATUS_RUNNING)
		return err_set(e, "container not running: `%s` is %s", c->id, status_names[c->status]);
	return cgroup_freeze(c->cgroup, true, e);
}

int container_resume(struct container *c, struct err *e)
{
	if (c->status == STATUS_PAUSED)
		return cgroup_freeze(c->cgroup, false, e);
	if (c->status == STATUS_RUNNING)
		return err_set(e, "container not paused: `%s` is running", c->id);
	return err_set(e, "container not running: `%s` is %s", c->id, status_names[c->status]);
}

static int end_init(struct container *c, struct err *e)
{
	struct pollfd p = { c->pidfd, POLLIN, 0 };

	if (c->pidfd < 0)
		return 0;
	if (c->status == STATUS_PAUSED && cgroup_freeze(c->cgroup, false, e))
		return -1;
	if (pidfd_signal(c->pidfd, SIGKILL, e) && e->code != ESRCH)
		return -1;
	if (poll(&p, 1, PATIENCE_MS) == 0)
		return err_set(e, "process %d has not ended %d s after SIGKILL", (int)c->pid, PATIENCE_MS / 1000);
	fd_close(&c->pidfd);
	c->pid = 0;
	return 0;
}

/* runtime.md has a container that was never started refused, too. buildah and containerd's shim rely on what runc and crun do,
 * and say a plain `delete` where something failed between create and start. */
static bool deletable(struct container *c, bool force)
{
	char mine[CLAIM_SIZE];

	return force || c->status == STATUS_STOPPED || container_claim_start(c, mine) == 0;
}

int container_delete(struct container *c, bool force, struct err *e)
{
	struct oci_state state;
	cleanup_fd int bundle_fd = -1;
	int gone = 0;

	/* What is being created belongs to its creator, and under the lock it may have become something else. */
	if (force || c->status == STATUS_STOPPED || c->status == STATUS_CREATED)
		gone = container_lock(c, e);
	if (gone)
		return gone < 0 ? -1 : 0;
	if (!deletable(c, force))
		return err_set(e, "cannot delete container %s that is not stopped: %s; --force kills it first", c->id,
			status_names[c->status == STATUS_CREATED ? STATUS_RUNNING : c->status]);
	if (end_init(c, e) || cgroup_remove(c->cgroup, e) || rdt_forget(c->record.rdt, c->id, e) ||
		root_mount_release(c->dir_fd, c->record.rootfs, e))
		return err_wrap(e, "delete container `%s`", c->id);
	c->status = STATUS_STOPPED;
	if (store_remove(c->root_fd, c->dir_fd, c->id, e))
		return err_wrap(e, "delete container `%s`", c->id);
	log_info("delete", "id=%s", c->id);
	if (!hooks_any(c->record.hooks, HOOK_POSTSTOP))
		return 0;
	container_state(c, &state);
	bundle_fd = open(c->record.bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return hooks_run(c->record.hooks, HOOK_POSTSTOP, &state, bundle_fd, e);
}
