/* What this process may do. */
#ifndef HIND_CAPABLE_H
#define HIND_CAPABLE_H
#include <stdbool.h>

/* Is the capability (CAP_*) in our effective set? It counts for our own user namespace; some calls ask for it in the
 * first one. */
bool capable(int capability);
/* Is this process in a user namespace other than the first one, so that uid 0 is not the machine's root? */
bool in_user_namespace(void);

#endif
