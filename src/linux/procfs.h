/* What other files need of procfs.c. */
#ifndef HIND_PROCFS_H
#define HIND_PROCFS_H
#include <stdbool.h>

/* Can a procfs be of another pid namespace than its maker's (Linux 6.17), and of this one? */
bool procfs_takes_namespace(int ns_fd);

#endif
