/* What mounts have to know of linux.mountLabel. */
#ifndef HIND_LSM_H
#define HIND_LSM_H
#include "base/err.h"
#include "oci.h"

/* Gives the label to a file system that is being configured, where it is of a type that takes one. */
int lsm_label_mount(const struct oci_config *, int fs_fd, const char *type, struct err *) must_check;

#endif
