/* `restore`: a container from what `checkpoint` left, and from its bundle. What is around the processes is made by the steps
 * that `create` has (plan.c); the processes with everything that they hold are made by CRIU, in host_criu.
 *
 * CRIU is a child of ours in a mount namespace of its own, with the container's mounts as criu_external.c puts them on its stage, and
 * in the container's cgroup. The restored init is its sibling, so our child. Until CRIU has answered, all of it ends with us: it
 * gives up when the conversation ends. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "container/container.h"
#include "container/criu.h"
#include "container/steps.h"
#include "linux/linux.h"
#include "step/init.h"
#include "step/ns.h"
#include "sys/pidfd.h"

#define NAMES_MAX (16u << 20)

struct restore {
	const struct criu_opts *opts;
	struct criu_dirs dirs;
	struct criu criu;
	struct launch *launch;
	int names_fd[2]; /* a pipe: what external_stage has put there */
	int stdio_fd[3]; /* ours once more: CRIU closes the inherited ones, and has still to look at 0 (--shell-job) */
};

/* ---- in the child that becomes CRIU ---- */

/* In a user namespace CRIU's children read the images as its root, who is another one on the host: the directory lets him
 * pass (and nobody else) to the files, which themselves may be read by all. */
static int let_in(const struct launch *l, int image_fd, struct err *e)
{
	const struct oci_linux *config = l->config->linux;
	struct stat st;

	if (!l->new_ns[NS_USER])
		return 0;
	if (fstat(image_fd, &st) < 0)
		return err_sys(e, "--image-path: stat");
	for (size_t i = 0; i < config->n_gid_mappings; i++) {
		const struct oci_id_mapping *m = &config->gid_mappings[i];

		if (m->container_id != 0 || st.st_mode & S_IXOTH || (st.st_gid == m->host_id && st.st_mode & S_IXGRP))
			continue;
		if (fchown(image_fd, -1, m->host_id) < 0 || fchmod(image_fd, (st.st_mode & 07707) | S_IXGRP) < 0)
			return err_sys(e, "--image-path: give it to the container's group %u", (unsigned)m->host_id);
	}
	return 0;
}

static int receive_dirs(struct restore *r, struct err *e)
{
	struct criu_dirs *d = &r->dirs;
	int fds[2] = { -1, -1 };
	struct err theirs;
	size_t n = 2;
	ssize_t len = fd_receive(r->criu.sync_fd, &theirs, sizeof theirs, fds, &n, e);

	if (len < 0)
		return -1;
	if (len == sizeof theirs) {
		*e = theirs;
		e->msg[sizeof e->msg - 1] = 0;
		return -1;
	}
	if (len != 1 || n != (d->work_fd < 0 ? 1 : 2))
		return err_set(e, "the process that prepares CRIU's mounts ended without a word");
	criu_dirs_close(d);
	d->image_fd = fds[0];
	d->work_fd = fds[1];
	return let_in(r->launch, d->image_fd, e);
}

static int prepare(void *context, int sync_fd, struct err *e)
{
	struct restore *r = context;
	struct launch *l = r->launch;
	static bool no_new_cgroup[NS_COUNT];
	struct init in = {
		.config = l->config,
		.kit = &l->kit,
		.id = l->opts->id,
		.bundle = l->bundle,
		.rootfs = l->rootfs,
		.new_ns = no_new_cgroup,
		.join_ns = no_new_cgroup,
		.sync_fd = sync_fd,
		.proc_fd = l->kit.host_proc_fd,
		.rootfs_fd = -1,
		.tty_fd = -1,
		.program_fd = -1,
	};
	struct criu_dirs d = { -1, -1, NULL, NULL };
	int status;

	fd_close(&r->names_fd[0]);
	/* First of all: the parent waits for it. Without a cgroup namespace, which CRIU makes itself. */
	if (init_meet_cgroup(&in, e))
		return -1;
	in.new_ns = l->new_ns;
	/* CRIU mounts in the directory of its work, so the handles must be of its mount namespace. Before the stage, which lies
	 * over --root: the directories may be below that. */
	status = criu_dirs_open(r->opts, false, &d, e);
	if (status == 0)
		status = external_stage(&in, l->opts->root, r->names_fd[1], e);
	fd_close(&r->names_fd[1]);
	if (status == 0)
		status = fd_send(sync_fd, "d", 1, (int[]){ d.image_fd, d.work_fd }, d.work_fd < 0 ? 1 : 2, e);
	criu_dirs_close(&d);
	return status;
}

