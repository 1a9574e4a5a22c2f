/* What the container's processes may do: capabilities, seccomp, no_new_privs, masked paths. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/problem.h"
#include "base/str.h"
#include "cmd/capability.h"
#include "cmd/default_seccomp.h"
#include "cmd/run_part.h"
#include "json/decode.h"

#define SECCOMP_FILE_MAX JSON_MAX_SIZE

static int capability_list(const char *flag, const struct opt_list *list, uint64_t *set, struct err *e)
{
	*set = 0;
	for (size_t i = 0; i < list->n; i++) {
		uint64_t one;

		if (capability_parse(flag, list->v[i], &one, e))
			return -1;
		*set |= one;
	}
	return 0;
}

/* docker's rules: ALL dropped leaves what is added; ALL added leaves out what is dropped; otherwise what is added
 * counts more. */
static int wanted_set(const struct run_flags *flags, uint64_t *set, struct err *e)
{
	uint64_t add, drop;

	if (capability_list("cap-add", &flags->cap_add, &add, e) ||
		capability_list("cap-drop", &flags->cap_drop, &drop, e))
		return -1;
	if (flags->privileged || add == CAPABILITY_ALL)
		*set = drop == CAPABILITY_ALL ? (add == CAPABILITY_ALL ? 0 : add) : capability_held() & ~drop;
	else
		*set = (capability_default() & ~drop) | add;
	return 0;
}

/* Never inheritable, and so never ambient (CVE-2022-29162). A user other than root starts without any, as execve has
 * it, and may gain those of the bounding set by file capabilities and setuid programs. */
static int set_capabilities(struct run_build *b, struct err *e)
{
	struct oci_capabilities *caps = arena_alloc(b->arena, sizeof *caps);
	bool root = b->config->process->user->uid == 0;
	uint64_t set;

	if (wanted_set(b->flags, &set, e))
		return -1;
	capability_names(b->arena, set, &caps->bounding, &caps->n_bounding);
	capability_names(b->arena, root ? set : 0, &caps->permitted, &caps->n_permitted);
	capability_names(b->arena, root ? set : 0, &caps->effective, &caps->n_effective);
	b->config->process->capabilities = caps;
	return 0;
}

/* A linux.seccomp object as in config.json. What it says and we do not know must not be passed over: docker's own
 * format has "includes" and "excludes", without which it would allow more than it means. */
static int seccomp_file(struct run_build *b, const char *path, struct err *e)
{
	cleanup_free char *text = NULL;
	struct problems problems = { 0 };
	size_t len;
	int r;

	if (file_read(AT_FDCWD, path, SECCOMP_FILE_MAX, &text, &len, e))
		return err_wrap(e, "--security-opt seccomp");
	b->config->linux->seccomp = arena_alloc(b->arena, sizeof *b->config->linux->seccomp);
	r = json_decode(&json_oci_seccomp, text, len, b->arena, b->config->linux->seccomp, &problems);
	if (r == 0 && problems.n > 0)
		r = -1;
	if (r && problems_err(&problems, path, true, e) == 0)
		r = err_set(e, "%s: it is no linux.seccomp object", path);
	problems_free(&problems);
	return r;
}

struct security {
	const char *seccomp; /* NULL: the default one; "unconfined"; a file */
	bool no_new_privileges, system_paths_unconfined;
	const char *apparmor;
};

static int security_option(const char *value, struct security *s, struct err *e)
{
	size_t name = strcspn(value, "=:");
	const char *rest = value[name] ? value + name + 1 : NULL;

	if (name == strlen("no-new-privileges") && str_starts(value, "no-new-privileges")) {
		if (rest && strcmp(rest, "true") != 0 && strcmp(rest, "false") != 0)
			return run_wrong(e, "security-opt", value, "\"%s\" is neither true nor false", rest);
		s->no_new_privileges = !rest || strcmp(rest, "true") == 0;
	} else if (name == strlen("seccomp") && str_starts(value, "seccomp") && rest && *rest) {
		s->seccomp = rest;
	} else if (name == strlen("apparmor") && str_starts(value, "apparmor") && rest && *rest) {
		s->apparmor = strcmp(rest, "unconfined") == 0 ? NULL : rest;
	} else if (strcmp(value, "systempaths=unconfined") == 0) {
		s->system_paths_unconfined = true;
	} else if (strcmp(value, "label=disable") == 0 || strcmp(value, "label:disable") == 0) {
		/* It has no SELinux label anyway. */
	} else {
		return run_wrong(e, "security-opt", value,
			"hind knows no-new-privileges, seccomp=FILE, seccomp=unconfined, apparmor=PROFILE and "
			"systempaths=unconfined");
	}
	return 0;
}

/* The kernel's own file systems can be written to, as far as capabilities and namespaces go. */
static void unlock_kernel_mounts(struct run_build *b)
{
	for (size_t i = 0; i < b->mounts.n; i++) {
		struct oci_mount *mount = &b->mounts.v[i];

		if (!str_eq(mount->type, "sysfs") && !str_eq(mount->type, "cgroup") && !str_eq(mount->type, "proc"))
			continue;
		for (size_t j = 0; j < mount->n_options; j++)
			if (strcmp(mount->options[j], "ro") == 0)
				mount->options[j] = (char *)"rw";
	}
}

static void unmask(struct oci_linux *linux)
{
	linux->masked_paths = linux->readonly_paths = NULL;
	linux->n_masked_paths = linux->n_readonly_paths = 0;
}

int run_security(struct run_build *b, struct err *e)
{
	struct security s = { .seccomp = b->flags->privileged ? "unconfined" : NULL };
	struct oci_process *process = b->config->process;

	for (size_t i = 0; i < b->flags->security_opt.n; i++)
		if (security_option(b->flags->security_opt.v[i], &s, e))
			return -1;
	if (set_capabilities(b, e))
		return -1;
	process->no_new_privileges = process->has_no_new_privileges = s.no_new_privileges;
	process->apparmor_profile = s.apparmor;
	if (s.system_paths_unconfined || b->flags->privileged)
		unmask(b->config->linux);
	if (b->flags->privileged)
		unlock_kernel_mounts(b);
	b->config->linux->seccomp = NULL;
	if (!s.seccomp)
		b->config->linux->seccomp = default_seccomp((const char *const *)process->capabilities->bounding,
			process->capabilities->n_bounding, b->arena);
	else if (strcmp(s.seccomp, "unconfined") != 0)
		return seccomp_file(b, s.seccomp, e);
	return 0;
}
