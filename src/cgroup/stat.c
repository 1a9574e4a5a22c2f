/* What a cgroup has used, as the JSON object that `runc events` has as "data" and engines decode: the same names and units
 * (nanoseconds, bytes), whichever cgroup version they come from. What a kernel or a host does not tell is left out where
 * runc leaves out a zero, and 0 where it does not. cgroup-v1/{cpuacct,memory,cpusets,blkio-controller,hugetlb}.rst,
 * cgroup-v2.rst, accounting/psi.rst. */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "cgroup/controller.h"

#define FILE_MAX (4u << 20)
#define TICK_NS 10000000u /* cpuacct.stat counts in USER_HZ, which is 100 on every architecture of today */

/* --- reading --- */

/* NULL where there is no such file; the caller frees. */
static char *read_file(const char *dir, const char *file)
{
	cleanup_free char *path = mem_printf("%s/%s", dir, file);
	char *text;
	size_t len;
	struct err e;
	return file_read(AT_FDCWD, path, FILE_MAX, &text, &len, &e) < 0 ? NULL : text;
}

static uint64_t number(const char *dir, const char *file)
{
	return control_number(dir, file, NULL);
}

/* The file's number, where "max" is the greatest. */
static uint64_t limit(const char *dir, const char *file)
{
	char text[32];
	if (control_read(dir, file, text, sizeof text) <= 0)
		return 0;
	return str_starts(text, "max") ? UINT64_MAX : strtoull(text, NULL, 10);
}

/* v1's hierarchy by one of its mount options: cpuacct limits nothing, so it is none of the controllers. */
static const struct hierarchy *mounted_with(const struct cgroup *cg, const char *option)
{
	size_t len = strlen(option);
	for (size_t i = 0; i < cg->n; i++)
		for (const char *p = cg->hierarchies[i].options; p && *p; p += strcspn(p, ","), p += *p == ',')
			if (strcspn(p, ",") == len && !strncmp(p, option, len))
				return &cg->hierarchies[i];
	return NULL;
}

/* --- writing --- */

static void put(struct json_out *out, const char *key, uint64_t value)
{
	json_key(out, key);
	json_u64(out, value);
}

static void put_some(struct json_out *out, const char *key, uint64_t value)
{
	if (value)
		put(out, key, value);
}

static void open_object(struct json_out *out, const char *key)
{
	json_key(out, key);
	json_open_object(out);
}

/* Column `column` of all lines that begin with a digit, as an array; nothing where there is none. */
static void put_column(struct json_out *out, const char *key, char *text, int column)
{
	bool any = false;
	char *save;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *p = line;
		if (!isdigit((unsigned char)*p))
			continue;
		for (int i = 0; i < column; i++)
			p += strcspn(p, " "), p += *p == ' ';
		if (!any) {
			json_key(out, key);
			json_open_array(out);
		}
		any = true;
		json_u64(out, strtoull(p, NULL, 10));
	}
	if (any)
		json_close_array(out);
}

/* "0-2,7" as [0,1,2,7] */
static void put_list(struct json_out *out, const char *key, const char *dir, const char *file)
{
	cleanup_free char *text = read_file(dir, file);
	if (!text || !isdigit((unsigned char)*text))
		return;
	json_key(out, key);
	json_open_array(out);
	for (char *p = text; isdigit((unsigned char)*p); p += *p == ',') {
		unsigned long first = strtoul(p, &p, 10), last = *p == '-' ? strtoul(p + 1, &p, 10) : first;
		for (; first <= last; first++)
			json_u64(out, first);
	}
	json_close_array(out);
}

/* Pressure stall information, of v2 alone: "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" */
static void put_pressure(struct json_out *out, const struct hierarchy *h, const char *file)
{
	cleanup_free char *text = h->v2 ? read_file(h->dir, file) : NULL;
	char *save, *save_word;
	if (!text || !*text)
		return;
	open_object(out, "psi");
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		open_object(out, strtok_r(line, " ", &save_word));
		for (char *word; (word = strtok_r(NULL, " ", &save_word));) {
			char *value = strchr(word, '=');
			if (!value)
				continue;
			*value++ = '\0';
			json_key(out, word);
			json_number(out, value);
		}
		json_close_object(out);
	}
	json_close_object(out);
}

