/* linux.sysctl: kernel parameters that belong to a namespace of the container. runtime-spec config-linux.md "Sysctl";
 * proc(5), sysctl(8).
 *
 * Only those of a namespace, and only where the container has that namespace for itself: any other one would change the
 * host (CVE-2022-0811 set kernel.core_pattern so). Before the pivot, while the kernel still lets us write: /proc/sys is
 * mounted read-only in the container. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "linux/linux.h"
#include "step/init.h"
#include "step/launch.h"
#include "step/ns.h"

/* Below /proc/sys. A name that ends in a slash stands for everything below it. */
static const struct name_value namespaced[] = {
	{ "kernel/msgmax", NS_IPC },
	{ "kernel/msgmnb", NS_IPC },
	{ "kernel/msgmni", NS_IPC },
	{ "kernel/sem", NS_IPC },
	{ "kernel/shmall", NS_IPC },
	{ "kernel/shmmax", NS_IPC },
	{ "kernel/shmmni", NS_IPC },
	{ "kernel/shm_rmid_forced", NS_IPC },
	{ "fs/mqueue/", NS_IPC },
	{ "net/", NS_NET },
	{ "kernel/domainname", NS_UTS },
	{ "user/", NS_USER },
	{ NULL, 0 },
};

/* The path below /proc/sys, as sysctl(8) reads names: the first of '.' and '/' in it separates, the other stands for
 * itself
 * ("net.ipv4.conf.eth0/100.forwarding" is that of the interface eth0.100). The caller frees it. */
static char *path_of_key(const char *key)
{
	char *path = mem_strdup(key), *separator = strpbrk(path, "./");

	if (!separator || *separator == '/')
		return path;
	for (char *p = path; *p; p++)
		*p = *p == '.' ? '/' : *p == '/' ? '.' : *p;
	return path;
}

/* Does the path have an empty component, "." or ".."? */
static bool is_crooked(const char *path)
{
	for (;;) {
		size_t n = strcspn(path, "/");

		if (n == 0 || (n == 1 && *path == '.') || (n == 2 && path[0] == '.' && path[1] == '.'))
			return true;
		if (!path[n])
			return false;
		path += n + 1;
	}
}

static const struct name_value *find(const char *path)
{
	for (const struct name_value *v = namespaced; v->name; v++) {
		size_t n = strlen(v->name);

		if (v->name[n - 1] == '/' ? strncmp(path, v->name, n) == 0 && path[n] : strcmp(path, v->name) == 0)
			return v;
	}
	return NULL;
}

static void validate_one(const struct oci_config *config, const struct oci_pair *pair, struct problems *problems)
{
	cleanup_free char *path = path_of_key(pair->key);
	const struct name_value *known = find(path);
	const char *at = AT("linux.sysctl.%s", pair->key);

	if (strcmp(path, "kernel/hostname") == 0)
		problem_add(problems, at, "is set by the property hostname");
	else if (is_crooked(path) || strpbrk(pair->key, "\n\r"))
		problem_add(problems, at, "is no name of a kernel parameter");
	else if (!known)
		problem_add(problems, at, "belongs to no namespace, so it would change the host");
	else if (!ns_find(config, known->value))
		problem_add(problems, at,
			"needs a namespace of type %s in linux.namespaces, or it would change the host",
			ns_kinds[known->value].name);
	if (strchr(pair->value, '\n'))
		problem_add(problems, at, "the value has a line break in it");
}

static void validate(const struct oci_config *config, struct problems *problems)
{
	for (size_t i = 0; config->linux && i < config->linux->n_sysctl; i++)
		validate_one(config, &config->linux->sysctl[i], problems);
}

static bool wanted(const struct oci_config *config)
{
	return config->linux && config->linux->n_sysctl;
}

static bool is_own_namespace(const struct launch *l, enum ns kind)
{
	cleanup_free char *name = mem_printf("self/ns/%s", ns_kinds[kind].file);
	struct stat own, other;

	return l->kit.ns_fd[kind] >= 0 && fstatat(l->kit.host_proc_fd, name, &own, 0) == 0 &&
	       fstat(l->kit.ns_fd[kind], &other) == 0 && own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

/* A namespace that is joined by path may be hind's own: then it is no more the container's than without the entry. */
static int check(struct launch *l, struct err *e)
{
	const struct oci_linux *config = l->config->linux;

	for (size_t i = 0; i < config->n_sysctl; i++) {
		cleanup_free char *path = path_of_key(config->sysctl[i].key);
		enum ns kind = find(path)->value;

		if (kind == NS_USER ? !l->new_ns[kind] && !l->join_ns[kind] : is_own_namespace(l, kind))
			return err_set(e,
				"linux.sysctl.%s: the %s namespace to join is hind's own, so it would change the host",
				config->sysctl[i].key, ns_kinds[kind].name);
	}
	return 0;
}

static int set_one(const struct init *init, const struct oci_pair *pair, struct err *e)
{
	cleanup_free char *key_path = path_of_key(pair->key), *path = mem_printf("sys/%s", key_path);
	cleanup_fd int fd = path_open_proc(init->proc_fd, path, O_WRONLY, e);

	if (fd < 0 && e->code == ENOENT)
		return err_set(e, "linux.sysctl.%s: this kernel has no such parameter in the container's namespaces",
			pair->key);
	if (fd < 0)
		return err_wrap(e, "linux.sysctl.%s", pair->key);
	if (write(fd, pair->value, strlen(pair->value)) < 0)
		return err_sys(e, "linux.sysctl.%s: write \"%s\"", pair->key, pair->value);
	log_debug("sysctl", "set %s=%s", pair->key, pair->value);
	return 0;
}

static int set(struct init *init, struct err *e)
{
	const struct oci_linux *l = init->config->linux;

	for (size_t i = 0; i < l->n_sysctl; i++)
		if (set_one(init, &l->sysctl[i], e))
			return -1;
	return 0;
}

const struct feature feature_sysctl = { "sysctl", "linux.sysctl", validate, NULL };
const struct host_step host_sysctl_check = { "sysctl", wanted, check, NULL };
const struct init_step init_sysctl = { "sysctl", wanted, set };
