/* memory: config-linux.md, "Memory"; cgroup-v1/memory.rst, cgroup-v2.rst "Memory".
 *
 * v1 counts memory and memory+swap, and the first is never above the second: raising both needs the second written
 * first, lowering both the first; limits_apply finds the order. v2 counts swap by itself, so its limit is the
 * difference. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "cgroup/controller.h"

#define KERNEL_TCP_FILE "memory.kmem.tcp.limit_in_bytes"

static const char *bytes(int64_t value, bool v2, char buf[LIMIT_TEXT])
{
	snprintf(buf, LIMIT_TEXT, value < 0 && v2 ? "max" : "%lld", value < 0 ? -1LL : (long long)value);
	return buf;
}

/* Engines say 0 where they have no wish: no program can live within 0 bytes. */
static const char *limit(const struct oci_resources *r, bool v2, char buf[LIMIT_TEXT])
{
	return r->memory && r->memory->has_limit && r->memory->limit ? bytes(r->memory->limit, v2, buf) : NULL;
}

static const char *reservation(const struct oci_resources *r, bool v2, char buf[LIMIT_TEXT])
{
	if (!r->memory || !r->memory->has_reservation || !r->memory->reservation)
		return NULL;
	return bytes(r->memory->reservation, v2, buf);
}

static const char *swap(const struct oci_resources *r, bool v2, char buf[LIMIT_TEXT])
{
	const struct oci_memory *m = r->memory;
	if (!m || !m->has_swap || !m->swap)
		return NULL;
	return bytes(v2 && m->swap > 0 ? m->swap - m->limit : m->swap, v2, buf);
}

static const char *swappiness(const struct oci_resources *r, bool v2, char buf[LIMIT_TEXT])
{
	(void)v2;
	if (!r->memory || !r->memory->has_swappiness)
		return NULL;
	snprintf(buf, LIMIT_TEXT, "%llu", (unsigned long long)r->memory->swappiness);
	return buf;
}

/* v1 alone: v2 counts the buffers of TCP as memory like any other. */
static const char *kernel_tcp(const struct oci_resources *r, bool v2, char buf[LIMIT_TEXT])
{
	if (v2 || !r->memory || !r->memory->has_kernel_tcp || !r->memory->kernel_tcp)
		return NULL;
	return bytes(r->memory->kernel_tcp, v2, buf);
}

static const char *disable_oom_killer(const struct oci_resources *r, bool v2, char buf[LIMIT_TEXT])
{
	(void)v2;
	(void)buf;
	if (!r->memory || !r->memory->has_disable_oom_killer)
		return NULL;
	return r->memory->disable_oom_killer ? "1" : "0";
}

static const char *limit_advice(int errnum)
{
	return errnum == EBUSY    ? "the processes inside use more and it cannot be reclaimed"
	       : errnum == EINVAL ? "memory cannot be above memory and swap together: set memory.swap, too"
				  : NULL;
}

static const char *swap_advice(int errnum)
{
	return errnum == EINVAL   ? "it counts memory and swap together, so it is at least memory.limit"
	       : errnum == ENOENT ? "the kernel accounts no swap; boot with swapaccount=1, or remove memory.swap"
				  : NULL;
}

static const struct limit limits[] = {
	{ "memory.limit", "memory.limit_in_bytes", "memory.max", limit, limit_advice },
	{ "memory.swap", "memory.memsw.limit_in_bytes", "memory.swap.max", swap, swap_advice },
	{ "memory.reservation", "memory.soft_limit_in_bytes", "memory.low", reservation, NULL },
	{ "memory.kernelTCP", KERNEL_TCP_FILE, NULL, kernel_tcp, NULL },
	{ "memory.swappiness", "memory.swappiness", NULL, swappiness, NULL },
	{ "memory.disableOOMKiller", "memory.oom_control", NULL, disable_oom_killer, NULL },
	{ 0 },
};

static void validate(const struct oci_resources *r, bool update, struct problems *problems)
{
	const struct oci_memory *m = r->memory;
	if (!m)
		return;
	if (m->has_swap && m->swap > 0 && m->has_limit && m->limit > m->swap)
		problem_add(problems, "linux.resources.memory.swap",
			"%lld is less than memory.limit; it counts memory and swap together", (long long)m->swap);
	if (m->has_swap && m->swap > 0 && (m->has_limit ? m->limit <= 0 : !update))
		problem_add(problems, "linux.resources.memory.swap",
			"it counts memory and swap together, so it needs a memory.limit");
	if (m->has_swappiness && m->swappiness > 100)
		problem_add(problems, "linux.resources.memory.swappiness", "%llu is not between 0 and 100",
			(unsigned long long)m->swappiness);
}

