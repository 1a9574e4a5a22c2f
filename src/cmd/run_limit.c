/* Memory, CPU, process and resource limits of `hind run`. */
#include <string.h>

#include "base/str.h"
#include "cmd/run_part.h"

#define SIZE_REASON "it is a number of bytes, or of units of 1024 with k, m or g behind it, as in 0.5g"

/* -1 (no limit) or a size. */
static int size_or_none(const char *flag, const char *value, int64_t *out, struct err *e)
{
	uint64_t size;

	if (strcmp(value, "-1") == 0) {
		*out = -1;
		return 0;
	}
	if (str_size(value, &size) || size > INT64_MAX)
		return run_wrong(e, flag, value, SIZE_REASON);
	*out = (int64_t)size;
	return 0;
}

static int memory_limit(const struct run_flags *flags, struct oci_memory *memory, struct err *e)
{
	uint64_t bytes;

	if (flags->memory) {
		if (size_or_none("memory", flags->memory, &memory->limit, e))
			return -1;
		memory->has_limit = memory->limit != 0; /* 0 is no limit, as with docker */
	}
	if (!flags->memory_limit_bytes)
		return 0;
	if (str_u64(flags->memory_limit_bytes, INT64_MAX, &bytes) || bytes == 0)
		return run_wrong(e, "memory-limit-bytes", flags->memory_limit_bytes,
			"it is a number of bytes from 1; --memory takes units");
	if (memory->has_limit && memory->limit != (int64_t)bytes)
		return run_wrong(e, "memory-limit-bytes", flags->memory_limit_bytes,
			"--memory \"%s\" says another limit: give one of them", flags->memory);
	memory->limit = (int64_t)bytes;
	memory->has_limit = true;
	return 0;
}

static int memory_swap(const struct run_flags *flags, struct oci_memory *memory, struct err *e)
{
	const char *value = flags->memory_swap;

	if (!value)
		return 0;
	if (!memory->has_limit)
		return run_wrong(e, "memory-swap", value, "it includes the memory, so it needs --memory too");
	if (size_or_none("memory-swap", value, &memory->swap, e))
		return -1;
	if (memory->swap != -1 && (memory->limit == -1 || memory->swap < memory->limit))
		return run_wrong(e, "memory-swap", value, "it includes the memory, so it cannot be less than --memory");
	memory->has_swap = true;
	return 0;
}

static int memory(struct run_build *b, struct err *e)
{
	const struct run_flags *flags = b->flags;
	struct oci_memory *m = arena_alloc(b->arena, sizeof *m);

	if (memory_limit(flags, m, e) || memory_swap(flags, m, e))
		return -1;
	if (flags->memory_reservation) {
		if (size_or_none("memory-reservation", flags->memory_reservation, &m->reservation, e))
			return -1;
		if (m->has_limit && m->limit >= 0 && m->reservation > m->limit)
			return run_wrong(
				e, "memory-reservation", flags->memory_reservation, "it cannot be more than --memory");
		m->has_reservation = true;
	}
	if (flags->memory_swappiness) {
		if (str_u64(flags->memory_swappiness, 100, &m->swappiness))
			return run_wrong(
				e, "memory-swappiness", flags->memory_swappiness, "it is a number from 0 to 100");
		m->has_swappiness = true;
	}
	if (m->has_limit || m->has_reservation || m->has_swappiness)
		b->config->linux->resources->memory = m;
	return 0;
}

/* "1.5" with a period of 100000 is 150000. */
static int cpus_quota(const char *value, uint64_t period, int64_t *quota, struct err *e)
{
	const char *end;
	uint64_t whole, part;

	if (str_decimal(value, &end, &whole, &part) || *end || whole > 8192)
		return run_wrong(e, "cpus", value, "it is a decimal number, as in 1.5; Linux has 8192 CPUs at most");
	*quota = (int64_t)(whole * period + part * period / 1000000);
	if (*quota < 1000)
		return run_wrong(e, "cpus", value, "the kernel's least quota is 1000 microseconds a period, so 0.01");
	return 0;
}

static int cpu_time(const struct run_flags *flags, struct oci_cpu *cpu, struct err *e)
{
	if (flags->cpus && (flags->cpu_quota_us || flags->cpu_period_us))
		return run_wrong(e, "cpus", flags->cpus, "it sets quota and period itself: leave out %s",
			flags->cpu_quota_us ? "--cpu-quota-us" : "--cpu-period-us");
	if (flags->cpus) {
		cpu->period = 100000;
		cpu->has_period = cpu->has_quota = true;
		return cpus_quota(flags->cpus, cpu->period, &cpu->quota, e);
	}
	if (flags->cpu_period_us) {
		if (str_u64(flags->cpu_period_us, 1000000, &cpu->period) || cpu->period < 1000)
			return run_wrong(
				e, "cpu-period-us", flags->cpu_period_us, "it is a number from 1000 to 1000000");
		cpu->has_period = true;
	}
	if (flags->cpu_quota_us) {
		if (str_i64(flags->cpu_quota_us, &cpu->quota) || (cpu->quota < 1000 && cpu->quota != -1))
			return run_wrong(e, "cpu-quota-us", flags->cpu_quota_us,
				"it is a number of microseconds from 1000, or -1 for no limit");
		cpu->has_quota = true;
	}
	return 0;
}

