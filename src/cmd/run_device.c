/* Devices of the host in the container: --device, and all of them with --privileged. They are made anew by number in
 * the container's own /dev; the cgroup's list says what may be done with them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "cmd/run_part.h"

#define MAX_DEVICES 4096
#define MAX_DEPTH 8

struct devices {
	struct arena *arena;
	struct oci_device *v;
	struct oci_device_rule *rules;
	size_t n;
	const char *access;
};

static void add(struct devices *d, const struct stat *st, const char *path)
{
	const char *type = S_ISCHR(st->st_mode) ? "c" : "b";

	if (d->n == MAX_DEVICES)
		return;
	d->v[d->n] = (struct oci_device){
		.type = type,
		.path = path,
		.major = major(st->st_rdev),
		.minor = minor(st->st_rdev),
		.has_major = true,
		.has_minor = true,
		.file_mode = st->st_mode & 0777,
		.has_file_mode = true,
		.uid = st->st_uid,
		.has_uid = true,
		.gid = st->st_gid,
		.has_gid = true,
	};
	d->rules[d->n] = (struct oci_device_rule){
		.allow = true,
		.has_allow = true,
		.type = type,
		.major = major(st->st_rdev),
		.has_major = true,
		.minor = minor(st->st_rdev),
		.has_minor = true,
		.access = d->access,
	};
	d->n++;
}

/* The container has these of its own. */
static bool is_made_anyway(const char *path)
{
	static const char *const made[] = { "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom",
		"/dev/tty", "/dev/ptmx", "/dev/console", "/dev/pts", "/dev/shm", "/dev/mqueue", "/dev/fd" };

	for (size_t i = 0; i < ARRAY_LEN(made); i++)
		if (strcmp(path, made[i]) == 0)
			return true;
	return false;
}

/* Every device below the host's directory `path`, as below `inside` in the container. Takes the fd. */
static void walk(struct devices *d, int dir_fd, const char *inside, int level)
{
	DIR *dir = fdopendir(dir_fd);

	if (!dir) {
		fd_close(&dir_fd);
		return;
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		struct stat st;
		char *path;

		if (entry->d_name[0] == '.' || fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		path = arena_printf(d->arena, "%s/%s", inside, entry->d_name);
		if (is_made_anyway(path))
			continue;
		if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) {
			add(d, &st, path);
		} else if (S_ISDIR(st.st_mode) && level < MAX_DEPTH) {
			int fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

			if (fd >= 0)
				walk(d, fd, path, level + 1);
		}
	}
	closedir(dir);
}

static bool is_access(const char *s)
{
	return *s && strspn(s, "rwm") == strlen(s) && strlen(s) <= 3;
}

/* HOST[:INSIDE][:rwm] */
static int device(struct devices *d, const char *value, struct err *e)
{
	const char *rest = value, *host, *inside;
	size_t before = d->n;
	struct stat st;
	int fd;

	host = inside = run_piece(d->arena, &rest, ':');
	d->access = "rwm";
	if (rest && !is_access(rest))
		inside = run_piece(d->arena, &rest, ':');
	if (rest)
		d->access = rest;
	if (!is_access(d->access))
		return run_wrong(e, "device", value, "\"%s\" is no access: r, w and m (mknod) are", d->access);
	if (host[0] != '/' || inside[0] != '/')
		return run_wrong(
			e, "device", value, "it is written /dev/NAME, /dev/NAME:/dev/INSIDE or either with :rwm");
	inside = mount_clean_path(d->arena, inside);
	fd = open(host, O_PATH | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return run_wrong(e, "device", value, "%s: %s", host, err_text(errno));
	fd_close(&fd);
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) {
		add(d, &st, inside);
		return 0;
	}
	if (!S_ISDIR(st.st_mode))
		return run_wrong(e, "device", value, "%s is neither a device nor a directory of devices", host);
	fd = open(host, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return run_wrong(e, "device", value, "%s: %s", host, err_text(errno));
	walk(d, fd, inside, 0);
	if (d->n == before)
		return run_wrong(e, "device", value, "there is no device in %s", host);
	return 0;
}

/* After the default config's own rules: the last that fits counts. */
static void add_rules(struct run_build *b, const struct oci_device_rule *rules, size_t n)
{
	struct oci_resources *resources = b->config->linux->resources;
	struct oci_device_rule *all = arena_alloc(b->arena, (resources->n_devices + n + 1) * sizeof *all);

	if (resources->n_devices)
		memcpy(all, resources->devices, resources->n_devices * sizeof *all);
	if (n)
		memcpy(all + resources->n_devices, rules, n * sizeof *all);
	resources->devices = all;
	resources->n_devices += n;
}

int run_devices(struct run_build *b, struct err *e)
{
	const struct opt_list *list = &b->flags->device;
	struct devices d = { .arena = b->arena, .access = "rwm" };

	if (!list->n && !b->flags->privileged)
		return 0;
	d.v = arena_alloc(b->arena, MAX_DEVICES * sizeof *d.v);
	d.rules = arena_alloc(b->arena, MAX_DEVICES * sizeof *d.rules);
	for (size_t i = 0; i < list->n; i++)
		if (device(&d, list->v[i], e))
			return -1;
	if (b->flags->privileged) {
		int fd = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0)
			return err_sys(e, "open /dev");
		walk(&d, fd, "/dev", 0);
		add_rules(b, &(struct oci_device_rule){ .allow = true, .has_allow = true, .access = "rwm" }, 1);
	} else {
		add_rules(b, d.rules, d.n);
	}
	b->config->linux->devices = d.v;
	b->config->linux->n_devices = d.n;
	return 0;
}