/* --- cpu --- */

static void usage_v1(struct json_out *out, const char *dir)
{
	cleanup_free char *all = read_file(dir, "cpuacct.usage_percpu"), *kernel = read_file(dir, "cpuacct.usage_all"),
			  *user = kernel ? mem_strdup(kernel) : NULL;
	put_some(out, "total", number(dir, "cpuacct.usage"));
	for (char *p = all; p && (p = strchr(p, ' '));)
		*p++ = '\n';
	if (all)
		put_column(out, "percpu", all, 0);
	if (kernel) {
		put_column(out, "percpu_kernel", kernel, 2);
		put_column(out, "percpu_user", user, 1);
	}
	put(out, "kernel", control_number(dir, "cpuacct.stat", "system") * TICK_NS);
	put(out, "user", control_number(dir, "cpuacct.stat", "user") * TICK_NS);
}

static void usage_v2(struct json_out *out, const char *dir)
{
	put_some(out, "total", control_number(dir, "cpu.stat", "usage_usec") * 1000);
	put(out, "kernel", control_number(dir, "cpu.stat", "system_usec") * 1000);
	put(out, "user", control_number(dir, "cpu.stat", "user_usec") * 1000);
}

static void cpu(struct json_out *out, const struct cgroup *cg)
{
	const struct hierarchy *h = hierarchy_with(cg, CONTROLLER_CPU), *acct = mounted_with(cg, "cpuacct");
	open_object(out, "cpu");
	open_object(out, "usage");
	if (acct) {
		usage_v1(out, acct->dir);
	} else if (h && h->v2) {
		usage_v2(out, h->dir);
	} else {
		put(out, "kernel", 0);
		put(out, "user", 0);
	}
	json_close_object(out);
	open_object(out, "throttling");
	if (h) {
		put_some(out, "periods", control_number(h->dir, "cpu.stat", "nr_periods"));
		put_some(out, "throttledPeriods", control_number(h->dir, "cpu.stat", "nr_throttled"));
		put_some(out, "throttledTime",
			h->v2 ? control_number(h->dir, "cpu.stat", "throttled_usec") * 1000
			      : control_number(h->dir, "cpu.stat", "throttled_time"));
	}
	json_close_object(out);
	if (h)
		put_pressure(out, h, "cpu.pressure");
	json_close_object(out);
}

static void cpuset(struct json_out *out, const struct cgroup *cg)
{
	static const char *const flags[] = { "cpu_exclusive", "mem_hardwall", "mem_exclusive", "memory_migrate",
		"memory_spread_page", "memory_spread_slab", "memory_pressure", "sched_load_balance" };
	const struct hierarchy *h = hierarchy_with(cg, CONTROLLER_CPUSET);
	char level[24] = "";
	open_object(out, "cpuset");
	if (h)
		put_list(out, "cpus", h->dir, h->v2 ? "cpuset.cpus.effective" : "cpuset.cpus");
	if (h)
		put_list(out, "mems", h->dir, h->v2 ? "cpuset.mems.effective" : "cpuset.mems");
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		char file[48];
		snprintf(file, sizeof file, "cpuset.%s", flags[i]);
		put(out, flags[i], h && !h->v2 ? number(h->dir, file) : 0);
	}
	if (h && !h->v2)
		(void)control_read(h->dir, "cpuset.sched_relax_domain_level", level, sizeof level);
	json_key(out, "sched_relax_domain_level");
	json_i64(out, strtoll(level, NULL, 10));
	json_close_object(out);
}

/* --- memory --- */

struct amounts {
	uint64_t limit, usage, max, failcnt;
};

static void put_amounts(struct json_out *out, const char *key, const struct amounts *a)
{
	open_object(out, key);
	put(out, "limit", a->limit);
	put_some(out, "usage", a->usage);
	put_some(out, "max", a->max);
	put(out, "failcnt", a->failcnt);
	json_close_object(out);
}

static void amounts_v1(struct json_out *out, const char *key, const char *dir, const char *prefix)
{
	char file[4][48];
	static const char *const names[] = { "limit_in_bytes", "usage_in_bytes", "max_usage_in_bytes", "failcnt" };
	for (int i = 0; i < 4; i++)
		snprintf(file[i], sizeof file[i], "memory.%s%s", prefix, names[i]);
	struct amounts a = { number(dir, file[0]), number(dir, file[1]), number(dir, file[2]), number(dir, file[3]) };
	put_amounts(out, key, &a);
}

