/* What linux.seccomp says of a system call whatever its arguments are, as BPF: each architecture's numbers in order,
 * searched by halves. That is nearly all of a usual profile, and libseccomp, which goes through its lists for each rule
 * and each jump, would need ten times as long for it. What is left is its work, and follows.
 *
 * Here belongs, too, the answer to system calls that are newer than the profile. A C library tries the new call first
 * and falls back to the old one when it gets ENOSYS; a profile of older date, which refuses what it does not name with
 * EPERM, would break programs on a newer kernel that way (statx, faccessat2, clone3, fchmodat2 ...). The highest number
 * among the calls that a profile names tells how new it is, so what lies beyond gets ENOSYS, where the default action
 * is an error number. */
#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>

#include "linux/syscall_filter.h"

#define X32_BIT 0x40000000u  /* of the kernel's arch/x86 */
#define ARM_PRIVATE 0xf0000u /* __ARM_NR_BASE: calls of the architecture's own, beyond all others */
#define PSEUDO_ABSENT -10000 /* below: a call that the architecture lacks; above: one of many behind one number */
#define JUMP_MAX 255         /* instructions that a conditional jump can skip */

#define LOAD(member) ((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member)))
#define IF(op, value, yes, no) ((struct sock_filter)BPF_JUMP(BPF_JMP | (op) | BPF_K, value, yes, no))
#define SKIP(n) ((struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, n))
#define RETURN(action) ((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action))
#define TO_THE_REST UINT32_MAX /* in SKIP, until it is known how far that is */

/* Numbers that one rule settles; `order` is that of the rules, of which the first one counts. */
struct range {
	uint32_t first, last, action;
	size_t order;
};
/* What is so from this number on, until the next one's. */
struct span {
	uint32_t first, action;
	bool settled;
};
struct numbers {
	struct range *ranges;
	struct span *spans;
	size_t n_ranges, n_spans;
	struct filter_front *front;
};

/* ---- ranges ---- */

static void add_range(struct numbers *t, uint32_t first, uint32_t last, uint32_t action)
{
	t->ranges[t->n_ranges] = (struct range){ first, last, action, t->n_ranges };
	t->n_ranges++;
}

static bool tells_newer(const struct oci_seccomp *s)
{
	return (filter_default(s) & SECCOMP_RET_ACTION_FULL) == SCMP_ACT_ERRNO(0) &&
	       filter_default(s) != SCMP_ACT_ERRNO(ENOSYS);
}

/* last: numbers beyond are not in the architecture's sequence. */
static void add_arch(struct numbers *t, const struct oci_seccomp *s, uint32_t arch, uint32_t last)
{
	int64_t newest = -1;
	size_t index = 0;

	for (size_t i = 0; i < s->n_syscalls; i++) {
		const struct oci_syscall *rule = &s->syscalls[i];
		uint32_t action = filter_action(rule);
		/* A rule that says what holds anyway does not count, be it the first one or not: as in what follows. */
		bool settles = rule->n_args == 0 && action != filter_default(s);

		for (size_t j = 0; j < rule->n_names; j++, index++) {
			int number = seccomp_syscall_resolve_name_arch(arch, rule->names[j]);

			if (number < __NR_SCMP_ERROR && number > PSEUDO_ABSENT)
				t->front->shared[index] = true;
			if (number < 0)
				continue;
			if ((uint32_t)number <= last && number > newest)
				newest = number;
			if (settles)
				add_range(t, (uint32_t)number, (uint32_t)number, action);
		}
	}
	if (newest >= 0 && tells_newer(s))
		add_range(t, (uint32_t)newest + 1, last, SCMP_ACT_ERRNO(ENOSYS));
}

