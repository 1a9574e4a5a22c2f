/* The options of checkpoint and restore: what they may be, and how CRIU calls them. */
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "container/criu.h"
#include "oci.h"
#include "step/feature.h"
#include "step/ns.h"

#define LOG_LEVEL 4 /* CRIU's most, which its log needs to be of use */

static const struct name_value cgroups_modes[] = {
	{ "ignore", CRIU_CGROUPS_IGNORE },
	{ "soft", 3 },
	{ "full", 4 },
	{ "strict", 5 },
	{ NULL, 0 },
};
static const struct name_value network_locks[] = {
	{ "iptables", 1 },
	{ "nftables", 2 },
	{ "skip", CRIU_NETWORK_LOCK_SKIP },
	{ NULL, 0 },
};
#define CGROUPS_MODE_DEFAULT 6

static int settle_page_server(struct criu_opts *o, struct err *e)
{
	const char *colon = strrchr(o->page_server, ':'), *from = o->page_server;
	size_t len = colon ? colon - from : 0;

	if (!len || str_u64(colon + 1, 65535, &o->settled.page_port) || !o->settled.page_port)
		return err_set(e, "--page-server: \"%s\" is no ADDRESS:PORT", o->page_server);
	if (len > 2 && from[0] == '[' && from[len - 1] == ']')
		from++, len -= 2; /* an address of IPv6 */
	o->settled.page_address = mem_printf("%.*s", (int)len, from);
	return 0;
}

static int settle_status_fd(struct criu_opts *o, struct err *e)
{
	uint64_t fd;
	int flags;

	if (str_u64(o->status_fd, INT32_MAX, &fd))
		return err_set(e, "--status-fd: \"%s\" is no descriptor", o->status_fd);
	flags = fcntl((int)fd, F_GETFL);
	if (flags < 0)
		return err_sys(e, "--status-fd %s", o->status_fd);
	if ((flags & O_ACCMODE) == O_RDONLY)
		return err_set(e, "--status-fd %s cannot be written to", o->status_fd);
	o->settled.status_fd = (int)fd;
	return 0;
}

static int settle_parent(const struct criu_opts *o, struct err *e)
{
	cleanup_free char *path = mem_printf("%s/%s", o->image_path, o->parent_path);
	cleanup_fd int fd = -1;

	if (*o->parent_path == '/')
		return err_set(e, "--parent-path must be relative: to --image-path, as in ../before");
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "--parent-path: %s", path) : 0;
}

int criu_opts_settle(struct criu_opts *o, struct err *e)
{
	const struct name_value *mode = o->cgroups_mode ? name_find(cgroups_modes, o->cgroups_mode) : NULL;
	const struct name_value *lock = o->network_lock ? name_find(network_locks, o->network_lock) : NULL;

	o->settled.status_fd = -1;
	if (geteuid() != 0)
		return err_set(
			e, "checkpoint and restore need root: CRIU looks into the processes and makes them anew");
	if (!o->image_path)
		o->image_path = "checkpoint";
	if (o->cgroups_mode && !mode)
		return err_set(
			e, "--manage-cgroups-mode: \"%s\" is none of soft, full, strict, ignore", o->cgroups_mode);
	if (o->network_lock && !lock)
		return err_set(e, "--network-lock: \"%s\" is none of iptables, nftables, skip", o->network_lock);
	for (size_t i = 0; i < o->empty_ns.n; i++)
		if (strcmp(o->empty_ns.v[i], "network") != 0)
			return err_set(e, "--empty-ns: \"%s\" is not network, the only one that can be made empty",
				o->empty_ns.v[i]);
	o->settled.cgroups_mode = mode ? mode->value : CGROUPS_MODE_DEFAULT;
	o->settled.network_lock = lock ? lock->value : 0;
	if ((o->page_server && settle_page_server(o, e)) || (o->status_fd && settle_status_fd(o, e)))
		return -1;
	return 0;
}

/* ---- the directories ---- */

static int open_dir(const char *option, const char *path, bool make, struct err *e)
{
	int fd;

	if (make && file_mkdirs(path, 0700, e))
		return err_wrap(e, "%s", option);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "%s: open %s", option, path) : fd;
}