static void amounts_v2(struct json_out *out, const char *dir)
{
	struct amounts memory = { limit(dir, "memory.max"), number(dir, "memory.current"), number(dir, "memory.peak"),
		control_number(dir, "memory.events", "max") };
	struct amounts kernel = { .usage = control_number(dir, "memory.stat", "kernel") }, none = { 0 };
	/* Memory and swap together, as v1 counts them. */
	struct amounts swap = { limit(dir, "memory.swap.max"), number(dir, "memory.swap.current"), 0,
		control_number(dir, "memory.swap.events", "max") };
	swap.usage += memory.usage;
	swap.limit = swap.limit > UINT64_MAX - memory.limit ? UINT64_MAX : swap.limit + memory.limit;
	put_amounts(out, "usage", &memory);
	put_amounts(out, "swap", &swap);
	put_amounts(out, "kernel", &kernel);
	put_amounts(out, "kernelTCP", &none);
}

static void put_raw(struct json_out *out, const char *dir)
{
	cleanup_free char *text = read_file(dir, "memory.stat");
	char *save;
	if (!text || !*text)
		return;
	open_object(out, "raw");
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *value = strchr(line, ' ');
		if (!value)
			continue;
		*value++ = '\0';
		put(out, line, strtoull(value, NULL, 10));
	}
	json_close_object(out);
}

static void memory(struct json_out *out, const struct cgroup *cg)
{
	static const struct amounts none;
	const struct hierarchy *h = hierarchy_with(cg, CONTROLLER_MEMORY);
	open_object(out, "memory");
	if (h)
		put_some(out, "cache", control_number(h->dir, "memory.stat", h->v2 ? "file" : "cache"));
	if (h && h->v2) {
		amounts_v2(out, h->dir);
	} else if (h) {
		amounts_v1(out, "usage", h->dir, "");
		amounts_v1(out, "swap", h->dir, "memsw.");
		amounts_v1(out, "kernel", h->dir, "kmem.");
		amounts_v1(out, "kernelTCP", h->dir, "kmem.tcp.");
	} else {
		put_amounts(out, "usage", &none);
		put_amounts(out, "swap", &none);
		put_amounts(out, "kernel", &none);
		put_amounts(out, "kernelTCP", &none);
	}
	if (h) {
		put_raw(out, h->dir);
		put_pressure(out, h, "memory.pressure");
	}
	json_close_object(out);
}

/* --- pids, blkio, hugetlb --- */

static void pids(struct json_out *out, const struct cgroup *cg)
{
	const struct hierarchy *h = hierarchy_with(cg, CONTROLLER_PIDS);
	open_object(out, "pids");
	if (h) {
		put_some(out, "current", number(h->dir, "pids.current"));
		put_some(out, "limit", number(h->dir, "pids.max"));
	}
	json_close_object(out);
}

static void put_io(struct json_out *out, unsigned major, unsigned minor, const char *op, uint64_t value)
{
	json_open_object(out);
	put_some(out, "major", major);
	put_some(out, "minor", minor);
	json_key(out, "op");
	json_string(out, op);
	put_some(out, "value", value);
	json_close_object(out);
}

/* "8:0 Read 123", with a "Total 123" at the end; false where no device is in it. */
static bool io_v1(struct json_out *out, const char *key, const char *dir, const char *file)
{
	cleanup_free char *text = read_file(dir, file);
	bool any = false;
	char *save;
	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line; line = strtok_r(NULL, "\n", &save)) {
		unsigned major, minor;
		unsigned long long value;
		char op[16];
		if (sscanf(line, "%u:%u %15s %llu", &major, &minor, op, &value) != 4)
			continue;
		if (!any) {
			json_key(out, key);
			json_open_array(out);
		}
		any = true;
		put_io(out, major, minor, op, value);
	}
	if (any)
		json_close_array(out);
	return any;
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0" */
static void io_v2(struct json_out *out, const char *key, const char *dir, const char *read_key, const char *write_key)
{
	cleanup_free char *text = read_file(dir, "io.stat");
	bool any = false;
	char *save;
	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line; line = strtok_r(NULL, "\n", &save)) {
		unsigned major, minor;
		const char *reads = strstr(line, read_key), *writes = strstr(line, write_key);
		if (sscanf(line, "%u:%u", &major, &minor) != 2 || !reads || !writes)
			continue;
		if (!any) {
			json_key(out, key);
			json_open_array(out);
		}
		any = true;
		put_io(out, major, minor, "Read", strtoull(reads + strlen(read_key), NULL, 10));
		put_io(out, major, minor, "Write", strtoull(writes + strlen(write_key), NULL, 10));
	}
	if (any)
		json_close_array(out);
}