/* ---- events on the way ---- */

/* CRIU makes an empty network namespace; `create` leaves none without its loopback interface. */
static int bring_up_loopback(const struct launch *l, struct err *e)
{
	cleanup_free char *path = mem_printf("%d/ns/net", (int)l->pid);
	cleanup_fd int own_fd = openat(l->kit.host_proc_fd, "self/ns/net", O_RDONLY | O_CLOEXEC);
	cleanup_fd int fd = openat(l->kit.host_proc_fd, path, O_RDONLY | O_CLOEXEC);
	struct init in = { .new_ns = l->new_ns };
	int status;

	if (own_fd < 0 || fd < 0)
		return err_sys(e, "open /proc/%s", path);
	if (setns(fd, CLONE_NEWNET) < 0)
		return err_sys(e, "enter the network namespace");
	status = init_loopback.run(&in, e);
	if (setns(own_fd, CLONE_NEWNET) < 0)
		return err_sys(e, "return to the own network namespace");
	return status;
}

/* The namespaces are there, and nothing in them. */
static int on_namespaces(struct launch *l, pid_t pid, struct err *e)
{
	struct oci_state state;
	int status = 0;

	l->pid = pid;
	if (l->new_ns[NS_NET])
		status = bring_up_loopback(l, e);
	if (status == 0 && host_netdev.wanted(l->config))
		status = host_netdev.run(l, e);
	launch_state(l, STATUS_CREATING, &state);
	if (status == 0)
		status = hooks_run(l->config->hooks, HOOK_PRESTART, &state, l->kit.bundle_fd, e);
	if (status == 0)
		status = hooks_run(l->config->hooks, HOOK_CREATE_RUNTIME, &state, l->kit.bundle_fd, e);
	l->pid = 0;
	return status;
}

static int on_terminal(struct launch *l, int fd, struct err *e)
{
	static const char name[] = "/dev/pts/ptmx";

	if (fd < 0)
		return err_set(e, "CRIU sends no terminal along");
	if (l->kit.console_fd >= 0)
		return fd_send(l->kit.console_fd, name, sizeof name - 1, &fd, 1, e) ? err_wrap(e, "--console-socket")
										    : 0;
	fd_close(&l->master_fd);
	l->master_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return l->master_fd < 0 ? err_sys(e, "dup") : 0;
}

static int on_event(void *context, const struct rpc_answer *a, int fd, struct err *e)
{
	struct restore *r = context;

	if (str_eq(a->event, "setup-namespaces"))
		return on_namespaces(r->launch, a->pid, e);
	if (str_eq(a->event, "orphan-pts-master"))
		return on_terminal(r->launch, fd, e);
	return 0;
}

/* ---- the request ---- */

static void encode_externals(const char *names, size_t len, struct text *opts)
{
	for (const char *name = names; name < names + len; name += strlen(name) + 1)
		rpc_string(opts, RPC_EXTERNAL, name);
}

/* Where a process of the container is put below, hierarchy by hierarchy: where CRIU is itself. */
static int encode_cgroups(const struct restore *r, struct text *opts, struct err *e)
{
	cleanup_free char *text = NULL, *path = mem_printf("%d/cgroup", (int)r->criu.pid);
	size_t len;

	if (file_read(r->launch->kit.host_proc_fd, path, 1 << 20, &text, &len, e))
		return -1;
	/* "4:cpu,cpuacct:/hind/ID" */
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *controllers = strchr(line, ':'), *at = controllers ? strchr(controllers + 1, ':') : NULL;
		char *inner = NULL;

		if (!at)
			continue;
		*at++ = 0;
		controllers++;
		if (!*controllers)
			rpc_pair(opts, RPC_CGROUP_ROOT, "", at);
		for (char *word = strtok_r(controllers, ",", &inner); word; word = strtok_r(NULL, ",", &inner))
			rpc_pair(opts, RPC_CGROUP_ROOT, word, at);
	}
	return 0;
}

