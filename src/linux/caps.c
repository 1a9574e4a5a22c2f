/* process.capabilities: the five sets. runtime-spec config.md "Linux Process"; capabilities(7), capset(2), prctl(2).
 *
 * The bounding set goes before the uid changes, as dropping from it needs CAP_SETPCAP; the others after, since setuid(2) clears the
 * effective set. A seccomp filter without no_new_privs needs CAP_SYS_ADMIN to be loaded, and is loaded last of all: until
 * then that one is kept, and init_caps_final takes it away. */
#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "linux/linux.h"
#include "step/init.h"

#define BIT(cap) (1ull << (cap))

struct sets {
	uint64_t bounding, permitted, effective, inheritable, ambient;
};

/* "CAP_" and capital letters, digits and underscores: what is not of that form cannot be a capability of any kernel. */
static bool well_formed(const char *name)
{
	return strncmp(name, "CAP_", 4) == 0 && name[4] &&
	       strspn(name + 4, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == strlen(name + 4);
}

static void validate_set(const char *set, char *const *names, size_t n, struct problems *problems)
{
	for (size_t i = 0; i < n; i++)
		if (!well_formed(names[i]))
			problem_add(problems, AT("process.capabilities.%s[%zu]", set, i),
				"\"%s\" is not written as a capability, as in CAP_NET_ADMIN", names[i]);
}

static void validate(const struct oci_config *config, struct problems *problems)
{
	const struct oci_capabilities *c = config->process ? config->process->capabilities : NULL;

	if (!c)
		return;
	validate_set("bounding", c->bounding, c->n_bounding, problems);
	validate_set("permitted", c->permitted, c->n_permitted, problems);
	validate_set("effective", c->effective, c->n_effective, problems);
	validate_set("inheritable", c->inheritable, c->n_inheritable, problems);
	validate_set("ambient", c->ambient, c->n_ambient, problems);
}

static void report(struct json_out *out)
{
	json_key(out, "capabilities");
	json_open_array(out);
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++) {
		char *name = cap_to_name(cap), upper[64];
		size_t i;

		if (!name)
			continue;
		for (i = 0; name[i] && i < sizeof upper - 1; i++)
			upper[i] = name[i] >= 'a' && name[i] <= 'z' ? name[i] - 'a' + 'A' : name[i];
		upper[i] = 0;
		json_string(out, upper);
		cap_free(name);
	}
	json_close_array(out);
}

/* config.md: what cannot be granted is ignored with a warning. Names beyond this build's knowledge count as such. */
static uint64_t set_of(char *const *names, size_t n, uint64_t *unknown_told)
{
	uint64_t set = 0;

	for (size_t i = 0; i < n; i++) {
		cap_value_t cap;

		if (cap_from_name(names[i], &cap) == 0 && cap < 64) {
			set |= BIT(cap);
		} else if (!*unknown_told) {
			log_warn("caps", "%s is no capability that is known here, and is left out", names[i]);
			*unknown_told = 1;
		}
	}
	return set;
}

static int get(struct sets *s, struct err *e)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return err_sys(e, "capget");
	s->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	return 0;
}

static int set(const struct sets *s, struct err *e)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = {
		{ s->effective, s->permitted, s->inheritable },
		{ s->effective >> 32, s->permitted >> 32, s->inheritable >> 32 },
	};

	return syscall(SYS_capset, &header, data) < 0 ? err_sys(e, "capset") : 0;
}

/* What is asked for, as far as it is held. Effective and ambient cannot exceed what else is granted. */
static int wanted_sets(const struct oci_config *config, struct sets *s, struct err *e)
{
	static const struct oci_capabilities none;
	const struct oci_capabilities *c = config->process->capabilities ? config->process->capabilities : &none;
	struct sets held = { 0 };
	uint64_t told = 0, all;

	if (get(&held, e))
		return -1;
	s->bounding = set_of(c->bounding, c->n_bounding, &told);
	s->permitted = set_of(c->permitted, c->n_permitted, &told);
	s->effective = set_of(c->effective, c->n_effective, &told);
	s->inheritable = set_of(c->inheritable, c->n_inheritable, &told);
	s->ambient = set_of(c->ambient, c->n_ambient, &told);
	all = s->permitted | s->effective;
	for (int cap = 0; cap < 64 && all & ~held.permitted; cap++)
		if (all & ~held.permitted & BIT(cap)) {
			char *name = cap_to_name(cap);

			log_warn("caps", "%s is not held by this process, and is left out", name ? name : "a capability");
			cap_free(name);
			break;
		}
	s->permitted &= held.permitted;
	s->effective &= s->permitted;
	s->inheritable &= held.permitted;
	s->ambient &= s->permitted & s->inheritable;
	return 0;
}

static int bound(struct init *init, struct err *e)
{
	struct sets s;

	if (wanted_sets(init->config, &s, e))
		return -1;
	/* EINVAL is the end of what this kernel has. */
	for (int cap = 0; cap < 64; cap++) {
		if (s.bounding & BIT(cap))
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL)
			break;
		if (errno != EPERM || prctl(PR_CAPBSET_READ, cap, 0, 0, 0) != 0)
			return err_sys(e, "drop capability %d from the bounding set", cap);
	}
	/* Only here, with the root's privileges still there, is PR_SET_KEEPCAPS of use: the uid changes next. */
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return err_sys(e, "prctl(PR_SET_KEEPCAPS)");
	return 0;
}

static bool filter_needs_admin(const struct oci_config *config)
{
	return config->linux && config->linux->seccomp && !config->process->no_new_privileges;
}

static int raise_sets(struct init *init, struct err *e)
{
	struct sets s;

	if (wanted_sets(init->config, &s, e))
		return -1;
	if (filter_needs_admin(init->config)) {
		s.permitted |= BIT(CAP_SYS_ADMIN);
		s.effective |= BIT(CAP_SYS_ADMIN);
	}
	/* Inheritable is first, as ambient may hold only what is in both (CVE-2016-8867, CVE-2022-24769: exactly as configured). */
	if (set(&s, e))
		return -1;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return err_sys(e, "clear the ambient set");
	for (int cap = 0; cap < 64; cap++)
		if (s.ambient & BIT(cap) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return err_sys(e, "raise ambient capability %d", cap);
	return prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0 ? err_sys(e, "prctl(PR_SET_KEEPCAPS)") : 0;
}

static int finish(struct init *init, struct err *e)
{
	struct sets s;

	return wanted_sets(init->config, &s, e) || set(&s, e) ? -1 : 0;
}

const struct feature feature_caps = { "caps", "process.capabilities", validate, report, NULL };
const struct init_step init_caps_bound = { "caps", NULL, bound };
const struct init_step init_caps = { "caps", NULL, raise_sets };
const struct init_step init_caps_final = { "caps", filter_needs_admin, finish };
