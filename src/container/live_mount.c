/* Mounts of a container that runs: what `mounts` of config.json does at its start, later.
 *
 * Three processes, as each namespace has its own rule. The parent has the privileges of the host: it opens the
 * container's namespaces, and maps ids. The helper joins the user namespace and copies the host's mounts, while the
 * names of sources are still the host's; then it joins the others. Its child attaches: for it every path is the
 * container's, and is looked up below a handle of its root (rules S1, S2). It has a number in the container's pid namespace
 * only where a procfs of that is to be mounted: whoever may trace there has all of its rights (enter.c).
 *
 * runtime-spec config.md "Mounts"; setns(2), open_tree(2), move_mount(2). */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "container/container.h"
#include "linux/linux.h"
#include "linux/mount_tree.h"
#include "step/init.h"
#include "step/ns.h"
#include "sys/clone.h"
#include "sys/mountfd.h"
#include "sys/pidfd.h"
#include "json/decode.h"

struct visit {
	struct launch launch; /* what the steps of a start need: config, kit, arena, bundle */
	struct launch_opts opts;
	struct oci_config config;
	struct oci_linux linux_part;
	struct oci_namespace namespaces[2];
	int report_fd; /* a failure of ours goes there as a struct err; nothing is success */
	int (*work)(struct visit *, struct init *, struct err *);
};

/* --- the file --- */

/* A list is the member of an object that nobody wrote: the columns of its first line count as they stand in the file. */
static char *wrap_list(const char *text, size_t *shift)
{
	static const char before[] = "{\"mounts\":";

	*shift = 0;
	if (text[strspn(text, " \t\r\n")] != '[')
		return mem_strdup(text);
	*shift = strlen(before);
	return mem_printf("%s%s}", before, text);
}

/* File systems of the kernel alone: what else has a source is a path, which would be looked up inside the container. */
static bool has_no_source(const char *type)
{
	static const char *const types[] = { "tmpfs", "proc", "sysfs", "mqueue", "devpts", "ramfs" };

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (str_eq(types[i], type))
			return true;
	return false;
}

static void check_one(const struct oci_mount *m, size_t i, struct problems *problems)
{
	struct mount_options o;
	bool bind;

	mount_options_parse(m->options, m->n_options, &o);
	bind = o.bind || str_eq(m->type, "bind");
	if (!bind && !o.remount && m->type && !has_no_source(m->type))
		problem_add(problems, AT("mounts[%zu].type", i),
			"\"%s\" cannot be mounted into a running container: mount it on the host, and bind it",
			m->type);
	if (o.copy_link)
		problem_add(problems, AT("mounts[%zu].options", i), "\"copy-symlink\" is for new containers only");
	mount_options_free(&o);
}

static void check(const struct oci_config *config, bool add, struct problems *problems)
{
	if (add)
		feature_mount.validate(config, problems);
	for (size_t i = 0; i < config->n_mounts; i++) {
		const struct oci_mount *m = &config->mounts[i];

		if (!m->destination || !*m->destination) {
			if (!add)
				problem_add(problems, AT("mounts[%zu].destination", i), "is empty");
			continue;
		}
		if (path_same(m->destination, "/"))
			problem_add(problems, AT("mounts[%zu].destination", i),
				"is the root of the container, which its processes have already");
		if (add)
			check_one(m, i, problems);
	}
}

static int read_list(struct visit *v, const char *text, const char *name, bool add, struct err *e)
{
	struct problems problems = { 0 };
	struct oci_mounts list = { 0 };
	size_t shift;
	cleanup_free char *whole = wrap_list(text, &shift);
	size_t len = strlen(whole);
	int status = json_decode(&json_oci_mounts, whole, len, v->launch.arena, &list, &problems);

	v->config.mounts = list.mounts;
	v->config.n_mounts = list.n_mounts;
	if (status == 0)
		check(&v->config, add, &problems);
	json_locate(whole, len, &problems);
	for (size_t i = 0; i < problems.n; i++)
		if (problems.v[i].line == 1 && problems.v[i].column > shift)
			problems.v[i].column -= shift;
	status = problems.errors ? -1 : 0;
	if (status && problems_err(&problems, name, false, e) == 0)
		err_set(e, "%s: refused", name);
	problems_free(&problems);
	return status;
}

/* --- the child: inside --- */

