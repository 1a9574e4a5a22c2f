/* linux.seccomp: the system call filter. runtime-spec config-linux.md "Seccomp"; seccomp(2), seccomp_rule_add(3).
 *
 * Compiled by the parent, where memory and time are nobody else's, and loaded by the child as the last thing but one before
 * execve, so that the filter has next to nothing of ours to judge. Without no_new_privs that needs CAP_SYS_ADMIN, which
 * init_caps keeps for it. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "linux/linux.h"
#include "step/init.h"
#include "step/launch.h"

#define X32_BIT 0x40000000u

static const struct name_value actions[] = {
	{ "SCMP_ACT_ALLOW", SCMP_ACT_ALLOW },
	{ "SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0) },
	{ "SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD },
	{ "SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS },
	{ "SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD },
	{ "SCMP_ACT_LOG", SCMP_ACT_LOG },
	{ "SCMP_ACT_TRACE", SCMP_ACT_TRACE(0) },
	{ "SCMP_ACT_TRAP", SCMP_ACT_TRAP },
	{ 0 },
};
static const struct name_value operators[] = {
	{ "SCMP_CMP_EQ", SCMP_CMP_EQ },
	{ "SCMP_CMP_GE", SCMP_CMP_GE },
	{ "SCMP_CMP_GT", SCMP_CMP_GT },
	{ "SCMP_CMP_LE", SCMP_CMP_LE },
	{ "SCMP_CMP_LT", SCMP_CMP_LT },
	{ "SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ },
	{ "SCMP_CMP_NE", SCMP_CMP_NE },
	{ 0 },
};
static const struct name_value architectures[] = {
	{ "SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64 },
	{ "SCMP_ARCH_ARM", SCMP_ARCH_ARM },
	{ "SCMP_ARCH_MIPS", SCMP_ARCH_MIPS },
	{ "SCMP_ARCH_MIPS64", SCMP_ARCH_MIPS64 },
	{ "SCMP_ARCH_MIPS64N32", SCMP_ARCH_MIPS64N32 },
	{ "SCMP_ARCH_MIPSEL", SCMP_ARCH_MIPSEL },
	{ "SCMP_ARCH_MIPSEL64", SCMP_ARCH_MIPSEL64 },
	{ "SCMP_ARCH_MIPSEL64N32", SCMP_ARCH_MIPSEL64N32 },
	{ "SCMP_ARCH_PARISC", SCMP_ARCH_PARISC },
	{ "SCMP_ARCH_PARISC64", SCMP_ARCH_PARISC64 },
	{ "SCMP_ARCH_PPC", SCMP_ARCH_PPC },
	{ "SCMP_ARCH_PPC64", SCMP_ARCH_PPC64 },
	{ "SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE },
	{ "SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64 },
	{ "SCMP_ARCH_S390", SCMP_ARCH_S390 },
	{ "SCMP_ARCH_S390X", SCMP_ARCH_S390X },
	{ "SCMP_ARCH_X32", SCMP_ARCH_X32 },
	{ "SCMP_ARCH_X86", SCMP_ARCH_X86 },
	{ "SCMP_ARCH_X86_64", SCMP_ARCH_X86_64 },
	{ 0 },
};
static const struct name_value flags[] = {
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC },
	{ 0 },
};

static const struct oci_seccomp *filter_of(const struct oci_config *config)
{
	return config->linux ? config->linux->seccomp : NULL;
}

static bool wanted(const struct oci_config *config)
{
	return filter_of(config) != NULL;
}

static void validate_action(const char *path, const char *action, struct problems *problems)
{
	if (str_eq(action, "SCMP_ACT_NOTIFY"))
		problem_add(problems, path, "SCMP_ACT_NOTIFY is not supported by this version of hind");
	else if (action && !name_find(actions, action))
		problem_add(problems, path, "\"%s\" is no action", action);
}

static void validate_names(
	const char *list, char *const *names, size_t n, const struct name_value *table, struct problems *problems)
{
	for (size_t i = 0; i < n; i++)
		if (!name_find(table, names[i]))
			problem_add(problems, AT("linux.seccomp.%s[%zu]", list, i), "\"%s\" is not supported", names[i]);
}

static void validate(const struct oci_config *config, struct problems *problems)
{
	const struct oci_seccomp *s = filter_of(config);

	if (!s)
		return;
	validate_action("linux.seccomp.defaultAction", s->default_action, problems);
	validate_names("architectures", s->architectures, s->n_architectures, architectures, problems);
	validate_names("flags", s->flags, s->n_flags, flags, problems);
	for (size_t i = 0; i < s->n_syscalls; i++) {
		const struct oci_syscall *rule = &s->syscalls[i];

		validate_action(AT("linux.seccomp.syscalls[%zu].action", i), rule->action, problems);
		for (size_t j = 0; j < rule->n_args; j++) {
			if (rule->args[j].index > 5)
				problem_add(problems, AT("linux.seccomp.syscalls[%zu].args[%zu].index", i, j),
					"system calls have the arguments 0 to 5");
			if (!name_find(operators, rule->args[j].op))
				problem_add(problems, AT("linux.seccomp.syscalls[%zu].args[%zu].op", i, j),
					"\"%s\" is no operator", rule->args[j].op);
		}
	}
}

static void report_names(struct json_out *out, const char *key, const struct name_value *table)
{
	json_key(out, key);
	json_open_array(out);
	for (; table->name; table++)
		json_string(out, table->name);
	json_close_array(out);
}

static void report(struct json_out *out)
{
	json_key(out, "seccomp");
	json_open_object(out);
	json_key(out, "enabled");
	json_bool(out, true);
	report_names(out, "actions", actions);
	report_names(out, "operators", operators);
	report_names(out, "archs", architectures);
	report_names(out, "knownFlags", flags);
	report_names(out, "supportedFlags", flags);
	json_close_object(out);
}

static uint32_t action_of(const char *name, bool has_errno, uint32_t errnum)
{
	uint32_t action = name_find(actions, name)->value;

	if (action == SCMP_ACT_ERRNO(0))
		return SCMP_ACT_ERRNO(has_errno ? errnum : EPERM);
	if (action == SCMP_ACT_TRACE(0))
		return SCMP_ACT_TRACE(has_errno ? errnum : EPERM);
	return action;
}

/* Several conditions on one argument cannot be one rule in BPF's sense: the spec takes them as alternatives. */
static int add_rule(scmp_filter_ctx ctx, uint32_t action, int nr, const struct oci_syscall *rule)
{
	struct scmp_arg_cmp cmp[6];
	bool twice = false;

	for (size_t i = 0; i < rule->n_args; i++) {
		const struct oci_syscall_arg *a = &rule->args[i];

		for (size_t j = 0; j < i; j++)
			twice = twice || rule->args[j].index == a->index;
	}
	for (size_t i = 0; i < rule->n_args && i < 6; i++) {
		const struct oci_syscall_arg *a = &rule->args[i];

		cmp[i] = (struct scmp_arg_cmp){ a->index, name_find(operators, a->op)->value, a->value, a->value_two };
		if (twice) {
			int status = seccomp_rule_add_array(ctx, action, nr, 1, &cmp[i]);

			if (status < 0 && status != -EEXIST)
				return status;
		}
	}
	return twice ? 0 : seccomp_rule_add_array(ctx, action, nr, rule->n_args, cmp);
}

