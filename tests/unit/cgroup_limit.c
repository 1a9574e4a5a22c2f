/* From linux.resources to the texts in control files, on a directory of plain files in the place of a cgroup. */
/* covers: linux.resources.memory.checkBeforeUpdate linux.resources.hugepageLimits[].{pageSize,limit} */
/* covers: linux.resources.network.classID linux.resources.network.priorities[].{name,priority} */
/* covers: linux.resources.rdma.{hcaHandles,hcaObjects} linux.resources.blockIO.leafWeight */
/* covers: linux.resources.blockIO.weightDevice[].{major,minor,weight,leafWeight} */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "cgroup/controller.h"
#include "check.h"

static char dir[] = "/tmp/hind-cgroup-XXXXXX";
static struct hierarchy v1 = { .dir = dir, .mount_dir = "/tmp", .options = "all", .fresh = true };
static struct hierarchy v2 = { .dir = dir, .mount_dir = "/tmp", .v2 = true, .fresh = true };

/* The directory with just these control files, empty. */
static void files(const char *const *names)
{
	struct err e;
	if (file_remove_tree(AT_FDCWD, dir, &e) < 0 || file_mkdirs(dir, 0700, &e) < 0)
		abort();
	for (; *names; names++) {
		cleanup_free char *path = mem_printf("%s/%s", dir, *names);
		if (file_replace(AT_FDCWD, path, "", 0, 0600, &e) < 0)
			abort();
	}
}
#define FILES(...) files((const char *const[]){ __VA_ARGS__, NULL })

static bool file_is(const char *name, const char *want)
{
	char buf[256] = "(no file)";
	if (control_read(dir, name, buf, sizeof buf) < 0 || strcmp(buf, want))
		printf("# %s: wanted '%s', got '%s'\n", name, want, buf);
	return !strcmp(buf, want);
}

static int apply(struct hierarchy *h, const struct controller *c, struct oci_resources r, struct err *e)
{
	*e = (struct err){ 0 };
	return (c->apply ? c->apply : limits_apply)(h, c, &r, e);
}

static bool refuses(const struct controller *c, struct oci_resources r, const char *path)
{
	struct problems problems = { 0 };
	c->validate(&r, false, &problems);
	bool found = problems.n == 1 && str_eq(problems.v[0].path, path);
	problems_free(&problems);
	return found;
}

/* --- cpu --- */

static unsigned reference(unsigned shares)
{
	double l = log2(shares);
	return (unsigned)ceil(pow(10, (l * l + 125 * l) / 612.0 - 7.0 / 34.0));
}

static void test_weight(void)
{
	unsigned wrong = 0;
	for (unsigned shares = 3; shares < 262144; shares++)
		wrong += cpu_weight(shares) != reference(shares);
	CHECK("weight of all shares as libm has it", wrong == 0);
	CHECK("least weight", cpu_weight(2) == 1 && cpu_weight(1) == 1);
	CHECK("default weight", cpu_weight(1024) == 100);
	CHECK("greatest weight", cpu_weight(262144) == 10000 && cpu_weight(UINT64_MAX) == 10000);
	CHECK("weight of half the default", cpu_weight(512) == 59);
	CHECK("weight of four times the default", cpu_weight(4096) == 303);
}

