/* Namespaces that are shared with the host after all, the names of the container's own, and sysctls. */
#include <string.h>

#include "base/str.h"
#include "cmd/run_part.h"

#define HOST_NAME_MAX_LENGTH 64 /* __NEW_UTS_LEN */

static void drop_namespace(struct oci_linux *linux, const char *type)
{
	size_t kept = 0;

	for (size_t i = 0; i < linux->n_namespaces; i++)
		if (strcmp(linux->namespaces[i].type, type) != 0)
			linux->namespaces[kept++] = linux->namespaces[i];
	linux->n_namespaces = kept;
}

static void need_namespace(struct run_build *b, const char *type)
{
	struct oci_linux *linux = b->config->linux;
	struct oci_namespace *all;

	drop_namespace(linux, type);
	all = arena_alloc(b->arena, (linux->n_namespaces + 1) * sizeof *all);
	if (linux->n_namespaces)
		memcpy(all, linux->namespaces, linux->n_namespaces * sizeof *all);
	all[linux->n_namespaces++] = (struct oci_namespace){ .type = type };
	linux->namespaces = all;
}

/* value: "host", or the word for a namespace of its own (default). */
static int namespace(
	struct run_build *b, const char *flag, const char *value, const char *own, const char *type, struct err *e)
{
	if (value && strcmp(value, "host") == 0) {
		drop_namespace(b->config->linux, type);
		return 0;
	}
	if (value && strcmp(value, own) != 0)
		return run_wrong(e, flag, value,
			"hind knows \"%s\" and \"host\"; other containers' namespaces are joined by the "
			"paths of linux.namespaces in a config.json",
			own);
	need_namespace(b, type);
	return 0;
}

/* /dev/shm is a directory of the host's. A mount of type mqueue shows the queues of the IPC namespace that it is made
 * in, so that one stays as it is. */
static void share_ipc(struct run_build *b)
{
	mount_list_drop(&b->mounts, "/dev/shm");
	mount_list_add(&b->mounts, "/dev/shm", "bind", "/dev/shm",
		MOUNT_OPTIONS("rbind", "nosuid", "nodev", "noexec", "rprivate"));
}

static int names(struct run_build *b, struct err *e)
{
	const struct run_flags *flags = b->flags;
	bool host = str_eq(flags->uts, "host");

	b->config->hostname = b->config->domainname = NULL;
	if (host && (flags->hostname || flags->domainname))
		return err_set(e, "--%s cannot go with --uts host: it would rename the host",
			flags->hostname ? "hostname" : "domainname");
	if (flags->hostname && (!*flags->hostname || strlen(flags->hostname) > HOST_NAME_MAX_LENGTH))
		return run_wrong(e, "hostname", flags->hostname, "it has 1 to %d characters", HOST_NAME_MAX_LENGTH);
	if (flags->domainname && strlen(flags->domainname) > HOST_NAME_MAX_LENGTH)
		return run_wrong(
			e, "domainname", flags->domainname, "it has %d characters at most", HOST_NAME_MAX_LENGTH);
	if (host)
		return 0;
	b->config->domainname = flags->domainname;
	b->config->hostname = flags->hostname;
	if (!flags->hostname)
		b->config->hostname = arena_printf(b->arena, "%.*s", HOST_NAME_MAX_LENGTH, flags->name);
	return 0;
}

static int sysctls(struct run_build *b, struct err *e)
{
	const struct opt_list *list = &b->flags->sysctl;
	struct oci_linux *linux = b->config->linux;
	struct oci_pair *all = arena_alloc(b->arena, (linux->n_sysctl + list->n + 1) * sizeof *all);
	size_t n = linux->n_sysctl;

	if (n)
		memcpy(all, linux->sysctl, n * sizeof *all);
	for (size_t i = 0; i < list->n; i++) {
		const char *value = strchr(list->v[i], '=');
		size_t at = 0;
		char *key;

		if (!value || value == list->v[i])
			return run_wrong(
				e, "sysctl", list->v[i], "it is written NAME=VALUE, as in net.ipv4.ip_forward=1");
		key = arena_strndup(b->arena, list->v[i], (size_t)(value - list->v[i]));
		while (at < n && strcmp(all[at].key, key) != 0)
			at++;
		all[at] = (struct oci_pair){ key, value + 1 };
		n += at == n;
	}
	if (n) {
		linux->sysctl = all;
		linux->n_sysctl = n;
	}
	return 0;
}

int run_isolation(struct run_build *b, struct err *e)
{
	const struct run_flags *flags = b->flags;

	if (namespace(b, "network", flags->network, "none", "network", e))
		return -1;
	if (namespace(b, "pid", flags->pid, "private", "pid", e) ||
		namespace(b, "ipc", flags->ipc, "private", "ipc", e))
		return -1;
	if (namespace(b, "uts", flags->uts, "private", "uts", e))
		return -1;
	if (namespace(b, "cgroupns", flags->cgroupns, "private", "cgroup", e))
		return -1;
	need_namespace(b, "mount");
	if (str_eq(flags->ipc, "host"))
		share_ipc(b);
	return names(b, e) || sysctls(b, e) ? -1 : 0;
}
