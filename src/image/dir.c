/* A directory that holds a root file system. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "image/image.h"
#include "image/submount.h"

static bool claims(const char *image)
{
	(void)image;
	return true;
}

static int open_image(struct image *image, const char *name, struct arena *arena, struct err *e)
{
	cleanup_free char *real = NULL;
	struct stat st;

	if (!*name)
		return err_set(e, "give a directory with a root file system, or NOIMG for the host's");
	real = realpath(name, NULL);
	if (!real && (errno == ENOENT || errno == ENOTDIR))
		return err_set(e,
			"no such file or directory: an image is a directory with a root file system, or NOIMG for the "
			"host's; hind pulls none from a registry");
	if (!real)
		return err_sys(e, "it cannot be looked up");
	image->path = arena_strdup(arena, real);
	image->root_fd = open(real, O_PATH | O_CLOEXEC);
	if (image->root_fd < 0 || fstat(image->root_fd, &st))
		return err_sys(e, "open %s", real);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, "images in files are not read yet: unpack it and give the directory");
	return 0;
}

/* Where in the container the file `path` is to be mounted over; NULL where it cannot be. */
static const char *target_of(const struct image *image, const char *path, struct arena *arena)
{
	cleanup_fd int link_fd = -1, file_fd = -1;
	char link[4096];
	struct stat st;
	struct err ignored;
	ssize_t len;

	file_fd = path_open_in(image->root_fd, path, O_PATH, &ignored);
	if (file_fd >= 0)
		return fstat(file_fd, &st) == 0 && S_ISREG(st.st_mode) ? path : NULL;
	if (image->opts.no_overlay) /* it would be made in the user's directory, and stay there */
		return NULL;
	link_fd = path_open_in(image->root_fd, path, O_PATH | O_NOFOLLOW, &ignored);
	if (link_fd < 0)
		return path;
	/* A link to nowhere, as systemd-resolved's into /run: the file is made where it points to. */
	len = readlinkat(link_fd, "", link, sizeof link - 1);
	if (len <= 0)
		return NULL;
	link[len] = 0;
	if (link[0] == '/')
		return mount_clean_path(arena, link);
	return mount_clean_path(arena, arena_printf(arena, "%s/../%s", path, link));
}

/* With the host's network the names of the host's network: podman and docker do the same. */
static void name_files(const struct image *image, struct mount_list *list)
{
	static const char *const files[] = { "/etc/resolv.conf", "/etc/hosts" };

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		cleanup_free char *real = realpath(files[i], NULL);
		const char *target = real ? target_of(image, files[i], list->arena) : NULL;

		if (target)
			mount_list_add(list, target, "bind", arena_strdup(list->arena, real),
				MOUNT_OPTIONS("bind", "ro", "rprivate"));
		else if (real)
			log_warn("image", "left out path=%s: the image has no file there", files[i]);
	}
}

static int mounts(const struct image *image, const char *state_dir, struct mount_list *list, struct oci_config *config,
	struct err *e)
{
	(void)state_dir;
	(void)config;
	/* Without an overlay root.path is bound with all that is mounted below it. */
	if ((!image->opts.no_overlay || image->opts.read_only) && submount_add(image->path, NULL, "rro", list, e) < 0)
		return -1;
	if (image->opts.host_network)
		name_files(image, list);
	return 0;
}

const struct image_kind image_directory = {
	.name = "directory",
	.claims = claims,
	.open = open_image,
	.mounts = mounts,
};
