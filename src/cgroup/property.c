/* linux.resources as properties of a scope; systemd.resource-control(5), org.freedesktop.systemd1(5).
 *
 * systemd writes what it was told whenever it goes over its units (daemon-reload), so what it does not know would be
 * undone, or set back, by it. The control files are written as well, afterwards: they are exact where a property is
 * rounded, a limit without a property is told in no other way, and a refused write is an error, where systemd only logs
 * it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup/controller.h"
#include "cgroup/device_list.h"
#include "cgroup/systemd.h"
#include "sys/dbus.h"

#define INFINITE UINT64_MAX
#define CPUS_MAX 8192
#define PERCENT_US 10000 /* of CPUQuotaPerSecUSec: what systemd writes down for a reload is in whole percents */

/* --- elements of "a(sv)" --- */

static void put_name(struct text *t, const char *name, const char *signature)
{
	dbus_put_struct(t);
	dbus_put_string(t, name);
	dbus_put_signature(t, signature);
}

void property_bool(struct text *t, const char *name, bool value)
{
	put_name(t, name, "b");
	dbus_put_u32(t, value);
}

void property_string(struct text *t, const char *name, const char *value)
{
	put_name(t, name, "s");
	dbus_put_string(t, value);
}

void property_u64(struct text *t, const char *name, uint64_t value)
{
	put_name(t, name, "t");
	dbus_put_u64(t, value);
}

/* --- numbers --- */

static void put_bytes(struct text *t, const char *name, bool has, int64_t value)
{
	if (has && value)
		property_u64(t, name, value < 0 ? INFINITE : (uint64_t)value);
}

static bool file_number(const char *text, uint64_t *value)
{
	char *end;
	if (!strncmp(text, "max", 3)) {
		*value = INFINITE;
		return true;
	}
	*value = strtoull(text, &end, 10);
	return end != text && (!*end || *end == '\n');
}

/* What a file of the cgroup holds: an update of one of two that belong together keeps the other. What is asked for itself is
 * not read back: systemd may go over its units at any time, and has written the old one then. */
static bool file_holds(const char *dir, const char *file, char text[LIMIT_TEXT])
{
	return dir && control_read(dir, file, text, LIMIT_TEXT) > 0;
}

static void memory(struct text *t, const struct oci_memory *m, const char *dir)
{
	char text[LIMIT_TEXT];
	uint64_t swap;
	put_bytes(t, "MemoryMax", m->has_limit, m->limit);
	put_bytes(t, "MemoryLow", m->has_reservation, m->reservation);
	if (m->has_swap && m->swap > 0 && m->has_limit && m->limit > 0)
		property_u64(t, "MemorySwapMax", (uint64_t)(m->swap - m->limit));
	else if (m->has_swap && m->swap < 0)
		property_u64(t, "MemorySwapMax", INFINITE);
	else if (file_holds(dir, "memory.swap.max", text) && file_number(text, &swap))
		property_u64(t, "MemorySwapMax", swap);
	else if (m->has_swap && m->swap)
		property_u64(t, "MemorySwapMax", INFINITE);
}

static void quota(struct text *t, int64_t quota, uint64_t period)
{
	if (period)
		property_u64(t, "CPUQuotaPeriodUSec", period);
	else
		period = 100000;
	if (quota < 0)
		property_u64(t, "CPUQuotaPerSecUSec", INFINITE);
	else if (quota > 0 && (uint64_t)quota < INFINITE / 1000000)
		property_u64(t, "CPUQuotaPerSecUSec",
			((uint64_t)quota * 1000000 / period + PERCENT_US - 1) / PERCENT_US * PERCENT_US);
}

/* The text of cpu.max: "20000 100000", "max". */
static void parse_quota(const char *text, int64_t *value, uint64_t *period)
{
	*value = str_starts(text, "max") ? -1 : strtoll(text, NULL, 10);
	*period = strtoull(text + strcspn(text, " "), NULL, 10);
}

static void quota_text(struct text *t, const char *text)
{
	int64_t value;
	uint64_t period;
	parse_quota(text, &value, &period);
	quota(t, value, period);
}

static void quota_and_period(struct text *t, const struct oci_cpu *c, const char *dir)
{
	char text[LIMIT_TEXT];
	int64_t value = 0;
	uint64_t period = 0;
	if (file_holds(dir, "cpu.max", text))
		parse_quota(text, &value, &period);
	if (c->has_quota && c->quota)
		value = c->quota;
	if (c->has_period && c->period)
		period = c->period;
	quota(t, value, period);
}

/* "0-3,7" as the bits of a CPU set; false where it is no such list, which the kernel will say better. */
static bool parse_set(const char *list, unsigned char bits[CPUS_MAX / 8], size_t *len)
{
	memset(bits, 0, CPUS_MAX / 8);
	*len = 0;
	for (const char *p = list; *p;) {
		char *end;
		unsigned long first = strtoul(p, &end, 10), last = first;
		if (end == p)
			return false;
		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		if (first > last || last >= CPUS_MAX)
			return false;
		for (; first <= last; first++)
			bits[first / 8] |= (unsigned char)(1 << first % 8);
		*len = last / 8 + 1 > *len ? last / 8 + 1 : *len;
		p = end + (*end == ',');
		if (*end && *end != ',' && *end != '\n')
			return false;
		p += *p == '\n';
	}
	return true;
}

static void put_set(struct text *t, const char *name, const char *list)
{
	unsigned char bits[CPUS_MAX / 8];
	size_t len;
	if (!list || !*list || !parse_set(list, bits, &len))
		return;
	put_name(t, name, "ay");
	size_t begin = dbus_put_array(t, "y");
	for (size_t i = 0; i < len; i++)
		dbus_put_byte(t, bits[i]);
	dbus_end_array(t, begin);
}