static _Noreturn void end(const struct visit *v, const struct err *e)
{
	if (e && write(v->report_fd, e, sizeof *e) < 0)
		_exit(125);
	_exit(e ? 1 : 0);
}

static int add(struct visit *v, struct init *init, struct err *e)
{
	size_t n = v->config.n_mounts;
	int *done = arena_alloc(v->launch.arena, (n + 1) * sizeof *done);
	struct err failure;

	for (size_t i = 0; i < n; i++)
		done[i] = -1;
	for (size_t i = 0; i < n; i++) {
		if (mount_apply(init, i, &done[i], e) == 0)
			continue;
		while (i-- > 0)
			if (done[i] >= 0 && mountfd_detach(init->proc_fd, done[i], &failure))
				log_warn("mounts", "mounts[%zu] stays: %s", i, failure.msg);
		return -1;
	}
	/* What was to be read-only in the end has taken its mount points. */
	for (size_t i = 0; i < init->n_readonly_later; i++)
		if (mountfd_setattr(init->readonly_later_fd[i], false, MOUNT_ATTR_RDONLY, 0, 0, e))
			return err_wrap(e, "make one read-only");
	return 0;
}

/* No link is followed: what the container has made of a directory on the way meanwhile could lead to one of its masks,
 * and to take that away would show what it hides. */
