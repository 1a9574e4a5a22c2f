/* `checkpoint`: the processes of a running container, into files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "container/container.h"
#include "container/criu.h"
#include "step/ns.h"
#include "sys/mountinfo.h"
#include "sys/pidfd.h"
#include "json/encode.h"

/* ---- what stdin, stdout and stderr are ---- */

struct outside { /* what a descriptor is, where it leads out of the container; "" for others */
	char key[64];
};

static int mount_of(int proc_fd, pid_t pid, int fd, uint64_t *id, struct err *e)
{
	cleanup_free char *text = NULL, *path = mem_printf("%d/fdinfo/%d", (int)pid, fd);
	const char *line;
	size_t len;

	if (file_read(proc_fd, path, 4096, &text, &len, e))
		return -1;
	line = strstr(text, "mnt_id:");
	if (!line)
		return err_set(e, "/proc/%s tells no mount", path);
	*id = strtoull(line + strlen("mnt_id:"), NULL, 10);
	return 0;
}

static bool is_mounted_inside(char *mountinfo, uint64_t id)
{
	struct mountinfo m;

	for (char *next = mountinfo; mountinfo_next(&next, &m);)
		if (m.id == id)
			return true;
	return false;
}

static int look(int proc_fd, pid_t pid, int fd, struct outside *o, struct err *e)
{
	cleanup_free char *path = mem_printf("%d/fd/%d", (int)pid, fd), *table = mem_printf("%d/mountinfo", (int)pid);
	cleanup_free char *text = NULL;
	struct stat st;
	uint64_t id = 0;
	size_t len;
	ssize_t n = readlinkat(proc_fd, path, o->key, sizeof o->key - 1);

	if (n < 0)
		return errno == ENOENT ? (o->key[0] = 0) : err_sys(e, "readlink /proc/%s", path);
	o->key[n] = 0;
	if (str_starts(o->key, "pipe:["))
		return 0;
	o->key[0] = 0;
	if (fstatat(proc_fd, path, &st, 0) < 0)
		return err_sys(e, "stat /proc/%s", path);
	if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode) && !S_ISFIFO(st.st_mode))
		return 0;
	if (mount_of(proc_fd, pid, fd, &id, e) || file_read(proc_fd, table, MOUNTINFO_MAX, &text, &len, e))
		return -1;
	if (!is_mounted_inside(text, id))
		snprintf(o->key, sizeof o->key, "file[%llx:%llx]", (unsigned long long)id,
			(unsigned long long)st.st_ino);
	return 0;
}

/* A pipe needs nothing: CRIU saves it as one without its other end. A file of the host, which the container could not even
 * name, must be left out. descriptors.json, as other runtimes write it, tells a restore which of its own descriptors replaces
 * which. */
static int stdio_find(int proc_fd, pid_t pid, int image_fd, struct text *opts, struct err *e)
{
	struct outside out;
	struct json_out *json = json_out_new(false);
	const char *text;
	size_t len;
	int status = 0;

	json_open_array(json);
	for (int fd = 0; fd < 3 && status == 0; fd++) {
		status = look(proc_fd, pid, fd, &out, e);
		if (status)
			break;
		json_string(json, out.key);
		if (str_starts(out.key, "file["))
			rpc_string(opts, RPC_EXTERNAL, out.key);
	}
	json_close_array(json);
	text = json_out_text(json, &len);
	if (status == 0)
		status = file_replace(image_fd, DESCRIPTORS_FILE, text, len, 0600, e);
	json_out_free(json);
	return status;
}

/* ---- namespaces that are others' ---- */

static int namespaces_find(struct container *c, int proc_fd, struct text *opts, struct err *e)
{
	static const enum ns kinds[] = { NS_NET, NS_PID };
	struct oci_config config = { 0 };

	if (container_config(c, c->arena, &config, e))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const struct ns_kind *kind = &ns_kinds[kinds[i]];
		cleanup_free char *path = mem_printf("%d/ns/%s", (int)c->pid, kind->file), *key = NULL;
		struct stat st;

		if (!ns_is_joined(ns_find(&config, kinds[i])))
			continue;
		if (fstatat(proc_fd, path, &st, 0) < 0)
			return err_sys(e, "stat /proc/%s", path);
		key = mem_printf(
			"%s[%llu]:%s", kind->file, (unsigned long long)st.st_ino, criu_namespace_key(kinds[i]));
		rpc_string(opts, RPC_EXTERNAL, key);
	}
	return 0;
}

/* ---- the request ---- */

/* CRIU freezes the processes by it, and not one after the other with ptrace(2). */
static void freezer_find(const struct container *c, struct text *opts)
{
	struct cgroup_view view;

	cgroup_view(c->cgroup, c->arena, &view);
	for (size_t i = 0; i < view.n; i++) {
		const struct cgroup_hierarchy *h = &view.hierarchies[i];

		if (view.v2 || str_eq(h->options, "freezer")) {
			rpc_string(opts, RPC_FREEZE_CGROUP, arena_printf(c->arena, "%s%s", h->mount_dir, h->path));
			return;
		}
	}
}

/* By our own handle of the container's directory, which CRIU, as root, may look at. */
static int yard_find(const struct container *c, struct text *opts, struct err *e)
{
	struct cgroup_view view;
	int made;

	cgroup_view(c->cgroup, c->arena, &view);
	made = criu_yard_make(c->dir_fd, &view, e);
	if (made > 0)
		rpc_string(opts, RPC_CGROUP_YARD,
			arena_printf(c->arena, "/proc/%d/fd/%d/" CRIU_YARD, (int)getpid(), c->dir_fd));
	return made < 0 ? -1 : 0;
}

