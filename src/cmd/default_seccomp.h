/* The seccomp profile that `hind run IMAGE` gives a container. */
#ifndef HIND_DEFAULT_SECCOMP_H
#define HIND_DEFAULT_SECCOMP_H
#include "base/mem.h"
#include "oci.h"

/* For a container whose bounding set is caps (n names, "CAP_SYS_ADMIN"). In the arena, and never NULL. */
struct oci_seccomp *default_seccomp(const char *const *caps, size_t n, struct arena *);

#endif
