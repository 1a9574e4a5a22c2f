/* Limits of a container that lives: a document of resources, and flags that count more than it. */
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/opt.h"
#include "base/str.h"
#include "cmd/command.h"
#include "container/container.h"
#include "linux/rdt_group.h"
#include "json/decode.h"

struct flags {
	const char *resources, *l3_cache_schema, *mem_bw_schema;
	const char *blkio_weight, *cpu_period, *cpu_quota, *cpu_share, *cpu_rt_period, *cpu_rt_runtime, *cpu_burst,
		*cpu_idle;
	const char *cpuset_cpus, *cpuset_mems, *memory, *memory_reservation, *memory_swap, *pids_limit;
};
#define FLAG(name, member, arg, help)                                                                                  \
	{                                                                                                              \
		name, 0, OPT_STRING, offsetof(struct flags, member), arg, help                                         \
	}
static const struct opt opts[] = {
	{ "resources", 'r', OPT_STRING, offsetof(struct flags, resources), "FILE",
		"JSON as in linux.resources of config.json; -: standard input" },
	FLAG("memory", memory, "SIZE", "memory limit; -1: none"),
	FLAG("memory-reservation", memory_reservation, "SIZE", "memory that it keeps when the host runs short"),
	FLAG("memory-swap", memory_swap, "SIZE", "limit of memory and swap together; -1: no limit of swap"),
	FLAG("cpu-share", cpu_share, "WEIGHT", "share of the CPUs when all are busy"),
	FLAG("cpu-quota", cpu_quota, "MICROSECONDS", "CPU time in each period; -1: no limit"),
	FLAG("cpu-period", cpu_period, "MICROSECONDS", "the period"),
	FLAG("cpu-burst", cpu_burst, "MICROSECONDS", "unused quota that may be spent later"),
	FLAG("cpu-idle", cpu_idle, "0|1", "1: runs only when nothing else wants the CPU"),
	FLAG("cpu-rt-period", cpu_rt_period, "MICROSECONDS", "period of real-time scheduling (cgroup v1)"),
	FLAG("cpu-rt-runtime", cpu_rt_runtime, "MICROSECONDS", "real-time scheduling in each period (cgroup v1)"),
	FLAG("cpuset-cpus", cpuset_cpus, "LIST", "CPUs that it may use"),
	FLAG("cpuset-mems", cpuset_mems, "LIST", "memory nodes that it may use"),
	FLAG("pids-limit", pids_limit, "NUMBER", "processes and threads; -1: no limit"),
	FLAG("blkio-weight", blkio_weight, "WEIGHT", "share of the I/O, 10 to 1000"),
	FLAG("l3-cache-schema", l3_cache_schema, "SCHEMA", "Intel RDT: share of the L3 cache"),
	FLAG("mem-bw-schema", mem_bw_schema, "SCHEMA", "Intel RDT: share of the memory bandwidth"),
	{ "kernel-memory", 0, OPT_IGNORE_VALUE, 0, NULL, NULL },
	{ "kernel-memory-tcp", 0, OPT_IGNORE_VALUE, 0, NULL, NULL },
	{ 0 },
};

/* --- flags --- */

enum part { CPU, MEMORY, PIDS, BLOCK_IO };
enum kind { COUNT, SIGNED, WEIGHT, SIZE, TEXT };

#define MEMBER(part, type, member) part, offsetof(struct type, member), offsetof(struct type, has_##member)
static const struct setting {
	const char *name;
	size_t flag;
	enum kind kind;
	enum part part;
	size_t value, has; /* in the part's struct */
} settings[] = {
	{ "cpu-share", offsetof(struct flags, cpu_share), COUNT, MEMBER(CPU, oci_cpu, shares) },
	{ "cpu-quota", offsetof(struct flags, cpu_quota), SIGNED, MEMBER(CPU, oci_cpu, quota) },
	{ "cpu-period", offsetof(struct flags, cpu_period), COUNT, MEMBER(CPU, oci_cpu, period) },
	{ "cpu-burst", offsetof(struct flags, cpu_burst), COUNT, MEMBER(CPU, oci_cpu, burst) },
	{ "cpu-idle", offsetof(struct flags, cpu_idle), SIGNED, MEMBER(CPU, oci_cpu, idle) },
	{ "cpu-rt-period", offsetof(struct flags, cpu_rt_period), COUNT, MEMBER(CPU, oci_cpu, realtime_period) },
	{ "cpu-rt-runtime", offsetof(struct flags, cpu_rt_runtime), SIGNED, MEMBER(CPU, oci_cpu, realtime_runtime) },
	{ "cpuset-cpus", offsetof(struct flags, cpuset_cpus), TEXT, CPU, offsetof(struct oci_cpu, cpus), 0 },
	{ "cpuset-mems", offsetof(struct flags, cpuset_mems), TEXT, CPU, offsetof(struct oci_cpu, mems), 0 },
	{ "memory", offsetof(struct flags, memory), SIZE, MEMBER(MEMORY, oci_memory, limit) },
	{ "memory-reservation", offsetof(struct flags, memory_reservation), SIZE,
		MEMBER(MEMORY, oci_memory, reservation) },
	{ "memory-swap", offsetof(struct flags, memory_swap), SIZE, MEMBER(MEMORY, oci_memory, swap) },
	{ "pids-limit", offsetof(struct flags, pids_limit), SIGNED, MEMBER(PIDS, oci_pids, limit) },
	{ "blkio-weight", offsetof(struct flags, blkio_weight), WEIGHT, MEMBER(BLOCK_IO, oci_block_io, weight) },
};

