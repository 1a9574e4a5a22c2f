/* The layer that catches what a container writes into its image. */
#ifndef HIND_OVERLAY_H
#define HIND_OVERLAY_H
#include "base/err.h"
#include "image/image.h"

/* Can an overlay lie over this image at all? */
int overlay_check(const struct image *, struct err *) must_check;
/* root.path and the two mounts at "/". */
void overlay_config(const struct image *, const char *state_dir, struct mount_list *, struct oci_config *);
/* pieces.c: the same for who may not lay one over the whole. 1: it is needed. */
int pieces_wanted(const struct image *, struct arena *, struct err *) must_check;
int pieces_config(
	const struct image *, const char *state_dir, struct mount_list *, struct oci_config *, struct err *) must_check;
int overlay_prepare(int state_dir_fd, struct err *) must_check;

#endif