static int add_rules(scmp_filter_ctx ctx, const struct oci_seccomp *s, uint32_t default_action, struct err *e)
{
	for (size_t i = 0; i < s->n_syscalls; i++) {
		const struct oci_syscall *rule = &s->syscalls[i];
		uint32_t action = action_of(rule->action, rule->has_errno_ret, rule->errno_ret);

		if (action == default_action)
			continue;
		for (size_t j = 0; j < rule->n_names; j++) {
			int nr = seccomp_syscall_resolve_name(rule->names[j]), status;

			if (nr == __NR_SCMP_ERROR) {
				log_debug("seccomp", "unknown syscall=%s", rule->names[j]);
				continue;
			}
			status = add_rule(ctx, action, nr, rule);
			/* EDOM, EFAULT: not a call of one of the architectures; EEXIST: said twice. */
			if (status == -EDOM || status == -EEXIST)
				continue;
			if (status < 0) {
				errno = -status;
				return err_sys(e, "linux.seccomp.syscalls[%zu]: %s", i, rule->names[j]);
			}
		}
	}
	return 0;
}

/* A call that is newer than everything the profile's author knew: "not there" lets the C library fall back to an older one,
 * where "not permitted" would end the program. The number above which that is so is the profile's highest. */
static int newest_of(const struct oci_seccomp *s, uint32_t arch)
{
	int newest = -1;

	for (size_t i = 0; i < s->n_syscalls; i++)
		for (size_t j = 0; j < s->syscalls[i].n_names; j++) {
			int nr = seccomp_syscall_resolve_name_arch(arch, s->syscalls[i].names[j]);

			if (nr > newest)
				newest = nr;
		}
	return newest;
}

