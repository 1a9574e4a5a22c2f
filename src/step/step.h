/* A step of the plan, and the runner. Two types, because the side of the fork is a fact that the compiler can check. */
#ifndef HIND_STEP_H
#define HIND_STEP_H
#include <stdbool.h>

#include "base/err.h"
#include "oci.h"
#include "step/feature.h"

struct launch;
struct init;

struct host_step {
	const char *name;
	bool (*wanted)(const struct oci_config *); /* NULL: always */
	int (*run)(struct launch *, struct err *);
	/* Called in reverse order when a later step failed; also for the failed step itself, so it copes with half-done
	 * work. NULL: there is nothing to undo. */
	void (*undo)(struct launch *);
};
struct init_step {
	const char *name;
	bool (*wanted)(const struct oci_config *);
	int (*run)(struct init *, struct err *);
};

/* Runs steps[*done] to the end of the NULL-terminated list. *done counts what has run (the failed one included), so
 * that several lists, or one list in two runs, can be undone as one. Errors get the prefix "NAME: ". */
int host_steps_run(const struct host_step *const *steps, struct launch *, int *done, struct err *) must_check;
void host_steps_undo(const struct host_step *const *steps, struct launch *, int done);
int init_steps_run(const struct init_step *const *steps, struct init *, struct err *) must_check;

#endif
