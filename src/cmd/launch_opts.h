/* What create and run have in common. */
#ifndef HIND_LAUNCH_OPTS_H
#define HIND_LAUNCH_OPTS_H
#include "base/opt.h"
#include "cmd/command.h"
#include "container/container.h"

/* Offsets in struct launch_opts; ends with a NULL name. */
extern const struct opt launch_opts[];

/* What the options leave open: the root, the bundle's default, the descriptors to keep. */
int launch_opts_settle(const struct globals *, const char *id, struct launch_opts *, struct err *) must_check;
/* The rules of terminal, console socket and detach. */
int launch_opts_check(const struct launch_opts *, const struct oci_config *, struct err *) must_check;

#endif
