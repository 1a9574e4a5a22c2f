/* process.capabilities: the five sets. runtime-spec config.md "Linux Process"; capabilities(7), capset(2), prctl(2).
 *
 * The inheritable and the bounding set are set while we are root of the container: the one may hold only what the other
 * still has, and dropping needs CAP_SETPCAP. The others come after the uid has changed, which empties the effective and
 * the ambient set. What nobody asked for is never set: no inheritable capability (CVE-2022-24769), no ambient one
 * (CVE-2016-8867).
 *
 * A seccomp filter without no_new_privs takes CAP_SYS_ADMIN to load, so that one stays until then, and is not taken
 * away afterwards: the filter might refuse capset(2), or kill us for it. There is no need to. execve(2) makes the new
 * sets of the inheritable, the ambient and the bounding set; what was permitted or effective before does not count, but
 * for no_new_privs, with which we do not keep it. But for `exec`: who is born into a container that runs may never have
 * had it, and there the filter lets that call pass (seccomp_pass.c). */
#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/pass.h"
#include "base/str.h"
#include "linux/linux.h"
#include "step/init.h"
#include "step/launch.h"
#include "step/ns.h"

#define BIT(cap) (UINT64_C(1) << (cap))

static const struct name_value names[] = {
	{ "CAP_CHOWN", CAP_CHOWN },
	{ "CAP_DAC_OVERRIDE", CAP_DAC_OVERRIDE },
	{ "CAP_DAC_READ_SEARCH", CAP_DAC_READ_SEARCH },
	{ "CAP_FOWNER", CAP_FOWNER },
	{ "CAP_FSETID", CAP_FSETID },
	{ "CAP_KILL", CAP_KILL },
	{ "CAP_SETGID", CAP_SETGID },
	{ "CAP_SETUID", CAP_SETUID },
	{ "CAP_SETPCAP", CAP_SETPCAP },
	{ "CAP_LINUX_IMMUTABLE", CAP_LINUX_IMMUTABLE },
	{ "CAP_NET_BIND_SERVICE", CAP_NET_BIND_SERVICE },
	{ "CAP_NET_BROADCAST", CAP_NET_BROADCAST },
	{ "CAP_NET_ADMIN", CAP_NET_ADMIN },
	{ "CAP_NET_RAW", CAP_NET_RAW },
	{ "CAP_IPC_LOCK", CAP_IPC_LOCK },
	{ "CAP_IPC_OWNER", CAP_IPC_OWNER },
	{ "CAP_SYS_MODULE", CAP_SYS_MODULE },
	{ "CAP_SYS_RAWIO", CAP_SYS_RAWIO },
	{ "CAP_SYS_CHROOT", CAP_SYS_CHROOT },
	{ "CAP_SYS_PTRACE", CAP_SYS_PTRACE },
	{ "CAP_SYS_PACCT", CAP_SYS_PACCT },
	{ "CAP_SYS_ADMIN", CAP_SYS_ADMIN },
	{ "CAP_SYS_BOOT", CAP_SYS_BOOT },
	{ "CAP_SYS_NICE", CAP_SYS_NICE },
	{ "CAP_SYS_RESOURCE", CAP_SYS_RESOURCE },
	{ "CAP_SYS_TIME", CAP_SYS_TIME },
	{ "CAP_SYS_TTY_CONFIG", CAP_SYS_TTY_CONFIG },
	{ "CAP_MKNOD", CAP_MKNOD },
	{ "CAP_LEASE", CAP_LEASE },
	{ "CAP_AUDIT_WRITE", CAP_AUDIT_WRITE },
	{ "CAP_AUDIT_CONTROL", CAP_AUDIT_CONTROL },
	{ "CAP_SETFCAP", CAP_SETFCAP },
	{ "CAP_MAC_OVERRIDE", CAP_MAC_OVERRIDE },
	{ "CAP_MAC_ADMIN", CAP_MAC_ADMIN },
	{ "CAP_SYSLOG", CAP_SYSLOG },
	{ "CAP_WAKE_ALARM", CAP_WAKE_ALARM },
	{ "CAP_BLOCK_SUSPEND", CAP_BLOCK_SUSPEND },
	{ "CAP_AUDIT_READ", CAP_AUDIT_READ },
	{ "CAP_PERFMON", CAP_PERFMON },
	{ "CAP_BPF", CAP_BPF },
	{ "CAP_CHECKPOINT_RESTORE", CAP_CHECKPOINT_RESTORE },
	{ NULL, 0 },
};

