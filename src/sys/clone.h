/* clone3(2), without policy. */
#ifndef HIND_CLONE_H
#define HIND_CLONE_H
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* As fork(2): 0 in the child, its pid in the parent, -1 with *e. flags: CLONE_NEW*, CLONE_PARENT ...; *pidfd
 * (close-on-exec) is set in the parent; cgroup_fd: a cgroup v2 directory to be born in (CLONE_INTO_CGROUP, Linux 5.7),
 * or -1. The child is the only thread, on a copy of the stack; glibc's atfork handlers do not run, so it must not rely
 * on locks of other threads: hind has none. */
pid_t clone_child(uint64_t flags, int cgroup_fd, int *pidfd, struct err *e) must_check;

#endif
