/* process.oomScoreAdj: who is killed first when memory runs out. runtime-spec config.md "Linux process"; proc(5).
 *
 * The parent writes it: below the value that was there, that takes CAP_SYS_RESOURCE of the first user namespace. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/oom.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
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

static int write_score(struct launch *l, const char *path, int score, struct err *e)
{
	char value[16];
	cleanup_fd int fd = path_open_proc(l->kit.host_proc_fd, path, O_WRONLY, e);

	if (fd < 0)
		return err_wrap(e, "process.oomScoreAdj");
	snprintf(value, sizeof value, "%d", score);
	if (write(fd, value, strlen(value)) >= 0)
		return 0;
	if (errno == EACCES && !capable(CAP_SYS_RESOURCE))
		return err_sys(e,
			"process.oomScoreAdj: %s is below the current value and lowering it needs CAP_SYS_RESOURCE, "
			"which this process lacks",
			value);
	return err_sys(e, "process.oomScoreAdj: write %s", value);
}

/* Who comes into a container is undumpable from its first moment on, so its file is the host's root's, and a user can only let
 * it inherit the score. The user's own file is open to him while he is dumpable: what is in the container is of another
 * user namespace than we are, and may not trace us for that. */
static bool inherits(const struct launch *l)
{
	return l->join_pid && geteuid() != 0;
}

static int write_own(struct launch *l, int score, struct err *e)
{
	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		return err_sys(e, "prctl(PR_SET_DUMPABLE)");
	int rc = write_score(l, "self/oom_score_adj", score, e);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return rc;
}

static int lend(struct launch *l, struct err *e)
{
	cleanup_free char *own = NULL;
	size_t len;

	if (!inherits(l))
		return 0;
	if (file_read(l->kit.host_proc_fd, "self/oom_score_adj", 32, &own, &len, e) < 0)
		return -1;
	l->own_oom = atoi(own);
	return write_own(l, (int)l->config->process->oom_score_adj, e);
}

static int set(struct launch *l, struct err *e)
{
	char path[48];

	if (inherits(l))
		return write_own(l, l->own_oom, e);
	snprintf(path, sizeof path, "%d/oom_score_adj", l->pid);
	return write_score(l, path, (int)l->config->process->oom_score_adj, e);
}

const struct feature feature_oom = { "oom", "process.oomScoreAdj", validate, NULL };
const struct host_step host_oom_lend = { "oom", wanted, lend, NULL };
const struct host_step host_oom = { "oom", wanted, set, NULL };
