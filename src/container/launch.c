/* The parent's half of a start: the steps of its own that are no kernel object's, and the way through the plan. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "container/container.h"
#include "container/notify.h"
#include "container/steps.h"
#include "step/ns.h"
#include "step/sync.h"
#include "sys/pidfd.h"
#include "json/encode.h"

/* ---- store: the directory is the lock of the id ---- */

static int store_make(struct launch *l, struct err *e)
{
	const struct launch_opts *o = l->opts;
	struct stat st;

	l->root_fd = open(o->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l->root_fd < 0 && errno == ENOENT) {
		if (file_mkdirs(o->root, 0700, e))
			return err_wrap(e, "--root %s: no place to record containers", o->root);
		l->root_fd = open(o->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (l->root_fd < 0)
		return err_sys(e, "--root: open %s", o->root);
	if (mkdirat(l->root_fd, o->id, 0700) < 0)
		return errno == EEXIST ? err_set(e,
						 "container with given ID already exists: `%s`; delete it first, or "
						 "choose another",
						 o->id)
				       : err_sys(e, "mkdir %s/%s", o->root, o->id);
	l->store_fd = openat(l->root_fd, o->id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* Somebody who looks at it, or deletes it, may have been faster by a moment. */
	if (l->store_fd < 0 || flock(l->store_fd, LOCK_EX) < 0 || fstat(l->store_fd, &st) < 0)
		return err_sys(e, "lock %s/%s", o->root, o->id);
	if (st.st_nlink == 0)
		return err_set(e, "container `%s` was deleted while it was being created", o->id);
	l->store_made = true;
	return 0;
}

static void store_unmake(struct launch *l)
{
	struct err e;

	if (l->store_made && store_remove(l->root_fd, l->store_fd, l->opts->id, &e))
		log_warn("store", "%s", e.msg);
}

const struct host_step host_store = { "store", NULL, store_make, store_unmake };

/* ---- bundle: of the shortcut ---- */

static int bundle_prepare(struct launch *l, struct err *e)
{
	return l->prepare ? l->prepare(l, e) : 0;
}

const struct host_step host_bundle = { "bundle", NULL, bundle_prepare, NULL };

/* ---- record: state.json, before anything outside the directory is made ---- */

bool launch_shows_cgroups(const struct oci_config *c)
{
	for (size_t i = 0; i < c->n_mounts; i++)
		if (c->mounts[i].type && strncmp(c->mounts[i].type, "cgroup", 6) == 0)
			return true;
	return false;
}

static int record_write(struct launch *l, struct err *e)
{
	const struct oci_config *c = l->config;
	struct oci_hind_cgroup *cgroup = arena_alloc(l->arena, sizeof *cgroup);
	struct oci_record *r = &l->record;
	char now[TIME_TEXT_SIZE];
	struct json_out *out;
	const char *text;
	size_t len;
	int status;

	if (cgroup_locate(c, l->opts->id, l->opts->cgroup_manager, launch_shows_cgroups(c), l->arena, &l->cgroup, e))
		return -1;
	if (l->opts->forgo_cgroups && cgroup_forgo(l->cgroup, c->linux ? c->linux->resources : NULL, l->arena, e))
		return -1;
	cgroup_record(l->cgroup, l->arena, cgroup);
	cgroup_view(l->cgroup, l->arena, &l->kit.cgroup);
	r->oci_version = c->oci_version;
	r->id = l->opts->id;
	r->bundle = l->bundle;
	r->rootfs = l->rootfs;
	str_time(now);
	r->created = arena_strdup(l->arena, now);
	r->owner = "";
	r->annotations = c->annotations;
	r->n_annotations = c->n_annotations;
	r->hooks = c->hooks;
	r->cgroup = cgroup;
	if (l->prepare) {
		r->image = arena_alloc(l->arena, sizeof *r->image);
		r->image->bundle = r->image->has_bundle = true;
	}
	r->no_new_keyring = r->has_no_new_keyring = l->opts->no_new_keyring;
	out = json_out_new(false);
	json_struct(out, &json_oci_record, r);
	text = json_out_text(out, &len);
	/* By a rename: a kill -9 in the middle must not leave half of it. */
	status = file_replace(l->store_fd, "state.json", text, len, 0600, e);
	json_out_free(out);
	return status;
}

const struct host_step host_record = { "record", NULL, record_write, NULL };

/* ---- config: a copy, so that `exec` does not depend on what becomes of the bundle ---- */

static int config_keep(struct launch *l, struct err *e)
{
	cleanup_fd int fd = openat(l->store_fd, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	return fd < 0 ? err_sys(e, "create config.json") : fd_write_all(fd, l->config_text, l->config_len, e);
}

const struct host_step host_config = { "config", NULL, config_keep, NULL };

/* ---- start channel ---- */

static int start_channel(struct launch *l, struct err *e)
{
	int pair[2];

	if (!l->attached) {
		l->kit.start_fd = fd_listen(l->store_fd, "start", SOCK_SEQPACKET, e);
		return l->kit.start_fd;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "socketpair");
	l->go_fd = pair[0];
	l->kit.start_fd = pair[1];
	l->kit.start_connected = 1;
	return 0;
}

const struct host_step host_start_channel = { "start channel", NULL, start_channel, NULL };

/* ---- root ---- */

static int root_open(struct launch *l, struct err *e)
{
	struct stat st;

	l->kit.bundle_fd = open(l->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (l->kit.bundle_fd < 0)
		return err_sys(e, "open %s", l->bundle);
	if (stat(l->rootfs, &st) < 0)
		return err_sys(e, "root.path: %s", l->rootfs);
	return S_ISDIR(st.st_mode) ? 0 : err_set(e, "root.path: %s is not a directory", l->rootfs);
}

const struct host_step host_root = { "root", NULL, root_open, NULL };

/* ---- cgroup ---- */

static int cgroup_create(struct launch *l, struct err *e)
{
	const struct oci_resources *resources = l->config->linux ? l->config->linux->resources : NULL;

	if (cgroup_make(l->cgroup, l->pid, e))
		return -1;
	if (resources && cgroup_apply(l->cgroup, resources, e))
		return -1;
	return cgroup_give(l->cgroup, l->config, e);
}

static void cgroup_undo(struct launch *l)
{
	struct err e;

	if (l->cgroup && cgroup_remove(l->cgroup, &e))
		log_warn("cgroup", "%s", e.msg);
}

/* Made before init, which is born inside? */
static bool born_inside(const struct launch *l)
{
	return l->kit.cgroup.v2 && !cgroup_around_init(l->cgroup);
}

/* On v2 init is born inside its cgroup, so that has to be there; in the cgroup2 beside v1, too. On v1 it is moved there
 * one hierarchy at a time, and meanwhile mounts: so the cgroups are made beside it, too. Either way the limits are set
 * before it is inside. systemd's scope is made around it, also beside its mounting. */
static int cgroup_before(struct launch *l, struct err *e)
{
	/* A user namespace can make init somebody else. */
	l->kit.moved_first = cgroup_moves_own(l->cgroup) && (l->new_ns[NS_USER] || l->join_ns[NS_USER]);
	if (cgroup_around_init(l->cgroup))
		return 0;
	if (born_inside(l) ? cgroup_create(l, e) : cgroup_make_v2(l->cgroup, e))
		return -1;
	/* Opened here, for whichever process makes init, and so that the parent knows where init was born. */
	(void)cgroup_clone_fd(l->cgroup);
	return 0;
}

static int cgroup_around(struct launch *l, struct err *e)
{
	return l->kit.moved_first ? cgroup_create(l, e) : 0;
}

static int cgroup_beside(struct launch *l, struct err *e)
{
	return born_inside(l) || l->kit.moved_first ? 0 : cgroup_create(l, e);
}

const struct host_step host_cgroup = { "cgroup", NULL, cgroup_before, cgroup_undo };
const struct host_step host_cgroup_scope = { "cgroup", NULL, cgroup_around, NULL };
const struct host_step host_cgroup_v1 = { "cgroup", NULL, cgroup_beside, NULL };

static int cgroup_enter(struct launch *l, struct err *e)
{
	int fds[FD_SEND_MAX];
	size_t n = 0;
	int status = 0;

	if (!l->kit.moved_first)
		status = cgroup_entrances(l->cgroup, l->pid, fds, ARRAY_LEN(fds), &n, e);
	if (status == 0)
		status = sync_send_fds(l->sync_fd, SYNC_CGROUP, fds, n, e);
	fd_close_each(fds, n);
	return status;
}

static int note_start_time(struct launch *l, struct err *e)
{
	return proc_start_time(l->pid, &l->started, NULL, e);
}

const struct host_step host_start_time = { "start time", NULL, note_start_time, NULL };

const struct host_step host_cgroup_join = { "cgroup join", NULL, cgroup_enter, NULL };

/* ---- the terminal's master, where no console socket took it ---- */

static int terminal_receive(struct launch *l, struct err *e)
{
	if (l->opts->console_socket)
		return 0;
	return sync_expect(l->sync_fd, SYNC_PTY, &l->master_fd, e);
}

static bool wants_terminal(const struct oci_config *c)
{
	return c->process && c->process->terminal;
}

const struct host_step host_terminal_receive = { "terminal", wants_terminal, terminal_receive, NULL };

/* ---- hooks of the runtime's namespaces ---- */

void launch_state(const struct launch *l, enum status status, struct oci_state *s)
{
	struct container c = { .id = l->opts->id, .record = l->record, .pid = l->pid, .status = status };

	container_state(&c, s);
}

static bool wants_runtime_hooks(const struct oci_config *c)
{
	return hooks_any(c->hooks, HOOK_PRESTART) || hooks_any(c->hooks, HOOK_CREATE_RUNTIME);
}

static int runtime_hooks(struct launch *l, struct err *e)
{
	struct oci_state state;

	if (sync_expect(l->sync_fd, SYNC_MOUNTED, NULL, e))
		return -1;
	launch_state(l, STATUS_CREATING, &state);
	if (hooks_run(l->config->hooks, HOOK_PRESTART, &state, l->kit.bundle_fd, e) ||
		hooks_run(l->config->hooks, HOOK_CREATE_RUNTIME, &state, l->kit.bundle_fd, e))
		return -1;
	return sync_send(l->sync_fd, SYNC_HOOKED, -1, e);
}

const struct host_step host_hooks = { "hooks", wants_runtime_hooks, runtime_hooks, NULL };

/* ---- commit ---- */

static int expect_ready(struct launch *l, struct err *e)
{
	if (!l->born_late)
		return sync_expect(l->sync_fd, SYNC_READY, NULL, e);
	return launch_await_birth(l, e) || host_start_time.run(l, e) ? -1 : 0;
}

const struct host_step host_ready = { "init", NULL, expect_ready, NULL };

int launch_pid_file(const struct launch *l, struct err *e)
{
	char text[16];
	int len = snprintf(text, sizeof text, "%d", (int)l->pid);

	return l->opts->pid_file ? file_replace(AT_FDCWD, l->opts->pid_file, text, len, 0644, e) : 0;
}

int launch_send_pidfd(const struct launch *l, struct err *e)
{
	cleanup_fd int fd = -1;

	if (!l->opts->pidfd_socket)
		return 0;
	fd = fd_connect(AT_FDCWD, l->opts->pidfd_socket, SOCK_STREAM, e);
	return fd < 0 || fd_send(fd, "pidfd", 5, &l->pidfd, 1, e) ? err_wrap(e, "--pidfd-socket") : 0;
}

static int commit(struct launch *l, struct err *e)
{
	char text[64];

	if (launch_send_pidfd(l, e) || launch_pid_file(l, e))
		return -1;
	snprintf(text, sizeof text, "%d %llu", (int)l->pid, (unsigned long long)l->started);
	if (symlinkat(text, l->store_fd, "init") < 0)
		return err_sys(e, "record the pid");
	/* An attached init is let go by launch_start, and ends when we do before that. */
	if (!l->attached && sync_send(l->sync_fd, SYNC_COMMITTED, -1, e))
		return -1;
	/* From here on it is everybody's to delete. */
	flock(l->store_fd, LOCK_UN);
	return 0;
}

static void commit_undo(struct launch *l)
{
	if (l->opts->pid_file)
		unlink(l->opts->pid_file);
}

const struct host_step host_commit = { "commit", NULL, commit, commit_undo };

/* ---- the way through ---- */

void launch_blank(struct launch *l)
{
	l->root_fd = l->store_fd = l->sync_fd = l->go_fd = l->pidfd = l->master_fd = -1;
	l->kit.host_proc_fd = l->kit.bundle_fd = l->kit.console_fd = l->kit.start_fd = -1;
	l->kit.seccomp_agent_fd = l->kit.notify_fd = l->kit.root_fd = -1;
	l->join_pidfd = l->listener_fd = -1;
	for (int i = 0; i < NS_COUNT; i++)
		l->kit.ns_fd[i] = -1;
	l->kit.preserve_fds = l->opts->n_preserved;
	l->kit.listen_fds = l->opts->n_activated;
	l->kit.listen_names = l->opts->activated_names;
}

/* Init that was killed could say nothing; what killed it is the cause. It stays a zombie for fork_undo. */
static void tell_killed(struct launch *l, int wait_ms, struct err *e)
{
	struct pollfd ended = { l->pidfd, POLLIN, 0 };
	struct cgroup_oom oom = { 0 };
	const struct oci_linux *lin = l->config->linux;
	const struct oci_memory *memory = lin && lin->resources ? lin->resources->memory : NULL;
	const char *who = l->join_pid ? "process" : "container init";
	siginfo_t info = { 0 };

	if (poll(&ended, 1, wait_ms) <= 0 || waitid(P_PIDFD, l->pidfd, &info, WEXITED | WNOWAIT | WNOHANG) < 0 ||
		info.si_pid == 0 || info.si_code == CLD_EXITED)
		return;
	cgroup_oom(l->cgroup, &oom);
	if (oom.kills)
		err_set(e,
			"%s was OOM-killed: linux.resources.memory.limit, %llu bytes in whole pages, is too low for it "
			"to start; raise it",
			who, oom.limit || !memory ? (unsigned long long)oom.limit : (unsigned long long)memory->limit);
	else if (info.si_status == SIGKILL && memory && memory->has_limit && !oom.limit)
		/* systemd removes a cgroup as soon as it is empty. */
		err_set(e,
			"%s was killed by signal 9 (Killed), and its cgroup, which would tell why, is gone already; "
			"linux.resources.memory.limit, %lld bytes, may be too low for it to start",
			who, (long long)memory->limit);
	else
		err_set(e, "%s was killed by signal %d (%s)", who, info.si_status, strsignal(info.si_status));
}

/* When a step of ours failed because init had ended, init's own words are the cause, or its end. systemd removes a cgroup
 * that it has left. */
void launch_childs_error(struct launch *l, struct err *e)
{
	struct err theirs;
	bool ended = e->code == ESRCH || e->code == EPIPE || e->code == ECONNRESET;
	bool left = e->code == ENOENT || e->code == ENODEV;

	if (l->sync_fd < 0 || l->pidfd < 0 || (!ended && !left))
		return;
	if (sync_failure(l->sync_fd, &theirs))
		*e = theirs;
	else
		/* Its end of the socket is closed a little before it has ended. */
		tell_killed(l, ended ? 1000 : 0, e);
}

int launch_by(const struct host_step *const *plan, struct launch *l, struct err *e)
{
	int done = 0;

	launch_blank(l);
	l->rootfs = l->config->root->path[0] == '/' ? l->config->root->path
						    : arena_printf(l->arena, "%s/%s", l->bundle, l->config->root->path);
	if (host_steps_run(plan, l, &done, e) == 0)
		return 0;
	launch_childs_error(l, e);
	host_steps_undo(plan, l, done);
	return -1;
}

int launch_create(struct launch *l, struct err *e)
{
	return launch_by(plan_host, l, e);
}

int launch_start(struct launch *l, struct err *e)
{
	struct oci_state state;

	l->notify = arena_alloc(l->arena, sizeof *l->notify);
	if (notify_open(l->notify, l->store_fd, l->kit.notify_dir ? l->opts->notify_socket : NULL, l->pid, l->pidfd, e))
		return -1;
	if (fd_send(l->go_fd, "g", 1, NULL, 0, e) && e->code != EPIPE)
		return -1;
	if (start_result(l->go_fd, e))
		return -1;
	log_info("start", "id=%s pid=%d exec=done", l->opts->id, (int)l->pid);
	launch_state(l, STATUS_RUNNING, &state);
	return hooks_run(l->config->hooks, HOOK_POSTSTART, &state, l->kit.bundle_fd, e);
}

int launch_remove(struct launch *l, struct err *e)
{
	struct container c = { .arena = l->arena,
		.id = l->opts->id,
		.root_fd = l->root_fd,
		.dir_fd = l->store_fd,
		.record = l->record,
		.cgroup = l->cgroup,
		.pidfd = -1,
		.status = STATUS_STOPPED,
		.committed = true };

	host_fork.undo(l);
	return container_delete(&c, true, e);
}

void launch_close(struct launch *l)
{
	struct kit *k = &l->kit;
	int *fds[] = { &l->root_fd, &l->store_fd, &l->sync_fd, &l->go_fd, &l->pidfd, &l->master_fd, &k->host_proc_fd,
		&k->bundle_fd, &k->console_fd, &k->start_fd, &k->seccomp_agent_fd, &k->notify_fd, &k->root_fd,
		&l->listener_fd };

	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fd_close(fds[i]);
	for (int i = 0; i < NS_COUNT; i++)
		fd_close(&k->ns_fd[i]);
}
