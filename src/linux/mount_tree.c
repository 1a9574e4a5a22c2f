/* The detached mount of one entry of mounts[]: a new file system or a copy of what is mounted elsewhere, with every
 * attribute set before it is attached (rule S2), so that it never shows with less than was asked for. fsopen(2),
 * open_tree(2) (Linux 5.2), mount_setattr(2) (5.12). */
#include "linux/mount_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "linux/lsm.h"
#include "step/ns.h"
#include "sys/mountfd.h"

static bool in_container_userns(const struct init *init)
{
	return init->new_ns[NS_USER] || init->join_ns[NS_USER];
}

int mount_entry_error(size_t index, const struct oci_mount *m, bool bind, struct err *e)
{
	const char *type = bind ? "bind" : m->type && *m->type ? m->type : "none";
	const char *source = m->source && !str_eq(m->source, type) ? m->source : "";

	return err_wrap(e, "mounts[%zu] at %s (%s%s%s)", index, m->destination, type,
		!*source ? ""
		: bind   ? " of "
			 : " ",
		source);
}

char *mount_source_path(const char *bundle, const char *source)
{
	return *source == '/' ? mem_strdup(source) : mem_printf("%s/%s", bundle, source);
}

int mount_source_open(const struct mount_entry *m, struct err *e)
{
	cleanup_free char *path = mount_source_path(m->init->bundle, m->config->source);
	/* By its name and not from the bundle's fd, which is of the parent's mount namespace: only what is mounted in
	 * our own copy can be cloned. */
	int fd = mountfd_open(AT_FDCWD, path, !m->options.source_link, e);

	if (fd < 0 && e->code == EACCES && in_container_userns(m->init))
		return err_wrap(
			e, "the container's root user, who is another one on the host, has to reach the source");
	return fd;
}

/* Words such as "rw" say what most mounts are anyway, and engines write them always. Where a more privileged namespace
 * has locked an attribute, the kernel refuses to take it away (mount_namespaces(7)), and the mount keeps it. */
static int set_attributes(int tree_fd, uint64_t set, uint64_t clear, struct err *e)
{
	if (!set && !clear)
		return 0;
	if (mountfd_setattr(tree_fd, false, set, clear, 0, e) == 0)
		return 0;
	if (e->code != EPERM || !(clear & ~(uint64_t)MOUNT_ATTR__ATIME))
		return -1;
	log_info("mount", "the source keeps its attributes, which are locked: %s", e->msg);
	clear &= MOUNT_ATTR__ATIME;
	return set || clear ? mountfd_setattr(tree_fd, false, set, clear, 0, e) : 0;
}

static int set_propagation(const struct mount_options *o, int tree_fd, struct err *e)
{
	for (size_t i = 0; i < o->n_propagation; i++)
		if (mountfd_setattr(tree_fd, o->propagation[i].all, 0, 0, o->propagation[i].kind, e))
			return err_wrap(e, "propagation");
	return 0;
}

int mount_tree_attributes(const struct mount_entry *m, int tree_fd, struct err *e)
{
	const struct mount_options *o = &m->options;

	if (set_attributes(tree_fd, o->set, o->clear, e))
		return -1;
	if ((o->set_all || o->clear_all) && mountfd_setattr(tree_fd, true, o->set_all, o->clear_all, 0, e))
		return -1;
	return set_propagation(o, tree_fd, e);
}

/* --- copies --- */

static int make_copy(const struct mount_entry *m, int source_fd, struct err *e)
{
	const struct mount_options *o = &m->options;
	int ready_fd = mount_idmap_tree(m);
	cleanup_fd int tree_fd =
		ready_fd < 0 ? mountfd_clone(source_fd, o->recursive, e) : fcntl(ready_fd, F_DUPFD_CLOEXEC, 3);

	if (tree_fd < 0 && e->code == EINVAL && !o->recursive && in_container_userns(m->init))
		return err_wrap(e,
			"%s has mounts below it that a user namespace may not uncover: rbind takes them along",
			m->config->source);
	if (tree_fd < 0)
		return err_wrap(e, "copy the mount of %s", m->config->source);
	if (o->n_super)
		log_info("mount", "%s: %s is a property of the file system, which a bind mount leaves as it is",
			m->config->destination, o->super[0]);
	return mount_tree_attributes(m, tree_fd, e) ? -1 : take_fd(&tree_fd);
}