static int encode_namespaces(const struct launch *l, struct text *opts, struct err *e)
{
	for (int kind = 0; kind < NS_COUNT; kind++) {
		if (!l->join_ns[kind])
			continue;
		if (kind == NS_NET || kind == NS_PID)
			rpc_pair_number(opts, RPC_INHERIT_FD, criu_namespace_key(kind), l->kit.ns_fd[kind]);
		else if (kind == NS_IPC || kind == NS_UTS || kind == NS_TIME)
			rpc_pair(opts, RPC_JOIN_NS, ns_kinds[kind].file, ns_find(l->config, kind)->path);
		else
			return err_set(e, "linux.namespaces: a %s namespace with a path cannot be joined by CRIU",
				ns_kinds[kind].name);
	}
	return 0;
}

/* The first three strings of an array that we or another runtime wrote; what else is in the file is no business of ours. */
static int encode_stdio(const struct restore *r, struct text *opts, struct err *e)
{
	cleanup_free char *text = NULL;
	size_t len;
	int fd = 0;

	if (file_read(r->dirs.image_fd, DESCRIPTORS_FILE, 1 << 16, &text, &len, e))
		return e->code == ENOENT ? 0 : err_wrap(e, "--image-path");
	for (char *p = strchr(text, '"'); p && fd < 3; p = strchr(p, '"'), fd++) {
		char *key = p + 1, *end = strchr(key, '"');

		if (!end)
			break;
		*end = 0;
		if (str_starts(key, "pipe:") || str_starts(key, "file["))
			rpc_pair_number(opts, RPC_INHERIT_FD, key, r->stdio_fd[fd]);
		p = end + 1;
	}
	return 0;
}

static int encode(const struct restore *r, const char *names, size_t len, struct text *opts, struct err *e)
{
	struct criu_opts settled = *r->opts, *o = &settled;
	const struct launch *l = r->launch;

	/* Where the container had no cgroup of its own in a hierarchy, CRIU has saved all that there is below ours, and would
	 * make again what others have removed since. */
	if (!o->cgroups_mode && !l->kit.cgroup.v2 && !launch_shows_cgroups(l->config))
		o->settled.cgroups_mode = CRIU_CGROUPS_IGNORE;
	criu_opts_encode(o, &r->dirs, l->config->annotations, l->config->n_annotations, opts);
	rpc_string(opts, RPC_ROOT, arena_printf(l->arena, "%s/root", l->opts->root));
	if (l->kit.cgroup.v2 && l->kit.cgroup.n)
		rpc_string(opts, RPC_CGROUP_YARD, arena_printf(l->arena, "%s/" CRIU_YARD, l->opts->root));
	rpc_bool(opts, RPC_RESTORE_SIBLING, true);
	rpc_bool(opts, RPC_EVASIVE_DEVICES, true);
	/* The newer way to mount (since 3.17) gives slaves of one peer group their master back from one mount of it, which the
	 * kernel refuses to all that show another part of the file system; the older leaves each as its copy on the stage is. */
	rpc_bool(opts, RPC_OLD_MOUNTS, true);
	rpc_string(opts, RPC_LSM_PROFILE, o->lsm_profile);
	rpc_string(opts, RPC_LSM_MOUNT_CONTEXT, o->lsm_mount_context);
	encode_externals(names, len, opts);
	return encode_cgroups(r, opts, e) || encode_namespaces(l, opts, e) || encode_stdio(r, opts, e) ? -1 : 0;
}

/* ---- the step ---- */

