/* The process of `exec`, from --process FILE or the container's own process, and from flags. */
#include "base/file.h"
#include "base/str.h"
#include "cmd/capability.h"
#include "cmd/exec.h"
#include "cmd/run_part.h"
#include "json/decode.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

struct document { /* of --process */
	char *text;
	size_t len;
};

/* What the file leaves open stays as it is for the container: a process without capabilities of its own has those of
 * init, and one that says nothing of noNewPrivileges does not get out of it. */
static void inherit(struct oci_process *p, const struct oci_process *container)
{
	if (!p->capabilities)
		p->capabilities = container->capabilities;
	if (!p->n_rlimits) {
		p->rlimits = container->rlimits;
		p->n_rlimits = container->n_rlimits;
	}
	if (!p->has_no_new_privileges)
		p->no_new_privileges = container->no_new_privileges;
	if (!p->apparmor_profile)
		p->apparmor_profile = container->apparmor_profile;
	if (!p->selinux_label)
		p->selinux_label = container->selinux_label;
	if (!p->has_oom_score_adj) {
		p->oom_score_adj = container->oom_score_adj;
		p->has_oom_score_adj = container->has_oom_score_adj;
	}
	if (!p->scheduler)
		p->scheduler = container->scheduler;
	if (!p->io_priority)
		p->io_priority = container->io_priority;
	if (!p->exec_cpu_affinity)
		p->exec_cpu_affinity = container->exec_cpu_affinity;
}

static int read_document(
	const char *path, struct arena *arena, struct document *d, struct oci_process *p, struct err *e)
{
	struct problems problems = { 0 };
	int status;

	if (file_read(AT_FDCWD, path, JSON_MAX_SIZE, &d->text, &d->len, e))
		return err_wrap(e, "--process");
	status = json_decode(&json_oci_process, d->text, d->len, arena, p, &problems);
	if (status && problems_err(&problems, path, false, e) == 0)
		err_set(e, "%s: refused", path);
	problems_free(&problems);
	return status;
}

/* ---- flags ---- */

static void append(struct arena *arena, char ***v, size_t *n, char *const *more, size_t n_more)
{
	char **all = arena_alloc(arena, (*n + n_more + 1) * sizeof *all);

	if (*n)
		memcpy(all, *v, *n * sizeof *all);
	memcpy(all + *n, more, n_more * sizeof *all);
	*v = all;
	*n += n_more;
}

static int set_env(const struct opt_list *list, struct arena *arena, struct oci_process *p, struct err *e)
{
	for (size_t i = 0; i < list->n; i++)
		if (!strchr(list->v[i], '=') || *list->v[i] == '=')
			return run_wrong(e, "env", list->v[i], "it is written NAME=VALUE");
	if (list->n)
		append(arena, &p->env, &p->n_env, (char *const *)list->v, list->n);
	return 0;
}

/* Numbers only: a name would have to be looked up in the container's files (CVE-2016-3697). */
static int set_user(const struct exec_flags *f, struct arena *arena, struct oci_user *user, struct err *e)
{
	static const char form[] = "it is written UID or UID:GID, in digits, below 4294967295; "
				   "`hind exec ID id -u NAME` tells the number that a container has for a name";
	const struct opt_list *gids = &f->additional_gids;
	uint32_t *all;

	if (f->user) {
		cleanup_free char *uid = mem_strdup(f->user);
		char *gid = strchr(uid, ':');

		if (gid)
			*gid++ = 0;
		if (str_id(uid, &user->uid) || (gid && str_id(gid, &user->gid)))
			return run_wrong(e, "user", f->user, form);
	}
	if (!gids->n)
		return 0;
	all = arena_alloc(arena, (user->n_additional_gids + gids->n) * sizeof *all);
	if (user->n_additional_gids)
		memcpy(all, user->additional_gids, user->n_additional_gids * sizeof *all);
	user->additional_gids = all;
	for (size_t i = 0; i < gids->n; i++)
		if (str_id(gids->v[i], &all[user->n_additional_gids++]))
			return run_wrong(e, "additional-gids", gids->v[i], "it is a number below 4294967295");
	return 0;
}

