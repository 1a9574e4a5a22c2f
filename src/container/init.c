/* The child's half: the steps of its own, and its way from the fork to execve. It prints nothing: its errors go to the
 * parent over the sync socket, and from `start` on to whoever started it. */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "container/container.h"
#include "container/steps.h"
#include "step/init.h"
#include "step/ns.h"

static int hygiene(struct init *in, struct err *e)
{
	const struct kit *k = in->kit;
	const int first[] = { in->sync_fd, k->start_fd, k->host_proc_fd, k->bundle_fd, k->console_fd,
		k->seccomp_agent_fd, log_fd(), k->notify_fd, k->root_fd };
	cleanup_free int *keep = mem_alloc((ARRAY_LEN(first) + NS_COUNT + 3 * k->n_mounts) * sizeof *keep);
	size_t n = ARRAY_LEN(first);

	/* First of all: whatever our caller left open must not reach the container (CVE-2024-21626). What is meant for
	 * the program waits as close-on-exec, too, until right before execve. */
	memcpy(keep, first, sizeof first);
	for (int i = 0; i < NS_COUNT; i++)
		keep[n++] = k->ns_fd[i];
	for (size_t i = 0; i < k->n_mounts; i++) {
		keep[n++] = k->mounts[i].tree_fd;
		keep[n++] = k->mounts[i].userns_fd;
		keep[n++] = k->mounts[i].spare_fd;
	}
	for (int fd = 3; fd < 3 + k->preserve_fds; fd++)
		if (fd_cloexec(fd, 1, e) && e->code != EBADF)
			return -1;
	return fd_close_others(3 + k->preserve_fds, keep, n, e);
}

const struct init_step init_hygiene = { "descriptors", NULL, hygiene };

/* From here on we wait, perhaps for long, and a process of the container (an `exec` before `start`, a container that
 * shares our pid namespace) could look for us in /proc. What it would find there must lead nowhere: only what the start
 * still needs stays open. The log may be a file of the host, so it ends here, too. */
static int close_set_up(struct init *in, struct err *e)
{
	int keep[] = { in->sync_fd, in->kit->start_fd, in->kit->seccomp_agent_fd };

	log_end();
	in->rootfs_fd = in->proc_fd = in->tty_fd = in->program_fd = -1;
	return fd_close_others(3 + in->kit->preserve_fds, keep, ARRAY_LEN(keep), e);
}

const struct init_step init_close_set_up = { "descriptors", NULL, close_set_up };

int init_meet_cgroup(struct init *in, struct err *e)
{
	int fds[FD_SEND_MAX];
	size_t n = ARRAY_LEN(fds);
	int entered = 0;

	if (in->cgroup_joined)
		return 0;
	if (sync_expect_fds(in->sync_fd, SYNC_CGROUP, fds, &n, e))
		return -1;
	for (size_t i = n; i && entered == 0; i--)
		entered = write(fds[i - 1], "0", 1) < 0 ? err_sys(e, "enter a cgroup") : 0;
	fd_close_each(fds, n);
	if (entered < 0)
		return -1;
	if (in->new_ns[NS_CGROUP] && unshare(CLONE_NEWCGROUP) < 0)
		return err_sys(e, "unshare the cgroup namespace");
	in->cgroup_joined = true;
	return 0;
}

const struct init_step init_cgroup = { "cgroup", NULL, init_meet_cgroup };

static void init_state(const struct init *in, enum status status, struct oci_state *s)
{
	struct container c = { .id = in->id, .status = status, .pid = in->host_pid };

	c.record.oci_version = in->config->oci_version;
	c.record.bundle = in->bundle;
	c.record.rootfs = in->rootfs;
	c.record.annotations = in->config->annotations;
	c.record.n_annotations = in->config->n_annotations;
	container_state(&c, s);
}

static bool wants_host_pid(const struct oci_config *c)
{
	bool agent = c->linux && c->linux->seccomp && c->linux->seccomp->listener_path;

	return agent || hooks_any(c->hooks, HOOK_CREATE_CONTAINER) || hooks_any(c->hooks, HOOK_START_CONTAINER);
}

/* The procfs that came along is of the host's pid namespace, so "self" there is how the host calls us. */
static int host_pid(struct init *in, struct err *e)
{
	char self[16] = "";

	if (readlinkat(in->kit->host_proc_fd, "self", self, sizeof self - 1) < 0)
		return err_sys(e, "readlink /proc/self");
	in->host_pid = atoi(self);
	return 0;
}

const struct init_step init_host_pid = { "pid", wants_host_pid, host_pid };

static bool wants_runtime_hooks(const struct oci_config *c)
{
	return hooks_any(c->hooks, HOOK_PRESTART) || hooks_any(c->hooks, HOOK_CREATE_RUNTIME);
}

static int runtime_hooks(struct init *in, struct err *e)
{
	if (sync_send(in->sync_fd, SYNC_MOUNTED, -1, e))
		return -1;
	return sync_expect(in->sync_fd, SYNC_HOOKED, NULL, e);
}

const struct init_step init_runtime_hooks = { "hooks", wants_runtime_hooks, runtime_hooks };