static void test_cpu(void)
{
	struct err e;
	struct oci_cpu cpu = { .shares = 1024,
		.has_shares = true,
		.quota = 20000,
		.has_quota = true,
		.period = 100000,
		.has_period = true };
	FILES("cpu.shares", "cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.weight", "cpu.max");
	CHECK("cpu on v1", apply(&v1, &controller_cpu, (struct oci_resources){ .cpu = &cpu }, &e) == 0 &&
				   file_is("cpu.shares", "1024") && file_is("cpu.cfs_quota_us", "20000") &&
				   file_is("cpu.cfs_period_us", "100000"));
	CHECK("cpu on v2", apply(&v2, &controller_cpu, (struct oci_resources){ .cpu = &cpu }, &e) == 0 &&
				   file_is("cpu.weight", "100") && file_is("cpu.max", "20000 100000"));
	cpu = (struct oci_cpu){ .quota = -1, .has_quota = true };
	FILES("cpu.cfs_quota_us", "cpu.max");
	CHECK("no quota on v1", apply(&v1, &controller_cpu, (struct oci_resources){ .cpu = &cpu }, &e) == 0 &&
					file_is("cpu.cfs_quota_us", "-1"));
	CHECK("no quota on v2", apply(&v2, &controller_cpu, (struct oci_resources){ .cpu = &cpu }, &e) == 0 &&
					file_is("cpu.max", "max"));
	cpu = (struct oci_cpu){ .period = 50000, .has_period = true };
	FILES("cpu.max");
	CHECK("a period alone on v2", apply(&v2, &controller_cpu, (struct oci_resources){ .cpu = &cpu }, &e) == 0 &&
					      file_is("cpu.max", "max 50000"));
	if (control_write(dir, "cpu.max", "30000 90000\n") < 0)
		abort();
	CHECK("a period alone keeps the quota",
		apply(&v2, &controller_cpu, (struct oci_resources){ .cpu = &cpu }, &e) == 0 &&
			file_is("cpu.max", "30000 50000\n"));
	cpu = (struct oci_cpu){ .realtime_runtime = 1000, .has_realtime_runtime = true };
	CHECK("realtime on v2 is refused",
		apply(&v2, &controller_cpu, (struct oci_resources){ .cpu = &cpu }, &e) < 0 &&
			str_starts(e.msg, "linux.resources.cpu.realtimeRuntime: cgroup v2 has no"));
	cpu = (struct oci_cpu){ .idle = 1, .has_idle = true, .shares = 10, .has_shares = true };
	CHECK("idle with shares is refused",
		refuses(&controller_cpu, (struct oci_resources){ .cpu = &cpu }, "linux.resources.cpu.shares"));
	FILES("other");
	cpu = (struct oci_cpu){ .shares = 10, .has_shares = true };
	CHECK("an absent file is an error with its name",
		apply(&v1, &controller_cpu, (struct oci_resources){ .cpu = &cpu }, &e) < 0 && e.code == ENOENT &&
			str_starts(e.msg, "linux.resources.cpu.shares: write \"10\" to /tmp/") &&
			strstr(e.msg, "/cpu.shares: no such file or directory"));
	cpu = (struct oci_cpu){ .quota = 2000, .has_quota = true, .burst = 3000, .has_burst = true };
	CHECK("a burst above the quota is refused",
		refuses(&controller_cpu, (struct oci_resources){ .cpu = &cpu }, "linux.resources.cpu.burst"));
	CHECK("nothing asked",
		!controller_asked(&controller_cpu, &(struct oci_resources){ .cpu = &(struct oci_cpu){ 0 } }));
}

/* --- memory, pids --- */

