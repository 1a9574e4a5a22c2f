/* NOIMG: the host's own root file system.
 *
 * What must not be shared with the host is covered: /run holds the sockets of the host's daemons, and to connect to a
 * socket needs no writable mount. A socket below an overlay is another inode than the one that its daemon listens at,
 * so connecting to it is refused; in the host's other mounts, which are bound, each socket that the kernel knows is
 * masked. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/str.h"
#include "image/image.h"
#include "image/submount.h"

#define SOCKETS_MAX (16u << 20)

/* These get a mount of their own in every container. */
#define KERNEL_DIRECTORIES "/proc", "/sys", "/dev", "/run"
/* The mounts of other engines' containers: no files of the host, and there may be thousands. */
#define ENGINE_DIRECTORIES "/var/lib/docker", "/var/lib/containers", "/var/lib/containerd", "/var/lib/kubelet"

static const char *const not_bound[] = { KERNEL_DIRECTORIES, ENGINE_DIRECTORIES, "/tmp", "/var/tmp", NULL };
static const char *const not_bound_written_through[] = { KERNEL_DIRECTORIES, ENGINE_DIRECTORIES, NULL };

static bool claims(const char *image)
{
	return str_eq(image, "NOIMG") || str_eq(image, "noimg") || str_eq(image, "/");
}

static int open_image(struct image *image, const char *name, struct arena *arena, struct err *e)
{
	(void)name;
	(void)arena;
	image->path = "/";
	image->root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (image->root_fd < 0)
		return err_sys(e, "open /");
	return 0;
}

/* An empty one of the container's own, where the host has such a directory (not a link to another). */
static void fresh(struct mount_list *list, const char *path, const char *mode)
{
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
		mount_list_add(list, path, "tmpfs", "tmpfs", MOUNT_OPTIONS("nosuid", "nodev", mode));
}

/* /etc/resolv.conf is a link into /run where systemd-resolved, NetworkManager or resolvconf writes it: the file comes
 * along. */
static void resolver(const struct image *image, struct mount_list *list)
{
	cleanup_free char *real = realpath("/etc/resolv.conf", NULL);
	bool covered = real && mount_is_below(real, "/run");

	if (real && !image->opts.no_overlay)
		covered |= mount_is_below(real, "/tmp") || mount_is_below(real, "/var/tmp");
	if (covered) {
		char *path = arena_strdup(list->arena, real);

		mount_list_add(list, path, "bind", path, MOUNT_OPTIONS("bind", "ro", "rprivate"));
	}
}

/* The path at the end of a line of /proc/net/unix, after seven fields; NULL: the socket has none in the file system. */
static const char *socket_path(const char *line, size_t *len)
{
	for (int field = 0; field < 7; field++) {
		line += strspn(line, " ");
		line += strcspn(line, " \n");
		if (*line != ' ')
			return NULL;
	}
	*len = strcspn(++line, "\n");
	return *line == '/' ? line : NULL;
}

static bool is_bound(const char *path, const struct oci_mount *bound, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (mount_is_below(path, bound[i].destination))
			return true;
	return false;
}

static void mask(struct oci_config *config, struct arena *arena, const char *path)
{
	size_t n = config->linux->n_masked_paths;
	char **paths = arena_alloc(arena, (n + 2) * sizeof *paths);

	for (size_t i = 0; i < n; i++)
		paths[i] = config->linux->masked_paths[i];
	paths[n] = (char *)path;
	config->linux->masked_paths = paths;
	config->linux->n_masked_paths = n + 1;
}

/* Masks the sockets in the n mounts at `bound`. Only those of hind's own network namespace are listed, and none that a
 * daemon makes later: a defence for the daemons of the host, not a wall. */
static int mask_sockets(
	const struct oci_mount *bound, size_t n, struct arena *arena, struct oci_config *config, struct err *e)
{
	cleanup_free char *text = NULL;
	size_t size;

	if (file_read(AT_FDCWD, "/proc/net/unix", SOCKETS_MAX, &text, &size, e))
		return -1;
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t len;
		const char *path = socket_path(line, &len);
		char *clean = path ? mount_clean_path(arena, arena_strndup(arena, path, len)) : NULL;

		if (clean && is_bound(clean, bound, n))
			mask(config, arena, clean);
	}
	return 0;
}

static int mounts(const struct image *image, const char *state_dir, struct mount_list *list, struct oci_config *config,
	struct err *e)
{
	const struct image_opts *opts = &image->opts;
	size_t first = list->n;
	int bound = 0;

	if (image->in_pieces) {
		for (size_t i = 0; i < first; i++)
			if (str_eq(list->v[i].type, "bind") && mask_sockets(list->v + i, 1, list->arena, config, e))
				return -1;
	} else if (!opts->no_overlay || opts->read_only) {
		/* Without an overlay root.path is bound with all that is mounted below it. */
		bound = submount_add("/", opts->no_overlay ? not_bound_written_through : not_bound, "rro", list, e);
	}
	if (bound < 0)
		return -1;
	if (bound > 0 && mask_sockets(list->v + first, bound, list->arena, config, e))
		return -1;
	fresh(list, "/run", "mode=0755");
	if (opts->no_overlay) {
		/* What hind keeps of its containers is not for a container to write. */
		if (!mount_is_below(state_dir, "/run"))
			mask(config, list->arena,
				arena_strndup(list->arena, state_dir, strrchr(state_dir, '/') - state_dir));
	} else {
		fresh(list, "/tmp", "mode=1777");
		fresh(list, "/var/tmp", "mode=1777");
	}
	if (opts->host_network)
		resolver(image, list);
	return 0;
}

const struct image_kind image_host = {
	.name = "host",
	.claims = claims,
	.open = open_image,
	.mounts = mounts,
};
