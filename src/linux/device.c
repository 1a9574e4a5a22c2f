/* linux.devices, and the devices that every container has. runtime-spec config-linux.md "Devices", "Default Devices";
 * mknod(2).
 *
 * After the mounts, since /dev is mostly one of them. Everything is made by name in a handle of its directory, which
 * was resolved inside the root: /dev of an image may be a link to the host's (CVE-2026-41579, CVE-2026-47766). What
 * stands there already is never followed, removed or given another owner, but looked at (CVE-2026-88265). A user
 * namespace may make no devices: there, and wherever mknod is refused, the host's own node is bound. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "linux/host_device.h"
#include "linux/linux.h"
#include "step/init.h"
#include "step/ns.h"
#include "sys/mountfd.h"

static const struct oci_device default_devices[] = {
	{ .type = "c", .path = "/dev/null", .major = 1, .minor = 3 },
	{ .type = "c", .path = "/dev/zero", .major = 1, .minor = 5 },
	{ .type = "c", .path = "/dev/full", .major = 1, .minor = 7 },
	{ .type = "c", .path = "/dev/random", .major = 1, .minor = 8 },
	{ .type = "c", .path = "/dev/urandom", .major = 1, .minor = 9 },
	{ .type = "c", .path = "/dev/tty", .major = 5, .minor = 0 },
};

static const struct {
	const char *name, *target;
	const char *needs; /* below /proc: the link is made where the kernel has this file */
} links[] = {
	{ "fd", "/proc/self/fd", NULL }, { "stdin", "/proc/self/fd/0", NULL }, { "stdout", "/proc/self/fd/1", NULL },
	{ "stderr", "/proc/self/fd/2", NULL }, { "core", "/proc/kcore", "kcore" },
	{ "ptmx", "pts/ptmx", NULL }, /* that of the container's own devpts */
};

static const struct name_value types[] = {
	{ "c", S_IFCHR },
	{ "u", S_IFCHR },
	{ "b", S_IFBLK },
	{ "p", S_IFIFO },
	{ 0 },
};

static mode_t type_of(const struct oci_device *d)
{
	return name_find(types, d->type)->value;
}

static void validate(const struct oci_config *config, struct problems *problems)
{
	const struct oci_linux *l = config->linux;

	for (size_t i = 0; l && i < l->n_devices; i++) {
		const struct oci_device *d = &l->devices[i];

		if (*d->path != '/')
			problem_add(
				problems, AT("linux.devices[%zu].path", i), "\"%s\" is not an absolute path", d->path);
		else if (path_same(d->path, "/"))
			problem_add(problems, AT("linux.devices[%zu].path", i), "\"%s\" names no file", d->path);
		if (!name_find(types, d->type))
			problem_add(
				problems, AT("linux.devices[%zu].type", i), "\"%s\" is none of c, u, b, p", d->type);
		else if (type_of(d) != S_IFIFO && (!d->has_major || !d->has_minor))
			problem_add(problems, AT("linux.devices[%zu]", i), "a device of type %s needs major and minor",
				d->type);
	}
}

static bool is_device(const struct oci_device *d, const struct stat *st)
{
	return (st->st_mode & S_IFMT) == type_of(d) &&
	       (type_of(d) == S_IFIFO || st->st_rdev == makedev(d->major, d->minor));
}

/* Only a node that can lead nowhere else may be mounted over. */
static int bind(const struct init *init, int dir_fd, const char *name, const struct oci_device *d, struct err *e)
{
	cleanup_fd int tree_fd = -1, target_fd = -1;
	struct stat st;

	if (!init->new_ns[NS_MOUNT] && !init->join_ns[NS_MOUNT])
		return err_set(
			e, "mknod is not permitted, and without a mount namespace the host's cannot be bound instead");
	tree_fd = host_device_copy(d->path, type_of(d), makedev(d->major, d->minor), e);
	if (tree_fd < 0)
		return err_wrap(e, "mknod is not permitted, so the host's is bound");
	if (mknodat(dir_fd, name, S_IFREG | 0644, 0) < 0 && errno != EEXIST)
		return err_sys(e, "create a file to bind it to");
	target_fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target_fd < 0 || fstat(target_fd, &st) < 0)
		return err_sys(e, "open");
	if (S_ISLNK(st.st_mode) || S_ISDIR(st.st_mode))
		return err_set(
			e, "the root file system has a %s there", S_ISDIR(st.st_mode) ? "directory" : "symbolic link");
	return mountfd_attach(tree_fd, target_fd, e);
}

/* By a handle that is verified: in a /dev that others share, the name may have got another file meanwhile. */
static int set_owner(int dir_fd, const char *name, const struct oci_device *d, struct err *e)
{
	cleanup_fd int fd = -1;
	struct stat st;

	if (!d->uid && !d->gid)
		return 0;
	fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open");
	if (!is_device(d, &st))
		return err_set(e, "somebody has replaced it");
	return fchownat(fd, "", d->uid, d->gid, AT_EMPTY_PATH) < 0 ? err_sys(e, "chown") : 0;
}

