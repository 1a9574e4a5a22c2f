#include "cmd/capability.h"

#include <strings.h>
#include <sys/prctl.h>

#include "base/str.h"
#include "cmd/run_part.h"

/* capabilities(7), by number. The second column says which a container has by default: docker's fourteen. */
static const struct {
	const char *name;
	bool given;
} capabilities[CAPABILITIES] = {
	{ "CAP_CHOWN", true },
	{ "CAP_DAC_OVERRIDE", true },
	{ "CAP_DAC_READ_SEARCH", false },
	{ "CAP_FOWNER", true },
	{ "CAP_FSETID", true },
	{ "CAP_KILL", true },
	{ "CAP_SETGID", true },
	{ "CAP_SETUID", true },
	{ "CAP_SETPCAP", true },
	{ "CAP_LINUX_IMMUTABLE", false },
	{ "CAP_NET_BIND_SERVICE", true },
	{ "CAP_NET_BROADCAST", false },
	{ "CAP_NET_ADMIN", false },
	{ "CAP_NET_RAW", true },
	{ "CAP_IPC_LOCK", false },
	{ "CAP_IPC_OWNER", false },
	{ "CAP_SYS_MODULE", false },
	{ "CAP_SYS_RAWIO", false },
	{ "CAP_SYS_CHROOT", true },
	{ "CAP_SYS_PTRACE", false },
	{ "CAP_SYS_PACCT", false },
	{ "CAP_SYS_ADMIN", false },
	{ "CAP_SYS_BOOT", false },
	{ "CAP_SYS_NICE", false },
	{ "CAP_SYS_RESOURCE", false },
	{ "CAP_SYS_TIME", false },
	{ "CAP_SYS_TTY_CONFIG", false },
	{ "CAP_MKNOD", true },
	{ "CAP_LEASE", false },
	{ "CAP_AUDIT_WRITE", true },
	{ "CAP_AUDIT_CONTROL", false },
	{ "CAP_SETFCAP", true },
	{ "CAP_MAC_OVERRIDE", false },
	{ "CAP_MAC_ADMIN", false },
	{ "CAP_SYSLOG", false },
	{ "CAP_WAKE_ALARM", false },
	{ "CAP_BLOCK_SUSPEND", false },
	{ "CAP_AUDIT_READ", false },
	{ "CAP_PERFMON", false },
	{ "CAP_BPF", false },
	{ "CAP_CHECKPOINT_RESTORE", false },
};

uint64_t capability_default(void)
{
	uint64_t set = 0;

	for (size_t i = 0; i < CAPABILITIES; i++)
		set |= (uint64_t)capabilities[i].given << i;
	return set;
}

uint64_t capability_held(void)
{
	uint64_t set = 0;

	for (size_t i = 0; i < CAPABILITIES; i++)
		if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1)
			set |= UINT64_C(1) << i;
	return set;
}

int capability_parse(const char *flag, const char *value, uint64_t *set, struct err *e)
{
	const char *names[CAPABILITIES], *near;
	bool prefixed = strncasecmp(value, "CAP_", 4) == 0;

	if (strcasecmp(value, "ALL") == 0) {
		*set = CAPABILITY_ALL;
		return 0;
	}
	for (size_t i = 0; i < CAPABILITIES; i++) {
		names[i] = capabilities[i].name + (prefixed ? 0 : 4);
		if (strcasecmp(names[i], value) == 0) {
			*set = UINT64_C(1) << i;
			return 0;
		}
	}
	near = str_nearest(value, names, CAPABILITIES);
	return run_wrong(
		e, flag, value, "there is no such capability%s%s", near ? ": did you mean " : "", near ? near : "");
}

void capability_names(struct arena *arena, uint64_t set, char ***names, size_t *n)
{
	*names = arena_alloc(arena, (CAPABILITIES + 1) * sizeof **names);
	*n = 0;
	for (size_t i = 0; i < CAPABILITIES; i++)
		if (set & UINT64_C(1) << i)
			(*names)[(*n)++] = (char *)capabilities[i].name;
}