struct sets {
	uint64_t bounding, permitted, effective, inheritable, ambient;
};

/* ---- validation and features ---- */

static bool well_formed(const char *name)
{
	return str_starts(name, "CAP_") && name[4] &&
	       name[4 + strspn(name + 4, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] == 0;
}

static void validate_set(const char *set, char *const *v, size_t n, struct problems *problems)
{
	const char *near, *all[ARRAY_LEN(names)];

	for (size_t i = 0; i < n; i++) {
		if (well_formed(v[i]))
			continue;
		for (size_t j = 0; j < ARRAY_LEN(names) - 1; j++)
			all[j] = names[j].name;
		near = str_nearest(v[i], all, ARRAY_LEN(names) - 1);
		problem_add(problems, AT("process.capabilities.%s[%zu]", set, i),
			"\"%s\" is not written as a capability, as %s is", v[i], near ? near : "CAP_NET_ADMIN");
	}
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
	for (const struct name_value *name = names; name->name; name++)
		json_string(out, name->name);
	json_close_array(out);
}

/* ---- sets ---- */

static uint64_t set_of(char *const *v, size_t n)
{
	uint64_t set = 0;

	for (size_t i = 0; i < n; i++) {
		const struct name_value *name = name_find(names, v[i]);

		/* Of a kernel after this program's time: host_caps has said so. */
		if (name)
			set |= BIT(name->value);
	}
	return set;
}

static struct sets sets_asked(const struct oci_config *config)
{
	static const struct oci_capabilities none;
	const struct oci_capabilities *c = config->process->capabilities ? config->process->capabilities : &none;

	return (struct sets){
		.bounding = set_of(c->bounding, c->n_bounding),
		.permitted = set_of(c->permitted, c->n_permitted),
		.effective = set_of(c->effective, c->n_effective),
		.inheritable = set_of(c->inheritable, c->n_inheritable),
		.ambient = set_of(c->ambient, c->n_ambient),
	};
}

static int sets_get(struct sets *s, struct err *e)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	*s = (struct sets){ 0 }; /* gcc -O3 cannot know that err_sys never returns 0 */
	if (pass_call(SYS_capget, (long)&header, (long)data, 0, 0) < 0)
		return err_sys(e, "capget");
	s->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	s->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	s->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	return 0;
}

static int sets_put(const struct sets *s, struct err *e)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	const struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{ s->effective, s->permitted, s->inheritable },
		{ s->effective >> 32, s->permitted >> 32, s->inheritable >> 32 },
	};

	return pass_call(SYS_capset, (long)&header, (long)data, 0, 0) < 0 ? err_sys(e, "capset") : 0;
}

/* ---- host: what cannot be granted is told, once ---- */

static void warn_unknown(char *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!name_find(names, v[i]))
			log_warn(
				"caps", "process.capabilities: %s is left out: no such capability is known here", v[i]);
}

static void tell_set(uint64_t set, const char *why, void (*tell)(const char *, const char *, ...))
{
	struct text list = { 0 };

	for (const struct name_value *name = names; name->name; name++)
		if (set & BIT(name->value))
			text_printf(&list, "%s%s", list.len ? ", " : "", name->name);
	if (list.len)
		tell("caps", "process.capabilities: left out, as %s: %s", why, list.p);
	free(list.p);
}

