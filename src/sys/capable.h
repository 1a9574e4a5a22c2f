/* What this process may do. */
#ifndef HIND_CAPABLE_H
#define HIND_CAPABLE_H
#include <stdbool.h>

/* Is the capability (CAP_*) in our effective set? It counts for our own user namespace; some calls ask for it in the
 * first one. */
bool capable(int capability);
/* Are we in the first user namespace, where uid 0 is the machine's root? */
bool user_namespace_is_first(void);

#endif
