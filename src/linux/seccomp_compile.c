/* linux.seccomp to BPF: seccomp_number.c makes the part that goes by the number of the call alone, and libseccomp, behind
 * it, what is about arguments, what has no number of its own, and what another architecture gets. */
#include <errno.h>
#include <inttypes.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "linux/syscall_filter.h"

#define ARCHS_MAX 32
#define ARGS_MAX 6
/* From so many names on libseccomp searches by halves. It costs some instructions and compile time, which is cached;
 * the kernel runs the filter once for each number while loading (its bitmap of calls that are always allowed), which is
 * not. */
#define TREE_FROM 32

struct build {
	const struct oci_seccomp *s;
	scmp_filter_ctx ctx;
	uint32_t archs[ARCHS_MAX]; /* SCMP_ARCH_*; the native one is first */
	size_t n_archs;
	struct filter_front front;
	bool strict;
};

static uint32_t action_of(const char *name, bool has_number, uint32_t number)
{
	uint32_t action = name_find(filter_actions, name)->value;

	if (action == SCMP_ACT_ERRNO(0) || action == SCMP_ACT_TRACE(0))
		action |= has_number ? number : EPERM;
	return action;
}

uint32_t filter_default(const struct oci_seccomp *s)
{
	return action_of(s->default_action, s->has_default_errno_ret, s->default_errno_ret);
}

uint32_t filter_action(const struct oci_syscall *rule)
{
	return action_of(rule->action, rule->has_errno_ret, rule->errno_ret);
}

/* libseccomp returns -errno. */
static int refused(struct err *e, int r, const char *what)
{
	errno = -r;
	return err_sys(e, "libseccomp: %s", what);
}

/* A kernel runs programs of one family of architectures. What a profile says of others can never be asked, and each
 * would add its share to the filter. */
static bool runs_here(uint32_t native, uint32_t arch)
{
	if (native == SCMP_ARCH_X86_64)
		return arch == SCMP_ARCH_X86 || arch == SCMP_ARCH_X32;
	if (native == SCMP_ARCH_AARCH64)
		return arch == SCMP_ARCH_ARM;
	return true;
}

static int add_archs(struct build *b, struct err *e)
{
	b->archs[b->n_archs++] = seccomp_arch_native();
	for (size_t i = 0; i < b->s->n_architectures; i++) {
		const struct name_value *arch = name_find(filter_archs, b->s->architectures[i]);
		int r;

		if (!arch || arch->value == b->archs[0])
			continue;
		r = runs_here(b->archs[0], arch->value) ? seccomp_arch_add(b->ctx, arch->value) : -EDOM;
		if (r == -EEXIST)
			continue;
		/* EDOM: the other byte order. */
		if (r == -EDOM || r == -EINVAL) {
			log_debug("seccomp", "architecture=%s left out: it does not run here", arch->name);
			continue;
		}
		if (r < 0) {
			refused(e, r, arch->name);
			return err_wrap(e, "linux.seccomp.architectures[%zu]", i);
		}
		if (b->n_archs < ARCHS_MAX)
			b->archs[b->n_archs++] = arch->value;
	}
	return 0;
}

static struct scmp_arg_cmp comparison(const struct oci_syscall_arg *arg)
{
	return (struct scmp_arg_cmp){
		.arg = arg->index,
		.op = name_find(filter_operators, arg->op)->value,
		.datum_a = arg->value,
		.datum_b = arg->value_two,
	};
}

static bool index_comes_twice(const struct oci_syscall *rule)
{
	unsigned seen = 0;

	for (size_t i = 0; i < rule->n_args; i++) {
		if (seen & 1u << rule->args[i].index)
			return true;
		seen |= 1u << rule->args[i].index;
	}
	return false;
}

/* All conditions of one rule must hold. Where two are about the same argument that would mostly be impossible, and
 * other runtimes have always taken such a rule as one rule for each condition; profiles are written for that. */
static int add_conditions(struct build *b, uint32_t action, int number, const struct oci_syscall *rule)
{
	struct scmp_arg_cmp all[ARGS_MAX];
	int r = 0;

	if (!index_comes_twice(rule)) {
		for (size_t i = 0; i < rule->n_args; i++)
			all[i] = comparison(&rule->args[i]);
		return seccomp_rule_add_array(b->ctx, action, number, rule->n_args, all);
	}
	for (size_t i = 0; i < rule->n_args && r == 0; i++) {
		all[0] = comparison(&rule->args[i]);
		r = seccomp_rule_add_array(b->ctx, action, number, 1, all);
		r = r == -EEXIST ? 0 : r;
	}
	return r;
}

