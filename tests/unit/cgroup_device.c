/* Device rules: the reduced list, and the program for v2, against the kernel's own v1 lists, by real accesses to real
 * devices. Needs root, a cgroup2 mount, and v1's devices hierarchy for the comparison (without it, list and program are
 * compared). */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "cgroup/controller.h"
#include "cgroup/device_list.h"
#include "check.h"
#include "sys/bpf.h"

static char dir_v1[64], dir_v2[64], scratch[] = "/tmp/hind-device-XXXXXX";
static struct hierarchy v1, v2;

/* --- what a process inside may do: one bit a probe --- */

static const struct probe {
	const char *path;
	char type;
	int major, minor;
	unsigned access;
} probes[] = {
	{ "/dev/null", 'c', 1, 3, DEVICE_READ },
	{ "/dev/null", 'c', 1, 3, DEVICE_WRITE },
	{ "/dev/null", 'c', 1, 3, DEVICE_READ | DEVICE_WRITE },
	{ "/dev/zero", 'c', 1, 5, DEVICE_READ },
	{ "/dev/zero", 'c', 1, 5, DEVICE_READ | DEVICE_WRITE },
	{ "/dev/full", 'c', 1, 7, DEVICE_READ },
	{ "/dev/tty", 'c', 5, 0, DEVICE_WRITE },
	{ "/dev/ptmx", 'c', 5, 2, DEVICE_READ },
	{ "node", 'c', 1, 3, DEVICE_MKNOD },
	{ "node", 'c', 10, 229, DEVICE_MKNOD },
	{ "node", 'b', 1, 3, DEVICE_MKNOD },
	{ "node", 'b', 7, 0, DEVICE_MKNOD },
};
#define PROBES ARRAY_LEN(probes)

/* Allowed is everything that the device cgroup lets through: ENXIO (no terminal) and so on come from the device. */
static bool probe_allowed(const struct probe *p)
{
	if (p->access == DEVICE_MKNOD) {
		int rc = mknod(p->path, (p->type == 'b' ? S_IFBLK : S_IFCHR) | 0600, makedev(p->major, p->minor));
		bool allowed = rc == 0 || errno != EPERM;
		if (rc == 0 && unlink(p->path) < 0)
			abort();
		return allowed;
	}
	int flags = p->access == DEVICE_READ ? O_RDONLY : p->access == DEVICE_WRITE ? O_WRONLY : O_RDWR;
	int fd = open(p->path, flags | O_CLOEXEC | O_NOCTTY);
	bool allowed = fd >= 0 || errno != EPERM;
	fd_close(&fd);
	return allowed;
}

/* A child that joins the cgroup and tries everything. */
static unsigned probe_in(struct hierarchy *h)
{
	int pipe_fd[2];
	unsigned bits = 0;
	struct err e;
	if (pipe2(pipe_fd, O_CLOEXEC) < 0)
		abort();
	pid_t pid = fork();
	if (pid == 0) {
		if (hierarchy_join(h, getpid(), &e) < 0)
			_exit(1);
		for (size_t i = 0; i < PROBES; i++)
			bits |= (unsigned)probe_allowed(&probes[i]) << i;
		_exit(write(pipe_fd[1], &bits, sizeof bits) == sizeof bits ? 0 : 1);
	}
	int status;
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status || read(pipe_fd[0], &bits, sizeof bits) != sizeof bits)
		abort();
	fd_close(&pipe_fd[0]);
	fd_close(&pipe_fd[1]);
	return bits;
}

static unsigned probe_list(const struct device_list *list)
{
	unsigned bits = 0;
	for (size_t i = 0; i < PROBES; i++)
		bits |= (unsigned)device_list_allows(
				list, probes[i].type, probes[i].major, probes[i].minor, probes[i].access)
			<< i;
	return bits;
}

/* --- rules --- */

static void print_rules(const struct oci_device_rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++)
		printf("# %s %s %lld:%lld %s\n", rules[i].allow ? "allow" : "deny", rules[i].type,
			rules[i].has_major ? (long long)rules[i].major : -1,
			rules[i].has_minor ? (long long)rules[i].minor : -1, rules[i].access ? rules[i].access : "rwm");
}

