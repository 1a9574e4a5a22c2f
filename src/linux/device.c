/* linux.devices and the devices that every container has. runtime-spec config-linux.md "Devices", "Default Devices"; mknod(2).
 *
 * After the mounts, since /dev is one of them, and by handle only: /dev of an image may be a link to the host's
 * (CVE-2026-41579, CVE-2026-47766), and what stands there already is never followed (CVE-2026-88265). In a user namespace the
 * kernel refuses mknod; then the host's own node is bound, opened before the pivot and verified by its number. */
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
#include "linux/linux.h"
#include "step/init.h"
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
	bool needs_core; /* only where the kernel has /proc/kcore */
} links[] = {
	{ "fd", "/proc/self/fd", false },
	{ "stdin", "/proc/self/fd/0", false },
	{ "stdout", "/proc/self/fd/1", false },
	{ "stderr", "/proc/self/fd/2", false },
	{ "core", "/proc/kcore", true },
};

static const struct name_value types[] = {
	{ "c", S_IFCHR },
	{ "u", S_IFCHR },
	{ "b", S_IFBLK },
	{ "p", S_IFIFO },
	{ 0 },
};

static void validate(const struct oci_config *config, struct problems *problems)
{
	const struct oci_linux *l = config->linux;

	for (size_t i = 0; l && i < l->n_devices; i++) {
		const struct oci_device *d = &l->devices[i];

		if (d->path[0] != '/')
			problem_add(problems, AT("linux.devices[%zu].path", i), "\"%s\" is not an absolute path", d->path);
		if (!name_find(types, d->type))
			problem_add(problems, AT("linux.devices[%zu].type", i), "\"%s\" is none of c, u, b, p", d->type);
		else if (*d->type != 'p' && (!d->has_major || !d->has_minor))
			problem_add(problems, AT("linux.devices[%zu]", i), "type %s needs major and minor", d->type);
	}
}

static mode_t type_of(const struct oci_device *d)
{
	return name_find(types, d->type)->value;
}

static bool same_device(const struct oci_device *d, const struct stat *st)
{
	return (st->st_mode & S_IFMT) == type_of(d) &&
	       (type_of(d) == S_IFIFO || st->st_rdev == makedev(d->major, d->minor));
}

static int bind_host_device(int dir_fd, const char *name, const struct oci_device *d, struct err *e)
{
	cleanup_fd int host_fd = open(d->path, O_PATH | O_NOFOLLOW | O_CLOEXEC), tree_fd = -1, target_fd = -1;
	struct stat st;

	if (host_fd < 0 || fstat(host_fd, &st) < 0)
		return err_sys(e, "mknod is not permitted here, and the host has no %s to bind instead", d->path);
	if (!same_device(d, &st))
		return err_set(e, "mknod is not permitted here, and the host's %s is another device", d->path);
	if (mknodat(dir_fd, name, S_IFREG | 0644, 0) < 0 && errno != EEXIST)
		return err_sys(e, "create a file to bind it to");
	target_fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target_fd < 0 || fstat(target_fd, &st) < 0)
		return err_sys(e, "open");
	if (S_ISLNK(st.st_mode) || S_ISDIR(st.st_mode))
		return err_set(e, "a link or directory is in its place");
	tree_fd = mountfd_clone(host_fd, false, e);
	return tree_fd < 0 || mountfd_attach(tree_fd, target_fd, e) ? -1 : 0;
}

static int set_owner(int dir_fd, const char *name, const struct oci_device *d, struct err *e)
{
	/* mknod's mode went through the umask. The node is ours, and new: nobody else can have replaced it in a /dev of ours. */
	if (fchmodat(dir_fd, name, d->has_file_mode ? d->file_mode & 07777 : 0666, 0) < 0)
		return err_sys(e, "chmod");
	if ((d->uid || d->gid) && fchownat(dir_fd, name, d->uid, d->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "chown");
	return 0;
}

static int make_node(int dir_fd, const char *name, const struct oci_device *d, struct err *e)
{
	mode_t mode = type_of(d) | (d->has_file_mode ? d->file_mode & 07777 : 0666);
	struct stat st;

	if (mknodat(dir_fd, name, mode, makedev(d->major, d->minor)) == 0)
		return set_owner(dir_fd, name, d, e);
	if (errno == EPERM)
		return bind_host_device(dir_fd, name, d, e);
	if (errno != EEXIST)
		return err_sys(e, "mknod");
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "stat");
	if (!same_device(d, &st))
		return err_set(e, "something else is in its place");
	return 0;
}

static int make_device(struct init *init, const struct oci_device *d, struct err *e)
{
	const char *name;
	cleanup_fd int dir_fd = path_make_parent(init->rootfs_fd, d->path, 0755, &name, e);

	if (dir_fd < 0 || make_node(dir_fd, name, d, e))
		return err_wrap(e, "device %s", d->path);
	log_debug("device", "made path=%s", d->path);
	return 0;
}

static int make_link(int dev_fd, const char *name, const char *target, struct err *e)
{
	if (symlinkat(target, dev_fd, name) < 0 && errno != EEXIST)
		return err_sys(e, "link /dev/%s to %s", name, target);
	return 0;
}

/* With a devpts of its own, the container's ptmx is that one's. */
static int link_ptmx(int dev_fd, struct err *e)
{
	struct stat st;

	if (fstatat(dev_fd, "pts/ptmx", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (unlinkat(dev_fd, "ptmx", 0) < 0 && errno != ENOENT)
		return errno == EBUSY || errno == EROFS ? 0 : err_sys(e, "replace /dev/ptmx");
	return make_link(dev_fd, "ptmx", "pts/ptmx", e);
}

/* A /dev that is bound from the host brings its devices, and is not ours to write to. */
static bool dev_is_bound(const struct oci_config *config)
{
	for (size_t i = 0; i < config->n_mounts; i++) {
		const struct oci_mount *m = &config->mounts[i];

		if (!str_eq(m->destination, "/dev") && !str_eq(m->destination, "/dev/"))
			continue;
		for (size_t j = 0; j < m->n_options; j++)
			if (str_eq(m->options[j], "bind") || str_eq(m->options[j], "rbind"))
				return true;
	}
	return false;
}

static int make_all(struct init *init, struct err *e)
{
	const struct oci_linux *l = init->config->linux;
	cleanup_fd int dev_fd = -1;
	mode_t umask_before;
	int status = 0;

	if (dev_is_bound(init->config))
		return 0;
	umask_before = umask(0);
	for (size_t i = 0; i < ARRAY_LEN(default_devices) && status == 0; i++)
		status = make_device(init, &default_devices[i], e);
	for (size_t i = 0; l && i < l->n_devices && status == 0; i++) {
		status = make_device(init, &l->devices[i], e);
		if (status)
			err_wrap(e, "linux.devices[%zu]", i);
	}
	umask(umask_before);
	if (status)
		return -1;
	dev_fd = path_open_in(init->rootfs_fd, "/dev", O_PATH | O_DIRECTORY, e);
	if (dev_fd < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		if ((!links[i].needs_core || faccessat(init->proc_fd, "kcore", F_OK, 0) == 0) &&
			make_link(dev_fd, links[i].name, links[i].target, e))
			return -1;
	return link_ptmx(dev_fd, e);
}

const struct feature feature_device = { "device", "linux.devices", validate, NULL };
const struct init_step init_device = { "device", NULL, make_all };