/* "0-2,4": numbers and ranges. */
static int cpu_list(const char *flag, const char *value, struct err *e)
{
	const char *p = value;

	while (*p) {
		size_t n = strspn(p, "0123456789");

		p += n;
		if (n > 0 && *p == '-') {
			n = strspn(++p, "0123456789");
			p += n;
		}
		if (n == 0 || (*p && *p != ',') || (*p == ',' && !p[1]))
			break;
		if (!*p)
			return 0;
		p++;
	}
	return run_wrong(e, flag, value, "it is a list of numbers and ranges, as in 0-2,4");
}

static int cpu(struct run_build *b, struct err *e)
{
	const struct run_flags *flags = b->flags;
	struct oci_cpu *cpu = arena_alloc(b->arena, sizeof *cpu);

	if (cpu_time(flags, cpu, e))
		return -1;
	if (flags->cpu_shares) {
		if (str_u64(flags->cpu_shares, 262144, &cpu->shares) || cpu->shares < 2)
			return run_wrong(e, "cpu-shares", flags->cpu_shares, "it is a number from 2 to 262144");
		cpu->has_shares = true;
	}
	if (flags->cpuset_cpus && cpu_list("cpuset-cpus", flags->cpuset_cpus, e))
		return -1;
	if (flags->cpuset_mems && cpu_list("cpuset-mems", flags->cpuset_mems, e))
		return -1;
	cpu->cpus = flags->cpuset_cpus;
	cpu->mems = flags->cpuset_mems;
	if (cpu->has_period || cpu->has_quota || cpu->has_shares || cpu->cpus || cpu->mems)
		b->config->linux->resources->cpu = cpu;
	return 0;
}

static int pids(struct run_build *b, struct err *e)
{
	const char *value = b->flags->pids_limit;
	struct oci_pids *pids;

	if (!value)
		return 0;
	pids = arena_alloc(b->arena, sizeof *pids);
	if (str_i64(value, &pids->limit) || pids->limit < -1)
		return run_wrong(e, "pids-limit", value, "it is a number from 1, or -1 for no limit");
	if (pids->limit == 0) /* no limit, as with docker */
		pids->limit = -1;
	pids->has_limit = true;
	b->config->linux->resources->pids = pids;
	return 0;
}

static const char *const ulimits[] = { "as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice",
	"nofile", "nproc", "rss", "rtprio", "rttime", "sigpending", "stack" };

static int ulimit_value(const char *flag_value, const char *s, uint64_t *out, struct err *e)
{
	if (strcmp(s, "-1") == 0 || strcmp(s, "unlimited") == 0) {
		*out = UINT64_MAX;
		return 0;
	}
	if (str_u64(s, UINT64_MAX, out))
		return run_wrong(e, "ulimit", flag_value, "\"%s\" is neither a number nor \"unlimited\"", s);
	return 0;
}

static int ulimit(struct arena *arena, const char *value, struct oci_rlimit *limit, struct err *e)
{
	const char *rest = value, *near;
	char *name = run_piece(arena, &rest, '='), *soft, *hard;
	char type[32] = "RLIMIT_";
	bool known = false;

	for (size_t i = 0; i < ARRAY_LEN(ulimits); i++)
		known |= strcmp(ulimits[i], name) == 0;
	near = str_nearest(name, ulimits, ARRAY_LEN(ulimits));
	if (!known)
		return run_wrong(e, "ulimit", value, "there is no limit \"%s\"%s%s%s", name,
			near ? ": did you mean " : "", near ? near : "", near ? "?" : "");
	if (!rest)
		return run_wrong(e, "ulimit", value, "it is written %s=SOFT or %s=SOFT:HARD", name, name);
	soft = run_piece(arena, &rest, ':');
	hard = rest ? run_piece(arena, &rest, ':') : soft;
	if (ulimit_value(value, soft, &limit->soft, e) || ulimit_value(value, hard, &limit->hard, e))
		return -1;
	if (rest)
		return run_wrong(e, "ulimit", value, "it is written %s=SOFT or %s=SOFT:HARD", name, name);
	if (limit->soft > limit->hard)
		return run_wrong(e, "ulimit", value, "the soft limit cannot be above the hard one");
	for (size_t i = 0; name[i]; i++)
		type[7 + i] = (char)(name[i] - 'a' + 'A');
	limit->type = arena_strdup(arena, type);
	limit->has_soft = limit->has_hard = true;
	return 0;
}

static int ulimit_list(struct run_build *b, struct err *e)
{
	const struct opt_list *list = &b->flags->ulimit;
	struct oci_rlimit *all = arena_alloc(b->arena, (list->n + 1) * sizeof *all);
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		struct oci_rlimit limit = { 0 };
		size_t at = 0;

		if (ulimit(b->arena, list->v[i], &limit, e))
			return -1;
		while (at < n && strcmp(all[at].type, limit.type) != 0)
			at++;
		all[at] = limit; /* the last one counts */
		n += at == n;
	}
	if (n) {
		b->config->process->rlimits = all;
		b->config->process->n_rlimits = n;
	}
	return 0;
}

int run_limits(struct run_build *b, struct err *e)
{
	return memory(b, e) || cpu(b, e) || pids(b, e) || ulimit_list(b, e) ? -1 : 0;
}
