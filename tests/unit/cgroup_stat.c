/* What a cgroup has used, as JSON, and what an update takes back, on a directory of plain files in the place of one. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "cgroup/controller.h"
#include "check.h"

static char dir[] = "/tmp/hind-stat-XXXXXX";
static struct hierarchy h = { .dir = dir, .mount_dir = "/tmp", .controllers = ~0u };
static struct cgroup cg = { .hierarchies = &h, .n = 1 };

static void file(const char *name, const char *text)
{
	struct err e;
	cleanup_free char *path = mem_printf("%s/%s", dir, name);
	if (file_replace(AT_FDCWD, path, text, strlen(text), 0600, &e) < 0)
		abort();
}

static void empty(void)
{
	struct err e;
	if (file_remove_tree(AT_FDCWD, dir, &e) < 0 || file_mkdirs(dir, 0700, &e) < 0)
		abort();
}

static bool file_is(const char *name, const char *want)
{
	char buf[256] = "(no file)";
	if (control_read(dir, name, buf, sizeof buf) < 0 || strcmp(buf, want))
		printf("# %s: wanted '%s', got '%s'\n", name, want, buf);
	return !strcmp(buf, want);
}

/* Is the part of the statistics from `"KEY":` on exactly this? */
static bool has(const char *want)
{
	struct json_out *out = json_out_new(false);
	size_t len;
	json_open_object(out);
	struct err e;
	int rc = cgroup_stats(&cg, out, &e);
	json_close_object(out);
	const char *text = json_out_text(out, &len);
	bool found = rc == 0 && strstr(text, want);
	if (!found)
		printf("# no %s in %s\n", want, text);
	json_out_free(out);
	return found;
}

static void test_v2(void)
{
	empty();
	h.v2 = true;
	file("cpu.stat",
		"usage_usec 5000\nuser_usec 3000\nsystem_usec 2000\nnr_periods 7\nnr_throttled 3\nthrottled_usec "
		"90\n");
	file("cpu.pressure", "some avg10=1.50 avg60=0.00 avg300=0.25 total=12\nfull avg10=0.00 avg60=0.00 avg300=0.00 "
			     "total=3\n");
	file("cpuset.cpus.effective", "0-2,5\n");
	file("cpuset.mems.effective", "0\n");
	file("memory.max", "1000\n");
	file("memory.current", "400\n");
	file("memory.peak", "900\n");
	file("memory.events", "low 0\nhigh 0\nmax 4\noom 0\n");
	file("memory.swap.max", "max\n");
	file("memory.swap.current", "50\n");
	file("memory.stat", "anon 300\nfile 80\nkernel 20\n");
	file("pids.current", "2\n");
	file("pids.max", "max\n");
	file("io.stat", "8:16 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n");
	file("hugetlb.2MB.current", "4096\n");
	file("hugetlb.2MB.rsvd.current", "1\n");
	file("hugetlb.2MB.events", "max 6\n");
	CHECK("v2: cpu in nanoseconds, pressure",
		has("{\"cpu\":{\"usage\":{\"total\":5000000,\"kernel\":2000000,\"user\":3000000},\"throttling\":{"
		    "\"periods\":7,\"throttledPeriods\":3,\"throttledTime\":90000},\"psi\":{\"some\":{\"avg10\":1.50,"
		    "\"avg60\":0.00,\"avg300\":0.25,\"total\":12},\"full\":{\"avg10\":0.00,\"avg60\":0.00,\"avg300\":"
		    "0.00,\"total\":3}}}"));
	CHECK("v2: cpuset", has("\"cpuset\":{\"cpus\":[0,1,2,5],\"mems\":[0],\"cpu_exclusive\":0"));
	CHECK("v2: memory, swap counted with it",
		has("\"memory\":{\"cache\":80,\"usage\":{\"limit\":1000,\"usage\":400,\"max\":900,\"failcnt\":4},"
		    "\"swap\":{\"limit\":18446744073709551615,\"usage\":450,\"failcnt\":0},\"kernel\":{\"limit\":0,"
		    "\"usage\":20,\"failcnt\":0},\"kernelTCP\":{\"limit\":0,\"failcnt\":0},\"raw\":{\"anon\":300,"
		    "\"file\":80,\"kernel\":20}}"));
	CHECK("v2: no limit of pids is left out", has("\"pids\":{\"current\":2}"));
	CHECK("v2: io",
		has("\"blkio\":{\"ioServiceBytesRecursive\":[{\"major\":8,\"minor\":16,\"op\":\"Read\","
		    "\"value\":10},{\"major\":8,\"minor\":16,\"op\":\"Write\",\"value\":20}],"
		    "\"ioServicedRecursive\":[{\"major\":8,\"minor\":16,\"op\":\"Read\",\"value\":1},{\"major\":"
		    "8,\"minor\":16,\"op\":\"Write\",\"value\":2}]}"));
	CHECK("v2: huge pages", has("\"hugetlb\":{\"2MB\":{\"usage\":4096,\"failcnt\":6}}"));
	file("memory.swap.max", "500\n");
	CHECK("v2: limit of swap with the memory's", has("\"swap\":{\"limit\":1500,"));
}