static int by_number(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* ---- spans ---- */

static void add_span(struct numbers *t, struct span span)
{
	struct span *last = t->n_spans ? &t->spans[t->n_spans - 1] : NULL;

	/* What begins where the last one did replaces it, and may then go on what stands before. */
	if (last && last->first == span.first) {
		t->n_spans--;
		last = t->n_spans ? last - 1 : NULL;
	}
	if (last && last->settled == span.settled && last->action == span.action)
		return;
	t->spans[t->n_spans++] = span;
}

static void make_spans(struct numbers *t)
{
	qsort(t->ranges, t->n_ranges, sizeof *t->ranges, by_number);
	t->n_spans = 0;
	add_span(t, (struct span){ 0 });
	for (size_t i = 0; i < t->n_ranges; i++) {
		const struct range *r = &t->ranges[i];

		if (i && r->first == t->ranges[i - 1].first)
			continue;
		add_span(t, (struct span){ r->first, r->action, true });
		if (r->last < UINT32_MAX)
			add_span(t, (struct span){ r->last + 1, 0, false });
	}
}

/* ---- code ---- */

static void emit(struct numbers *t, struct sock_filter instruction)
{
	t->front->code[t->front->len++] = instruction;
}

/* Instructions of a search through n spans. */
static size_t search_len(size_t n)
{
	size_t low = n == 1 ? 1 : search_len(n / 2);

	return n == 1 ? 1 : 1 + (low > JUMP_MAX) + low + search_len(n - n / 2);
}

static void search(struct numbers *t, const struct span *spans, size_t n)
{
	size_t low = n > 1 ? search_len(n / 2) : 0;

	if (n == 1) {
		emit(t, spans->settled ? RETURN(spans->action) : SKIP(TO_THE_REST));
		return;
	}
	if (low > JUMP_MAX) {
		emit(t, IF(BPF_JGE, spans[n / 2].first, 0, 1));
		emit(t, SKIP((uint32_t)low));
	} else {
		emit(t, IF(BPF_JGE, spans[n / 2].first, (uint8_t)low, 0));
	}
	search(t, spans, n / 2);
	search(t, spans + n / 2, n - n / 2);
}

static bool has_arch(const uint32_t *archs, size_t n_archs, uint32_t arch)
{
	for (size_t i = 0; i < n_archs; i++)
		if (archs[i] == arch)
			return true;
	return false;
}

/* x32 is x86_64 to the kernel, with a range of numbers of its own; where the filter is not for it, its numbers are left
 * to what follows. */
static void emit_arch(struct numbers *t, const struct oci_seccomp *s, const uint32_t *archs, size_t n_archs, size_t i)
{
	uint32_t last = archs[i] == SCMP_ARCH_X86_64 ? X32_BIT - 1
			: archs[i] == SCMP_ARCH_ARM  ? ARM_PRIVATE - 1
						     : UINT32_MAX;
	struct filter_front *front = t->front;
	size_t skip;

	add_arch(t, s, archs[i], last);
	if (archs[i] == SCMP_ARCH_X86_64 && has_arch(archs, n_archs, SCMP_ARCH_X32))
		add_arch(t, s, SCMP_ARCH_X32, UINT32_MAX);
	if (!t->n_ranges)
		return;
	make_spans(t);
	front->code = mem_grow(front->code, (front->len + 3 + search_len(t->n_spans)) * sizeof *front->code);
	emit(t, IF(BPF_JEQ, archs[i], 1, 0));
	skip = front->len;
	emit(t, SKIP(0));
	emit(t, LOAD(nr));
	search(t, t->spans, t->n_spans);
	front->code[skip].k = (uint32_t)(front->len - skip - 1);
}

void filter_numbers(const struct oci_seccomp *s, const uint32_t *archs, size_t n_archs, struct filter_front *front)
{
	cleanup_free struct range *ranges = NULL;
	cleanup_free struct span *spans = NULL;
	size_t names = 0;

	for (size_t i = 0; i < s->n_syscalls; i++)
		names += s->syscalls[i].n_names;
	/* At most a range for each name and one of newer calls, twice on x86_64; a span for each, and before and behind. */
	ranges = mem_alloc(2 * (names + 1) * sizeof *ranges);
	spans = mem_alloc((4 * (names + 1) + 1) * sizeof *spans);
	*front = (struct filter_front){ .code = mem_alloc(sizeof *front->code), .shared = mem_alloc(names) };
	emit(&(struct numbers){ .front = front }, LOAD(arch));
	for (size_t i = 0; i < n_archs; i++)
		if (archs[i] != SCMP_ARCH_X32)
			emit_arch(&(struct numbers){ .ranges = ranges, .spans = spans, .front = front }, s, archs,
				n_archs, i);
	for (size_t i = 0; i < front->len; i++)
		if (front->code[i].code == (BPF_JMP | BPF_JA) && front->code[i].k == TO_THE_REST)
			front->code[i].k = (uint32_t)(front->len - i - 1);
	if (front->len == 1)
		front->len = 0;
}

void filter_front_free(struct filter_front *front)
{
	free(front->code);
	free(front->shared);
}
