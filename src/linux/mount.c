/* mounts. runtime-spec config.md "Mounts"; mount_namespaces(7), move_mount(2) (Linux 5.2).
 *
 * In the order of the list, as the spec wants it, after the root is a mount of its own. Every destination is resolved
 * once, inside the root and to a handle, and what is mounted is attached to that handle: a link that the image holds,
 * or that another container exchanges on a shared volume meanwhile, leads nowhere else (CVE-2021-30465,
 * CVE-2024-45310). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "linux/linux.h"
#include "linux/mount_tree.h"
#include "step/ns.h"
#include "sys/mountfd.h"

static bool is_bind(const struct oci_mount *m, const struct mount_options *o)
{
	return o->bind || str_eq(m->type, "bind");
}

/* --- what config.json alone tells --- */

static const char *nearest_option(const char *word)
{
	const char *names[128];
	size_t n = 0;

	while (mount_option_table[n].name && n < ARRAY_LEN(names)) {
		names[n] = mount_option_table[n].name;
		n++;
	}
	return str_nearest(word, names, n);
}

/* A word that is in no table: the file system's own, which only the kernel can judge. A bind mount has none. */
static void validate_data(const char *path, const char *word, bool bind, struct problems *problems)
{
	const char *near;

	if (str_starts(word, "idmap=") || str_starts(word, "ridmap="))
		return;
	if (bind) {
		near = nearest_option(word);
		problem_at(problems, true, 0, 0, path, "\"%s\" is no option of a bind mount and has no effect%s%s%s",
			word, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	}
}

static bool is_mapped(const struct oci_id_mapping *v, size_t n, uint64_t id)
{
	for (size_t i = 0; i < n; i++)
		if (id >= v[i].container_id && id - v[i].container_id < v[i].size)
			return true;
	return false;
}

/* The kernel says only EINVAL to it. */
static void validate_devpts(
	const struct oci_config *config, const char *path, const char *word, struct problems *problems)
{
	const struct oci_linux *l = config->linux;
	uint64_t gid;

	if (!ns_is_new(ns_find(config, NS_USER)) || !str_starts(word, "gid=") || str_u64(word + 4, UINT32_MAX, &gid))
		return;
	if (!is_mapped(l->gid_mappings, l->n_gid_mappings, gid))
		problem_add(problems, path,
			"\"%s\": linux.gidMappings does not map this group into the container; map it or leave the "
			"option out",
			word);
}

static void validate_one(const struct oci_config *config, size_t i, struct problems *problems)
{
	const struct oci_mount *m = &config->mounts[i];
	struct mount_options o;
	bool bind;

	mount_options_parse(m->options, m->n_options, &o);
	bind = is_bind(m, &o);
	if (!m->destination || !*m->destination)
		problem_add(
			problems, AT("mounts[%zu].destination", i), "is empty: an absolute path inside the container");
	else if (*m->destination != '/')
		problem_at(problems, true, 0, 0, AT("mounts[%zu].destination", i),
			"\"%s\" is not an absolute path; it is taken as one", m->destination);
	if (bind && !o.remount && (!m->source || !*m->source))
		problem_add(problems, AT("mounts[%zu]", i), "a bind mount needs a source: a path of the host");
	if (!bind && !o.remount && (!m->type || !*m->type))
		problem_add(problems, AT("mounts[%zu]", i),
			"needs a type (a file system such as \"tmpfs\"), or \"bind\" among the options");
	if (o.copy_up && !str_eq(m->type, "tmpfs"))
		problem_add(problems, AT("mounts[%zu].options", i), "\"tmpcopyup\" is for type tmpfs only");
	mount_idmap_validate(config, i, &o, problems);
	for (size_t j = 0; j < m->n_options; j++) {
		const char *path = AT("mounts[%zu].options[%zu]", i, j);

		if (mount_option_find(m->options[j]))
			continue;
		validate_data(path, m->options[j], bind, problems);
		if (str_eq(m->type, "devpts"))
			validate_devpts(config, path, m->options[j], problems);
	}
	mount_options_free(&o);
}

static void validate(const struct oci_config *config, struct problems *problems)
{
	bool own = ns_find(config, NS_MOUNT);

	for (size_t i = 0; i < config->n_mounts; i++) {
		validate_one(config, i, problems);
		if (!own && config->mounts[i].destination && path_same(config->mounts[i].destination, "/"))
			problem_add(problems, AT("mounts[%zu].destination", i),
				"needs a mount namespace in linux.namespaces, or it would lie over the host's");
	}
}

static void report(struct json_out *out)
{
	json_key(out, "mountExtensions");
	json_open_object(out);
	json_key(out, "idmap");
	json_open_object(out);
	json_key(out, "enabled");
	json_bool(out, true);
	json_close_object(out);
	json_close_object(out);
}

static void report_options(struct json_out *out)
{
	json_key(out, "mountOptions");
	json_open_array(out);
	for (const struct mount_option *o = mount_option_table; o->name; o++)
		json_string(out, o->name);
	json_close_array(out);
}

/* --- where it goes --- */

/* /proc and /sys are what programs trust most, hooks and other runtimes among them: a link there is an attack and no
 * layout (CVE-2019-19921, CVE-2023-27561, CVE-2025-54867). */
static bool is_trusted(const struct mount_entry *m)
{
	return path_same(m->config->destination, "/proc") || path_same(m->config->destination, "/sys");
}

static int open_ordinary(const struct mount_entry *m, bool *made, struct err *e)
{
	const char *path = m->config->destination;
	int root_fd = m->init->rootfs_fd, fd = path_open_nolink(root_fd, path, O_PATH | O_DIRECTORY, e);

	if (fd < 0 && e->code == ENOENT) {
		cleanup_fd int new_fd = path_make_dirs(root_fd, path, 0755, e);

		*made = true;
		fd = new_fd < 0 ? -1 : path_open_nolink(root_fd, path, O_PATH | O_DIRECTORY, e);
	}
	if (fd < 0 && (e->code == ELOOP || e->code == ENOTDIR))
		return err_set(e, "must be mounted on ordinary directory, and the root file system has a %s there",
			e->code == ELOOP ? "symbolic link" : "file");
	return fd;
}

/* Option dest-nofollow. */
static int open_unfollowed(const struct mount_entry *m, bool directory, bool *made, struct err *e)
{
	const char *path = m->config->destination, *name;
	cleanup_fd int dir_fd = path_make_parent(m->init->rootfs_fd, path, 0755, &name, e);
	cleanup_free char *last = dir_fd < 0 ? NULL : mem_printf("%.*s", (int)strcspn(name, "/"), name);
	int fd;

	if (dir_fd < 0)
		return -1;
	*made = (directory ? mkdirat(dir_fd, last, 0755) : mknodat(dir_fd, last, S_IFREG | 0644, 0)) == 0;
	if (!*made && errno != EEXIST)
		return err_sys(e, "create");
	fd = openat(dir_fd, last, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open") : fd;
}

/* directory: what is to be mounted is one. *made: there was nothing. */
static int open_target(const struct mount_entry *m, bool directory, bool *made, struct err *e)
{
	const char *path = m->config->destination;
	int root_fd = m->init->rootfs_fd, fd;

	*made = false;
	if (is_trusted(m))
		return open_ordinary(m, made, e);
	if (m->options.target_link)
		return open_unfollowed(m, directory, made, e);
	fd = path_open_in(root_fd, path, O_PATH, e);
	if (fd >= 0 || e->code != ENOENT)
		return fd;
	*made = true;
	return directory ? path_make_dirs(root_fd, path, 0755, e) : path_make_file(root_fd, path, 0644, e);
}

static int check_kind(int target_fd, bool directory, struct err *e)
{
	struct stat st;

	if (fstat(target_fd, &st) < 0)
		return err_sys(e, "fstat");
	if (directory && !S_ISDIR(st.st_mode))
		return err_set(e, "the destination is not a directory, as what is mounted there"), e->code = ENOTDIR,
												   -1;
	if (!directory && S_ISDIR(st.st_mode))
		return err_set(e, "the destination is a directory, and the source is not"), e->code = EISDIR, -1;
	return 0;
}

/* --- the three things that an entry can be --- */

/* An existing mount is changed in place. What is not named stays as it is, unlike with mount(2), which would take
 * nosuid away from who only says "ro". The superblock may be the host's: it is touched only for words that are about
 * it. */
static int remount(struct mount_entry *m, struct err *e)
{
	const struct mount_options *o = &m->options;
	cleanup_fd int fd = path_open_in(m->init->rootfs_fd, m->config->destination, O_PATH, e), fs_fd = -1;

	if (fd < 0)
		return -1;
	if (mount_tree_attributes(m, fd, e))
		return e->code == EINVAL ? err_wrap(e, "remount: nothing is mounted exactly there") : -1;
	if (o->bind || (!o->n_super && !o->n_data))
		return 0;
	fs_fd = mountfd_fspick(fd, e);
	if (fs_fd < 0)
		return err_wrap(e, "remount");
	if (mount_tree_superblock(m, fs_fd, e))
		return err_wrap(e, "remount");
	for (size_t i = 0; i < o->n_data; i++)
		if (mount_tree_configure(fs_fd, o->data[i], e))
			return err_wrap(e, "remount");
	return mountfd_reconfigure(fs_fd, e) ? err_wrap(e, "remount") : 0;
}

/* Option copy-symlink: 1 where the source is a link, which was made at the destination. */
static int copy_link(struct mount_entry *m, struct err *e)
{
	char target[PATH_MAX], there[PATH_MAX];
	cleanup_fd int source_fd = -1, dir_fd = -1;
	const char *name;
	ssize_t len;

	m->options.source_link = true;
	source_fd = mount_source_open(m, e);
	m->options.source_link = false;
	if (source_fd < 0)
		return -1;
	len = readlinkat(source_fd, "", target, sizeof target - 1);
	if (len < 0)
		return 0;
	target[len] = 0;
	dir_fd = path_make_parent(m->init->rootfs_fd, m->config->destination, 0755, &name, e);
	if (dir_fd < 0)
		return -1;
	if (symlinkat(target, dir_fd, name) == 0)
		return 1;
	if (errno != EEXIST)
		return err_sys(e, "symlink to %s", target);
	len = readlinkat(dir_fd, name, there, sizeof there - 1);
	if (len < 0 || (there[len] = 0, strcmp(there, target)) != 0)
		return err_set(e, "copy-symlink: something else than a link to %s is there already", target);
	return 1;
}

static int copy_up(int target_fd, int tree_fd, struct err *e)
{
	cleanup_fd int from_fd = openat(target_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (from_fd < 0)
		return err_sys(e, "tmpcopyup: open");
	return mount_copy_up(from_fd, tree_fd, e);
}

static int keep(int *where, int fd, struct err *e)
{
	int kept = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (kept < 0)
		return err_sys(e, "dup");
	fd_close(where);
	*where = kept;
	return 0;
}

/* Handles that later steps go on with, instead of looking the names up again. */
static int keep_handles(const struct mount_entry *m, int tree_fd, struct err *e)
{
	struct init *init = m->init;
	const char *destination = m->config->destination;
	int *place = NULL;

	if (m->readonly_later) {
		init->readonly_later_fd = mem_grow(init->readonly_later_fd, (init->n_readonly_later + 1) * sizeof(int));
		place = &init->readonly_later_fd[init->n_readonly_later++];
		*place = -1;
		if (keep(place, tree_fd, e))
			return -1;
	}
	/* A handle of the root shows nothing that is mounted on the root itself, so what is mounted there becomes the
	 * root. */
	place = path_same(destination, "/")       ? &init->rootfs_fd
		: path_same(destination, "/proc") ? &init->proc_mount_fd
		: path_same(destination, "/sys")  ? &init->sys_mount_fd
						  : NULL;
	return place ? keep(place, tree_fd, e) : 0;
}

static int open_source(struct mount_entry *m, struct err *e)
{
	int ready_fd = mount_idmap_tree(m), fd;

	if (ready_fd < 0) {
		fd = mount_source_open(m, e);
		if (fd >= 0 || e->code != EACCES || !mount_reach(m))
			return fd;
		ready_fd = mount_idmap_tree(m);
	}
	fd = fcntl(ready_fd, F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? err_sys(e, "dup") : fd;
}

static int mount_tree(struct mount_entry *m, struct err *e)
{
	cleanup_fd int source_fd = -1, target_fd = -1, tree_fd = -1;
	bool directory = true, made;
	struct stat st;

	if (is_bind(m->config, &m->options)) {
		source_fd = open_source(m, e);
		if (source_fd < 0)
			return err_wrap(e, "source");
		if (fstat(source_fd, &st) < 0)
			return err_sys(e, "source: fstat %s", m->config->source);
		directory = S_ISDIR(st.st_mode);
	}
	target_fd = open_target(m, directory, &made, e);
	if (target_fd < 0 || check_kind(target_fd, directory, e))
		return -1;
	if (str_eq(m->type, "cgroup") || str_eq(m->type, "cgroup2"))
		return mount_cgroup(m, target_fd, e);
	tree_fd = mount_tree_make(m, source_fd, target_fd, made, e);
	if (tree_fd < 0)
		return -1;
	if (m->options.copy_up && copy_up(target_fd, tree_fd, e))
		return -1;
	if (mount_idmap_apply(m, tree_fd, e))
		return -1;
	if (mountfd_attach(tree_fd, target_fd, e) || keep_handles(m, tree_fd, e))
		return -1;
	if (m->mount_fd)
		*m->mount_fd = take_fd(&tree_fd);
	return 0;
}

/* --- the list --- */

static void tell(const struct mount_entry *m)
{
	struct text options = { 0 };

	if (!log_wants(LEVEL_INFO))
		return;
	for (size_t i = 0; i < m->config->n_options; i++)
		text_printf(&options, "%s%s", i ? "," : "", m->config->options[i]);
	log_info("mount", "destination=%s type=%s source=%s options=%s", m->config->destination, m->type,
		m->config->source ? m->config->source : "", options.p ? options.p : "");
	free(options.p);
}

/* Devices are still to be made in /dev, and mount points in a tmpfs: those become read-only last. */
static bool is_filled_later(const struct mount_entry *m)
{
	uint64_t attr = m->options.set | m->options.set_all;

	return attr & MOUNT_ATTR_RDONLY && !m->options.remount && !is_bind(m->config, &m->options) &&
	       (str_eq(m->type, "tmpfs") || path_same(m->config->destination, "/dev"));
}

static int mount_one(struct mount_entry *m, struct err *e)
{
	int linked = 0;

	if (m->options.remount)
		return remount(m, e);
	m->readonly_later = is_filled_later(m);
	if (m->options.copy_link)
		linked = copy_link(m, e);
	return linked ? (linked < 0 ? -1 : 0) : mount_tree(m, e);
}

int mount_apply(struct init *init, size_t index, int *mount_fd, struct err *e)
{
	const struct oci_mount *config = &init->config->mounts[index];
	struct mount_entry m = { .init = init, .index = index, .config = config, .mount_fd = mount_fd };
	int status;

	mount_options_parse(config->options, config->n_options, &m.options);
	m.type = is_bind(config, &m.options) ? "bind" : config->type ? config->type : "none";
	status = mount_one(&m, e);
	if (status == 0)
		tell(&m);
	mount_options_free(&m.options);
	return status ? mount_entry_error(index, config, str_eq(m.type, "bind"), e) : 0;
}

static int mount_all(struct init *init, struct err *e)
{
	for (size_t i = 0; i < init->config->n_mounts; i++)
		if (mount_apply(init, i, NULL, e))
			return -1;
	return 0;
}

static bool wanted(const struct oci_config *config)
{
	return config->n_mounts;
}

const struct feature feature_mount = { "mount", "mounts", validate, report, report_options };
const struct init_step init_mount = { "mount", wanted, mount_all };
