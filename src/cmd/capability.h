/* Capabilities as people write them, in `run --cap-add` and `exec --cap`: sets of bits, by the kernel's numbers. */
#ifndef HIND_CAPABILITY_H
#define HIND_CAPABILITY_H
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

#define CAPABILITIES 41
#define CAPABILITY_ALL ((UINT64_C(1) << CAPABILITIES) - 1)

uint64_t capability_default(void);
/* What hind itself may give away: "all" can never be more. */
uint64_t capability_held(void);
/* "NET_ADMIN", "cap_net_admin" or "ALL" as a set; the error names the flag. */
int capability_parse(const char *flag, const char *value, uint64_t *set, struct err *) must_check;
void capability_names(struct arena *, uint64_t set, char ***names, size_t *n);

#endif
