/* cpu: config-linux.md, "CPU"; cgroup-v1 scheduler/sched-bwc.rst, cgroup-v2.rst "CPU". Burst since Linux 5.14, idle
 * since 5.15.
 *
 * The kernel refuses a quota that is below the burst, and a share of time (quota over period) above the parent's, so
 * the order of the writes depends on what is set already: limits_apply finds it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cgroup/controller.h"

/* log2 by repeated squaring: libm would be one more library to load at every start. */
static double log_2(double x)
{
	double result = 0;
	for (; x >= 2; x /= 2)
		result++;
	for (double bit = 0.5; bit > 1e-13; bit /= 2) {
		x *= x;
		if (x >= 2) {
			x /= 2;
			result += bit;
		}
	}
	return result;
}

/* weight = ceil(10^((l^2 + 125 l) / 612 - 7/34)) with l = log2(shares): the parabola through the least, the default and
 * the greatest value of both scales (2 -> 1, 1024 -> 100, 262144 -> 10000). All runtimes use the same map, or
 * containers of different runtimes would not share a host fairly. */
unsigned cpu_weight(uint64_t shares)
{
	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	double l = log_2((double)shares);
	double exponent = ((l * l + 125 * l) / 612.0 - 7.0 / 34.0) * 3.3219280948873623 /* log2(10) */;
	unsigned low = 1, high = 10000;
	while (low < high) {
		unsigned middle = (low + high) / 2;
		if (log_2(middle) >= exponent - 1e-10)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static const char *shares(const struct oci_resources *r, bool v2, char buf[LIMIT_TEXT])
{
	/* 0 is how engines say that they have no wish. */
	if (!r->cpu || !r->cpu->has_shares || !r->cpu->shares)
		return NULL;
	snprintf(buf, LIMIT_TEXT, "%llu", v2 ? cpu_weight(r->cpu->shares) : (unsigned long long)r->cpu->shares);
	return buf;
}

static const char *period(const struct oci_resources *r, bool v2, char buf[LIMIT_TEXT])
{
	if (!r->cpu || !r->cpu->has_period || !r->cpu->period || (v2 && r->cpu->has_quota && r->cpu->quota))
		return NULL;
	/* On v2 one file holds both; cpu_apply has filled in the quota where there is one. */
	snprintf(buf, LIMIT_TEXT, "%s%llu", v2 ? "max " : "", (unsigned long long)r->cpu->period);
	return buf;
}

static const char *quota(const struct oci_resources *r, bool v2, char buf[LIMIT_TEXT])
{
	if (!r->cpu || !r->cpu->has_quota || !r->cpu->quota)
		return NULL;
	int len = r->cpu->quota < 0 ? snprintf(buf, LIMIT_TEXT, "%s", v2 ? "max" : "-1")
				    : snprintf(buf, LIMIT_TEXT, "%lld", (long long)r->cpu->quota);
	if (v2 && r->cpu->has_period && r->cpu->period)
		snprintf(buf + len, LIMIT_TEXT - (size_t)len, " %llu", (unsigned long long)r->cpu->period);
	return buf;
}

static const char *burst(const struct oci_resources *r, bool v2, char buf[LIMIT_TEXT])
{
	(void)v2;
	if (!r->cpu || !r->cpu->has_burst)
		return NULL;
	snprintf(buf, LIMIT_TEXT, "%llu", (unsigned long long)r->cpu->burst);
	return buf;
}

static const char *idle(const struct oci_resources *r, bool v2, char buf[LIMIT_TEXT])
{
	(void)v2;
	if (!r->cpu || !r->cpu->has_idle)
		return NULL;
	snprintf(buf, LIMIT_TEXT, "%lld", (long long)r->cpu->idle);
	return buf;
}

static const char *realtime_period(const struct oci_resources *r, bool v2, char buf[LIMIT_TEXT])
{
	(void)v2;
	if (!r->cpu || !r->cpu->has_realtime_period || !r->cpu->realtime_period)
		return NULL;
	snprintf(buf, LIMIT_TEXT, "%llu", (unsigned long long)r->cpu->realtime_period);
	return buf;
}

static const char *realtime_runtime(const struct oci_resources *r, bool v2, char buf[LIMIT_TEXT])
{
	(void)v2;
	if (!r->cpu || !r->cpu->has_realtime_runtime || !r->cpu->realtime_runtime)
		return NULL;
	snprintf(buf, LIMIT_TEXT, "%lld", (long long)r->cpu->realtime_runtime);
	return buf;
}

static const char *bandwidth_advice(int errnum)
{
	return errnum == EINVAL ? "quota and period are at least 1000 us, the period at most 1000000 us, and quota "
				  "over period at "
				  "most that of the cgroups above"
				: NULL;
}

static const char *burst_advice(int errnum)
{
	return errnum == EINVAL ? "a burst needs a quota, and is at most as large" : NULL;
}

static const char *shares_advice(int errnum)
{
	return errnum == EINVAL ? "the cgroup is idle; set linux.resources.cpu.idle to 0 first" : NULL;
}

static const char *realtime_advice(int errnum)
{
	return errnum == EINVAL ? "the cgroups above have no realtime runtime to give, and it is at most the period"
				: NULL;
}

static const struct limit limits[] = {
	{ "cpu.idle", "cpu.idle", "cpu.idle", idle, NULL },
	{ "cpu.shares", "cpu.shares", "cpu.weight", shares, shares_advice },
	{ "cpu.period", "cpu.cfs_period_us", "cpu.max", period, bandwidth_advice },
	{ "cpu.quota", "cpu.cfs_quota_us", "cpu.max", quota, bandwidth_advice },
	{ "cpu.burst", "cpu.cfs_burst_us", "cpu.max.burst", burst, burst_advice },
	{ "cpu.realtimePeriod", "cpu.rt_period_us", NULL, realtime_period, realtime_advice },
	{ "cpu.realtimeRuntime", "cpu.rt_runtime_us", NULL, realtime_runtime, realtime_advice },
	{ 0 },
};

static void validate(const struct oci_resources *r, bool update, struct problems *problems)
{
	(void)update;
	if (!r->cpu)
		return;
	if (r->cpu->has_idle && (r->cpu->idle < 0 || r->cpu->idle > 1))
		problem_add(problems, "linux.resources.cpu.idle", "%lld is not 0 or 1", (long long)r->cpu->idle);
	if (r->cpu->has_idle && r->cpu->idle == 1 && r->cpu->has_shares && r->cpu->shares)
		problem_add(problems, "linux.resources.cpu.shares",
			"an idle cgroup has no shares of its own; remove cpu.shares or cpu.idle");
	if (r->cpu->has_burst && r->cpu->has_quota && r->cpu->quota > 0 && r->cpu->burst > (uint64_t)r->cpu->quota)
		problem_add(problems, "linux.resources.cpu.burst", "%llu is more than cpu.quota, %lld",
			(unsigned long long)r->cpu->burst, (long long)r->cpu->quota);
}

static int apply(struct hierarchy *h, const struct controller *c, const struct oci_resources *r, struct err *e)
{
	if (!h->v2 || !r->cpu->has_period || (r->cpu->has_quota && r->cpu->quota))
		return limits_apply(h, c, r, e);
	/* cpu.max takes a period only behind a quota: an update of the period alone keeps the quota that is set. */
	char max[LIMIT_TEXT];
	struct oci_cpu cpu = *r->cpu;
	struct oci_resources both = *r;
	both.cpu = &cpu;
	if (control_read(h->dir, "cpu.max", max, sizeof max) > 0 && !str_starts(max, "max")) {
		cpu.quota = strtoll(max, NULL, 10);
		cpu.has_quota = true;
	}
	return limits_apply(h, c, &both, e);
}

const struct controller controller_cpu = {
	.v1 = "cpu", .v2 = "cpu", .limits = limits, .validate = validate, .apply = apply
};
