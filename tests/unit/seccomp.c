/* linux.seccomp to BPF: the filter says of every call what libseccomp alone would say of it, which is given all rules
 * here, but for calls that are newer than the profile. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "cmd/default_seccomp.h"
#include "linux/syscall_filter.h"

#define X32_BIT 0x40000000u

/* ---- what the kernel would do with a filter ---- */

/* SECCOMP_RET_*; 1, which is none, where the filter runs out of itself. Jumps go forward only, so it ends. */
static uint32_t run(const struct sock_filter *code, size_t len, const struct seccomp_data *data)
{
	uint32_t a = 0, scratch[BPF_MEMWORDS] = { 0 };

	for (size_t pc = 0; pc < len; pc++) {
		const struct sock_filter *f = &code[pc];

		switch (f->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			memcpy(&a, (const char *)data + f->k, sizeof a);
			break;
		case BPF_LD | BPF_MEM:
			a = scratch[f->k];
			break;
		case BPF_ST:
			scratch[f->k] = a;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= f->k;
			break;
		case BPF_JMP | BPF_JA:
			pc += f->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += a == f->k ? f->jt : f->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			pc += a >= f->k ? f->jt : f->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			pc += a > f->k ? f->jt : f->jf;
			break;
		case BPF_RET | BPF_K:
			return f->k;
		default:
			printf("# instruction %#x is not known to this test\n", f->code);
			return 1;
		}
	}
	return 1;
}

/* ---- libseccomp alone ---- */

static uint32_t action(const char *name, bool given, uint32_t number)
{
	uint32_t value = name_find(filter_actions, name)->value;

	return value == SCMP_ACT_ERRNO(0) || value == SCMP_ACT_TRACE(0) ? value | (given ? number : EPERM) : value;
}

static void add_rule(scmp_filter_ctx ctx, const struct oci_syscall *rule)
{
	struct scmp_arg_cmp args[6];

	for (size_t i = 0; i < rule->n_args; i++)
		args[i] = (struct scmp_arg_cmp){ rule->args[i].index,
			name_find(filter_operators, rule->args[i].op)->value, rule->args[i].value,
			rule->args[i].value_two };
	for (size_t i = 0; i < rule->n_names; i++) {
		int number = seccomp_syscall_resolve_name(rule->names[i]);

		if (number != __NR_SCMP_ERROR)
			(void)seccomp_rule_add_array(ctx, action(rule->action, rule->has_errno_ret, rule->errno_ret),
				number, rule->n_args, args);
	}
}

static size_t reference(const struct oci_seccomp *s, struct sock_filter **code)
{
	scmp_filter_ctx ctx = seccomp_init(action(s->default_action, s->has_default_errno_ret, s->default_errno_ret));
	int fd = memfd_create("reference", MFD_CLOEXEC);
	size_t size;

	for (size_t i = 0; i < s->n_architectures; i++)
		(void)seccomp_arch_add(ctx, name_find(filter_archs, s->architectures[i])->value);
	for (size_t i = 0; i < s->n_syscalls; i++)
		add_rule(ctx, &s->syscalls[i]);
	if (!ctx || fd < 0 || seccomp_export_bpf(ctx, fd) < 0)
		exit(2);
	size = (size_t)lseek(fd, 0, SEEK_END);
	*code = malloc(size);
	if (pread(fd, *code, size, 0) != (ssize_t)size)
		exit(2);
	close(fd);
	seccomp_release(ctx);
	return size / sizeof **code;
}

/* ---- both side by side ---- */

struct compared {
	const struct oci_seccomp *s;
	struct sock_filter *alone;
	size_t alone_len;
	struct filter filter;
	int newest[3]; /* of x86_64, x86, x32: the highest number that the profile names */
	bool x86, x32;
	size_t wrong;
};