int criu_dirs_open(const struct criu_opts *o, bool make, struct criu_dirs *d, struct err *e)
{
	*d = (struct criu_dirs){ -1, -1, o->work_path ? o->work_path : o->image_path,
		make ? "dump.log" : "restore.log" };
	d->image_fd = open_dir("--image-path", o->image_path, make, e);
	if (d->image_fd < 0)
		return -1;
	if (o->work_path)
		d->work_fd = open_dir("--work-path", o->work_path, true, e);
	if ((o->work_path && d->work_fd < 0) || (o->parent_path && settle_parent(o, e)))
		return -1;
	return 0;
}

void criu_dirs_close(struct criu_dirs *d)
{
	fd_close(&d->image_fd);
	fd_close(&d->work_fd);
}

/* ---- the request ---- */

const char *criu_namespace_key(int kind)
{
	return kind == NS_PID ? "extRootPidNS" : "extRootNetNS";
}

/* The annotation names a file, or with an empty value none. Without it: ours, or the one that other runtimes have. A file
 * that is not there would be an error to some versions of CRIU. */
static const char *config_file(const struct oci_pair *annotations, size_t n)
{
	static const char *const usual[] = { "/etc/criu/hind.conf", "/etc/criu/runc.conf" };

	for (size_t i = 0; i < n; i++)
		if (strcmp(annotations[i].key, "org.criu.config") == 0)
			return *annotations[i].value ? annotations[i].value : NULL;
	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		if (access(usual[i], F_OK) == 0)
			return usual[i];
	return NULL;
}

void criu_opts_encode(const struct criu_opts *o, const struct criu_dirs *d, const struct oci_pair *annotations,
	size_t n, struct text *t)
{
	rpc_number(t, RPC_IMAGES_DIR_FD, d->image_fd);
	if (d->work_fd >= 0)
		rpc_number(t, RPC_WORK_DIR_FD, d->work_fd);
	rpc_number(t, RPC_LOG_LEVEL, LOG_LEVEL);
	rpc_string(t, RPC_LOG_FILE, d->log_name);
	rpc_bool(t, RPC_NOTIFY_SCRIPTS, true);
	/* The first is what old versions look at. */
	rpc_bool(t, RPC_MANAGE_CGROUPS, true);
	rpc_number(t, RPC_MANAGE_CGROUPS_MODE, o->settled.cgroups_mode);
	rpc_bool(t, RPC_TCP_ESTABLISHED, o->tcp_established);
	rpc_bool(t, RPC_TCP_CLOSE, o->tcp_close);
	rpc_bool(t, RPC_TCP_SKIP_IN_FLIGHT, o->tcp_skip_in_flight);
	rpc_bool(t, RPC_LINK_REMAP, o->link_remap);
	rpc_bool(t, RPC_EXT_UNIX_SK, o->ext_unix_sk);
	rpc_bool(t, RPC_SHELL_JOB, o->shell_job);
	rpc_bool(t, RPC_FILE_LOCKS, o->file_locks);
	rpc_bool(t, RPC_LAZY_PAGES, o->lazy_pages);
	rpc_bool(t, RPC_AUTO_DEDUP, o->auto_dedup);
	/* The terminal's master is the engine's, and a new one goes to an engine again. */
	rpc_bool(t, RPC_ORPHAN_PTS_MASTER, true);
	/* Interfaces are made by engines and hooks, not by us, and so they are after a restore. */
	rpc_number(t, RPC_EMPTY_NS, CLONE_NEWNET);
	if (o->settled.network_lock)
		rpc_number(t, RPC_NETWORK_LOCK, o->settled.network_lock);
	rpc_string(t, RPC_CONFIG_FILE, config_file(annotations, n));
}

/* ---- hind features ---- */

static const char *const obeyed[] = { "org.criu.config", NULL };

/* What engines ask before they offer it; the name is runc's, for every runtime to use. That the program is installed is
 * another matter: it may come later. */
static void report_annotations(struct json_out *out)
{
	json_key(out, "org.opencontainers.runc.checkpoint.enabled");
	json_string(out, "true");
}

const struct feature feature_criu = {
	.name = "criu", .path = "annotations", .report_annotations = report_annotations, .annotations = obeyed
};
