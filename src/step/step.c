#include "step/step.h"

#include "base/log.h"
#include "step/init.h"
#include "step/launch.h"

int host_steps_run(const struct host_step *const *steps, struct launch *l, int *done, struct err *e)
{
	for (const struct host_step *s; (s = steps[*done]);) {
		++*done;
		if (s->wanted && !s->wanted(l->config))
			continue;
		log_debug("host", "step=%s", s->name);
		if (s->run(l, e) < 0)
			return err_wrap(e, "%s", s->name);
	}
	return 0;
}

void host_steps_undo(const struct host_step *const *steps, struct launch *l, int done)
{
	while (done-- > 0) {
		const struct host_step *s = steps[done];

		if (s->undo && (!s->wanted || s->wanted(l->config)))
			s->undo(l);
	}
}

int init_steps_run(const struct init_step *const *steps, struct init *in, struct err *e)
{
	for (const struct init_step *s; (s = *steps); steps++) {
		if (s->wanted && !s->wanted(in->config))
			continue;
		log_debug("init", "step=%s", s->name);
		if (s->run(in, e) < 0)
			return err_wrap(e, "%s", s->name);
	}
	return 0;
}
