/* linux.rootfsPropagation, for the files that make the root (rootfs.c) and switch to it (pivot.c). */
#ifndef HIND_ROOTFS_PROPAGATION_H
#define HIND_ROOTFS_PROPAGATION_H
#include <stdbool.h>
#include <stdint.h>

#include "oci.h"

struct rootfs_propagation {
	uint64_t kind; /* MS_SHARED ..., 0: none is asked for */
	bool all;
};
struct rootfs_propagation rootfs_propagation(const struct oci_config *);

#endif
