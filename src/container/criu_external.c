/* The mounts of a container that CRIU must not save, because what is in them is the host's: bind mounts, devices, the
 * covers of masked files, cgroups. On a checkpoint it is told to leave them out, on a restore what belongs there.
 *
 * Which they are is read from the kernel, not from config.json: a mount is the host's where its superblock is also mounted
 * outside. So what lies below a recursive bind, or was mounted by a hook, is found too, by the name that the kernel knows.
 *
 * For a restore the container's mounts are made once more, by the steps that `create` uses, in the mount namespace of the
 * process that becomes CRIU, where nobody sees them. CRIU copies from there. So a read-only mount is read-only again (of
 * several from one file system CRIU itself gives only the first its flags back), mount points that are missing are made, and
 * no path inside the root file system is looked up by CRIU: what it gets are directories of ours (rule S1). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/path.h"
#include "container/criu.h"
#include "container/notify.h"
#include "container/steps.h"
#include "linux/linux.h"
#include "step/init.h"
#include "step/ns.h"
#include "sys/mountfd.h"
#include "sys/mountinfo.h"

/* ---- which are the host's ---- */

struct devices { /* of superblocks */
	char *text;
	const char **v;
	size_t n;
};

static void devices_free(struct devices *d)
{
	free(d->text);
	free(d->v);
}

static int host_devices(int proc_fd, struct devices *d, struct err *e)
{
	struct mountinfo m;
	size_t len;
	char *next;

	if (file_read(proc_fd, "self/mountinfo", MOUNTINFO_MAX, &d->text, &len, e))
		return -1;
	for (next = d->text; mountinfo_next(&next, &m);) {
		d->v = mem_grow(d->v, (d->n + 1) * sizeof *d->v);
		d->v[d->n++] = m.device;
	}
	return 0;
}

/* sysfs and mqueue have one superblock for each network or ipc namespace, and with it they are made anew. A cgroup is in the
 * container's own cgroup, which is another one after the restore. */
static bool is_external(const struct devices *host, const struct mountinfo *m)
{
	bool whole = strcmp(m->root, "/") == 0;

	if (strcmp(m->type, "cgroup") == 0 || strcmp(m->type, "cgroup2") == 0)
		return true;
	if (whole && (strcmp(m->type, "sysfs") == 0 || strcmp(m->type, "mqueue") == 0))
		return false;
	for (size_t i = 0; i < host->n; i++)
		if (strcmp(host->v[i], m->device) == 0)
			return true;
	return false;
}

int external_find(int proc_fd, pid_t pid, struct text *opts, struct err *e)
{
	struct devices host = { 0 };
	cleanup_free char *text = NULL, *path = mem_printf("%d/mountinfo", (int)pid);
	struct mountinfo m;
	size_t len;
	int status =
		host_devices(proc_fd, &host, e) || file_read(proc_fd, path, MOUNTINFO_MAX, &text, &len, e) ? -1 : 0;

	for (char *next = text; status == 0 && mountinfo_next(&next, &m);) {
		cleanup_free char *key = mem_printf("mnt[%s]:%s", m.point, m.point);

		if (strcmp(m.point, "/") != 0 && is_external(&host, &m))
			rpc_string(opts, RPC_EXTERNAL, key);
	}
	devices_free(&host);
	return status;
}

/* ---- what belongs there ---- */

/* A stage that only this mount namespace knows: what is made in it goes with CRIU, however that ends. In a user namespace
 * CRIU's children are others than root on the host, and have to pass. */
static int open_stage(const char *path, struct err *e)
{
	cleanup_fd int fs_fd = mountfd_fsopen("tmpfs", e), stage_fd = -1, tmpfs_fd = -1;

	if (fs_fd < 0 || mountfd_config(fs_fd, "mode", "0711", e))
		return -1;
	stage_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (stage_fd < 0)
		return err_sys(e, "open %s", path);
	tmpfs_fd = mountfd_create(fs_fd, 0, e);
	return tmpfs_fd < 0 || mountfd_attach(tmpfs_fd, stage_fd, e) ? -1 : take_fd(&tmpfs_fd);
}