static void test_v1(void)
{
	empty();
	h.v2 = false;
	h.options = "cpu,cpuacct";
	file("cpuacct.usage", "900\n");
	file("cpuacct.usage_percpu", "500 400 \n");
	file("cpuacct.usage_all", "cpu user system\n0 300 200\n1 250 150\n");
	file("cpuacct.stat", "user 2\nsystem 3\n");
	file("cpu.stat", "nr_periods 1\nnr_throttled 0\nthrottled_time 0\n");
	file("blkio.bfq.io_serviced_recursive", "Total 0\n");
	file("blkio.throttle.io_serviced_recursive", "8:0 Read 5\n8:0 Total 5\nTotal 5\n");
	file("hugetlb.1GB.usage_in_bytes", "0\n");
	file("hugetlb.1GB.max_usage_in_bytes", "7\n");
	file("hugetlb.1GB.failcnt", "2\n");
	CHECK("v1: cpu", has("\"cpu\":{\"usage\":{\"total\":900,\"percpu\":[500,400],\"percpu_kernel\":[200,150],"
			     "\"percpu_user\":[300,250],\"kernel\":30000000,\"user\":20000000},\"throttling\":{"
			     "\"periods\":1}}"));
	CHECK("v1: io of a device without BFQ", has("\"blkio\":{\"ioServicedRecursive\":[{\"major\":8,\"op\":\"Read\","
						    "\"value\":5},{\"major\":8,\"op\":\"Total\",\"value\":5}]}"));
	CHECK("v1: huge pages", has("\"hugetlb\":{\"1GB\":{\"max\":7,\"failcnt\":2}}"));
	h.controllers = 0;
	h.options = "freezer";
	CHECK("nothing is known", has("\"cpu\":{\"usage\":{\"kernel\":0,\"user\":0},\"throttling\":{}},\"cpuset\":{"
				      "\"cpu_exclusive\":0,") &&
					  has("\"pids\":{},\"blkio\":{},\"hugetlb\":{}}"));
	h.controllers = ~0u;
}

/* --- what an update takes back --- */

static bool old_is(const char *name, const char *holds, const char *text, const char *want)
{
	file(name, holds);
	cleanup_free char *old = journal_old(&h, name, text);
	if (!str_eq(old, want))
		printf("# %s, \"%s\": wanted '%s', got '%s'\n", name, text, want ? want : "NULL", old ? old : "NULL");
	return str_eq(old, want);
}