static bool wants_create_hooks(const struct oci_config *c)
{
	return hooks_any(c->hooks, HOOK_CREATE_CONTAINER);
}

static int create_hooks(struct init *in, struct err *e)
{
	struct oci_state state;

	init_state(in, STATUS_CREATING, &state);
	return hooks_run(in->config->hooks, HOOK_CREATE_CONTAINER, &state, in->kit->bundle_fd, e);
}

const struct init_step init_create_hooks = { "hooks", wants_create_hooks, create_hooks };

static bool wants_start_hooks(const struct oci_config *c)
{
	return hooks_any(c->hooks, HOOK_START_CONTAINER);
}

static int start_hooks(struct init *in, struct err *e)
{
	struct oci_state state;

	init_state(in, STATUS_CREATED, &state);
	return hooks_run(in->config->hooks, HOOK_START_CONTAINER, &state, -1, e);
}

const struct init_step init_start_hooks = { "hooks", wants_start_hooks, start_hooks };

/* Waits to be recorded, then to be started. The end of either stream means that our maker is gone: nobody knows us, so
 * we go, too. Returns the connection that hears of a failure. */
static int wait_for_start(struct init *in, struct err *e)
{
	int start_fd = in->kit->start_fd;
	struct pollfd p[2] = { { start_fd, POLLIN, 0 }, { in->sync_fd, POLLIN, 0 } };
	char go;

	if (in->kit->start_connected) {
		/* The parent's end must be the only one left, or its death would go unnoticed. */
		ssize_t len = fd_receive(start_fd, &go, 1, NULL, NULL, e);

		if (len == 0)
			return err_set(e, "nobody is left to start the container");
		return len < 0 ? err_wrap(e, "wait to be started") : start_fd;
	}
	for (;;) {
		int fd;

		if (poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents) {
			if (sync_expect(in->sync_fd, SYNC_COMMITTED, NULL, e))
				return -1;
			fd_close(&in->sync_fd);
			p[1].fd = -1;
		}
		if (!p[0].revents || in->sync_fd >= 0)
			continue;
		fd = accept4(start_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0) {
			close(start_fd);
			return fd;
		}
		if (errno != EINTR && errno != ECONNABORTED)
			return err_sys(e, "accept");
	}
}

/* The program's own descriptors, by --preserve-fds, lose close-on-exec. */
static int preserve(struct init *in, struct err *e)
{
	for (int fd = 3; fd < 3 + in->kit->preserve_fds; fd++)
		if (fd_cloexec(fd, 0, e) && e->code != EBADF)
			return -1;
	return 0;
}

const struct init_step init_preserve = { "descriptors", NULL, preserve };

static void exec_program(struct init *in, struct err *e)
{
	execve(in->program, in->config->process->args, in->env);
	if (errno == ENOEXEC && in->foreign)
		err_sys(e, "exec %s: %s", in->program, in->foreign);
	else
		err_sys(e, "exec %s", in->program);
}

void init_begin(struct launch *l, int sync_fd, struct init *in)
{
	*in = (struct init){
		.config = l->config,
		.kit = &l->kit,
		.id = l->opts->id,
		.bundle = l->bundle,
		.rootfs = l->rootfs,
		.no_pivot = l->opts->no_pivot,
		.no_new_keyring = l->opts->no_new_keyring,
		.new_ns = l->new_ns,
		.join_ns = l->join_ns,
		.born_late = l->born_late,
		.sync_fd = sync_fd,
		.proc_fd = l->kit.host_proc_fd,
		.rootfs_fd = -1,
		.tty_fd = -1,
		.program_fd = -1,
	};
	/* These are the parent's alone: the lock of the directory ends with it, and so must the other end of the start
	 * pair. */
	fd_close(&l->store_fd);
	fd_close(&l->root_fd);
	fd_close(&l->go_fd);
}

void init_end(struct init *in, const struct init_step *const *last)
{
	struct err e;
	int start_fd = wait_for_start(in, &e);

	if (start_fd < 0 && !in->kit->start_connected)
		_exit(1);
	if (start_fd < 0)
		start_fd = in->kit->start_fd;
	else if (!in->program)
		err_set(&e, "config.json has no process: there is nothing to start");
	else if (init_steps_run(last, in, &e) == 0)
		exec_program(in, &e);
	/* write, not sendmsg: a seccomp filter is loaded by now, and hardly any refuses write. */
	if (write(start_fd, &e, sizeof e) < 0)
		_exit(125);
	_exit(1);
}

void init_main(struct launch *l, int sync_fd)
{
	struct init in;
	struct err e, ignored;

	init_begin(l, sync_fd, &in);
	if (init_steps_run(plan_init, &in, &e) ||
		(l->born_late ? init_bear(&in, plan_init_last, &e) : sync_send(in.sync_fd, SYNC_READY, -1, &e))) {
		if (sync_send_err(in.sync_fd, &e, &ignored))
			_exit(125);
		_exit(1);
	}
	if (l->born_late)
		_exit(0);
	init_end(&in, plan_init_last);
}