#define MQUEUE_MAGIC 0x19800202 /* ipc/mqueue.c; in no header */

/* What shows a namespace that is the host's still is the host's own, with all that is mounted in it. */
static const struct hosts_own {
	const char *type, *path;
	int ns;
	long magic;
	uint64_t attr;
} hosts_own[] = {
	{ "sysfs", "/sys", NS_NET, SYSFS_MAGIC, MOUNT_ATTR_RDONLY }, /* to look, not to touch */
	{ "proc", "/proc", NS_PID, PROC_SUPER_MAGIC, 0 }, /* the container's processes have files of their own */
	{ "mqueue", "/dev/mqueue", NS_IPC, MQUEUE_MAGIC, 0 },
};

static const struct hosts_own *hosts_own_of(const struct mount_entry *m)
{
	/* What "hidepid=2" hides, the host's may show. */
	for (size_t i = 0; i < ARRAY_LEN(hosts_own) && !m->options.n_data; i++) {
		const struct hosts_own *own = &hosts_own[i];

		/* Of /sys the network's part is small, so it is of use where that namespace is somebody else's, too. */
		if (str_eq(m->type, own->type))
			return !m->init->new_ns[own->ns] && (!m->init->join_ns[own->ns] || own->ns == NS_NET) ? own
													      : NULL;
	}
	return NULL;
}

/* attr: of the new one; what the host's forbids stays forbidden. When it was last read is the host's to note. */
static int copy_hosts_own(const struct mount_entry *m, const struct hosts_own *own, uint64_t attr, struct err *e)
{
	const uint64_t safe = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | own->attr;
	const uint64_t forbids = attr & (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSYMFOLLOW);
	cleanup_fd int fd = mountfd_open(AT_FDCWD, own->path, true, e), tree_fd = -1;
	struct statfs fs;

	if (fd < 0)
		return -1;
	if (fstatfs(fd, &fs) < 0 || fs.f_type != own->magic)
		return err_set(e, "the host has no %s at %s", own->type, own->path);
	tree_fd = mountfd_clone(fd, true, e);
	if (tree_fd < 0 || mountfd_setattr(tree_fd, true, safe | forbids, 0, 0, e))
		return err_wrap(e, "copy the host's %s", own->path);
	return set_propagation(&m->options, tree_fd, e) ? -1 : take_fd(&tree_fd);
}

/* --- new file systems --- */

int mount_tree_configure(int fs_fd, const char *word, struct err *e)
{
	const char *equals = strchr(word, '=');
	cleanup_free char *key = equals ? mem_printf("%.*s", (int)(equals - word), word) : NULL;

	return mountfd_config(fs_fd, equals ? key : word, equals ? equals + 1 : NULL, e);
}

/* To mount(2) inode versions were a flag that meant nothing to most file systems; as a word, those refuse it. */
int mount_tree_superblock(const struct mount_entry *m, int fs_fd, struct err *e)
{
	for (size_t i = 0; i < m->options.n_super; i++) {
		const char *word = m->options.super[i];

		if (mountfd_config(fs_fd, word, NULL, e) == 0)
			continue;
		if (!str_eq(word, "i_version") || e->code != EINVAL)
			return -1;
		log_info("mount", "%s: iversion means nothing to %s", m->config->destination, m->type);
	}
	return 0;
}

/* Read-only by the mount alone: one superblock of proc, sysfs or cgroup serves many. Only a disk is better told itself,
 * or its journal is replayed. */
static bool is_on_disk(const struct mount_entry *m)
{
	struct stat st;

	return m->config->source && *m->config->source == '/' && fstatat(AT_FDCWD, m->config->source, &st, 0) == 0 &&
	       S_ISBLK(st.st_mode);
}

