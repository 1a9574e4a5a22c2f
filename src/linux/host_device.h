/* The host's own device nodes, for the files that bind one: device.c where mknod is refused, mask.c for /dev/null. */
#ifndef HIND_HOST_DEVICE_H
#define HIND_HOST_DEVICE_H
#include <sys/stat.h>

#include "base/err.h"

/* A detached mount of the node at path, which has this type (S_IFCHR, S_IFBLK) and number; where it is not, of the one that
 * sysfs knows by the number. Before the pivot only. */
int host_device_copy(const char *path, mode_t type, dev_t number, struct err *) must_check;

#endif