static int remove_one(struct init *init, size_t i, struct err *e)
{
	const char *destination = init->config->mounts[i].destination;
	cleanup_fd int fd = path_open_nolink(init->rootfs_fd, destination, O_PATH, e);
	struct statx st;

	if (fd < 0 && e->code == ELOOP)
		return err_wrap(e, "a symbolic link is on the way to it; name the place itself");
	if (fd < 0)
		return -1;
	if (statx(fd, "", AT_EMPTY_PATH, 0, &st) < 0)
		return err_sys(e, "statx");
	if (!(st.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return err_set(e, "nothing is mounted there");
	if (mountfd_detach(init->proc_fd, fd, e))
		return e->code == EINVAL
			       ? err_wrap(e, "it came with the container's mount namespace, and may not be taken out")
			       : -1;
	return 0;
}

static int take_away(struct visit *v, struct init *init, struct err *e)
{
	for (size_t i = 0; i < v->config.n_mounts; i++)
		if (remove_one(init, i, e))
			return err_wrap(e, "mounts[%zu] at %s", i, v->config.mounts[i].destination);
	return 0;
}

/* Nothing of the host's comes along but what is to be mounted. In the container's pid namespace the procfs is one of that,
 * but for a user namespace: nobody may look in there, and the kernel may refuse a new procfs (init_procfs). */
static int leave_behind(struct launch *l, int report_fd, struct err *e)
{
	struct kit *k = &l->kit;
	cleanup_free int *keep = mem_alloc((3 + 2 * k->n_mounts) * sizeof *keep);
	size_t n = 0;

	if (l->join_ns[NS_PID] && !l->join_ns[NS_USER])
		fd_close(&k->host_proc_fd);
	keep[n++] = report_fd;
	keep[n++] = k->host_proc_fd;
	keep[n++] = log_fd();
	for (size_t i = 0; i < k->n_mounts; i++) {
		keep[n++] = k->mounts[i].tree_fd;
		keep[n++] = k->mounts[i].userns_fd;
	}
	return fd_close_others(3, keep, n, e);
}

/* The mount namespace's own root is the container's, whatever its processes have made of theirs. */
static _Noreturn void inside(struct visit *v)
{
	struct launch *l = &v->launch;
	struct init init = {
		.config = &v->config,
		.kit = &l->kit,
		.id = l->opts->id,
		.bundle = l->bundle,
		.rootfs = "",
		.new_ns = l->new_ns,
		.join_ns = l->join_ns,
		.sync_fd = -1,
		.proc_fd = l->kit.host_proc_fd,
		.proc_mount_fd = -1,
		.sys_mount_fd = -1,
		.tty_fd = -1,
		.program_fd = -1,
	};
	struct err e;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (l->join_ns[NS_PID] && init_procfs.run(&init, &e))
		end(v, &e);
	init.rootfs_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (init.rootfs_fd < 0) {
		err_sys(&e, "open the container's root");
		end(v, &e);
	}
	umask(022);
	end(v, v->work(v, &init, &e) ? &e : NULL);
}

/* --- the helper: between the two --- */

/* A copy of a mount is its peer, and what is mounted below the one shows below the other: so copies are made of mounts
 * that only receive, as those of a container at its start. These belong to the container's user namespace, too. */
static int leave_host_mounts(struct err *e)
{
	cleanup_fd int root_fd = -1;

	if (unshare(CLONE_NEWNS) < 0)
		return err_sys(e, "unshare the mount namespace");
	root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return err_sys(e, "open /");
	return mountfd_setattr(root_fd, true, 0, 0, MS_SLAVE, e) ? err_wrap(e, "propagation of /") : 0;
}

/* As root of the container: what is made in its file systems belongs to its ids. */
static int enter_user_namespace(const struct launch *l, struct err *e)
{
	if (!l->join_ns[NS_USER])
		return 0;
	if (setns(l->kit.ns_fd[NS_USER], CLONE_NEWUSER) < 0)
		return err_sys(e, "join the user namespace");
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return err_sys(e, "become root of the user namespace");
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? err_sys(e, "prctl(PR_SET_DUMPABLE)") : 0;
}

static int copy_source(struct launch *l, size_t i, const struct mount_options *o, struct err *e)
{
	const struct oci_mount *m = &l->config->mounts[i];
	cleanup_free char *path = mount_source_path(l->bundle, m->source);
	cleanup_fd int source_fd = mountfd_open(AT_FDCWD, path, !o->source_link, e);

	if (source_fd < 0)
		return err_wrap(e, "source");
	l->kit.mounts[i].tree_fd = mountfd_clone(source_fd, o->recursive, e);
	return l->kit.mounts[i].tree_fd < 0 ? err_wrap(e, "copy the mount of %s", m->source) : 0;
}

static int copy_sources(struct launch *l, struct err *e)
{
	for (size_t i = 0; i < l->config->n_mounts; i++) {
		const struct oci_mount *m = &l->config->mounts[i];
		struct mount_options o;
		bool bind;
		int status = 0;

		mount_options_parse(m->options, m->n_options, &o);
		bind = o.bind || str_eq(m->type, "bind");
		if (bind && !o.remount && l->kit.mounts[i].tree_fd < 0)
			status = copy_source(l, i, &o, e);
		mount_options_free(&o);
		if (status)
			return mount_entry_error(i, m, bind, e);
	}
	return 0;
}

/* New file systems show what these namespaces hold: proc, sysfs and mqueue. The mount namespace comes last, and before the
 * child is born: its root would lead to the host's files. */
static int enter_the_others(const struct launch *l, struct err *e)
{
	static const enum ns kinds[] = { NS_NET, NS_IPC, NS_CGROUP, NS_PID, NS_MOUNT };

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (l->join_ns[kinds[i]] && setns(l->kit.ns_fd[kinds[i]], ns_kinds[kinds[i]].flag) < 0)
			return err_sys(e, "join the %s namespace", ns_kinds[kinds[i]].name);
	return 0;
}

static _Noreturn void between(struct visit *v)
{
	struct launch *l = &v->launch;
	cleanup_fd int pidfd = -1;
	struct err e;
	pid_t pid;
	int status;

	/* A change of ids takes it back, so this is the first moment for it. */
	if (enter_user_namespace(l, &e) || (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 && err_sys(&e, "prctl")) ||
		leave_host_mounts(&e) || (v->work == add && copy_sources(l, &e)) || enter_the_others(l, &e) ||
		leave_behind(l, v->report_fd, &e))
		end(v, &e);
	pid = clone_child(0, -1, &pidfd, &e);
	if (pid < 0)
		end(v, &e);
	if (pid == 0)
		inside(v);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* --- the parent: outside --- */

static int open_namespaces(struct launch *l, const struct container *c, struct err *e)
{
	struct stat own, other;
	char path[48];

	for (int i = 0; i < NS_COUNT; i++) {
		snprintf(path, sizeof path, "%d/ns/%s", (int)c->pid, ns_kinds[i].file);
		l->kit.ns_fd[i] = openat(l->kit.host_proc_fd, path, O_RDONLY | O_CLOEXEC);
		if (l->kit.ns_fd[i] < 0 && errno == ENOENT && i == NS_TIME)
			continue;
		if (l->kit.ns_fd[i] < 0)
			return err_sys(e, "open /proc/%s", path);
		snprintf(path, sizeof path, "self/ns/%s", ns_kinds[i].file);
		if (fstatat(l->kit.host_proc_fd, path, &own, 0) < 0 || fstat(l->kit.ns_fd[i], &other) < 0)
			return err_sys(e, "stat /proc/%s", path);
		l->join_ns[i] = own.st_dev != other.st_dev || own.st_ino != other.st_ino;
	}
	if (!l->join_ns[NS_MOUNT])
		return err_set(e, "the container has no mount namespace of its own");
	/* The number still belonged to the container's init when its namespaces were opened. */
	return pidfd_signal(c->pidfd, 0, e) ? err_wrap(e, "the container has ended meanwhile") : 0;
}

/* What the validation and the steps of a start ask the configuration for. */
static void pretend(struct visit *v)
{
	v->namespaces[0].type = "mount";
	v->linux_part.namespaces = v->namespaces;
	v->linux_part.n_namespaces = 1;
	if (v->launch.join_ns[NS_USER]) {
		v->namespaces[1].type = "user";
		v->namespaces[1].path = "/proc/self/ns/user"; /* a joined one: its maps are not in the configuration */
		v->linux_part.n_namespaces = 2;
	}
	/* A sysfs that may not be mounted is an error here: the host's would be looked for inside. */
	v->launch.new_ns[NS_NET] = true;
	v->config.linux = &v->linux_part;
}

static int go_there(struct visit *v, struct err *e)
{
	cleanup_fd int read_fd = -1, write_fd = -1, pidfd = -1;
	int ends[2], status;
	struct err theirs;
	ssize_t n;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	read_fd = ends[0];
	v->report_fd = write_fd = ends[1];
	pid = clone_child(0, -1, &pidfd, e);
	if (pid < 0)
		return -1;
	if (pid == 0)
		between(v);
	fd_close(&write_fd);
	while ((n = read(read_fd, &theirs, sizeof theirs)) < 0 && errno == EINTR)
		;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (n == sizeof theirs) {
		theirs.msg[sizeof theirs.msg - 1] = 0;
		*e = theirs;
		return -1;
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return err_set(e, "the process that entered the container was ended from outside");
	return 0;
}

static bool adds_procfs(const struct visit *v)
{
	for (size_t i = 0; i < v->config.n_mounts; i++)
		if (v->work == add && str_eq(v->config.mounts[i].type, "proc"))
			return true;
	return false;
}

static int prepare(struct visit *v, const struct container *c, struct err *e)
{
	struct launch *l = &v->launch;

	if (c->status == STATUS_STOPPED || c->status == STATUS_CREATING)
		return err_set(e, "container `%s` is %s: it has no mounts", c->id, status_names[c->status]);
	return host_procfs.run(l, e) || open_namespaces(l, c, e) ? -1 : 0;
}

static int make_trees(struct launch *l, struct err *e)
{
	l->kit.mounts = arena_alloc(l->arena, (l->config->n_mounts + 1) * sizeof *l->kit.mounts);
	l->kit.n_mounts = l->config->n_mounts;
	for (size_t i = 0; i < l->kit.n_mounts; i++)
		l->kit.mounts[i] = (struct kit_mount){ -1, -1, -1 };
	return host_mount_idmap.wanted(l->config) ? host_mount_idmap.run(l, e) : 0;
}

static int visit(struct container *c, const char *text, const char *name,
	int (*work)(struct visit *, struct init *, struct err *), struct err *e)
{
	struct visit v = { .work = work };
	struct launch *l = &v.launch;
	int status;

	v.opts = (struct launch_opts){ .id = c->id };
	*l = (struct launch){ .opts = &v.opts, .config = &v.config, .arena = c->arena };
	launch_blank(l);
	l->bundle = c->record.bundle ? c->record.bundle : "/";
	status = prepare(&v, c, e);
	if (status == 0) {
		pretend(&v);
		status = read_list(&v, text, name, work == add, e) || (work == add && make_trees(l, e)) ? -1 : 0;
	}
	if (status == 0) {
		l->join_ns[NS_PID] = l->join_ns[NS_PID] && adds_procfs(&v);
		status = go_there(&v, e);
	}
	host_mount_idmap.undo(l);
	launch_close(l);
	return status;
}

int container_mounts_add(struct container *c, const char *text, const char *name, struct err *e)
{
	return visit(c, text, name, add, e);
}

int container_mounts_remove(struct container *c, const char *text, const char *name, struct err *e)
{
	return visit(c, text, name, take_away, e);
}