int mount_tree_new(
	const struct mount_entry *m, const char *type, const char *const *data, size_t n, uint64_t attr, struct err *e)
{
	const char *source = m->config->source;
	cleanup_fd int fs_fd = mountfd_fsopen(type, e);

	if (fs_fd < 0 || mountfd_config(fs_fd, "source", source && *source ? source : type, e))
		return -1;
	if (m->init->born_late && str_eq(type, "proc") &&
		mountfd_config_fd(fs_fd, "pidns", m->init->kit->ns_fd[NS_PID], e))
		return -1;
	if (attr & MOUNT_ATTR_RDONLY && is_on_disk(m) && mountfd_config(fs_fd, "ro", NULL, e))
		return -1;
	if (mount_tree_superblock(m, fs_fd, e))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (mount_tree_configure(fs_fd, data[i], e))
			return -1;
	if (lsm_label_mount(m->init->config, fs_fd, type, e))
		return -1;
	return mountfd_create(fs_fd, attr, e);
}

/* A tmpfs over a directory that the image has takes its mode, as nobody would expect /root to become 1777. */
static int mode_of_target(const struct mount_entry *m, int target_fd, bool made, char *word, size_t size, struct err *e)
{
	struct stat st;

	*word = 0;
	if (made || strcmp(m->type, "tmpfs") != 0)
		return 0;
	for (size_t i = 0; i < m->options.n_data; i++)
		if (str_starts(m->options.data[i], "mode="))
			return 0;
	if (fstat(target_fd, &st) < 0)
		return err_sys(e, "fstat");
	snprintf(word, size, "mode=%04o", st.st_mode & 07777);
	return 0;
}

static int explain(const struct mount_entry *m, struct err *e)
{
	if (e->code == EPERM && in_container_userns(m->init) && (str_eq(m->type, "proc") || str_eq(m->type, "sysfs")))
		return err_wrap(e,
			"%s: a user namespace gets a new one only where the host's own is not covered by other mounts, "
			"and with a namespace of its own (pid for proc, network for sysfs)",
			m->type);
	return err_wrap(e, "%s", m->type);
}

int mount_tree_make(const struct mount_entry *m, int source_fd, int target_fd, bool target_made, struct err *e)
{
	const struct mount_options *o = &m->options;
	uint64_t attr = (o->set | o->set_all) & ~(uint64_t)(m->readonly_later ? MOUNT_ATTR_RDONLY : 0);
	cleanup_free const char **data = mem_alloc((o->n_data + 2) * sizeof *data);
	cleanup_fd int tree_fd = -1;
	size_t n = o->n_data;
	char mode[16];

	if (strcmp(m->type, "overlay") == 0 && mount_overlay_dirs(m, e))
		return err_wrap(e, "overlay");
	memcpy(data, o->data, n * sizeof *data);
	/* An overlay keeps its notes in trusted.*, which only the host's root can write; without them, it cannot replace
	 * a directory of its lower layer. */
	if (strcmp(m->type, "overlay") == 0 && in_container_userns(m->init))
		data[n++] = "userxattr";
	if (source_fd >= 0) {
		tree_fd = make_copy(m, source_fd, e);
	} else if (mode_of_target(m, target_fd, target_made, mode, sizeof mode, e) == 0) {
		if (*mode)
			data[n++] = mode;
		tree_fd = mount_tree_new(m, m->type, data, n, attr, e);
		if (tree_fd < 0 && e->code == EPERM && hosts_own_of(m)) {
			log_debug("mount", "the host's %s, as its namespace is not ours: %s", m->type, e->msg);
			tree_fd = copy_hosts_own(m, hosts_own_of(m), attr, e);
		} else if (tree_fd >= 0 && set_propagation(o, tree_fd, e)) {
			fd_close(&tree_fd);
		}
		if (tree_fd < 0)
			explain(m, e);
	}
	return take_fd(&tree_fd);
}
