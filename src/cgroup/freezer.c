/* freezer: cgroup-v1/freezer-subsystem.rst. v2 has it in every cgroup (cgroup.freeze): fs_v2.c. No member of
 * linux.resources asks for it; `pause`, `resume` and the killing of all processes do. */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "cgroup/controller.h"

int freezer_v1(const struct hierarchy *h, bool frozen, int limit_ms, struct err *e)
{
	const char *want = frozen ? "FROZEN" : "THAWED";
	long long deadline = clock_ms() + limit_ms;
	unsigned us = WAIT_FIRST_US;
	char state[32];
	do {
		/* Written at each turn: a process forked while the kernel went through the list leaves the state at
		 * FREEZING until the next write. */
		if (control_write(h->dir, "freezer.state", want) < 0)
			return err_sys(e, "write \"%s\" to %s/freezer.state", want, h->dir);
		if (control_read(h->dir, "freezer.state", state, sizeof state) < 0)
			return err_sys(e, "read %s/freezer.state", h->dir);
		if (str_starts(state, want))
			return 0;
	} while (wait_a_moment(&us, deadline));
	if (frozen && control_write(h->dir, "freezer.state", "THAWED") < 0)
		return err_sys(e, "write \"THAWED\" to %s/freezer.state", h->dir);
	state[strcspn(state, "\n")] = '\0';
	return err_set(e, "%s/freezer.state is %s and not %s after %d ms", h->dir, state, want, limit_ms);
}

static const struct limit none[] = { { 0 } };

const struct controller controller_freezer = { .v1 = "freezer", .v2_core = true, .limits = none };
