/* process.ioPriority: class and level for the I/O scheduler. runtime-spec config.md "ioPriority"; ioprio_set(2).
 *
 * The parent sets it: the real-time class takes CAP_SYS_ADMIN or CAP_SYS_NICE of the first user namespace. */
#include <errno.h>
#include <linux/capability.h>
#include <linux/ioprio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"
#include "linux/linux.h"
#include "step/launch.h"
#include "sys/capable.h"

#define LEVELS 8 /* IOPRIO_NR_LEVELS */

static const struct name_value classes[] = {
	{ "IOPRIO_CLASS_RT", IOPRIO_CLASS_RT },
	{ "IOPRIO_CLASS_BE", IOPRIO_CLASS_BE },
	{ "IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE },
	{ NULL, 0 },
};

static void validate(const struct oci_config *config, struct problems *problems)
{
	const struct oci_io_priority *p = config->process ? config->process->io_priority : NULL;

	if (!p)
		return;
	if (!p->class || !name_find(classes, p->class))
		problem_add(problems, "process.ioPriority.class", "\"%s\" is no class of I/O priority",
			p->class ? p->class : "");
	if (p->priority < 0 || p->priority >= LEVELS)
		problem_add(problems, "process.ioPriority.priority", "%d is not between 0 and %d", (int)p->priority,
			LEVELS - 1);
}

static bool wanted(const struct oci_config *config)
{
	return config->process && config->process->io_priority;
}

static int set(struct launch *l, struct err *e)
{
	const struct oci_io_priority *p = l->config->process->io_priority;
	int value = IOPRIO_PRIO_VALUE(name_find(classes, p->class)->value, p->priority);

	if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, l->pid, value) == 0)
		return 0;
	if (errno == EPERM)
		return err_sys(e, "process.ioPriority: %s needs CAP_SYS_NICE%s", p->class,
			capable(CAP_SYS_NICE) ? " of the first user namespace" : ", which this process lacks");
	return err_sys(e, "process.ioPriority: ioprio_set %s, %d", p->class, (int)p->priority);
}

const struct feature feature_ioprio = { "ioprio", "process.ioPriority", validate, NULL };
const struct host_step host_ioprio = { "ioprio", wanted, set, NULL };