static uint32_t expected(const struct compared *c, const struct seccomp_data *data)
{
	uint32_t number = (uint32_t)data->nr,
		 otherwise = action(c->s->default_action, c->s->has_default_errno_ret, c->s->default_errno_ret);
	int newest = -1;

	if (data->arch == AUDIT_ARCH_X86_64 && number < X32_BIT)
		newest = c->newest[0];
	else if (data->arch == AUDIT_ARCH_X86_64 && c->x32)
		newest = c->newest[2];
	else if (data->arch == AUDIT_ARCH_I386 && c->x86)
		newest = c->newest[1];
	if ((otherwise & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO && newest >= 0 && number > (uint32_t)newest)
		return SCMP_ACT_ERRNO(ENOSYS);
	return run(c->alone, c->alone_len, data);
}

static void compare(struct compared *c, uint32_t arch, uint32_t number, uint64_t argument)
{
	struct seccomp_data data = { .nr = (int)number, .arch = arch };
	uint32_t said, want;

	for (size_t i = 0; i < 6; i++)
		data.args[i] = argument;
	said = run(c->filter.code, c->filter.len, &data);
	want = expected(c, &data);
	if (said != want && c->wrong++ < 5)
		printf("# architecture %#x, call %u, arguments %#llx: %#x, not %#x\n", arch, number,
			(unsigned long long)argument, said, want);
}

static void compare_numbers(struct compared *c, uint64_t argument)
{
	static const uint32_t archs[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64 };

	for (size_t i = 0; i < sizeof archs / sizeof *archs; i++) {
		for (uint32_t number = 0; number < 700; number++) {
			compare(c, archs[i], number, argument);
			compare(c, archs[i], number | X32_BIT, argument);
		}
		compare(c, archs[i], UINT32_MAX, argument);
		compare(c, archs[i], X32_BIT - 1, argument);
	}
}

static int newest(const struct oci_seccomp *s, uint32_t arch)
{
	int highest = -1;

	for (size_t i = 0; i < s->n_syscalls; i++)
		for (size_t j = 0; j < s->syscalls[i].n_names; j++) {
			int number = seccomp_syscall_resolve_name_arch(arch, s->syscalls[i].names[j]);

			highest = number > highest ? number : highest;
		}
	return highest;
}

/* Arguments around every value that the rules compare with decide a condition in each way. */
static bool same(const struct oci_seccomp *s)
{
	struct arena *arena = arena_new();
	struct compared c = { .s = s,
		.newest = { newest(s, SCMP_ARCH_X86_64), newest(s, SCMP_ARCH_X86), newest(s, SCMP_ARCH_X32) } };
	struct err e;

	for (size_t i = 0; i < s->n_architectures; i++) {
		c.x86 |= !strcmp(s->architectures[i], "SCMP_ARCH_X86");
		c.x32 |= !strcmp(s->architectures[i], "SCMP_ARCH_X32");
	}
	c.alone_len = reference(s, &c.alone);
	if (filter_compile(s, false, arena, &c.filter, &e)) {
		printf("# %s\n", e.msg);
		c.wrong++;
	}
	compare_numbers(&c, 0);
	compare_numbers(&c, UINT64_MAX);
	for (size_t i = 0; c.filter.len && i < s->n_syscalls; i++)
		for (size_t j = 0; j < s->syscalls[i].n_args; j++)
			for (int d = -1; d <= 1; d++) {
				compare_numbers(&c, s->syscalls[i].args[j].value + (uint64_t)d);
				compare_numbers(&c, s->syscalls[i].args[j].value_two + (uint64_t)d);
			}
	free(c.alone);
	arena_free(arena);
	return c.wrong == 0;
}

/* ---- profiles ---- */

static char *all_archs[] = { "SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32" };

#define NAMES(...) .names = (char *[]){ __VA_ARGS__ }, .n_names = sizeof((char *[]){ __VA_ARGS__ }) / sizeof(char *)
#define WHEN(...)                                                                                                      \
	.args = (struct oci_syscall_arg[]){ __VA_ARGS__ },                                                             \
	.n_args = sizeof((struct oci_syscall_arg[]){ __VA_ARGS__ }) / sizeof(struct oci_syscall_arg)

/* Rules that contradict each other, in the order that makes it hard; calls that share a number on x86 (socket, semop),
 * once with the call that they are all made through and once without. */
static struct oci_syscall hard[] = {
	{ NAMES("read", "write", "no_such_call"), .action = "SCMP_ACT_ALLOW" },
	{ NAMES("read"), .action = "SCMP_ACT_KILL" },
	{ NAMES("personality"), .action = "SCMP_ACT_ALLOW", WHEN({ .index = 0, .value = 8, .op = "SCMP_CMP_EQ" }) },
	{ NAMES("personality"), .action = "SCMP_ACT_LOG" },
	{ NAMES("close"), .action = "SCMP_ACT_ERRNO", .has_errno_ret = true, .errno_ret = 77 },
	{ NAMES("close"), .action = "SCMP_ACT_ALLOW", WHEN({ .index = 0, .value = 5, .op = "SCMP_CMP_GT" }) },
	{ NAMES("clone"), .action = "SCMP_ACT_ALLOW",
		WHEN({ .index = 0, .value = 0x7e020000, .value_two = 0, .op = "SCMP_CMP_MASKED_EQ" }) },
	{ NAMES("ioctl"), .action = "SCMP_ACT_TRAP",
		WHEN({ .index = 1, .value = 0x5412, .op = "SCMP_CMP_EQ" },
			{ .index = 2, .value = 3, .op = "SCMP_CMP_LE" }) },
	{ NAMES("socket", "connect", "semop"), .action = "SCMP_ACT_ALLOW" },
	{ NAMES("bind"), .action = "SCMP_ACT_ERRNO", .has_errno_ret = true, .errno_ret = 13 },
	{ NAMES("chown32", "_llseek", "mmap2", "fcntl", "openat2"), .action = "SCMP_ACT_ALLOW" },
	{ NAMES("openat2"), .action = "SCMP_ACT_TRACE", .has_errno_ret = true, .errno_ret = 9 },
	{ NAMES("socketcall", "ipc"), .action = "SCMP_ACT_LOG" },
};

static bool same_hard(size_t n_rules, const char *default_action, size_t n_archs)
{
	struct oci_seccomp s = { .default_action = (char *)default_action,
		.architectures = all_archs,
		.n_architectures = n_archs,
		.syscalls = hard,
		.n_syscalls = n_rules };

	return same(&s);
}

/* Each second number, so that every one is a span: the searches get as long as they can. */
static bool same_scattered(struct arena *arena)
{
	struct oci_syscall rule = { .action = "SCMP_ACT_ALLOW", .names = arena_alloc(arena, 400 * sizeof(char *)) };
	struct oci_seccomp s = { .default_action = "SCMP_ACT_ERRNO",
		.architectures = all_archs,
		.n_architectures = 3,
		.syscalls = &rule,
		.n_syscalls = 1 };

	for (int number = 0; number < 700; number += 2) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, number);

		if (name)
			rule.names[rule.n_names++] = arena_strdup(arena, name);
		free(name);
	}
	return rule.n_names > 100 && same(&s);
}