static void blkio(struct json_out *out, const struct cgroup *cg)
{
	static const struct {
		const char *key, *bfq, *throttle;
	} v1[] = {
		{ "ioServiceBytesRecursive", "blkio.bfq.io_service_bytes_recursive",
			"blkio.throttle.io_service_bytes_recursive" },
		{ "ioServicedRecursive", "blkio.bfq.io_serviced_recursive", "blkio.throttle.io_serviced_recursive" },
		{ "ioQueueRecursive", "blkio.bfq.io_queued_recursive", NULL },
		{ "ioServiceTimeRecursive", "blkio.bfq.io_service_time_recursive", NULL },
		{ "ioWaitTimeRecursive", "blkio.bfq.io_wait_time_recursive", NULL },
		{ "ioMergedRecursive", "blkio.bfq.io_merged_recursive", NULL },
		{ "ioTimeRecursive", "blkio.bfq.time_recursive", NULL },
		{ "sectorsRecursive", "blkio.bfq.sectors_recursive", NULL },
	};
	const struct hierarchy *h = hierarchy_with(cg, CONTROLLER_IO);
	open_object(out, "blkio");
	if (h && h->v2) {
		io_v2(out, v1[0].key, h->dir, "rbytes=", "wbytes=");
		io_v2(out, v1[1].key, h->dir, "rios=", "wios=");
		put_pressure(out, h, "io.pressure");
	}
	/* BFQ counts only what went through it. */
	for (size_t i = 0; h && !h->v2 && i < ARRAY_LEN(v1); i++)
		if (!io_v1(out, v1[i].key, h->dir, v1[i].bfq) && v1[i].throttle)
			(void)io_v1(out, v1[i].key, h->dir, v1[i].throttle);
	json_close_object(out);
}

/* size: "2MB" */
static void put_hugetlb(struct json_out *out, const struct hierarchy *h, const char *size)
{
	char file[64];
	open_object(out, size);
	snprintf(file, sizeof file, "hugetlb.%s.%s", size, h->v2 ? "current" : "usage_in_bytes");
	put_some(out, "usage", number(h->dir, file));
	snprintf(file, sizeof file, "hugetlb.%s.max_usage_in_bytes", size);
	put_some(out, "max", number(h->dir, file));
	snprintf(file, sizeof file, "hugetlb.%s.%s", size, h->v2 ? "events" : "failcnt");
	put(out, "failcnt", control_number(h->dir, file, h->v2 ? "max" : NULL));
	json_close_object(out);
}

static void hugetlb(struct json_out *out, const struct cgroup *cg)
{
	const struct hierarchy *h = hierarchy_with(cg, CONTROLLER_HUGETLB);
	DIR *dir = h ? opendir(h->dir) : NULL;
	open_object(out, "hugetlb");
	for (struct dirent *d; dir && (d = readdir(dir));) {
		char size[16], rest[20];
		if (sscanf(d->d_name, "hugetlb.%15[0-9KMGB].%19s", size, rest) == 2 &&
			str_eq(rest, h->v2 ? "current" : "usage_in_bytes"))
			put_hugetlb(out, h, size);
	}
	if (dir)
		closedir(dir);
	json_close_object(out);
}

int cgroup_stats(struct cgroup *cg, struct json_out *out, struct err *e)
{
	if (!cg->n)
		return err_set(
			e, "the container has no cgroup of its own (--cgroup-manager disabled), so nothing is counted");
	cpu(out, cg);
	cpuset(out, cg);
	memory(out, cg);
	pids(out, cg);
	blkio(out, cg);
	hugetlb(out, cg);
	return 0;
}