/* A copy of the mount that fd is on, without those below it, as `name` on the stage. */
static int put(int stage_fd, const char *name, int fd, struct err *e)
{
	cleanup_fd int tree_fd = mountfd_clone(fd, false, e), place_fd = -1;
	struct stat st;

	if (tree_fd < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return err_sys(e, "fstat");
	if ((S_ISDIR(st.st_mode) ? mkdirat(stage_fd, name, 0755) : mknodat(stage_fd, name, S_IFREG | 0600, 0)) < 0)
		return err_sys(e, "create a place for a mount");
	place_fd = openat(stage_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return place_fd < 0 ? err_sys(e, "open") : mountfd_attach(tree_fd, place_fd, e);
}

static int put_external(const struct init *in, const struct mountinfo *m, const char *inside, const char *stage,
	int stage_fd, size_t number, struct text *names, struct err *e)
{
	cleanup_fd int fd = path_open_in(in->rootfs_fd, inside, O_PATH, e);
	char name[24];
	uint64_t id = 0;

	if (fd < 0 || mountfd_id(fd, &id, e))
		return -1;
	/* Another mount covers it: nobody sees it, so nobody needs it. */
	if (id != m->id)
		return 0;
	snprintf(name, sizeof name, "%zu", number);
	if (put(stage_fd, name, fd, e))
		return err_wrap(e, "mount at %s", inside);
	text_printf(names, "mnt[%s]:%s/%s", inside, stage, name);
	text_add(names, "", 1);
	return 0;
}

/* Where the mount is, as a path of its own; the caller frees it. */
static char *point_of(const char *text, uint64_t id)
{
	cleanup_free char *copy = mem_strdup(text);
	struct mountinfo m;

	for (char *next = copy; mountinfo_next(&next, &m);)
		if (m.id == id)
			return mem_strdup(m.point);
	return NULL;
}

static int put_all(const struct init *in, const struct devices *host, const char *stage, int stage_fd,
	struct text *names, struct err *e)
{
	cleanup_free char *text = NULL, *root = NULL;
	struct mountinfo m;
	size_t len, number = 0;
	uint64_t id = 0;

	if (file_read(in->proc_fd, "self/mountinfo", MOUNTINFO_MAX, &text, &len, e) ||
		mountfd_id(in->rootfs_fd, &id, e))
		return -1;
	root = point_of(text, id);
	if (!root)
		return err_set(e, "the root file system is not among the mounts");
	len = strlen(root);
	for (char *next = text; mountinfo_next(&next, &m);)
		if (str_starts(m.point, root) && m.point[len] == '/' && is_external(host, &m) &&
			put_external(in, &m, m.point + len, stage, stage_fd, number++, names, e))
			return -1;
	return 0;
}

/* Where `create` had a service manager to tell (notify.c), its socket's directory is mounted; the message was sent long ago. */
static int put_notify(const char *stage, int stage_fd, struct text *names, struct err *e)
{
	if (mkdirat(stage_fd, "notify", 0755) < 0)
		return err_sys(e, "create a place for " NOTIFY_MOUNT_POINT);
	text_printf(names, "mnt[" NOTIFY_MOUNT_POINT "]:%s/notify", stage);
	text_add(names, "", 1);
	return 0;
}

/* As criu_yard_make, but with a mount: CRIU's children look from inside the container, where a link leads elsewhere. */
static int put_yard(const struct init *in, int stage_fd, struct err *e)
{
	const struct cgroup_view *view = &in->kit->cgroup;
	cleanup_fd int cgroup_fd = -1, yard_fd = -1;

	if (!view->v2 || !view->n)
		return 0;
	cgroup_fd = mountfd_open(AT_FDCWD, view->hierarchies[0].mount_dir, true, e);
	if (cgroup_fd < 0)
		return -1;
	if (mkdirat(stage_fd, CRIU_YARD, 0755) < 0)
		return err_sys(e, "mkdir " CRIU_YARD);
	yard_fd = openat(stage_fd, CRIU_YARD, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return yard_fd < 0 ? err_sys(e, "open " CRIU_YARD) : put(yard_fd, "unified", cgroup_fd, e);
}

/* We are nobody's child in a user namespace here: mounts are made as the host's root, and the cgroup is bound as it is, since
 * a cgroup namespace would begin at the wrong place. Devices are bound or made as the container has them. */
static int make_mounts(struct init *in, bool *new_ns, struct err *e)
{
	const struct init_step *const mounts[] = { &init_rootfs, &init_mount, NULL };
	const struct init_step *const devices[] = { &init_device, NULL };
	const struct init_step *const masks[] = { &init_mask, NULL };
	bool user = new_ns[NS_USER];

	new_ns[NS_USER] = new_ns[NS_CGROUP] = false;
	if (init_steps_run(mounts, in, e))
		return -1;
	new_ns[NS_USER] = user;
	if (init_steps_run(devices, in, e))
		return -1;
	new_ns[NS_USER] = false;
	return init_steps_run(masks, in, e);
}

int external_stage(struct init *in, const char *stage, int names_fd, struct err *e)
{
	cleanup_fd int tmpfs_fd = -1, root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct devices host = { 0 };
	struct text names = { 0 };
	bool new_ns[NS_COUNT];
	int status;

	memcpy(new_ns, in->new_ns, sizeof new_ns);
	in->new_ns = new_ns;
	if (root_fd < 0)
		return err_sys(e, "open /");
	/* Before anything is mounted: nothing of it may reach the host. */
	if (mountfd_setattr(root_fd, true, 0, 0, MS_SLAVE, e))
		return err_wrap(e, "propagation of /");
	status = host_devices(in->proc_fd, &host, e);
	if (status == 0)
		status = make_mounts(in, new_ns, e);
	if (status == 0)
		status = tmpfs_fd = open_stage(stage, e);
	if (status >= 0)
		status = put(tmpfs_fd, "root", in->rootfs_fd, e);
	if (status == 0)
		status = put_all(in, &host, stage, tmpfs_fd, &names, e);
	if (status == 0)
		status = put_notify(stage, tmpfs_fd, &names, e);
	if (status == 0)
		status = put_yard(in, tmpfs_fd, e);
	if (status == 0)
		status = fd_write_all(names_fd, names.p, names.len, e);
	free(names.p);
	devices_free(&host);
	return status;
}