/* first: the index of the rule's first name among all. */
static int add_rule(struct build *b, size_t index, size_t first, struct err *e)
{
	const struct oci_syscall *rule = &b->s->syscalls[index];
	uint32_t action = filter_action(rule);

	/* It says nothing new, and libseccomp takes it as a mistake. */
	if (action == filter_default(b->s))
		return 0;
	for (size_t i = 0; i < rule->n_names; i++) {
		const char *name = rule->names[i];
		int number = seccomp_syscall_resolve_name(name), r;

		if (number == __NR_SCMP_ERROR) {
			if (b->strict)
				return err_set(e,
					"linux.seccomp.syscalls[%zu].names[%zu]: \"%s\" is no system call that "
					"libseccomp knows",
					index, i, name);
			log_debug("seccomp", "syscall=%s left out: libseccomp does not know it", name);
			continue;
		}
		if (rule->n_args == 0 && !b->front.shared[first + i])
			continue;
		r = add_conditions(b, action, number, rule);
		if (r < 0 && r != -EEXIST) {
			refused(e, r, name);
			return err_wrap(e, "linux.seccomp.syscalls[%zu].names[%zu]", index, i);
		}
	}
	return 0;
}

static int add_rules(struct build *b, struct err *e)
{
	size_t names = 0, given = 0;

	for (size_t i = 0; i < b->s->n_syscalls; i++)
		for (size_t j = 0; j < b->s->syscalls[i].n_names; j++)
			given += (b->s->syscalls[i].n_args > 0) | b->front.shared[names++];
	if (given >= TREE_FROM) {
		int r = seccomp_attr_set(b->ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);

		if (r < 0)
			return refused(e, r, "SCMP_FLTATR_CTL_OPTIMIZE");
	}
	names = 0;
	for (size_t i = 0; i < b->s->n_syscalls; names += b->s->syscalls[i].n_names, i++)
		if (add_rule(b, i, names, e))
			return -1;
	return 0;
}

/* ---- */

#if SCMP_VER_MAJOR > 2 || (SCMP_VER_MAJOR == 2 && SCMP_VER_MINOR >= 6)
static int export(scmp_filter_ctx ctx, char **data, size_t *len, struct err *e)
{
	int r = seccomp_export_bpf_mem(ctx, NULL, len);

	if (r < 0)
		return refused(e, r, "seccomp_export_bpf_mem");
	*data = mem_alloc(*len);
	r = seccomp_export_bpf_mem(ctx, *data, len);
	return r < 0 ? refused(e, r, "seccomp_export_bpf_mem") : 0;
}
#else
/* Before 2.6 it writes to a descriptor only. */
static int export(scmp_filter_ctx ctx, char **data, size_t *len, struct err *e)
{
	cleanup_fd int fd = memfd_create("seccomp", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return err_sys(e, "memfd_create");
	r = seccomp_export_bpf(ctx, fd);
	if (r < 0)
		return refused(e, r, "seccomp_export_bpf");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, "lseek");
	return fd_read_all(fd, 16 * BPF_MAXINSNS * sizeof(struct sock_filter), data, len, e);
}
#endif

static int finish(const struct build *b, struct arena *arena, struct filter *program, struct err *e)
{
	cleanup_free char *data = NULL;
	size_t size, n = b->front.len, len;

	if (export(b->ctx, &data, &size, e))
		return -1;
	len = n + size / sizeof *program->code;
	if (len > BPF_MAXINSNS)
		return err_set(e,
			"linux.seccomp: the rules make a filter of %zu instructions, and the kernel takes %d: leave "
			"out "
			"architectures that are not needed, or rules",
			len, BPF_MAXINSNS);
	program->code = arena_alloc(arena, len * sizeof *program->code);
	program->len = len;
	memcpy(program->code, b->front.code, n * sizeof *program->code);
	memcpy(program->code + n, data, size);
	return 0;
}

int filter_compile(const struct oci_seccomp *s, bool strict, struct arena *arena, struct filter *program, struct err *e)
{
	struct build b = { .s = s, .strict = strict, .ctx = seccomp_init(filter_default(s)) };
	int status;

	if (!b.ctx)
		return err_set(e, "libseccomp: no filter with the default action %s can be made", s->default_action);
	status = add_archs(&b, e);
	if (status == 0) {
		filter_numbers(s, b.archs, b.n_archs, &b.front);
		status = add_rules(&b, e) || finish(&b, arena, program, e) ? -1 : 0;
	}
	filter_front_free(&b.front);
	seccomp_release(b.ctx);
	return status;
}