/* Where the part is kept in resources; made where there is none. */
static char *part_of(struct oci_resources *r, enum part part, struct arena *arena)
{
	switch (part) {
	case CPU:
		return (char *)(r->cpu ? r->cpu : (r->cpu = arena_alloc(arena, sizeof *r->cpu)));
	case MEMORY:
		return (char *)(r->memory ? r->memory : (r->memory = arena_alloc(arena, sizeof *r->memory)));
	case PIDS:
		return (char *)(r->pids ? r->pids : (r->pids = arena_alloc(arena, sizeof *r->pids)));
	default:
		return (char *)(r->block_io ? r->block_io : (r->block_io = arena_alloc(arena, sizeof *r->block_io)));
	}
}

static int set(const struct setting *s, const char *text, char *part, struct err *e)
{
	uint64_t number = 0;
	int64_t below = 0;
	void *to = part + s->value;

	switch (s->kind) {
	case TEXT:
		*(const char **)to = text;
		return 0;
	case COUNT:
		if (str_u64(text, UINT64_MAX, to))
			return err_set(e, "--%s: \"%s\" is no number from 0", s->name, text);
		break;
	case SIGNED:
		if (str_i64(text, to))
			return err_set(e, "--%s: \"%s\" is no whole number", s->name, text);
		break;
	case WEIGHT:
		if (str_u64(text, UINT16_MAX, &number))
			return err_set(e, "--%s: \"%s\" is no number from 10 to 1000", s->name, text);
		*(uint16_t *)to = (uint16_t)number;
		break;
	case SIZE:
		if (str_i64(text, &below) == 0 && below < 0) {
			*(int64_t *)to = -1;
			break;
		}
		if (str_size(text, &number) || number > INT64_MAX)
			return err_set(e, "--%s: \"%s\" is no number of bytes, with k, m or g for units of 1024",
				s->name, text);
		*(int64_t *)to = (int64_t)number;
		break;
	}
	*(bool *)(part + s->has) = true;
	return 0;
}

static int flags_merge(const struct flags *f, struct oci_resources *r, struct arena *arena, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		const char *text = *(const char *const *)((const char *)f + settings[i].flag);

		if (text && set(&settings[i], text, part_of(r, settings[i].part, arena), e))
			return -1;
	}
	return 0;
}

/* --- the document --- */

static int document_read(
	const struct globals *g, const char *file, struct oci_resources *r, struct arena *arena, struct err *e)
{
	struct problems problems = { 0 };
	cleanup_free char *text = NULL;
	const char *name = str_eq(file, "-") ? "standard input" : file;
	size_t len;
	int status = str_eq(file, "-") ? fd_read_all(STDIN_FILENO, JSON_MAX_SIZE, &text, &len, e)
				       : file_read(AT_FDCWD, file, JSON_MAX_SIZE, &text, &len, e);

	if (status < 0)
		return err_wrap(e, "--resources");
	status = json_decode(&json_oci_resources, text, len, arena, r, &problems);
	if (status == 0) {
		cgroup_validate_update(r, &problems);
		json_locate(text, len, &problems);
		if (problems.errors || (g->strict && problems.n))
			status = -1;
	}
	if (status && problems_err(&problems, name, g->strict, e) == 0)
		err_set(e, "%s: refused", name);
	problems_free(&problems);
	return status;
}

/* The flags, too, may come to what no cgroup takes, by themselves or beside the document. */
static int check(const struct oci_resources *r, struct err *e)
{
	struct problems problems = { 0 };
	int status;

	cgroup_validate_update(r, &problems);
	status = problems.errors ? err_set(e, "%s: %s", problems.v[0].path, problems.v[0].reason) : 0;
	problems_free(&problems);
	return status;
}

static int apply(struct container *c, const struct oci_resources *r, struct err *e)
{
	if (c->status == STATUS_STOPPED)
		return err_set(e, "container not running");
	if (c->status == STATUS_CREATING)
		return err_set(e, "container `%s` is still being created", c->id);
	return cgroup_update(c->cgroup, r, e);
}

/* Last, as it is the one part that is not taken back when another fails. */
static int apply_rdt(const struct container *c, const struct flags *f, struct err *e)
{
	const struct oci_intel_rdt rdt = { .l3_cache_schema = f->l3_cache_schema, .mem_bw_schema = f->mem_bw_schema };

	if (rdt_change(c->record.rdt, &rdt, e) == 0)
		return 0;
	return err_wrap(e, "--%s", f->l3_cache_schema ? "l3-cache-schema" : "mem-bw-schema");
}

static int update(const struct globals *g, int argc, char **argv, struct err *e)
{
	struct flags f = { 0 };
	struct container c;
	struct oci_resources r = { 0 };
	int words = opt_parse(opts, &f, argc, argv, false, e), status;

	if (words < 0)
		return -1;
	if (words != 1)
		return err_set(e, "update takes one container id: hind update [options] ID");
	if (container_open(g->root, argv[1], &c, e))
		return -1;
	status = f.resources ? document_read(g, f.resources, &r, c.arena, e) : 0;
	if (status == 0)
		status = flags_merge(&f, &r, c.arena, e);
	if (status == 0)
		status = check(&r, e);
	if (status == 0)
		status = apply(&c, &r, e);
	if (status == 0 && (f.l3_cache_schema || f.mem_bw_schema))
		status = apply_rdt(&c, &f, e);
	container_close(&c);
	return status;
}

const struct command cmd_update = {
	.name = "update",
	.synopsis = "[options] ID",
	.help = "Change the limits of a container that was created or runs",
	.opts = opts,
	.failure = 1,
	.run = update,
};