int main(void)
{
	static const char *const caps[] = { "CAP_SYS_ADMIN", "CAP_NET_ADMIN" };
	struct arena *arena = arena_new();

	if (seccomp_arch_native() != SCMP_ARCH_X86_64) {
		puts("skip seccomp - the numbers in this test are those of x86_64");
		return 0;
	}
	CHECK("the default profile", same(default_seccomp(NULL, 0, arena)));
	CHECK("the default profile with capabilities", same(default_seccomp(caps, 2, arena)));
	CHECK("rules against each other", same_hard(ARRAY_LEN(hard), "SCMP_ACT_ERRNO", 3));
	CHECK("without socketcall and ipc", same_hard(ARRAY_LEN(hard) - 1, "SCMP_ACT_ERRNO", 3));
	CHECK("without x32", same_hard(ARRAY_LEN(hard) - 1, "SCMP_ACT_ERRNO", 2));
	CHECK("for one architecture", same_hard(ARRAY_LEN(hard), "SCMP_ACT_ERRNO", 1));
	CHECK("everything else killed", same_hard(ARRAY_LEN(hard), "SCMP_ACT_KILL_PROCESS", 3));
	CHECK("everything else allowed", same_hard(ARRAY_LEN(hard) - 1, "SCMP_ACT_ALLOW", 3));
	CHECK("everything else logged", same_hard(ARRAY_LEN(hard), "SCMP_ACT_LOG", 2));
	CHECK("no rule at all", same_hard(0, "SCMP_ACT_ERRNO", 3));
	CHECK("every second call", same_scattered(arena));
	arena_free(arena);
	return check_end();
}
