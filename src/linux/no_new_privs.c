/* process.noNewPrivileges. runtime-spec config.md "Linux process"; PR_SET_NO_NEW_PRIVS in prctl(2), Linux 3.5.
 *
 * After the capabilities and ids are set, before seccomp's late place: without CAP_SYS_ADMIN a filter is only taken
 * with it on. */
#include <sys/prctl.h>

#include "linux/linux.h"
#include "step/init.h"

static bool wanted(const struct oci_config *config)
{
	return config->process && config->process->no_new_privileges;
}

static int set(struct init *init, struct err *e)
{
	(void)init;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? err_sys(e, "prctl(PR_SET_NO_NEW_PRIVS)") : 0;
}

const struct init_step init_no_new_privs = { "no_new_privs", wanted, set };
