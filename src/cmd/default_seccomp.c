/* schemas/default-seccomp.json, for one machine and one set of capabilities. */
#include "cmd/default_seccomp.h"

#include <stdlib.h>
#include <sys/utsname.h>

#include "base/log.h"
#include "base/str.h"
#include "json/decode.h"

struct situation {
	const char *machine;
	const char *const *caps;
	size_t n_caps;
};

static bool listed(const char *name, char *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(name, v[i]))
			return true;
	return false;
}

static bool holds_one(const struct situation *s, char *const *v, size_t n)
{
	for (size_t i = 0; i < s->n_caps; i++)
		if (listed(s->caps[i], v, n))
			return true;
	return false;
}

static bool counts(const struct oci_profile_rule *rule, const struct situation *s)
{
	if (rule->capabilities && !holds_one(s, rule->capabilities, rule->n_capabilities))
		return false;
	if (holds_one(s, rule->without_capabilities, rule->n_without_capabilities))
		return false;
	if (rule->machines && !listed(s->machine, rule->machines, rule->n_machines))
		return false;
	return !listed(s->machine, rule->without_machines, rule->n_without_machines);
}

static void decode(struct arena *arena, struct oci_profile *profile)
{
	struct problems problems = { 0 };
	struct err e;

	if (json_decode(&json_oci_profile, default_seccomp_json, default_seccomp_json_len, arena, profile, &problems) ==
		0)
		return;
	/* It is a part of this program, and its tests decode it. */
	if (problems_err(&problems, "default-seccomp.json", true, &e))
		log_warn("run", "%s", e.msg);
	abort();
}

struct oci_seccomp *default_seccomp(const char *const *caps, size_t n, struct arena *arena)
{
	struct oci_seccomp *seccomp = arena_alloc(arena, sizeof *seccomp);
	struct oci_profile profile = { 0 };
	struct utsname host = { 0 };
	struct situation s = { host.machine, caps, n };

	uname(&host);
	decode(arena, &profile);
	seccomp->default_action = profile.default_action;
	seccomp->has_default_errno_ret = profile.has_default_errno_ret;
	seccomp->default_errno_ret = profile.default_errno_ret;
	for (size_t i = 0; i < profile.n_architectures; i++) {
		if (!str_eq(profile.architectures[i].machine, s.machine))
			continue;
		seccomp->architectures = profile.architectures[i].architectures;
		seccomp->n_architectures = profile.architectures[i].n_architectures;
	}
	seccomp->syscalls = arena_alloc(arena, profile.n_rules * sizeof *seccomp->syscalls);
	for (size_t i = 0; i < profile.n_rules; i++) {
		const struct oci_profile_rule *rule = &profile.rules[i];

		if (!counts(rule, &s))
			continue;
		seccomp->syscalls[seccomp->n_syscalls++] = (struct oci_syscall){
			.names = rule->names,
			.n_names = rule->n_names,
			.action = rule->action,
			.has_errno_ret = rule->has_errno_ret,
			.errno_ret = rule->errno_ret,
			.args = rule->args,
			.n_args = rule->n_args,
		};
	}
	return seccomp;
}