static int start(struct restore *r, struct err *e)
{
	struct launch *l = r->launch;
	int keep[] = { l->kit.ns_fd[NS_NET], l->kit.ns_fd[NS_PID], r->stdio_fd[0], r->stdio_fd[1], r->stdio_fd[2] };
	struct criu_birth birth = { .namespaces = CLONE_NEWNS,
		.cgroup_fd = cgroup_clone_fd(l->cgroup),
		.keep_stdio = true,
		.keep_fds = keep,
		.n_keep_fds = ARRAY_LEN(keep),
		.prepare = prepare,
		.context = r };
	int status;

	if (criu_start(r->opts->program, &birth, &r->criu, e))
		return -1;
	if (!r->criu.pid)
		return err_set(e, "--criu %s is a service: for a restore CRIU must be our child; name the program",
			r->opts->program);
	l->pid = r->criu.pid;
	l->sync_fd = r->criu.sync_fd;
	/* What CRIU is in, its children are born in, and a scope of systemd's is made around it. */
	status = host_cgroup_scope.run(l, e);
	if (status == 0)
		status = host_cgroup_v1.run(l, e);
	if (status == 0)
		status = host_cgroup_join.run(l, e);
	if (status == 0)
		status = host_rdt_join.run(l, e);
	l->pid = 0;
	l->sync_fd = -1;
	return status;
}

static int ask(struct restore *r, struct err *e)
{
	cleanup_free char *names = NULL;
	struct text opts = { 0 };
	struct rpc_answer a;
	size_t len;
	int status;

	fd_close(&r->names_fd[1]);
	if (fd_read_all(r->names_fd[0], NAMES_MAX, &names, &len, e) || receive_dirs(r, e) || criu_began(&r->criu, e))
		return -1;
	if ((r->opts->lsm_profile || r->opts->lsm_mount_context) && r->criu.version < 31600)
		return err_set(e, "%s: needs CRIU 3.16 or newer",
			r->opts->lsm_profile ? "--lsm-profile" : "--lsm-mount-context");
	status = encode(r, names, len, &opts, e);
	if (status == 0)
		status = criu_ask(&r->criu, RPC_RESTORE, &opts, &a, e);
	free(opts.p);
	if (status)
		return -1;
	r->launch->pid = a.pid;
	r->launch->pidfd = pidfd_of(a.pid, e);
	return r->launch->pidfd < 0 ? -1 : 0;
}

static int restore(struct launch *l, struct err *e)
{
	struct restore *r = l->restore;
	int status;

	if (pipe2(r->names_fd, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	for (int i = 0; i < 3; i++)
		r->stdio_fd[i] = fcntl(i, F_DUPFD_CLOEXEC, 3);
	status = start(r, e);
	if (status == 0)
		status = ask(r, e);
	fd_close(&r->names_fd[0]);
	fd_close(&r->names_fd[1]);
	for (int i = 0; i < 3; i++)
		fd_close(&r->stdio_fd[i]);
	criu_end(&r->criu);
	if (status == 0)
		log_info("restore", "id=%s pid=%d", l->opts->id, (int)l->pid);
	return status;
}

static void restore_undo(struct launch *l)
{
	/* Before the network namespace goes with its last process. */
	host_netdev.undo(l);
	if (l->pid > 0)
		pidfd_end_child(l->pid, l->pidfd);
	l->pid = 0;
}

const struct host_step host_criu = { "restore", NULL, restore, restore_undo };

int launch_restore(struct launch *l, struct criu_opts *o, struct err *e)
{
	struct restore r = { .opts = o, .dirs = { -1, -1, NULL, NULL }, .launch = l, .names_fd = { -1, -1 } };
	int status;

	if (host_root_mount.wanted(l->config))
		return err_set(e, "mounts: to be restored they need a mount namespace in linux.namespaces");
	r.criu = (struct criu){ .dirs = &r.dirs, .event = on_event, .context = &r };
	l->restore = &r;
	status = criu_dirs_open(o, false, &r.dirs, e);
	if (status == 0)
		status = launch_by(plan_restore, l, e);
	criu_dirs_close(&r.dirs);
	l->restore = NULL;
	return status;
}
