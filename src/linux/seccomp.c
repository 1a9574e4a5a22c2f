/* linux.seccomp: which system calls the program may make. runtime-spec config-linux.md "Seccomp"; seccomp(2),
 * libseccomp.
 *
 * The filter is compiled on the host's side, where there are files, memory and the cache. It is loaded as the very last
 * thing before execve, because from then on it judges our own system calls, too; so nothing of ours follows it: the
 * capability that loading needs is not taken away afterwards, as execve does that (caps.c). exec has another way
 * (seccomp_pass.c). */
#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "linux/linux.h"
#include "linux/syscall_filter.h"
#include "step/init.h"
#include "step/launch.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV /* Linux 5.19 */
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#define MAX_ERRNO 4095       /* include/linux/err.h of the kernel, which lowers what is above */
#define TRACE_DATA_MAX 65535 /* SECCOMP_RET_DATA */

/* run.oci.seccomp_fail_unknown_syscall: crun's annotation. */
#define FAIL_UNKNOWN "run.oci.seccomp_fail_unknown_syscall"

static const char *const annotations[] = { FAIL_UNKNOWN, NULL };

const struct name_value filter_actions[] = {
	{ "SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD },
	{ "SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS },
	{ "SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD },
	{ "SCMP_ACT_TRAP", SCMP_ACT_TRAP },
	{ "SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0) },
	{ "SCMP_ACT_TRACE", SCMP_ACT_TRACE(0) },
	{ "SCMP_ACT_ALLOW", SCMP_ACT_ALLOW },
	{ "SCMP_ACT_LOG", SCMP_ACT_LOG },
	{ "SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY },
	{ NULL, 0 },
};

const struct name_value filter_operators[] = {
	{ "SCMP_CMP_NE", SCMP_CMP_NE },
	{ "SCMP_CMP_LT", SCMP_CMP_LT },
	{ "SCMP_CMP_LE", SCMP_CMP_LE },
	{ "SCMP_CMP_EQ", SCMP_CMP_EQ },
	{ "SCMP_CMP_GE", SCMP_CMP_GE },
	{ "SCMP_CMP_GT", SCMP_CMP_GT },
	{ "SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ },
	{ NULL, 0 },
};

const struct name_value filter_archs[] = {
	{ "SCMP_ARCH_X86", SCMP_ARCH_X86 },
	{ "SCMP_ARCH_X86_64", SCMP_ARCH_X86_64 },
	{ "SCMP_ARCH_X32", SCMP_ARCH_X32 },
	{ "SCMP_ARCH_ARM", SCMP_ARCH_ARM },
	{ "SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64 },
#ifdef SCMP_ARCH_LOONGARCH64 /* libseccomp 2.6 */
	{ "SCMP_ARCH_LOONGARCH64", SCMP_ARCH_LOONGARCH64 },
	{ "SCMP_ARCH_M68K", SCMP_ARCH_M68K },
	{ "SCMP_ARCH_SH", SCMP_ARCH_SH },
	{ "SCMP_ARCH_SHEB", SCMP_ARCH_SHEB },
#endif
	{ "SCMP_ARCH_MIPS", SCMP_ARCH_MIPS },
	{ "SCMP_ARCH_MIPS64", SCMP_ARCH_MIPS64 },
	{ "SCMP_ARCH_MIPS64N32", SCMP_ARCH_MIPS64N32 },
	{ "SCMP_ARCH_MIPSEL", SCMP_ARCH_MIPSEL },
	{ "SCMP_ARCH_MIPSEL64", SCMP_ARCH_MIPSEL64 },
	{ "SCMP_ARCH_MIPSEL64N32", SCMP_ARCH_MIPSEL64N32 },
	{ "SCMP_ARCH_PPC", SCMP_ARCH_PPC },
	{ "SCMP_ARCH_PPC64", SCMP_ARCH_PPC64 },
	{ "SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE },
	{ "SCMP_ARCH_S390", SCMP_ARCH_S390 },
	{ "SCMP_ARCH_S390X", SCMP_ARCH_S390X },
	{ "SCMP_ARCH_PARISC", SCMP_ARCH_PARISC },
	{ "SCMP_ARCH_PARISC64", SCMP_ARCH_PARISC64 },
	{ "SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64 },
	{ NULL, 0 },
};

const struct name_value filter_flags[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC },
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
	{ NULL, 0 },
};

static const struct oci_seccomp *seccomp_of(const struct oci_config *config)
{
	return config->linux ? config->linux->seccomp : NULL;
}

bool filter_notifies(const struct oci_seccomp *s)
{
	for (size_t i = 0; i < s->n_syscalls; i++)
		if (str_eq(s->syscalls[i].action, "SCMP_ACT_NOTIFY"))
			return true;
	return false;
}

/* ---- validation ---- */

static void validate_number(
	const char *path, const char *action, bool given, uint32_t number, struct problems *problems)
{
	if (!given)
		return;
	if (str_eq(action, "SCMP_ACT_ERRNO") && number > MAX_ERRNO)
		problem_add(problems, path, "%u is no error number: Linux knows 0 to %d", number, MAX_ERRNO);
	if (str_eq(action, "SCMP_ACT_TRACE") && number > TRACE_DATA_MAX)
		problem_add(problems, path, "a tracer gets 16 bits, and %u does not fit", number);
}

static void validate_known(
	const struct name_value *table, const char *path, const char *name, struct problems *problems)
{
	if (!name || !name_find(table, name))
		problem_add(problems, path, "\"%s\" is not known", name ? name : "");
}

static void validate_rule(const struct oci_seccomp *s, size_t i, struct problems *problems)
{
	const struct oci_syscall *rule = &s->syscalls[i];
	bool notifies = str_eq(rule->action, "SCMP_ACT_NOTIFY");

	validate_known(filter_actions, AT("linux.seccomp.syscalls[%zu].action", i), rule->action, problems);
	validate_number(AT("linux.seccomp.syscalls[%zu].errnoRet", i), rule->action, rule->has_errno_ret,
		rule->errno_ret, problems);
	for (size_t j = 0; j < rule->n_args; j++) {
		if (rule->args[j].index > 5)
			problem_add(problems, AT("linux.seccomp.syscalls[%zu].args[%zu].index", i, j),
				"a system call has arguments 0 to 5, and %u is none of them", rule->args[j].index);
		validate_known(filter_operators, AT("linux.seccomp.syscalls[%zu].args[%zu].op", i, j), rule->args[j].op,
			problems);
	}
	if (notifies && !s->listener_path)
		problem_add(problems, AT("linux.seccomp.syscalls[%zu].action", i),
			"SCMP_ACT_NOTIFY needs linux.seccomp.listenerPath, where the agent listens");
	for (size_t j = 0; notifies && j < rule->n_names; j++)
		if (strcmp(rule->names[j], "write") == 0)
			problem_add(problems, AT("linux.seccomp.syscalls[%zu].names[%zu]", i, j),
				"SCMP_ACT_NOTIFY cannot be used for write, by which the start of the container is "
				"reported");
}

static void validate(const struct oci_config *config, struct problems *problems)
{
	const struct oci_seccomp *s = seccomp_of(config);

	if (!s)
		return;
	validate_known(filter_actions, "linux.seccomp.defaultAction", s->default_action, problems);
	if (str_eq(s->default_action, "SCMP_ACT_NOTIFY"))
		problem_add(problems, "linux.seccomp.defaultAction",
			"SCMP_ACT_NOTIFY cannot be the default: an agent that has to answer every call never gets to "
			"answer");
	validate_number("linux.seccomp.defaultErrnoRet", s->default_action, s->has_default_errno_ret,
		s->default_errno_ret, problems);
	if (s->listener_metadata && !s->listener_path)
		problem_add(problems, "linux.seccomp.listenerMetadata",
			"there is no linux.seccomp.listenerPath that would get it");
	for (size_t i = 0; i < s->n_flags; i++)
		validate_known(filter_flags, AT("linux.seccomp.flags[%zu]", i), s->flags[i], problems);
	for (size_t i = 0; i < s->n_syscalls; i++)
		validate_rule(s, i, problems);
}

/* ---- features ---- */

static void report_names(
	struct json_out *out, const char *key, const struct name_value *table, bool (*shown)(const struct name_value *))
{
	json_key(out, key);
	json_open_array(out);
	for (; table->name; table++)
		if (!shown || shown(table))
			json_string(out, table->name);
	json_close_array(out);
}

/* The kernel looks at the flags before it looks at the program, and there is no program at NULL. */
static bool flag_supported(const struct name_value *flag)
{
	unsigned flags = flag->value;

	if (flags == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
		flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER; /* refused alone */
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, NULL) < 0 && errno == EFAULT;
}

static void report(struct json_out *out)
{
	json_key(out, "seccomp");
	json_open_object(out);
	json_key(out, "enabled");
	json_bool(out, true);
	report_names(out, "actions", filter_actions, NULL);
	report_names(out, "operators", filter_operators, NULL);
	report_names(out, "archs", filter_archs, NULL);
	report_names(out, "knownFlags", filter_flags, NULL);
	report_names(out, "supportedFlags", filter_flags, flag_supported);
	json_close_object(out);
}

static void report_library(struct json_out *out)
{
	const struct scmp_version *v = seccomp_version();
	cleanup_free char *text = mem_printf("%u.%u.%u", v->major, v->minor, v->micro);

	json_key(out, "io.github.seccomp.libseccomp.version");
	json_string(out, text);
}

/* ---- host ---- */

bool filter_wanted(const struct oci_config *config)
{
	return seccomp_of(config) != NULL;
}

static bool fail_unknown(const struct oci_config *config)
{
	const char *value = config_annotation(config, FAIL_UNKNOWN);

	return value && !str_eq(value, "0");
}

/* Without `flags`, the mitigation of CVE-2018-3639 that Linux before 5.16 ties to a filter stays off, as with the other
 * runtimes: it slows down every program. An empty list means no flag. */
static unsigned flags_of(const struct oci_seccomp *s)
{
	unsigned flags = s->flags ? 0 : SECCOMP_FILTER_FLAG_SPEC_ALLOW;

	for (size_t i = 0; i < s->n_flags; i++)
		flags |= name_find(filter_flags, s->flags[i])->value;
	if (filter_notifies(s)) {
		/* Who waits for the agent is one thread; the other one, which talks to it, must stay free
		 * (seccomp_notify.c). */
		flags &= ~SECCOMP_FILTER_FLAG_TSYNC;
		flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	} else {
		/* It is about listeners only, and refused without one. */
		flags &= ~SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	}
	return flags;
}

static int compile(struct launch *l, struct err *e)
{
	const struct oci_seccomp *s = seccomp_of(l->config);
	bool strict = fail_unknown(l->config), cached;
	struct filter program = { 0 };
	uint8_t key[SHA256_SIZE];

	filter_cache_key(s, strict, key);
	cached = filter_cache_get(l->root_fd, key, l->arena, &program);
	if (!cached) {
		if (filter_compile(s, strict, l->arena, &program, e))
			return -1;
		filter_cache_put(l->root_fd, key, &program);
	}
	log_debug("seccomp", "instructions=%u cached=%d", program.len, cached);
	l->kit.seccomp_filter = program.code;
	l->kit.seccomp_len = program.len;
	l->kit.seccomp_flags = flags_of(s);
	return 0;
}

/* ---- child ---- */

int filter_load(const struct kit *k)
{
	struct sock_fprog program = { k->seccomp_len, k->seccomp_filter };

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, k->seccomp_flags, &program);
}

int filter_refused(const struct kit *k, struct err *e)
{
	if (errno == EACCES)
		return err_sys(e, "seccomp: a filter is loaded with CAP_SYS_ADMIN or process.noNewPrivileges only");
	if (errno == EINVAL)
		return err_sys(e, "seccomp: this kernel has not all of linux.seccomp.flags (%#x)", k->seccomp_flags);
	return err_sys(e, "seccomp: load the filter of %u instructions", k->seccomp_len);
}

static int load(struct init *init, struct err *e)
{
	if (init->kit->seccomp_flags & SECCOMP_FILTER_FLAG_NEW_LISTENER)
		return filter_load_notifying(init, e);
	return filter_load(init->kit) == 0 ? 0 : filter_refused(init->kit, e);
}

const struct feature feature_seccomp = { "seccomp", "linux.seccomp", validate, report, .annotations = annotations,
	.report_annotations = report_library };
const struct host_step host_seccomp_compile = { "seccomp", filter_wanted, compile, NULL };
const struct init_step init_seccomp = { "seccomp", filter_wanted, load };