/* The rules as they stand, to the kernel's files. */
static void write_v1(const struct oci_device_rule *rules, size_t n)
{
	if (control_write(dir_v1, "devices.allow", "a") < 0)
		abort();
	for (size_t i = 0; i < n; i++) {
		const struct oci_device_rule *r = &rules[i];
		const char *file = r->allow ? "devices.allow" : "devices.deny";
		char numbers[64], text[96];
		snprintf(numbers, sizeof numbers, r->has_major ? "%lld:" : "*:", (long long)r->major);
		snprintf(numbers + strlen(numbers), sizeof numbers - strlen(numbers), r->has_minor ? "%lld" : "*",
			(long long)r->minor);
		const char *access = r->access ? r->access : "rwm";
		bool all = str_eq(r->type, "a") && !r->has_major && !r->has_minor && strlen(access) == 3;
		for (const char *type = all ? "a" : str_eq(r->type, "a") ? "bc" : r->type; *type; type++) {
			snprintf(text, sizeof text, "%c %s %s", *type, numbers, access);
			if (control_write(dir_v1, file, text) < 0)
				abort();
		}
	}
}

static const char *const accesses[] = { NULL, "rwm", "r", "w", "m", "rw", "rm" };
static const int64_t majors[] = { -1, 1, 1, 5, 10 }, minors[] = { -1, 0, 3, 3, 5 };

static unsigned long long random_state = 88172645463325252ULL;
static size_t below(size_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % n;
}

static struct oci_device_rule random_rule(void)
{
	struct oci_device_rule r = { .allow = below(2), .has_allow = true };
	if (below(8) == 0) {
		r.type = "a";
		return r;
	}
	r.type = (char *[]){ "c", "c", "c", "b", "a" }[below(5)];
	r.major = majors[below(ARRAY_LEN(majors))];
	r.minor = minors[below(ARRAY_LEN(minors))];
	r.has_major = r.major >= 0;
	r.has_minor = r.minor >= 0;
	r.access = (char *)accesses[below(ARRAY_LEN(accesses))];
	return r;
}

static void test_random(void)
{
	struct err e = { 0 };
	unsigned wrong = 0;
	for (int round = 0; round < 150; round++) {
		struct oci_device_rule rules[8];
		size_t n = 1 + below(ARRAY_LEN(rules));
		struct device_list list = { .allow = true };
		for (size_t i = 0; i < n; i++) {
			rules[i] = random_rule();
			device_list_add(&list, &rules[i]);
		}
		unsigned want = probe_list(&list), got = 0;
		if (device_attach(&v2, &list, &e) < 0 || (got = probe_in(&v2)) != want) {
			printf("# program: wanted %#x, got %#x %s\n", want, got, e.msg);
			print_rules(rules, n);
			wrong++;
		}
		free(list.v);
		if (!v1.dir)
			continue;
		write_v1(rules, n);
		if ((got = probe_in(&v1)) != want) {
			printf("# list: the kernel says %#x, we %#x\n", got, want);
			print_rules(rules, n);
			wrong++;
		}
	}
	CHECK("150 random lists decide as the kernel's", wrong == 0);
}

/* --- what containers get --- */

static struct oci_device_rule deny_all = { .allow = false, .has_allow = true, .access = "rwm" };

static void test_defaults(struct hierarchy *h, const char *name)
{
	struct err e = { 0 };
	struct oci_device_rule rules[] = { deny_all, { .allow = true,
							     .type = "c",
							     .major = 10,
							     .has_major = true,
							     .minor = 229,
							     .has_minor = true,
							     .access = "r" } };
	struct oci_resources r = { .devices = rules, .n_devices = ARRAY_LEN(rules) };
	char label[64];
	snprintf(label, sizeof label, "default devices after a deny of all on %s", name);
	int rc = controller_devices.apply(h, &controller_devices, &r, &e);
	CHECK(label, rc == 0 && probe_in(h) == (1u << PROBES) - 1);
	/* /dev/kmsg, 1:11, is no default device. */
	struct device_list list;
	device_list_make(&list, &r);
	CHECK("other devices are denied", !device_list_allows(&list, 'c', 1, 11, DEVICE_READ) &&
						  device_list_allows(&list, 'c', 10, 229, DEVICE_READ) &&
						  !device_list_allows(&list, 'c', 10, 229, DEVICE_WRITE) &&
						  !device_list_allows(&list, 'b', 8, 0, DEVICE_READ) &&
						  device_list_allows(&list, 'c', 136, 4, DEVICE_READ | DEVICE_WRITE));
	free(list.v);
}

