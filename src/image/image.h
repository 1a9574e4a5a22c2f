/* IMAGE of `hind run`: what becomes the container's root file system, and which mounts go with it. */
#ifndef HIND_IMAGE_H
#define HIND_IMAGE_H
#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"
#include "image/mount_list.h"
#include "oci.h"

struct image_opts {
	bool no_overlay;   /* what the container writes goes into the image itself */
	bool read_only;    /* nothing of the image can be written */
	bool host_network; /* the container shares the host's network: names are resolved as on the host */
};

struct image {
	const struct image_kind *kind;
	struct image_opts opts;
	const char *path; /* the root directory on the host, absolute, without links and without a "/" at its end */
	int root_fd;      /* O_PATH of it */
	bool in_pieces;   /* each directory in it by itself, with all that is mounted below (pieces.c) */
};

/* One way to name an image. The kinds are asked in the order of image.c. */
struct image_kind {
	const char *name;
	bool (*claims)(const char *image);
	/* Fills path and root_fd. */
	int (*open)(struct image *, const char *image, struct arena *, struct err *);
	/* Adds what belongs over the root file system; may add to config->linux->masked_paths. */
	int (*mounts)(
		const struct image *, const char *state_dir, struct mount_list *, struct oci_config *, struct err *);
};
extern const struct image_kind image_host, image_directory;

/* Finds out what `name` is and opens it: "NOIMG", "noimg" and "/" are the host's own root, anything else is a directory
 * with a root file system. Nothing is changed. image_close is right after a failure, too. */
int image_open(const char *name, const struct image_opts *, struct arena *, struct image *, struct err *) must_check;
void image_close(struct image *);

/* Fills config->root and puts the image's mounts into the list, which is to stand before all others. state_dir: the
 * container's directory below --root, which need not exist yet. Reads the host's mount table, changes nothing. */
int image_config(
	const struct image *, const char *state_dir, struct mount_list *, struct oci_config *, struct err *) must_check;

/* Makes in the container's directory what image_config has put into the config. It goes when the directory goes. */
int image_prepare(const struct image *, int state_dir_fd, struct err *) must_check;

#endif
