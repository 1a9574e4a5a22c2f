/* linux.namespaces: which namespaces are made and which are joined. runtime-spec config-linux.md "Namespaces";
 * namespaces(7), setns(2), ioctl_nsfs(2) (NS_GET_NSTYPE, Linux 4.11).
 *
 * New namespaces are flags of the one clone3 and need no code here. Those to join are opened and checked before
 * anything else happens, because a wrong path is the commonest mistake; their descriptors go through the fork. The user
 * and pid namespaces are joined by the launch itself: the first has to own the new ones, the second counts for children
 * only. */
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "linux/linux.h"
#include "linux/procfs.h"
#include "step/init.h"
#include "step/launch.h"
#include "step/ns.h"

static void validate(const struct oci_config *config, struct problems *problems)
{
	const struct oci_linux *l = config->linux;
	size_t first[NS_COUNT];
	bool seen[NS_COUNT] = { 0 };

	if (!l) {
		problem_add(problems, "linux",
			"is missing: hind starts Linux containers and needs at least linux.namespaces");
		return;
	}
	for (size_t i = 0; i < l->n_namespaces; i++) {
		const struct oci_namespace *ns = &l->namespaces[i];
		int kind = ns->type ? ns_index(ns->type) : -1;

		if (kind < 0)
			continue; /* the schema has told */
		if (seen[kind])
			problem_add(problems, AT("linux.namespaces[%zu].type", i),
				"a second %s namespace, after linux.namespaces[%zu]", ns->type, first[kind]);
		if (ns_is_joined(ns) && *ns->path != '/')
			problem_add(problems, AT("linux.namespaces[%zu].path", i), "\"%s\" is not an absolute path",
				ns->path);
		if (!seen[kind])
			first[kind] = i;
		seen[kind] = true;
	}
}

static void report(struct json_out *out)
{
	json_key(out, "namespaces");
	json_open_array(out);
	for (size_t i = 0; i < NS_COUNT; i++)
		json_string(out, ns_kinds[i].name);
	json_close_array(out);
}

static const char *name_of_flag(int flag)
{
	for (size_t i = 0; i < NS_COUNT; i++)
		if (ns_kinds[i].flag == flag)
			return ns_kinds[i].name;
	return "unknown";
}

/* O_NONBLOCK, so that a FIFO at that path is an error and not a wait without end. */
static int open_one(size_t i, const struct oci_namespace *ns, enum ns kind, struct err *e)
{
	cleanup_fd int fd = open(ns->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int flag;

	if (fd < 0)
		return err_sys(e, "linux.namespaces[%zu].path: open %s", i, ns->path);
	flag = ioctl(fd, NS_GET_NSTYPE);
	if (flag < 0)
		return err_set(e, "linux.namespaces[%zu].path: %s is not a namespace", i, ns->path);
	if (flag != ns_kinds[kind].flag)
		return err_set(e, "linux.namespaces[%zu].path: %s is a namespace of type %s, not %s", i, ns->path,
			name_of_flag(flag), ns->type);
	return take_fd(&fd);
}

/* setns(2) refuses to join the user namespace that one is in; for us that is nothing to do. */
static bool is_own_user_namespace(const struct launch *l, int fd)
{
	struct stat own, other;

	return fstatat(l->kit.host_proc_fd, "self/ns/user", &own, 0) == 0 && fstat(fd, &other) == 0 &&
	       own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

static int open_all(struct launch *l, struct err *e)
{
	const struct oci_linux *config = l->config->linux;

	for (size_t i = 0; config && i < config->n_namespaces; i++) {
		const struct oci_namespace *ns = &config->namespaces[i];
		enum ns kind = ns_index(ns->type);

		if (ns_is_new(ns)) {
			l->new_ns[kind] = true;
			continue;
		}
		l->kit.ns_fd[kind] = open_one(i, ns, kind, e);
		if (l->kit.ns_fd[kind] < 0)
			return -1;
		if (kind == NS_USER && is_own_user_namespace(l, l->kit.ns_fd[kind])) {
			fd_close(&l->kit.ns_fd[kind]);
			continue;
		}
		l->join_ns[kind] = true;
		log_debug("namespace", "opened type=%s path=%s", ns->type, ns->path);
	}
	/* In a user namespace it cannot be traced from there (CVE-2016-9962). */
	l->born_late = l->join_ns[NS_PID] && !l->join_ns[NS_USER] && !l->new_ns[NS_USER] &&
		       procfs_takes_namespace(l->kit.ns_fd[NS_PID]);
	return 0;
}

static void close_all(struct launch *l)
{
	for (size_t i = 0; i < NS_COUNT; i++)
		fd_close(&l->kit.ns_fd[i]);
}

/* ---- exec: those of a container that runs ---- */

static bool is_in_own_user_namespace(const struct launch *l)
{
	char path[32];
	struct stat own, other;

	snprintf(path, sizeof path, "%d/ns/user", (int)l->join_pid);
	return fstatat(l->kit.host_proc_fd, "self/ns/user", &own, 0) == 0 &&
	       fstatat(l->kit.host_proc_fd, path, &other, 0) == 0 && own.st_dev == other.st_dev &&
	       own.st_ino == other.st_ino;
}

/* Those that config.json lists, made or joined, as init has them now: the launch enters them by init's pidfd. */
static int find_init(struct launch *l, struct err *e)
{
	const struct oci_linux *config = l->config->linux;

	(void)e;
	for (size_t i = 0; config && i < config->n_namespaces; i++)
		l->join_ns[ns_index(config->namespaces[i].type)] = true;
	if (l->join_ns[NS_USER] && is_in_own_user_namespace(l))
		l->join_ns[NS_USER] = false;
	return 0;
}

/* For who is born from here on; we ourselves stay where we are. As late as there are the rights for it, so that no hook is
 * born there. */
static int join_pids(struct init *init, struct err *e)
{
	if (init->born_late && setns(init->kit->ns_fd[NS_PID], CLONE_NEWPID) < 0)
		return err_sys(e, "join the pid namespace");
	return 0;
}

/* The mount namespace comes last: it changes what every path means. */
static int join(struct init *init, struct err *e)
{
	static const enum ns order[] = { NS_NET, NS_IPC, NS_UTS, NS_CGROUP, NS_TIME, NS_MOUNT };

	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		enum ns kind = order[i];

		if (!init->join_ns[kind])
			continue;
		if (setns(init->kit->ns_fd[kind], ns_kinds[kind].flag) < 0) {
			const struct oci_namespace *ns = ns_find(init->config, kind);

			return err_sys(e, "join the %s namespace%s%s", ns_kinds[kind].name, ns_is_joined(ns) ? " " : "",
				ns_is_joined(ns) ? ns->path : "");
		}
	}
	return 0;
}

const struct feature feature_namespace = { "namespace", "linux.namespaces", validate, report };
const struct host_step host_namespace_open = { "namespace", NULL, open_all, close_all };
const struct host_step host_namespace_of_init = { "namespace", NULL, find_init, NULL };
const struct init_step init_namespace_pids = { "namespace", NULL, join_pids };
const struct init_step init_namespace_join = { "namespace", NULL, join };