static bool holds(char *const *v, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i], name) == 0)
			return true;
	return false;
}

/* Never inheritable (CVE-2022-24769, CVE-2022-27650). The kernel takes as ambient what is inheritable alone, so for a
 * user other than root, who keeps no other over execve, that is what the container was given so. */
static int add_capabilities(const struct exec_flags *f, struct arena *arena, struct oci_process *p, struct err *e)
{
	struct oci_capabilities *c = arena_alloc(arena, sizeof *c);
	uint64_t set = 0, one;
	char **names;
	size_t n;

	if (!f->cap.n)
		return 0;
	for (size_t i = 0; i < f->cap.n; i++) {
		if (capability_parse("cap", f->cap.v[i], &one, e))
			return -1;
		set |= one == CAPABILITY_ALL ? capability_held() : one;
	}
	if (p->capabilities)
		*c = *p->capabilities;
	p->capabilities = c;
	capability_names(arena, set, &names, &n);
	append(arena, &c->bounding, &c->n_bounding, names, n);
	append(arena, &c->permitted, &c->n_permitted, names, n);
	append(arena, &c->effective, &c->n_effective, names, n);
	for (size_t i = 0; p->user->uid != 0 && i < n; i++)
		if (holds(c->inheritable, c->n_inheritable, names[i]))
			append(arena, &c->ambient, &c->n_ambient, &names[i], 1);
	return 0;
}

static int set_flags(
	const struct exec_flags *f, size_t n, char **words, struct arena *arena, struct oci_process *p, struct err *e)
{
	struct oci_user *user = arena_alloc(arena, sizeof *user);

	if (p->user)
		*user = *p->user;
	p->user = user;
	if (n) {
		p->args = words;
		p->n_args = n;
	}
	if (f->cwd)
		p->cwd = f->cwd;
	if (f->process_label)
		p->selinux_label = f->process_label;
	if (f->apparmor)
		p->apparmor_profile = f->apparmor;
	p->terminal = f->tty || (f->process && p->terminal);
	p->no_new_privileges = f->no_new_privs || p->no_new_privileges;
	return set_env(&f->env, arena, p, e) || set_user(f, arena, user, e) || add_capabilities(f, arena, p, e) ? -1
														: 0;
}

/* ---- check ---- */

/* Places are told as those of the file, which is the process alone. */
static int check(const struct exec_flags *f, const struct document *d, const struct oci_config *config, struct err *e)
{
	static const char process[] = "process";
	struct problems problems = { 0 };
	int status;

	for (const struct feature *const *feature = plan_join_features; *feature; feature++)
		if ((*feature)->validate)
			(*feature)->validate(config, &problems);
	for (size_t i = 0; f->process && i < problems.n; i++) {
		char *path = problems.v[i].path;
		size_t skip = str_starts(path, process) ? strlen(process) : 0;

		skip += skip && path[skip] == '.';
		memmove(path, path + skip, strlen(path + skip) + 1);
	}
	if (f->process)
		json_locate(d->text, d->len, &problems);
	status = problems_err(&problems, f->process ? f->process : "exec", false, e);
	problems_free(&problems);
	return status;
}

int exec_process(const struct exec_flags *f, size_t n, char **words, struct arena *arena, struct oci_config *config,
	struct err *e)
{
	struct oci_process *p = arena_alloc(arena, sizeof *p);
	struct document d = { 0 };
	int status = 0;

	if (f->process) {
		status = read_document(f->process, arena, &d, p, e);
		inherit(p, config->process);
	} else {
		*p = *config->process;
		p->args = NULL;
		p->n_args = 0;
	}
	/* They are the container's own. */
	config->hooks = NULL;
	config->process = p;
	if (status == 0)
		status = set_flags(f, n, words, arena, p, e);
	if (status == 0)
		status = check(f, &d, config, e);
	free(d.text);
	return status;
}
