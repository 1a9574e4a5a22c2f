/* linux.sysctl: which names are taken, in which namespaces. */
#include "check.h"
#include "linux/linux.h"
#include "validate.h"

/* A config with this one sysctl and a namespace of each type in the comma-separated list. */
static bool decides(size_t n, const char *reason, const char *key, const char *value, const char *namespaces)
{
	struct oci_namespace v[8] = { 0 };
	struct oci_pair pair = { (char *)key, (char *)value };
	struct oci_linux l = { .namespaces = v, .sysctl = &pair, .n_sysctl = 1 };
	struct oci_config c = { .linux = &l };
	char names[128], path[256], *save = NULL;

	snprintf(names, sizeof names, "%s", namespaces);
	for (char *name = strtok_r(names, ",", &save); name; name = strtok_r(NULL, ",", &save))
		v[l.n_namespaces++].type = name;
	snprintf(path, sizeof path, "linux.sysctl.%s", key);
	return says(&feature_sysctl, &c, n, path, reason);
}

static bool taken(const char *key, const char *namespace)
{
	return decides(0, NULL, key, "1", namespace);
}

static bool refused(const char *reason, const char *key, const char *namespaces)
{
	return decides(1, reason, key, "1", namespaces);
}

#define ALL "ipc,network,uts,user,pid,mount,cgroup,time"

int main(void)
{
	static const char *const ipc[] = { "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
		"kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced", "fs.mqueue.msg_max" };

	for (size_t i = 0; i < sizeof ipc / sizeof *ipc; i++) {
		CHECK(ipc[i], taken(ipc[i], "ipc"));
		CHECK("without its namespace", refused("type ipc", ipc[i], "network,uts,user"));
	}
	CHECK("slashes", taken("net/ipv4/ip_forward", "network"));
	CHECK("interface with a dot, dots first", taken("net.ipv4.conf.eth0/100.forwarding", "network"));
	CHECK("interface with a dot, slashes first", taken("net/ipv4/conf/eth0.100/forwarding", "network"));
	CHECK("user", taken("user.max_user_namespaces", "user"));
	CHECK("domainname", taken("kernel.domainname", "uts"));
	CHECK("net without network", refused("type network", "net.ipv4.ip_forward", "ipc,uts,user"));
	CHECK("user without user", refused("type user", "user.max_user_namespaces", "ipc,uts,network"));
	CHECK("hostname has its own property", refused("property hostname", "kernel.hostname", ALL));
	CHECK("of the host", refused("would change the host", "kernel.core_pattern", ALL));
	CHECK("of the host, slashes", refused("would change the host", "vm/swappiness", ALL));
	CHECK("beginning of a name", refused("would change the host", "kernel.sh", ALL));
	CHECK("more than a name", refused("would change the host", "kernel.shmmax.x", ALL));
	CHECK("directory alone", refused("no name", "net.", ALL));
	CHECK("prefix without its dot", refused("would change the host", "network.x", ALL));
	CHECK("upwards with slashes", refused("no name", "net/../kernel/core_pattern", ALL));
	CHECK("upwards with dots", refused("no name", "net.//.kernel.core_pattern", ALL));
	CHECK("empty component", refused("no name", "net..ipv4", ALL));
	CHECK("absolute", refused("no name", "/net/ipv4/ip_forward", ALL));
	CHECK("empty", refused("no name", "", ALL));
	CHECK("line break in the name", refused("no name", "net.ipv4.x\nkernel.core_pattern", ALL));
	CHECK("line break in the value",
		decides(1, "line break", "kernel.shmmax", "1\nkernel.core_pattern=|/x", "ipc"));
	return check_end();
}