static void warn_set(uint64_t set, const char *why)
{
	tell_set(set, why, log_warn);
}

/* config.md: what cannot be granted "MUST be logged as a warning", and the container starts without it. */
static int check(struct launch *l, struct err *e)
{
	const struct oci_capabilities *c = l->config->process->capabilities;
	struct sets asked = sets_asked(l->config), held;

	warn_unknown(c->bounding, c->n_bounding);
	warn_unknown(c->permitted, c->n_permitted);
	warn_unknown(c->effective, c->n_effective);
	warn_unknown(c->inheritable, c->n_inheritable);
	warn_unknown(c->ambient, c->n_ambient);
	warn_set(asked.effective & ~asked.permitted, "effective holds what permitted does not");
	/* uid 0 has what is permitted without it; buildah asks for such a set at each RUN. */
	tell_set(asked.ambient & ~(asked.permitted & asked.inheritable),
		"ambient holds what permitted and inheritable do not both",
		l->config->process->user && l->config->process->user->uid ? log_warn : log_info);
	/* The root of a user namespace holds all of them there. */
	if (ns_find(l->config, NS_USER))
		return 0;
	if (sets_get(&held, e))
		return -1;
	warn_set((asked.bounding | asked.permitted | asked.inheritable) & ~held.permitted, "this process lacks them");
	return 0;
}

static bool wants_check(const struct oci_config *config)
{
	return config->process && config->process->capabilities;
}

/* ---- child ---- */

static int bound(struct init *init, struct err *e)
{
	struct sets asked = sets_asked(init->config), s;

	if (sets_get(&s, e))
		return -1;
	s.inheritable = asked.inheritable & (s.permitted | s.inheritable);
	if (sets_put(&s, e))
		return -1;
	for (unsigned cap = 0; cap < 64; cap++) {
		if (asked.bounding & BIT(cap) || prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL) /* the end of what this kernel has */
			break;
		if (errno == EPERM && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 0)
			continue;
		return err_sys(
			e, "process.capabilities.bounding: drop %s, which takes CAP_SETPCAP", name_of(names, cap));
	}
	return 0;
}

static bool filter_takes_admin(const struct oci_config *config)
{
	return config->linux && config->linux->seccomp && !config->process->no_new_privileges;
}

static int drop_admin(struct init *init, struct err *e)
{
	struct sets s = sets_asked(init->config), held;

	if (sets_get(&held, e))
		return -1;
	held.permitted &= s.permitted;
	held.effective &= s.effective & held.permitted;
	return sets_put(&held, e);
}

static int raise_sets(struct init *init, struct err *e)
{
	struct sets s = sets_asked(init->config), held;

	if (sets_get(&held, e))
		return -1;
	s.permitted &= held.permitted;
	s.effective &= s.permitted;
	s.inheritable = held.inheritable; /* by init_caps_bound */
	s.ambient &= s.permitted & s.inheritable;
	if (filter_takes_admin(init->config)) {
		s.permitted |= BIT(CAP_SYS_ADMIN) & held.permitted;
		s.effective |= BIT(CAP_SYS_ADMIN) & held.permitted;
	}
	if (sets_put(&s, e))
		return -1;
	/* Our caller's would come along with every execve. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return err_sys(e, "prctl(PR_CAP_AMBIENT_CLEAR_ALL)");
	for (unsigned cap = 0; cap < 64; cap++)
		if (s.ambient & BIT(cap) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return err_sys(e, "process.capabilities.ambient: raise %s", name_of(names, cap));
	return 0;
}

const struct feature feature_caps = { "caps", "process.capabilities", validate, report, NULL };
const struct host_step host_caps = { "caps", wants_check, check, NULL };
const struct init_step init_caps_bound = { "caps", NULL, bound };
const struct init_step init_caps = { "caps", NULL, raise_sets };
const struct init_step init_caps_rest = { "caps", filter_takes_admin, drop_admin };
