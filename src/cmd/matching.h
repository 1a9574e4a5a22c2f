/* Commands that take several containers at once, by --regex. */
#ifndef HIND_MATCHING_H
#define HIND_MATCHING_H
#include "cmd/command.h"
#include "container/container.h"

/* As container_list, but those alone whose id matches the extended regular expression (regex(7)) somewhere. */
int matching_list(const struct globals *, const char *regex, char ***ids, struct err *) must_check;
/* Calls fn for each container of matching_list. A failure does not
 * keep the others from their turn; the first one is the result. None that matches is no error. */
int matching_each(const struct globals *, const char *regex, int (*fn)(struct container *, const void *, struct err *),
	const void *data, struct err *) must_check;

#endif