static void test_list(void)
{
	struct oci_device_rule docker[] = { deny_all, { .allow = true, .type = "c", .access = "m" },
		{ .allow = true,
			.type = "c",
			.major = 1,
			.has_major = true,
			.minor = 3,
			.has_minor = true,
			.access = "rwm" } };
	struct oci_resources r = { .devices = docker, .n_devices = 1 };
	struct device_list few, same;
	device_list_make(&few, &r);
	r.n_devices = ARRAY_LEN(docker);
	device_list_make(&same, &r);
	CHECK("rules that repeat the default devices cost nothing", few.n == same.n);
	CHECK("a rule for all is told", few.reset && !few.allow);
	free(few.v);
	free(same.v);
	struct oci_device_rule partial = { .allow = true, .type = "a", .access = "r" };
	struct device_list list = { 0 };
	device_list_add(&list, &partial);
	CHECK("a rule of type a for reading is not one for all",
		!list.allow && !list.reset && list.n == 2 && !device_list_allows(&list, 'c', 1, 1, DEVICE_WRITE));
	free(list.v);
}

static void test_replace(void)
{
	struct err e = { 0 };
	struct device_list all = { .allow = true }, none = { .allow = false };
	uint32_t ids[BPF_DEVICES_MAX];
	size_t n = ARRAY_LEN(ids);
	int fd = open(dir_v2, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool done = device_attach(&v2, &all, &e) == 0 && device_attach(&v2, &none, &e) == 0 &&
		    bpf_query_device(fd, ids, &n, &e) == 0;
	CHECK("an update replaces the program", done && n == 1 && probe_in(&v2) == 0);
	v2.fresh = true; /* beside the old one, as somebody else would attach his */
	done = device_attach(&v2, &none, &e) == 0;
	v2.fresh = false;
	n = ARRAY_LEN(ids);
	done = done && device_attach(&v2, &all, &e) == 0 && bpf_query_device(fd, ids, &n, &e) == 0;
	CHECK("an update leaves no second program", done && n == 1 && probe_in(&v2) == (1u << PROBES) - 1);
	fd_close(&fd);
	struct bpf_insn bad = { .code = 0xff };
	CHECK("a refused program is told with the verifier's words",
		bpf_load_device(&bad, 1, &e) < 0 && strstr(e.msg, "verifier: ") && e.code == EINVAL);
}

static void test_many(void)
{
	struct err e = { 0 };
	struct device_list list = { 0 };
	for (int i = 0; i < 1000; i++) {
		struct oci_device_rule r = { .allow = true,
			.type = "c",
			.major = i % 4096,
			.has_major = true,
			.minor = i,
			.has_minor = true,
			.access = "rw" };
		device_list_add(&list, &r);
	}
	bool loaded = device_attach(&v2, &list, &e) == 0;
	if (!loaded)
		printf("# %s\n", e.msg);
	CHECK("a program of 1000 rules is loaded", loaded);
	free(list.v);
}

int main(void)
{
	if (geteuid() != 0 || !mkdtemp(scratch) || chdir(scratch) < 0) {
		printf("not ok setup - needs root\n");
		return 1;
	}
	bool pure = access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0;
	snprintf(dir_v2, sizeof dir_v2, "/sys/fs/cgroup%s/hind-device-%d", pure ? "" : "/unified", getpid());
	snprintf(dir_v1, sizeof dir_v1, "/sys/fs/cgroup/devices/hind-device-%d", getpid());
	v2 = (struct hierarchy){ .dir = dir_v2, .v2 = true };
	test_list();
	if (mkdir(dir_v2, 0755) < 0) {
		printf("not ok setup - no cgroup2 at %s: %s\n", dir_v2, strerror(errno));
		return 1;
	}
	if (!pure && mkdir(dir_v1, 0755) == 0)
		v1 = (struct hierarchy){ .dir = dir_v1 };
	test_defaults(&v2, "v2");
	if (v1.dir)
		test_defaults(&v1, "v1");
	test_random();
	test_replace();
	test_many();
	struct err e;
	CHECK("removed", hierarchy_remove(&v2, &e) == 0 && (!v1.dir || hierarchy_remove(&v1, &e) == 0));
	if (chdir("/") < 0 || rmdir(scratch) < 0)
		return 1;
	return check_end();
}
