/* Hooks: runtime-spec config.md, "POSIX-platform Hooks". Where each kind runs is the plan's matter; here is how. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/spawn.h"
#include "container/container.h"
#include "json/encode.h"

struct hook_list {
	const char *name;
	const struct oci_hook *v;
	size_t n;
};

static struct hook_list list_of(const struct oci_hooks *h, enum hook_kind kind)
{
	if (!h)
		return (struct hook_list){ 0 };
	switch (kind) {
	case HOOK_PRESTART:
		return (struct hook_list){ "prestart", h->prestart, h->n_prestart };
	case HOOK_CREATE_RUNTIME:
		return (struct hook_list){ "createRuntime", h->create_runtime, h->n_create_runtime };
	case HOOK_CREATE_CONTAINER:
		return (struct hook_list){ "createContainer", h->create_container, h->n_create_container };
	case HOOK_START_CONTAINER:
		return (struct hook_list){ "startContainer", h->start_container, h->n_start_container };
	case HOOK_POSTSTART:
		return (struct hook_list){ "poststart", h->poststart, h->n_poststart };
	case HOOK_POSTSTOP:
		return (struct hook_list){ "poststop", h->poststop, h->n_poststop };
	}
	return (struct hook_list){ 0 };
}

static void validate(const struct oci_config *config, struct problems *problems)
{
	for (enum hook_kind kind = HOOK_PRESTART; kind <= HOOK_POSTSTOP; kind++) {
		struct hook_list list = list_of(config->hooks, kind);

		for (size_t i = 0; i < list.n; i++)
			if (list.v[i].path[0] != '/')
				problem_add(problems, AT("hooks.%s[%zu].path", list.name, i),
					"\"%s\" is not an absolute path", list.v[i].path);
	}
}

static void report_kinds(struct json_out *out)
{
	static const struct oci_hooks none;

	json_key(out, "hooks");
	json_open_array(out);
	for (enum hook_kind kind = HOOK_PRESTART; kind <= HOOK_POSTSTOP; kind++)
		json_string(out, list_of(&none, kind).name);
	json_close_array(out);
}

const struct feature feature_hooks = { "hooks", "hooks", validate, NULL, report_kinds };

bool hooks_any(const struct oci_hooks *h, enum hook_kind kind)
{
	return list_of(h, kind).n > 0;
}

int hooks_run(const struct oci_hooks *h, enum hook_kind kind, const struct oci_state *state, int cwd_fd, struct err *e)
{
	struct hook_list list = list_of(h, kind);
	struct json_out *out;
	const char *text;
	size_t len;
	int status = 0;

	if (!list.n)
		return 0;
	out = json_out_new(false);
	json_struct(out, &json_oci_state, state);
	text = json_out_text(out, &len);
	for (size_t i = 0; i < list.n && status == 0; i++) {
		const struct oci_hook *hook = &list.v[i];
		/* The environment is the hook's own or none, never ours and never the container's (CVE-2025-23266). */
		struct spawn s = {
			.path = hook->path,
			.argv = hook->n_args ? hook->args : NULL,
			.envp = hook->env,
			.input = text,
			.input_len = len,
			.cwd_fd = cwd_fd,
			.timeout_ms = hook->has_timeout
					      ? (hook->timeout < INT_MAX / 1000 ? hook->timeout * 1000 : INT_MAX)
					      : 0,
		};

		log_info("hook", "kind=%s path=%s", list.name, hook->path);
		if (spawn_run(&s, e) == 0)
			continue;
		err_wrap(e, "hooks.%s[%zu]", list.name, i);
		/* runtime.md, lifecycle 13: a warning, and the remaining ones run as if it had succeeded. */
		if (kind == HOOK_POSTSTOP)
			log_warn("hook", "%s", e->msg);
		else
			status = -1;
	}
	json_out_free(out);
	return status;
}