static void cpu(struct text *t, const struct oci_cpu *c, const char *dir)
{
	/* "idle" is the weight 0, which cpu.idle stands for. */
	if (c->has_idle && c->idle == 1)
		property_u64(t, "CPUWeight", 0);
	else if (c->has_shares && c->shares)
		property_u64(t, "CPUWeight", cpu_weight(c->shares));
	if (c->has_quota || c->has_period)
		quota_and_period(t, c, dir);
	put_set(t, "AllowedCPUs", c->cpus);
	put_set(t, "AllowedMemoryNodes", c->mems);
}

/* --- block devices: their numbers as the link that udev makes --- */

static void put_device_rates(struct text *t, const char *name, const struct oci_throttle_device *v, size_t n)
{
	if (!n)
		return;
	put_name(t, name, "a(st)");
	size_t begin = dbus_put_array(t, "(st)");
	for (size_t i = 0; i < n; i++) {
		char path[64];
		snprintf(path, sizeof path, "/dev/block/%lld:%lld", (long long)v[i].major, (long long)v[i].minor);
		dbus_put_struct(t);
		dbus_put_string(t, path);
		dbus_put_u64(t, v[i].rate ? v[i].rate : INFINITE);
	}
	dbus_end_array(t, begin);
}

static void io(struct text *t, const struct oci_block_io *b)
{
	if (b->has_weight && b->weight)
		property_u64(t, "IOWeight", io_weight(b->weight));
	put_device_rates(t, "IOReadBandwidthMax", b->throttle_read_bps_device, b->n_throttle_read_bps_device);
	put_device_rates(t, "IOWriteBandwidthMax", b->throttle_write_bps_device, b->n_throttle_write_bps_device);
	put_device_rates(t, "IOReadIOPSMax", b->throttle_read_iops_device, b->n_throttle_read_iops_device);
	put_device_rates(t, "IOWriteIOPSMax", b->throttle_write_iops_device, b->n_throttle_write_iops_device);
}

/* --- devices --- */

static void put_exception(struct text *t, const struct device_exception *x)
{
	char node[64];
	const char *kind = x->type == 'b' ? "block" : "char";
	if (x->major < 0)
		snprintf(node, sizeof node, "%s-*", kind);
	else if (x->minor < 0)
		snprintf(node, sizeof node, "%s-%lld", kind, (long long)x->major);
	else
		snprintf(node, sizeof node, "/dev/%s/%lld:%lld", kind, (long long)x->major, (long long)x->minor);
	char access[4];
	snprintf(access, sizeof access, "%s%s%s", x->access & DEVICE_READ ? "r" : "",
		x->access & DEVICE_WRITE ? "w" : "", x->access & DEVICE_MKNOD ? "m" : "");
	dbus_put_struct(t);
	dbus_put_string(t, node);
	dbus_put_string(t, access);
}

/* systemd has lists of what is allowed only. "All but ..." is left to our own program, beside which systemd has none. */
static bool expressible(const struct device_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].major < 0 && list->v[i].minor >= 0)
			return false;
	return !list->allow;
}

static void devices(struct text *t, const struct oci_resources *r)
{
	struct device_list list;
	device_list_make(&list, r);
	property_string(t, "DevicePolicy", expressible(&list) ? "strict" : "auto");
	/* An empty list forgets the one before, and the other is added to it. */
	put_name(t, "DeviceAllow", "a(ss)");
	dbus_end_array(t, dbus_put_array(t, "(ss)"));
	if (expressible(&list)) {
		put_name(t, "DeviceAllow", "a(ss)");
		size_t begin = dbus_put_array(t, "(ss)");
		for (size_t i = 0; i < list.n; i++)
			put_exception(t, &list.v[i]);
		dbus_end_array(t, begin);
	}
	free(list.v);
}

/* --- linux.resources.unified --- */

static void unified(struct text *t, const char *file, const char *value)
{
	static const struct {
		const char *file, *property;
	} numbers[] = { { "memory.min", "MemoryMin" }, { "memory.low", "MemoryLow" }, { "memory.high", "MemoryHigh" },
		{ "memory.max", "MemoryMax" }, { "memory.swap.max", "MemorySwapMax" }, { "cpu.weight", "CPUWeight" },
		{ "pids.max", "TasksMax" }, { "io.weight", "IOWeight" } };
	uint64_t number;
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (str_eq(file, numbers[i].file) &&
			file_number(value + (str_starts(value, "default ") ? strlen("default ") : 0), &number))
			property_u64(t, numbers[i].property, number);
	if (str_eq(file, "cpu.max"))
		quota_text(t, value);
	if (str_eq(file, "cpu.idle") && *value == '1')
		property_u64(t, "CPUWeight", 0);
	if (str_eq(file, "cpuset.cpus"))
		put_set(t, "AllowedCPUs", value);
	if (str_eq(file, "cpuset.mems"))
		put_set(t, "AllowedMemoryNodes", value);
}

void property_resources(struct text *t, const struct oci_resources *r, bool user, const char *dir)
{
	if (r->memory)
		memory(t, r->memory, dir);
	if (r->cpu)
		cpu(t, r->cpu, dir);
	if (r->pids && r->pids->has_limit)
		property_u64(t, "TasksMax",
			r->pids->limit < 0 ? INFINITE
			: r->pids->limit   ? (uint64_t)r->pids->limit
					   : 1);
	if (r->block_io)
		io(t, r->block_io);
	/* A user's manager may load no program for them. */
	if (r->n_devices && !user)
		devices(t, r);
	for (size_t i = 0; i < r->n_unified; i++)
		unified(t, r->unified[i].key, r->unified[i].value);
}