static bool is_lenient(uint32_t action)
{
	return action == SCMP_ACT_ALLOW || action == SCMP_ACT_LOG || action == SCMP_ACT_ERRNO(ENOSYS);
}

/* The instructions for one architecture, put before libseccomp's. */
static size_t newer_part(struct sock_filter *out, uint32_t arch, int newest)
{
	const struct sock_filter part[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (uint32_t)newest, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	};

	memcpy(out, part, sizeof part);
	return sizeof part / sizeof *part;
}

static size_t newer_parts(struct sock_filter *out, const struct oci_seccomp *s)
{
	size_t n = 0;

	for (size_t i = 0; i <= s->n_architectures; i++) {
		uint32_t arch = i < s->n_architectures ? name_find(architectures, s->architectures[i])->value : seccomp_arch_native();
		int newest;

		/* x32 shares x86-64's number of the architecture, and is told apart by the call's. */
		if (arch == SCMP_ARCH_X32 || (i < s->n_architectures && arch == seccomp_arch_native()))
			continue;
		newest = newest_of(s, arch);
		if (newest >= 0)
			n += newer_part(out + n, arch, newest);
	}
	return n;
}

static int export_filter(struct launch *l, scmp_filter_ctx ctx, const struct oci_seccomp *s, bool lenient, struct err *e)
{
	cleanup_fd int fd = memfd_create("seccomp", MFD_CLOEXEC);
	size_t most = (s->n_architectures + 1) * 6, before, len;
	struct sock_filter *filter;
	off_t size;
	int status = fd < 0 ? -errno : seccomp_export_bpf(ctx, fd);

	if (status < 0) {
		errno = -status;
		return err_sys(e, "compile linux.seccomp");
	}
	size = lseek(fd, 0, SEEK_END);
	filter = arena_alloc(l->arena, most * sizeof *filter + size);
	before = lenient ? 0 : newer_parts(filter, s);
	if (size < 0 || pread(fd, filter + before, size, 0) != size)
		return err_sys(e, "read the compiled filter");
	len = before + size / sizeof *filter;
	if (len > BPF_MAXINSNS)
		return err_set(e, "linux.seccomp: %zu instructions, and the kernel takes %d", len, BPF_MAXINSNS);
	l->kit.seccomp_filter = filter;
	l->kit.seccomp_len = len;
	return 0;
}

static int build(struct launch *l, scmp_filter_ctx ctx, const struct oci_seccomp *s, uint32_t default_action, struct err *e)
{
	for (size_t i = 0; i < s->n_architectures; i++) {
		int status = seccomp_arch_add(ctx, name_find(architectures, s->architectures[i])->value);

		if (status < 0 && status != -EEXIST) {
			errno = -status;
			return err_sys(e, "linux.seccomp.architectures[%zu]", i);
		}
	}
	/* A binary tree instead of a list: fewer comparisons for each call where the profile is long. */
	if (s->n_syscalls > 0 && seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2) < 0)
		log_debug("seccomp", "no tree");
	return add_rules(ctx, s, default_action, e) || export_filter(l, ctx, s, is_lenient(default_action), e) ? -1 : 0;
}

static int compile(struct launch *l, struct err *e)
{
	const struct oci_seccomp *s = filter_of(l->config);
	uint32_t default_action = action_of(s->default_action, s->has_default_errno_ret, s->default_errno_ret);
	scmp_filter_ctx ctx = seccomp_init(default_action);
	int status;

	if (!ctx)
		return err_set(e, "seccomp_init");
	status = build(l, ctx, s, default_action, e);
	seccomp_release(ctx);
	for (size_t i = 0; i < s->n_flags; i++)
		l->kit.seccomp_flags |= name_find(flags, s->flags[i])->value;
	log_info("seccomp", "rules=%zu instructions=%u", s->n_syscalls, l->kit.seccomp_len);
	return status;
}

static int load(struct init *init, struct err *e)
{
	const struct sock_fprog program = { init->kit->seccomp_len, init->kit->seccomp_filter };

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, init->kit->seccomp_flags, &program) < 0)
		return err_sys(e, "seccomp(SECCOMP_SET_MODE_FILTER)%s",
			errno == EACCES ? ", which needs CAP_SYS_ADMIN or process.noNewPrivileges" : "");
	return 0;
}

const struct feature feature_seccomp = { "seccomp", "linux.seccomp", validate, report, NULL };
const struct host_step host_seccomp_compile = { "seccomp", wanted, compile, NULL };
const struct init_step init_seccomp = { "seccomp", wanted, load };
