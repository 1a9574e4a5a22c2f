/* The system call filter of `hind run IMAGE`. */
#ifndef HIND_DEFAULT_SECCOMP_H
#define HIND_DEFAULT_SECCOMP_H
#include "base/mem.h"
#include "oci.h"

/* A filter that refuses (EPERM) what no ordinary program needs and what has been a way into kernels; what a capability is for
 * is allowed with it. caps: n names of the bounding set. Lives in the arena. */
struct oci_seccomp *default_seccomp(const char *const *caps, size_t n, struct arena *);

#endif