static void test_memory(void)
{
	struct err e;
	struct oci_memory m = { .limit = 1 << 20,
		.has_limit = true,
		.swap = 3 << 20,
		.has_swap = true,
		.reservation = 4096,
		.has_reservation = true };
	FILES("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.soft_limit_in_bytes", "memory.max",
		"memory.swap.max", "memory.low");
	CHECK("memory on v1", apply(&v1, &controller_memory, (struct oci_resources){ .memory = &m }, &e) == 0 &&
				      file_is("memory.limit_in_bytes", "1048576") &&
				      file_is("memory.memsw.limit_in_bytes", "3145728") &&
				      file_is("memory.soft_limit_in_bytes", "4096"));
	CHECK("memory on v2: swap alone",
		apply(&v2, &controller_memory, (struct oci_resources){ .memory = &m }, &e) == 0 &&
			file_is("memory.max", "1048576") && file_is("memory.swap.max", "2097152") &&
			file_is("memory.low", "4096"));
	m = (struct oci_memory){ .limit = -1, .has_limit = true, .swap = -1, .has_swap = true };
	FILES("memory.max", "memory.swap.max", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes");
	struct hierarchy old = v2;
	old.fresh = false;
	if (control_write(dir, "memory.swap.max", "0") < 0)
		abort();
	CHECK("-1 is max", apply(&old, &controller_memory, (struct oci_resources){ .memory = &m }, &e) == 0 &&
				   file_is("memory.max", "max") && file_is("memory.swap.max", "max"));
	m = (struct oci_memory){ .limit = 4096, .has_limit = true, .swap = 4096, .has_swap = true };
	FILES("memory.limit_in_bytes");
	CHECK("no swap on a kernel that accounts none",
		apply(&v1, &controller_memory, (struct oci_resources){ .memory = &m }, &e) == 0 &&
			file_is("memory.limit_in_bytes", "4096"));
	m.swap = 8192;
	CHECK("some swap on a kernel that accounts none is refused",
		apply(&v1, &controller_memory, (struct oci_resources){ .memory = &m }, &e) < 0 &&
			str_starts(e.msg, "linux.resources.memory.swap: "));
	m = (struct oci_memory){
		.limit = 4096, .has_limit = true, .check_before_update = true, .has_check_before_update = true
	};
	FILES("memory.max", "memory.current");
	if (control_write(dir, "memory.current", "8192\n") < 0)
		abort();
	CHECK("checkBeforeUpdate", apply(&old, &controller_memory, (struct oci_resources){ .memory = &m }, &e) < 0 &&
					   file_is("memory.max", ""));
	m = (struct oci_memory){ .limit = 4096, .has_limit = true, .swap = 1024, .has_swap = true };
	CHECK("swap below the limit is refused",
		refuses(&controller_memory, (struct oci_resources){ .memory = &m }, "linux.resources.memory.swap"));
	m = (struct oci_memory){ .swap = 1024, .has_swap = true };
	CHECK("swap without a limit is refused",
		refuses(&controller_memory, (struct oci_resources){ .memory = &m }, "linux.resources.memory.swap"));
	m = (struct oci_memory){ .swappiness = 60, .has_swappiness = true };
	CHECK("swappiness on v2 is refused",
		apply(&v2, &controller_memory, (struct oci_resources){ .memory = &m }, &e) < 0);
}

static bool pids_give(int64_t limit, const char *want)
{
	struct err e;
	struct oci_pids pids = { .limit = limit, .has_limit = true };
	FILES("pids.max");
	return apply(&v2, &controller_pids, (struct oci_resources){ .pids = &pids }, &e) == 0 &&
	       file_is("pids.max", want);
}

static void test_pids(void)
{
	CHECK("pids", pids_give(100, "100"));
	CHECK("no limit of pids", pids_give(-1, "max"));
	CHECK("0 pids means none beside the first", pids_give(0, "1"));
}

/* --- hugetlb, io, network, rdma, unified --- */

static void test_hugetlb(void)
{
	struct err e;
	struct oci_hugepage_limit pages[] = { { .page_size = "2MB", .limit = 4 << 20 },
		{ .page_size = "1GB", .limit = UINT64_MAX } };
	struct oci_resources r = { .hugepage_limits = pages, .n_hugepage_limits = 2 };
	FILES("hugetlb.2MB.limit_in_bytes", "hugetlb.2MB.rsvd.limit_in_bytes", "hugetlb.1GB.limit_in_bytes",
		"hugetlb.1GB.rsvd.limit_in_bytes", "hugetlb.2MB.max", "hugetlb.2MB.rsvd.max", "hugetlb.1GB.max",
		"hugetlb.1GB.rsvd.max");
	CHECK("hugetlb on v1", apply(&v1, &controller_hugetlb, r, &e) == 0 &&
				       file_is("hugetlb.2MB.limit_in_bytes", "4194304") &&
				       file_is("hugetlb.2MB.rsvd.limit_in_bytes", "4194304") &&
				       file_is("hugetlb.1GB.rsvd.limit_in_bytes", "-1"));
	CHECK("hugetlb on v2", apply(&v2, &controller_hugetlb, r, &e) == 0 && file_is("hugetlb.2MB.max", "4194304") &&
				       file_is("hugetlb.2MB.rsvd.max", "4194304") && file_is("hugetlb.1GB.max", "max"));
	FILES("other");
	CHECK("a page size that the machine lacks",
		apply(&v1, &controller_hugetlb, r, &e) < 0 &&
			str_starts(e.msg, "linux.resources.hugepageLimits[0].limit: write ") &&
			strstr(e.msg, "/sys/kernel/mm/hugepages"));
	pages[1].page_size = "../MB";
	CHECK("no page size", refuses(&controller_hugetlb, r, "linux.resources.hugepageLimits[1].pageSize"));
	pages[1].page_size = "2MB";
	CHECK("a page size twice", refuses(&controller_hugetlb, r, "linux.resources.hugepageLimits[1].pageSize"));
}

static void test_io(void)
{
	struct err e;
	struct oci_weight_device weight = { .major = 8, .minor = 16, .weight = 1000, .has_weight = true };
	struct oci_throttle_device rate = { .major = 8, .rate = 1 << 20 };
	struct oci_block_io io = { .weight = 100, .has_weight = true };
	struct oci_resources r = { .block_io = &io };
	FILES("blkio.bfq.weight", "io.bfq.weight", "io.max");
	CHECK("weight on v1", apply(&v1, &controller_io, r, &e) == 0 && file_is("blkio.bfq.weight", "100"));
	CHECK("weight on v2 with BFQ", apply(&v2, &controller_io, r, &e) == 0 && file_is("io.bfq.weight", "100"));
	FILES("io.weight", "io.max");
	CHECK("weight on v2 with the cost model",
		apply(&v2, &controller_io, r, &e) == 0 && file_is("io.weight", "910"));
	io = (struct oci_block_io){ .weight_device = &weight, .n_weight_device = 1 };
	FILES("blkio.bfq.weight_device", "io.weight", "io.max");
	CHECK("weight of a device on v1",
		apply(&v1, &controller_io, r, &e) == 0 && file_is("blkio.bfq.weight_device", "8:16 1000"));
	CHECK("weight of a device on v2", apply(&v2, &controller_io, r, &e) == 0 && file_is("io.weight", "8:16 10000"));
	FILES("other");
	CHECK("weights without a scheduler",
		apply(&v1, &controller_io, r, &e) < 0 &&
			str_starts(e.msg, "linux.resources.blockIO.weightDevice[0]: write ") &&
			strstr(e.msg, "need the BFQ I/O scheduler"));
	io = (struct oci_block_io){ .throttle_write_bps_device = &rate, .n_throttle_write_bps_device = 1 };
	FILES("blkio.throttle.write_bps_device", "io.max");
	CHECK("throttle on v1",
		apply(&v1, &controller_io, r, &e) == 0 && file_is("blkio.throttle.write_bps_device", "8:0 1048576"));
	CHECK("throttle on v2", apply(&v2, &controller_io, r, &e) == 0 && file_is("io.max", "8:0 wbps=1048576"));
	io = (struct oci_block_io){ .throttle_read_iops_device = &rate, .n_throttle_read_iops_device = 1 };
	rate.rate = 0;
	FILES("io.max");
	CHECK("throttle lifted on v2", apply(&v2, &controller_io, r, &e) == 0 && file_is("io.max", "8:0 riops=max"));
	io = (struct oci_block_io){ .has_weight = true };
	CHECK("a weight of 0 is no wish", !controller_asked(&controller_io, &r));
	io = (struct oci_block_io){ .weight = 5, .has_weight = true };
	CHECK("a weight that is too small", refuses(&controller_io, r, "linux.resources.blockIO.weight"));
	io = (struct oci_block_io){ .leaf_weight = 50, .has_leaf_weight = true };
	FILES("blkio.leaf_weight", "blkio.leaf_weight_device");
	CHECK("leaf weight on a v1 that has it",
		apply(&v1, &controller_io, r, &e) == 0 && file_is("blkio.leaf_weight", "50"));
	CHECK("leaf weight on v2 is refused",
		apply(&v2, &controller_io, r, &e) < 0 &&
			str_starts(e.msg, "linux.resources.blockIO.leafWeight: cgroup v2"));
	weight = (struct oci_weight_device){ .major = 8, .leaf_weight = 70, .has_leaf_weight = true };
	io = (struct oci_block_io){ .weight_device = &weight, .n_weight_device = 1 };
	CHECK("leaf weight of a device",
		apply(&v1, &controller_io, r, &e) == 0 && file_is("blkio.leaf_weight_device", "8:0 70"));
	FILES("other");
	CHECK("leaf weight on a kernel of today",
		apply(&v1, &controller_io, r, &e) < 0 && strstr(e.msg, "Linux has no leaf weights since 5.0"));
	weight.has_leaf_weight = false;
	CHECK("a device without a weight", refuses(&controller_io, r, "linux.resources.blockIO.weightDevice[0]"));
}

static void test_network(void)
{
	struct err e;
	struct oci_interface_priority priority = { .name = "eth0", .priority = 5 };
	struct oci_network network = {
		.class_id = 1048577, .has_class_id = true, .priorities = &priority, .n_priorities = 1
	};
	struct oci_resources r = { .network = &network };
	FILES("net_cls.classid", "net_prio.ifpriomap");
	CHECK("net_cls", apply(&v1, &controller_net_cls, r, &e) == 0 && file_is("net_cls.classid", "1048577"));
	CHECK("net_prio", apply(&v1, &controller_net_prio, r, &e) == 0 && file_is("net_prio.ifpriomap", "eth0 5"));
	FILES("other");
	CHECK("network on v2 is told and no error",
		apply(&v2, &controller_net_cls, r, &e) == 0 && apply(&v2, &controller_net_prio, r, &e) == 0);
	priority.name = "a b";
	CHECK("no name of an interface",
		refuses(&controller_net_prio, r, "linux.resources.network.priorities[0].name"));
}

static void test_rdma(void)
{
	struct err e;
	struct oci_rdma_entry device = { "mlx5_1",
		{ .hca_handles = 3, .has_hca_handles = true, .hca_objects = 10000, .has_hca_objects = true } };
	struct oci_resources r = { .rdma = &device, .n_rdma = 1 };
	FILES("rdma.max");
	CHECK("rdma", apply(&v2, &controller_rdma, r, &e) == 0 &&
			      file_is("rdma.max", "mlx5_1 hca_handle=3 hca_object=10000"));
	device.value.has_hca_handles = false;
	FILES("rdma.max");
	CHECK("rdma objects alone",
		apply(&v1, &controller_rdma, r, &e) == 0 && file_is("rdma.max", "mlx5_1 hca_object=10000"));
	device.value.has_hca_objects = false;
	CHECK("rdma without a limit", refuses(&controller_rdma, r, "linux.resources.rdma.mlx5_1"));
}

static void test_unified(void)
{
	struct err e;
	struct oci_pair file = { "memory.high", "1048576" };
	struct oci_resources r = { .unified = &file, .n_unified = 1 };
	FILES("memory.high");
	CHECK("unified", apply(&v2, &controller_unified, r, &e) == 0 && file_is("memory.high", "1048576"));
	FILES("cgroup.controllers");
	CHECK("unified without its controller", apply(&v2, &controller_unified, r, &e) < 0 &&
							str_starts(e.msg, "linux.resources.unified.memory.high: "));
	for (size_t i = 0; i < 4; i++) {
		file.key = (const char *[]){ "../x.y", "cgroup.procs", ".", "memory" }[i];
		CHECK("unified with another key",
			refuses(&controller_unified, r, AT("linux.resources.unified.%s", file.key)));
	}
}

static void test_misc(void)
{
	struct err e;
	struct oci_pair file = { "misc.max", "sev 10\nsev_es max" };
	struct oci_resources r = { .unified = &file, .n_unified = 1 };
	FILES("misc.max");
	CHECK("misc on v2 takes one line a write",
		apply(&v2, &controller_misc, r, &e) == 0 && file_is("misc.max", "sev_es max"));
	CHECK("misc on v1 is the same file",
		apply(&v1, &controller_misc, r, &e) == 0 && file_is("misc.max", "sev_es max"));
	CHECK("misc is asked for by its file alone",
		str_eq(controller_asked(&controller_misc, &r), "unified.misc.max") &&
			!controller_asked(&controller_unified, &r));
	struct problems none = { 0 };
	controller_misc.validate(&r, false, &none);
	CHECK("lines of misc.max are accepted", none.n == 0);
	for (size_t i = 0; i < 4; i++) {
		file.value = (const char *[]){ "sev", "sev -1", " 3", "sev max2" }[i];
		CHECK("a line that is no limit", refuses(&controller_misc, r, "linux.resources.unified.misc.max"));
	}
	FILES("cgroup.controllers");
	file.value = "sev 1";
	CHECK("misc without its controller",
		apply(&v2, &controller_misc, r, &e) < 0 && str_starts(e.msg, "linux.resources.unified.misc.max: "));
}

/* --- v2's controllers on the way down --- */

static bool enables(const char *have_above, const char *have_below, const char *name, struct err *e)
{
	cleanup_free char *below = mem_printf("%s/a", dir), *leaf = mem_printf("%s/a/box", dir);
	struct hierarchy h = { .mount_dir = dir, .dir = leaf, .v2 = true };
	FILES("cgroup.controllers", "cgroup.subtree_control");
	if (mkdir(below, 0700) < 0 || control_write(dir, "cgroup.controllers", have_above) < 0)
		abort();
	for (int i = 0; i < 2; i++) {
		const char *file = i ? "cgroup.subtree_control" : "cgroup.controllers";
		cleanup_free char *path = mem_printf("%s/%s", below, file);
		if (file_replace(AT_FDCWD, path, i ? "" : have_below, i ? 0 : strlen(have_below), 0600, e) < 0)
			abort();
	}
	return fs_v2_enable(&h, name, e) == 0;
}

static void test_enable(void)
{
	struct err e = { 0 };
	CHECK("a controller is passed down at each level", enables("cpu memory\n", "cpu memory\n", "memory", &e) &&
								   file_is("cgroup.subtree_control", "+memory") &&
								   file_is("a/cgroup.subtree_control", "+memory"));
	CHECK("a controller that the host lacks",
		!enables("cpu memory\n", "cpu memory\n", "mem", &e) &&
			str_starts(e.msg, "the host has no mem controller here (cgroup v2, ") &&
			strstr(e.msg, ": \"cpu memory\")") && file_is("cgroup.subtree_control", ""));
	CHECK("a controller that stops on the way",
		!enables("cpu memory\n", "cpu\n", "memory", &e) && strstr(e.msg, "/a/cgroup.controllers: \"cpu\")"));
}

/* --- control files, the path --- */

static void test_number(void)
{
	FILES("memory.events", "memory.max");
	if (control_write(dir, "memory.events", "low 1\noom 2\noom_kill 3\noom_group_kill 4\n") < 0 ||
		control_write(dir, "memory.max", "max\n") < 0)
		abort();
	CHECK("number of a key", control_number(dir, "memory.events", "oom_kill") == 3);
	CHECK("number of the first key", control_number(dir, "memory.events", "low") == 1);
	CHECK("absent key", control_number(dir, "memory.events", "oom_k") == 0);
	CHECK("absent file", control_number(dir, "memory.peak", NULL) == 0);
	CHECK("max is no number", control_number(dir, "memory.max", NULL) == 0);
}

static size_t path_problems(char *path)
{
	struct oci_linux l = { .cgroups_path = path };
	struct oci_config config = { .linux = &l };
	struct problems problems = { 0 };
	feature_cgroup.validate(&config, &problems);
	size_t n = problems.errors;
	problems_free(&problems);
	return n;
}

static void test_path(void)
{
	CHECK("usual paths are accepted",
		path_problems("/a/b") == 0 && path_problems("a..b") == 0 && path_problems("") == 0);
	CHECK("a path with .. is refused", path_problems("/a/../b") == 1 && path_problems("..") == 1);
	CHECK("the root cgroup is refused", path_problems("/") == 1 && path_problems("/.") == 1);
}

int main(void)
{
	struct err e;
	if (!mkdtemp(dir))
		return 1;
	test_weight();
	test_cpu();
	test_memory();
	test_pids();
	test_hugetlb();
	test_io();
	test_network();
	test_rdma();
	test_unified();
	test_misc();
	test_enable();
	test_number();
	test_path();
	return file_remove_tree(AT_FDCWD, dir, &e) < 0 ? 1 : check_end();
}