static void test_journal(void)
{
	empty();
	CHECK("one value", old_is("pids.max", "max\n", "9", "max"));
	CHECK("a value of two words", old_is("cpu.max", "max 100000\n", "20000 50000", "max 100000"));
	CHECK("an empty list", old_is("cpuset.cpus", "\n", "0-1", "\n"));
	file("cpuset.cpus.effective", "0-3\n");
	CHECK("an empty list of v2", old_is("cpuset.cpus", "\n", "0-1", "0-3"));
	CHECK("the weight for all", old_is("io.weight", "default 100\n8:0 50\n", "300", "default 100"));
	CHECK("the weight of one device", old_is("io.weight", "default 100\n8:0 50\n", "8:0 70", "8:0 50"));
	CHECK("a weight that was not set", old_is("io.weight", "default 100\n8:0 50\n", "8:16 70", "8:16 default"));
	CHECK("a device that had limits", old_is("io.max", "8:0 rbps=1 wbps=max riops=max wiops=max\n", "8:0 wbps=7",
						  "8:0 rbps=1 wbps=max riops=max wiops=max"));
	CHECK("a device that had none", old_is("io.max", "8:0 rbps=1 wbps=max riops=max wiops=max\n", "8:16 wbps=7",
						"8:16 rbps=max wbps=max riops=max wiops=max"));
	CHECK("v1's throttle that was not set", old_is("blkio.throttle.read_bps_device", "", "7:0 100", "7:0 0"));
	CHECK("another key", old_is("rdma.max",
				     "mlx4_0 hca_handle=2 hca_object=3\nmlx5_1 hca_handle=max "
				     "hca_object=max\n",
				     "mlx5_1 hca_handle=1", "mlx5_1 hca_handle=max hca_object=max"));
	CHECK("v1's OOM control", old_is("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\n", "1", "0"));
	CHECK("no file", !journal_old(&h, "devices.allow", "c 1:3 r"));
	h.journal = journal_new();
	file("a", "3");
	file("b", "4");
	journal_push(&h, "a", mem_strdup("1"));
	journal_push(&h, "a", mem_strdup("2"));
	journal_push(&h, "b", mem_strdup("0"));
	journal_undo(h.journal);
	journal_free(h.journal);
	h.journal = NULL;
	CHECK("the latest first", file_is("a", "1") && file_is("b", "0"));
}

/* --- memory of a v2 cgroup that lives --- */

static int update_memory(struct oci_memory m, struct err *e)
{
	*e = (struct err){ 0 };
	struct oci_resources r = { .memory = &m };
	return controller_memory.apply(&h, &controller_memory, &r, e);
}

static void test_memory_update(void)
{
	struct err e;
	empty();
	h.v2 = true;
	file("memory.max", "4096");
	file("memory.swap.max", "max\n");
	CHECK("v2: memory and swap alone leave the limit",
		update_memory((struct oci_memory){ .swap = 12288, .has_swap = true }, &e) == 0 &&
			file_is("memory.swap.max", "8192") && file_is("memory.max", "4096"));
	CHECK("v2: less than the limit is refused",
		update_memory((struct oci_memory){ .swap = 1024, .has_swap = true }, &e) < 0 &&
			str_starts(e.msg, "linux.resources.memory.swap: 1024 is less than the memory limit, 4096"));
	file("memory.max", "max\n");
	CHECK("v2: memory and swap without a limit is refused",
		update_memory((struct oci_memory){ .swap = 12288, .has_swap = true }, &e) < 0 &&
			strstr(e.msg, "so it needs a memory.limit"));
	CHECK("v2: the OOM killer is always there",
		update_memory((struct oci_memory){ .has_disable_oom_killer = true }, &e) == 0);
	h.v2 = false;
	file("memory.oom_control", "");
	CHECK("v1: the OOM killer comes back",
		update_memory((struct oci_memory){ .has_disable_oom_killer = true }, &e) == 0 &&
			file_is("memory.oom_control", "0"));
}

static void test_validation(void)
{
	struct problems problems = { 0 };
	struct oci_memory m = { .swap = 12288, .has_swap = true };
	struct oci_block_io io = { .weight = 3, .has_weight = true };
	struct oci_resources r = { .memory = &m, .block_io = &io };
	cgroup_validate_update(&r, &problems);
	CHECK("an update is a document of its own", problems.n == 1 && str_eq(problems.v[0].path, "blockIO.weight"));
	problems_free(&problems);
}

int main(void)
{
	struct err e;
	if (!mkdtemp(dir))
		return 1;
	test_v2();
	test_v1();
	test_journal();
	test_memory_update();
	test_validation();
	return file_remove_tree(AT_FDCWD, dir, &e) < 0 ? 1 : check_end();
}