/* memory.checkBeforeUpdate: v2 would kill to get below the limit; v1 refuses by itself. */
static int check_usage(const struct hierarchy *h, const struct oci_memory *m, struct err *e)
{
	if (!h->v2 || h->fresh || !m->has_check_before_update || !m->check_before_update || !m->has_limit ||
		m->limit <= 0)
		return 0;
	uint64_t usage = control_number(h->dir, "memory.current", NULL);
	if (usage <= (uint64_t)m->limit)
		return 0;
	return err_set(e,
		"linux.resources.memory.limit: %lld is less than the %llu bytes in use, and checkBeforeUpdate is set",
		(long long)m->limit, (unsigned long long)usage);
}

static bool has_file(const struct hierarchy *h, const char *file)
{
	char buf[LIMIT_TEXT];
	return control_read(h->dir, file, buf, sizeof buf) > 0;
}

/* A kernel without swap accounting has no file for it. That hurts nobody who wants no limit, or no swap at all. */
static bool has_swap_file(const struct hierarchy *h)
{
	return has_file(h, h->v2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes");
}

static bool swap_is_vacuous(const struct oci_memory *m)
{
	return m->has_swap && (m->swap < 0 || (m->swap && m->has_limit && m->swap == m->limit));
}

/* What an update leaves out is in the files. On v2 the limit of swap is the rest that memory.limit leaves. */
static int complete(const struct hierarchy *h, struct oci_memory *m, struct err *e)
{
	/* Without a limit of memory, one of memory and swap would remain, and an update would be refused. */
	if (m->has_limit && m->limit < 0 && !m->has_swap && !h->fresh) {
		m->has_swap = has_swap_file(h);
		m->swap = -1;
	}
	/* The OOM killer is there, unless v1 was told otherwise. */
	if (!m->disable_oom_killer && (h->v2 || h->fresh))
		m->has_disable_oom_killer = false;
	if (!h->v2 || !m->has_swap || m->swap <= 0 || (m->has_limit && m->limit))
		return 0;
	m->has_limit = false;
	m->limit = (int64_t)control_number(h->dir, "memory.max", NULL);
	if (!m->limit)
		return err_set(e, "linux.resources.memory.swap: it counts memory and swap together, so it needs a "
				  "memory.limit, and none is set");
	if (m->limit > m->swap)
		return err_set(e,
			"linux.resources.memory.swap: %lld is less than the memory limit, %lld; it counts memory and "
			"swap "
			"together",
			(long long)m->swap, (long long)m->limit);
	return 0;
}

static int apply(struct hierarchy *h, const struct controller *c, const struct oci_resources *r, struct err *e)
{
	if (check_usage(h, r->memory, e) < 0)
		return -1;
	struct oci_memory m = *r->memory;
	struct oci_resources all = *r;
	all.memory = &m;
	if (complete(h, &m, e) < 0)
		return -1;
	if (swap_is_vacuous(&m) && !has_swap_file(h)) {
		log_debug("cgroup",
			"linux.resources.memory.swap: the kernel accounts no swap, so there is nothing to write");
		m.has_swap = false;
	}
	/* A limit of the kernel's own memory went in Linux 5.16, flat accounting in 5.11. The one of TCP's buffers has
	 * been announced to go from v1. */
	if (m.has_kernel)
		log_info("cgroup", "linux.resources.memory.kernel has no effect: Linux has no such limit");
	if (m.has_kernel_tcp && (h->v2 || !has_file(h, KERNEL_TCP_FILE))) {
		log_info("cgroup", "linux.resources.memory.kernelTCP has no effect: this cgroup has no such limit");
		m.has_kernel_tcp = false;
	}
	if (m.has_use_hierarchy && !m.use_hierarchy)
		log_warn("cgroup",
			"linux.resources.memory.useHierarchy has no effect: Linux accounts hierarchically always");
	return limits_apply(h, c, &all, e);
}

const struct controller controller_memory = {
	.v1 = "memory", .v2 = "memory", .limits = limits, .validate = validate, .apply = apply
};