static int encode(struct container *c, const struct criu_opts *o, const struct criu_dirs *d, int proc_fd,
	struct text *opts, struct err *e)
{
	struct text server = { 0 };

	criu_opts_encode(o, d, c->record.annotations, c->record.n_annotations, opts);
	rpc_number(opts, RPC_PID, c->pid);
	rpc_string(opts, RPC_ROOT, c->record.rootfs);
	rpc_bool(opts, RPC_LEAVE_RUNNING, o->leave_running);
	/* CRIU would call iptables-restore otherwise, which few machines have and no other connection needs. */
	if (!o->settled.network_lock && !o->tcp_established)
		rpc_number(opts, RPC_NETWORK_LOCK, CRIU_NETWORK_LOCK_SKIP);
	rpc_string(opts, RPC_PARENT_IMAGE, o->parent_path);
	rpc_bool(opts, RPC_TRACK_MEM, o->pre_dump || o->parent_path);
	/* A mount that gets the host's mounts (rslave) has its master outside. */
	rpc_bool(opts, RPC_EXT_MASTERS, true);
	rpc_bool(opts, RPC_EXT_SHARING, true);
	freezer_find(c, opts);
	if (o->settled.page_address) {
		rpc_string(&server, 1, o->settled.page_address);
		rpc_number(&server, 2, o->settled.page_port);
		rpc_message(opts, RPC_PAGE_SERVER, &server);
		free(server.p);
	}
	if (yard_find(c, opts, e) || namespaces_find(c, proc_fd, opts, e) || external_find(proc_fd, c->pid, opts, e))
		return -1;
	return stdio_find(proc_fd, c->pid, d->image_fd, opts, e);
}

/* ---- the way through ---- */

/* Somebody waits for a byte until the memory can be asked for. */
static int on_event(void *context, const struct rpc_answer *a, int fd, struct err *e)
{
	struct criu_opts *o = context;

	(void)fd;
	if (o->settled.status_fd < 0 || !str_eq(a->event, "status-ready"))
		return 0;
	if (write(o->settled.status_fd, "", 1) < 0)
		return err_sys(e, "--status-fd %s", o->status_fd);
	fd_close(&o->settled.status_fd);
	return 0;
}

static int require(struct criu *criu, bool wanted, unsigned feature, const char *option, struct err *e)
{
	int knows = wanted ? criu_knows(criu, feature, e) : 1;

	if (knows < 0)
		return -1;
	return knows ? 0 : err_set(e, "%s: this kernel or CRIU cannot do that (criu check --all says more)", option);
}

static int dump(struct container *c, const struct criu_opts *o, struct criu *criu, int proc_fd, struct err *e)
{
	static const struct criu_birth birth = { .cgroup_fd = -1 };
	struct text opts = { 0 };
	struct rpc_answer answer;
	int status;

	if (criu_start(o->program, &birth, criu, e) || criu_began(criu, e) ||
		require(criu, o->pre_dump || o->parent_path, RPC_FEATURE_MEM_TRACK,
			o->pre_dump ? "--pre-dump" : "--parent-path", e) ||
		require(criu, o->lazy_pages, RPC_FEATURE_LAZY_PAGES, "--lazy-pages", e))
		return -1;
	status = encode(c, o, criu->dirs, proc_fd, &opts, e);
	/* CRIU takes a number (rule S9): up to here it was still this container's, whatever was looked up by it above. */
	if (status == 0 && pidfd_signal(c->pidfd, 0, e))
		status = err_wrap(e, "the container has ended meanwhile");
	if (status == 0)
		status = criu_ask(criu, o->pre_dump ? RPC_PRE_DUMP : RPC_DUMP, &opts, &answer, e);
	free(opts.p);
	return status;
}

static int check(const struct container *c, struct err *e)
{
	if (c->status != STATUS_RUNNING && c->status != STATUS_PAUSED)
		return err_set(e, "container cannot be checkpointed in %s state", status_names[c->status]);
	if (faccessat(c->dir_fd, "root", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return err_set(
			e, "its mounts are on the host, as it has no mount namespace: CRIU would not bring them back");
	/* What it wrote is in a layer that nobody but its own mount namespace holds. */
	if (c->record.image && c->record.image->bundle)
		return err_set(e,
			"the root file system of `hind run IMAGE` goes with its container, and without it nothing can "
			"be restored: run a bundle of your own (hind run --bundle)");
	return 0;
}

int container_checkpoint(struct container *c, struct criu_opts *o, struct err *e)
{
	struct criu_dirs dirs = { -1, -1, NULL, NULL };
	struct criu criu = { .dirs = &dirs, .event = on_event, .context = o };
	cleanup_fd int proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int status;

	if (proc_fd < 0)
		return err_sys(e, "open /proc");
	if (check(c, e))
		return -1;
	status = criu_dirs_open(o, true, &dirs, e);
	if (status == 0) {
		status = dump(c, o, &criu, proc_fd, e);
		criu_end(&criu);
		criu_yard_remove(c->dir_fd);
	}
	criu_dirs_close(&dirs);
	if (status)
		return -1;
	log_info("checkpoint", "id=%s image=%s", c->id, o->image_path);
	if (o->leave_running || o->pre_dump)
		return 0;
	return container_delete(c, true, e);
}
