/* process.cwd. runtime-spec config.md "Process"; chdir(2), openat2(2).
 *
 * Inside the new root, by a descriptor that was resolved there: a path through /proc/self/fd, or a link swapped
 * meanwhile, must not lead out (CVE-2024-21626). First as root of the container, who can enter what the user may not;
 * where that is refused (NFS, FUSE), again as the user. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "linux/linux.h"
#include "step/init.h"

static void validate(const struct oci_config *config, struct problems *problems)
{
	const struct oci_process *p = config->process;

	if (!p)
		return;
	if (!p->cwd || !*p->cwd)
		problem_add(problems, "process.cwd", "is empty: the working directory, such as \"/\"");
	else if (*p->cwd != '/')
		problem_add(problems, "process.cwd", "\"%s\" is not an absolute path", p->cwd);
}

/* The kernel's own answer: glibc's getcwd searches on where the kernel says "(unreachable)". */
static int verify(const char *cwd, struct err *e)
{
	char path[PATH_MAX];

	if (syscall(SYS_getcwd, path, sizeof path) < 0)
		return err_sys(e, "the working directory (\"%s\") is not inside the container", cwd);
	if (path[0] != '/')
		return err_set(e, "the working directory (\"%s\") is not inside the container", cwd);
	return 0;
}

static int enter(const struct init *init, struct err *e)
{
	const char *cwd = init->config->process->cwd;
	cleanup_fd int fd = path_open_in(init->rootfs_fd, cwd, O_PATH | O_DIRECTORY, e);

	if (fd >= 0 && fchdir(fd) == 0)
		return verify(cwd, e);
	if (fd < 0)
		errno = e->code;
	return err_sys(e, "chdir to cwd (\"%s\") set in config.json failed", cwd);
}

static int enter_as_root(struct init *init, struct err *e)
{
	if (enter(init, e) == 0)
		return 0;
	init->cwd_refused = e->code == EACCES;
	return init->cwd_refused ? 0 : -1;
}

static int enter_as_user(struct init *init, struct err *e)
{
	return init->cwd_refused ? enter(init, e) : 0;
}

const struct feature feature_cwd = { "cwd", "process.cwd", validate, NULL };
const struct init_step init_cwd = { "cwd", NULL, enter_as_root };
const struct init_step init_cwd_as_user = { "cwd", NULL, enter_as_user };
