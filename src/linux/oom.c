/* process.oomScoreAdj: who is killed first when memory runs out. runtime-spec config.md "Linux process"; proc(5).
 *
 * The parent writes it: below the value that was there, that takes CAP_SYS_RESOURCE of the first user namespace. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/oom.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "linux/linux.h"
#include "step/launch.h"
#include "sys/capable.h"

static void validate(const struct oci_config *config, struct problems *problems)
{
	const struct oci_process *p = config->process;

	if (p && p->has_oom_score_adj && (p->oom_score_adj < OOM_SCORE_ADJ_MIN || p->oom_score_adj > OOM_SCORE_ADJ_MAX))
		problem_add(problems, "process.oomScoreAdj", "%lld is not between %d and %d",
			(long long)p->oom_score_adj, OOM_SCORE_ADJ_MIN, OOM_SCORE_ADJ_MAX);
}

static bool wanted(const struct oci_config *config)
{
	return config->process && config->process->has_oom_score_adj;
}

static int set(struct launch *l, struct err *e)
{
	char path[48], value[16];
	cleanup_fd int fd = -1;

	snprintf(path, sizeof path, "%d/oom_score_adj", l->pid);
	snprintf(value, sizeof value, "%d", (int)l->config->process->oom_score_adj);
	fd = path_open_proc(l->kit.host_proc_fd, path, O_WRONLY, e);
	if (fd < 0)
		return err_wrap(e, "process.oomScoreAdj");
	if (write(fd, value, strlen(value)) >= 0)
		return 0;
	if (errno == EACCES && !capable(CAP_SYS_RESOURCE))
		return err_sys(e,
			"process.oomScoreAdj: %s is below the current value and lowering it needs CAP_SYS_RESOURCE, "
			"which this process lacks",
			value);
	return err_sys(e, "process.oomScoreAdj: write %s", value);
}

const struct feature feature_oom = { "oom", "process.oomScoreAdj", validate, NULL };
const struct host_step host_oom = { "oom", wanted, set, NULL };