/* 1: the device is there. 0: an empty file is in its place, as unprivileged tools leave one where they could not make
 * it. */
static int look(int dir_fd, const char *name, const struct oci_device *d, struct err *e)
{
	struct stat st;

	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "stat");
	if (is_device(d, &st))
		return 1;
	if (S_ISREG(st.st_mode) && type_of(d) != S_IFIFO)
		return 0;
	return err_set(e, "the root file system has something else there (%s)",
		S_ISLNK(st.st_mode)   ? "a symbolic link"
		: S_ISDIR(st.st_mode) ? "a directory"
				      : "another device or file");
}

static int make_node(const struct init *init, int dir_fd, const char *name, const struct oci_device *d, struct err *e)
{
	/* Docker's fileMode has the bits of the file type, too. */
	mode_t mode = type_of(d) | (d->has_file_mode ? d->file_mode & 07777 : 0666);
	bool refused = type_of(d) != S_IFIFO && (init->new_ns[NS_USER] || init->join_ns[NS_USER]);
	int there;

	if (!refused && mknodat(dir_fd, name, mode, makedev(d->major, d->minor)) == 0)
		return set_owner(dir_fd, name, d, e);
	if (refused || errno == EPERM)
		return bind(init, dir_fd, name, d, e);
	if (errno != EEXIST)
		return err_sys(e, "mknod");
	there = look(dir_fd, name, d, e);
	if (there < 0)
		return -1;
	return there ? 0 : bind(init, dir_fd, name, d, e);
}

/* dev_fd: /dev, where nearly all of them are. */
static int make_device(const struct init *init, int dev_fd, const struct oci_device *d, struct err *e)
{
	const char *name = d->path + strlen("/dev/");
	cleanup_fd int dir_fd = -1;
	cleanup_free char *last = NULL;

	if (!str_starts(d->path, "/dev/") || !*name || strchr(name, '/')) {
		dir_fd = path_make_parent(init->rootfs_fd, d->path, 0755, &name, e);
		if (dir_fd < 0)
			return err_wrap(e, "device %s", d->path);
		last = mem_printf("%.*s", (int)strcspn(name, "/"), name);
	}
	if (make_node(init, dir_fd < 0 ? dev_fd : dir_fd, last ? last : name, d, e))
		return err_wrap(e, "device %s", d->path);
	log_debug("device", "path=%s type=%s major=%lld minor=%lld", d->path, d->type, (long long)d->major,
		(long long)d->minor);
	return 0;
}

static bool is_configured(const struct oci_linux *l, const char *path)
{
	for (size_t i = 0; l && i < l->n_devices; i++)
		if (path_same(l->devices[i].path, path))
			return true;
	return false;
}

static int make_devices(const struct init *init, int dev_fd, struct err *e)
{
	const struct oci_linux *l = init->config->linux;

	for (size_t i = 0; i < ARRAY_LEN(default_devices); i++)
		if (!is_configured(l, default_devices[i].path) && make_device(init, dev_fd, &default_devices[i], e))
			return -1;
	for (size_t i = 0; l && i < l->n_devices; i++)
		if (make_device(init, dev_fd, &l->devices[i], e))
			return err_wrap(e, "linux.devices[%zu]", i);
	return 0;
}

/* What an image has in the place of a link stays: it is the container's own, and hind does not use it. */
static int make_links(const struct init *init, int dev_fd, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(links); i++) {
		if (links[i].needs && faccessat(init->proc_fd, links[i].needs, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (symlinkat(links[i].target, dev_fd, links[i].name) < 0 && errno != EEXIST)
			return err_sys(e, "link /dev/%s to %s", links[i].name, links[i].target);
	}
	return 0;
}

/* A /dev that is bound from the host has its devices already, and is not ours to write to. */
static bool wanted(const struct oci_config *config)
{
	for (size_t i = 0; i < config->n_mounts; i++) {
		const struct oci_mount *m = &config->mounts[i];

		if (!path_same(m->destination, "/dev"))
			continue;
		if (str_eq(m->type, "bind"))
			return false;
		for (size_t j = 0; j < m->n_options; j++)
			if (str_eq(m->options[j], "bind") || str_eq(m->options[j], "rbind"))
				return false;
	}
	return true;
}

static int make_all(struct init *init, struct err *e)
{
	cleanup_fd int dev_fd = path_make_dirs(init->rootfs_fd, "/dev", 0755, e);
	mode_t before;
	int status;

	if (dev_fd < 0)
		return -1;
	before = umask(0); /* fileMode is meant exactly */
	status = make_devices(init, dev_fd, e);
	umask(before);
	return status ? -1 : make_links(init, dev_fd, e);
}

const struct feature feature_device = { "device", "linux.devices", validate };
const struct init_step init_device = { "device", wanted, make_all };
