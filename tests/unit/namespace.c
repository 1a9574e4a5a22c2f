/* linux.namespaces, linux.uidMappings and gidMappings, linux.timeOffsets, hostname: what validate says. */
#include "base/mem.h"
#include "check.h"
#include "linux/linux.h"
#include "validate.h"

static void test_namespaces(void)
{
	struct oci_namespace twice[] = { { .type = "pid" }, { .type = "ipc" },
		{ .type = "pid", .path = "/proc/1/ns/pid" } };
	struct oci_namespace relative[] = { { .type = "network", .path = "proc/1/ns/net" } };
	struct oci_namespace empty_path[] = { { .type = "network", .path = "" } };
	struct oci_linux l = { .namespaces = twice, .n_namespaces = 3 };
	struct oci_config c = { .linux = &l }, none = { 0 };

	CHECK("no linux", says(&feature_namespace, &none, 1, "linux", "is missing"));
	CHECK("twice", says(&feature_namespace, &c, 1, "linux.namespaces[2].type", "after linux.namespaces[0]"));
	l = (struct oci_linux){ .namespaces = relative, .n_namespaces = 1 };
	CHECK("relative path", says(&feature_namespace, &c, 1, "linux.namespaces[0].path", "not an absolute path"));
	l = (struct oci_linux){ .namespaces = empty_path, .n_namespaces = 1 };
	CHECK("empty path is no path", says(&feature_namespace, &c, 0, NULL, NULL));
}

#define MAP(c, h, s)                                                                                                   \
	{                                                                                                              \
		.container_id = c, .host_id = h, .size = s                                                             \
	}

static bool maps(size_t n, const char *path, const char *reason, struct oci_id_mapping *v, size_t n_mappings)
{
	struct oci_namespace user = { .type = "user" };
	struct oci_id_mapping good = MAP(0, 1000, 1);
	struct oci_linux l = { .namespaces = &user,
		.n_namespaces = 1,
		.uid_mappings = v,
		.n_uid_mappings = n_mappings,
		.gid_mappings = &good,
		.n_gid_mappings = 1 };
	struct oci_config c = { .linux = &l };

	return says(&feature_userns, &c, n, path, reason);
}

static void test_mappings(void)
{
	struct oci_namespace user = { .type = "user", .path = "/proc/1/ns/user" };
	struct oci_id_mapping one = MAP(0, 1000, 1);
	struct oci_linux l = { .uid_mappings = &one, .n_uid_mappings = 1 };
	struct oci_config c = { .linux = &l };
	struct oci_id_mapping many[341];

	CHECK("good", maps(0, NULL, NULL, (struct oci_id_mapping[]){ MAP(0, 100000, 1000), MAP(1000, 0, 1) }, 2));
	CHECK("all ids", maps(0, NULL, NULL, (struct oci_id_mapping[]){ MAP(0, 0, UINT32_MAX) }, 1));
	CHECK("the last id is none", maps(1, "linux.uidMappings[1].size", "hostID",
					     (struct oci_id_mapping[]){ MAP(0, 0, 1), MAP(1, UINT32_MAX - 1, 2) }, 2));
	CHECK("container ids end", maps(1, "linux.uidMappings[1].size", "containerID",
					   (struct oci_id_mapping[]){ MAP(0, 0, 1), MAP(UINT32_MAX, 1, 1) }, 2));
	CHECK("size 0",
		maps(1, "linux.uidMappings[0].size", "maps nothing", (struct oci_id_mapping[]){ MAP(0, 0, 0) }, 1));
	CHECK("overlap inside", maps(1, "linux.uidMappings[1].containerID", "linux.uidMappings[0]",
					(struct oci_id_mapping[]){ MAP(0, 0, 10), MAP(9, 100, 10) }, 2));
	CHECK("overlap on the host", maps(1, "linux.uidMappings[1].hostID", "on the host",
					     (struct oci_id_mapping[]){ MAP(0, 10, 10), MAP(10, 1, 10) }, 2));
	CHECK("side by side", maps(0, NULL, NULL, (struct oci_id_mapping[]){ MAP(0, 10, 10), MAP(10, 0, 10) }, 2));
	CHECK("without root",
		maps(1, "linux.uidMappings", "containerID 0", (struct oci_id_mapping[]){ MAP(1, 1, 1) }, 1));
	CHECK("without mappings", maps(1, "linux.uidMappings", "is missing", NULL, 0));
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i] = (struct oci_id_mapping)MAP(i, i, 1);
	CHECK("340 mappings", maps(0, NULL, NULL, many, 340));
	CHECK("341 mappings", maps(1, "linux.uidMappings", "340", many, 341));
	CHECK("without a namespace", says(&feature_userns, &c, 1, "linux.uidMappings", "user namespace"));
	l = (struct oci_linux){ .namespaces = &user, .n_namespaces = 1 };
	CHECK("joined, without mappings", says(&feature_userns, &c, 0, NULL, NULL));
}

static void test_time_offsets(void)
{
	struct oci_namespace time = { .type = "time" };
	struct oci_time_offset_entry good[] = { { "monotonic", { .secs = -5, .nanosecs = 999999999 } },
		{ "boottime", { .secs = 1 } } };
	struct oci_time_offset_entry bad[] = { { "realtime", { .secs = 1 } },
		{ "boottime", { .nanosecs = 1000000000 } } };
	struct oci_linux l = { .namespaces = &time, .n_namespaces = 1, .time_offsets = good, .n_time_offsets = 2 };
	struct oci_config c = { .linux = &l };

	CHECK("offsets", says(&feature_timens, &c, 0, NULL, NULL));
	l.n_namespaces = 0;
	CHECK("offsets without a namespace", says(&feature_timens, &c, 1, "linux.timeOffsets", "time namespace"));
	l.n_namespaces = 1;
	time.path = "/proc/1/ns/time";
	CHECK("offsets of a joined namespace", says(&feature_timens, &c, 1, "linux.timeOffsets", "new time namespace"));
	time.path = NULL;
	l.time_offsets = bad;
	CHECK("unknown clock", says(&feature_timens, &c, 2, "linux.timeOffsets.realtime", "no such clock"));
	CHECK("a second of nanoseconds",
		says(&feature_timens, &c, 2, "linux.timeOffsets.boottime.nanosecs", "1000000000"));
}

static void test_hostname(void)
{
	struct oci_namespace uts = { .type = "uts" };
	struct oci_linux l = { .namespaces = &uts, .n_namespaces = 1 };
	char name[66] = "";
	struct oci_config c = { .linux = &l, .hostname = name };

	memset(name, 'a', 64);
	CHECK("64 characters", says(&feature_hostname, &c, 0, NULL, NULL));
	name[64] = 'a';
	CHECK("65 characters", says(&feature_hostname, &c, 1, "hostname", "65"));
	name[64] = 0;
	c.domainname = "d";
	l.n_namespaces = 0;
	CHECK("without a namespace", says(&feature_hostname, &c, 2, "domainname", "uts namespace"));
	c = (struct oci_config){ .hostname = "" };
	CHECK("empty is none", says(&feature_hostname, &c, 0, NULL, NULL) && !init_hostname.wanted(&c));
}

int main(void)
{
	test_namespaces();
	test_mappings();
	test_time_offsets();
	test_hostname();
	return check_end();
}
