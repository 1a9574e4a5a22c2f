/* process.user: the ids, additional groups and umask of the program. runtime-spec config.md "POSIX-platform user";
 * credentials(7), setresuid(2), setgroups(2), umask(2).
 *
 * After everything that needs root of the container, before the capability sets: changing the user id empties them, but
 * for the permitted one, which PR_SET_KEEPCAPS saves for init_caps. Only numbers count: names would have to be looked
 * up in the container's own files (CVE-2016-3697, CVE-2026-30892). */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "linux/linux.h"
#include "step/init.h"
#include "step/ns.h"

#define UMASK_DEFAULT 0022
#define KEEP_GROUPS "run.oci.keep_original_groups" /* podman's --group-add keep-groups */

static const char *const annotations[] = { KEEP_GROUPS, NULL };

static bool is_mapped(const struct oci_id_mapping *map, size_t n, uint32_t id)
{
	for (size_t i = 0; i < n; i++)
		if (id >= map[i].container_id && id - map[i].container_id < map[i].size)
			return true;
	return false;
}

/* map NULL: every id is there, as far as the config tells. */
static void validate_id(
	const char *path, uint32_t id, const struct oci_id_mapping *map, size_t n, struct problems *problems)
{
	if (id == UINT32_MAX)
		/* To the kernel it means "leave as it is": the program would stay root. */
		problem_add(problems, path, "%u is no id", id);
	else if (map && !is_mapped(map, n, id))
		problem_add(problems, path, "%u is not mapped in the container's user namespace", id);
}

static void validate(const struct oci_config *config, struct problems *problems)
{
	const struct oci_user *user = config->process ? config->process->user : NULL;
	const struct oci_linux *l = config->linux;
	const struct oci_id_mapping *uids = NULL, *gids = NULL;

	if (!user)
		return;
	if (ns_is_new(ns_find(config, NS_USER))) {
		uids = l->n_uid_mappings ? l->uid_mappings : NULL;
		gids = l->n_gid_mappings ? l->gid_mappings : NULL;
	}
	validate_id("process.user.uid", user->uid, uids, l ? l->n_uid_mappings : 0, problems);
	validate_id("process.user.gid", user->gid, gids, l ? l->n_gid_mappings : 0, problems);
	for (size_t i = 0; i < user->n_additional_gids; i++)
		validate_id(AT("process.user.additionalGids[%zu]", i), user->additional_gids[i], gids,
			l ? l->n_gid_mappings : 0, problems);
	if (user->has_umask && user->umask > 0777)
		problem_add(problems, "process.user.umask", "%u (octal %o) has more than nine bits",
			(unsigned)user->umask, (unsigned)user->umask);
}

static bool keeps_groups(const struct oci_config *config)
{
	return str_eq(config_annotation(config, KEEP_GROUPS), "1");
}

/* Where an unprivileged user has made the user namespace, groups cannot be changed, not even given up (CVE-2014-8989). */
static bool setgroups_denied(int proc_fd)
{
	cleanup_free char *text = NULL;
	struct err e;
	size_t len;

	return !file_read(proc_fd, "self/setgroups", 64, &text, &len, &e) && str_starts(text, "deny");
}

static int set_groups(const struct init *init, const struct oci_user *user, struct err *e)
{
	size_t n = user ? user->n_additional_gids : 0;

	if (keeps_groups(init->config))
		return 0;
	if (setgroups(n, user ? user->additional_gids : NULL) == 0)
		return 0;
	if (errno == EPERM && setgroups_denied(init->proc_fd)) {
		if (n)
			log_warn("user", "additionalGids are left out: the user namespace of an unprivileged user has "
					 "no setgroups");
		return 0;
	}
	if (errno == EINVAL)
		return err_sys(
			e, "process.user.additionalGids: a group is not mapped in the container's user namespace");
	return err_sys(e, "process.user.additionalGids: setgroups");
}

static int become(struct init *init, struct err *e)
{
	const struct oci_user *user = init->config->process->user;
	uint32_t uid = user ? user->uid : 0, gid = user ? user->gid : 0;

	umask(user && user->has_umask ? user->umask : UMASK_DEFAULT);
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return err_sys(e, "prctl(PR_SET_KEEPCAPS)");
	if (set_groups(init, user, e))
		return -1;
	if (setresgid(gid, gid, gid) < 0)
		return errno == EINVAL
			       ? err_sys(e, "process.user.gid: %u is not mapped in the container's user namespace", gid)
			       : err_sys(e, "process.user.gid: setresgid %u", gid);
	if (setresuid(uid, uid, uid) < 0)
		return errno == EINVAL
			       ? err_sys(e, "process.user.uid: %u is not mapped in the container's user namespace", uid)
			       : err_sys(e, "process.user.uid: setresuid %u", uid);
	/* fs.suid_dumpable may have made us what we must not be before execve (CVE-2016-9962). */
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? err_sys(e, "prctl(PR_SET_DUMPABLE)") : 0;
}

const struct feature feature_user = { "user", "process.user", validate, .annotations = annotations };
const struct init_step init_user = { "user", NULL, become };
