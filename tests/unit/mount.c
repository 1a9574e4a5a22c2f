/* What validation says about mounts, root, masks and devices before anything is done. */
/* covers: mounts[].{uidMappings,gidMappings}[].{containerID,hostID,size} */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "check.h"
#include "linux/linux.h"
#include "step/ns.h"
#include "validate.h"
/* covers: mask, rootfs, device */

static struct oci_namespace own[] = { { .type = "mount" }, { .type = "user" } };
static struct oci_id_mapping maps[] = { { .container_id = 0, .host_id = 1000, .size = 5 } };
static struct oci_linux linux_part = { .namespaces = own, .n_namespaces = 1 };
static struct oci_root root = { .path = "rootfs" };

static bool mount_says(struct oci_mount m, size_t n, const char *path, const char *text)
{
	struct oci_config c = { .linux = &linux_part, .mounts = &m, .n_mounts = 1 };

	for (m.n_options = 0; m.options && m.options[m.n_options];)
		m.n_options++;
	return says(&feature_mount, &c, n, path, text);
}
#define OPTIONS(...)                                                                                                   \
	(char *[])                                                                                                     \
	{                                                                                                              \
		__VA_ARGS__, NULL                                                                                      \
	}

static void mounts(void)
{
	CHECK("a tmpfs", mount_says((struct oci_mount){ "/x", "tmpfs", "tmpfs", OPTIONS("size=1m", "ro") }, 0, "", ""));
	CHECK("a bind mount", mount_says((struct oci_mount){ "/x", NULL, "/y", OPTIONS("rbind", "rro") }, 0, "", ""));
	CHECK("type bind without the option", mount_says((struct oci_mount){ "/x", "bind", "/y" }, 0, "", ""));
	CHECK("neither type nor bind",
		mount_says((struct oci_mount){ "/x", NULL, "y" }, 1, "mounts[0]", "needs a type"));
	CHECK("bind without a source", mount_says((struct oci_mount){ "/x", "none", NULL, OPTIONS("bind") }, 1,
					       "mounts[0]", "needs a source"));
	CHECK("an empty destination",
		mount_says((struct oci_mount){ "", "tmpfs", "tmpfs" }, 1, "mounts[0].destination", "is empty"));
	CHECK("remount needs neither",
		mount_says((struct oci_mount){ "/x", NULL, NULL, OPTIONS("remount", "ro") }, 0, "", ""));
	CHECK("id-mapped by nothing", mount_says((struct oci_mount){ "/x", "bind", "/y", OPTIONS("bind", "idmap") }, 1,
					      "mounts[0]", "it has none"));
	CHECK("id-mapped by the option", mount_says((struct oci_mount){ "/x", "bind", "/y",
							    OPTIONS("bind", "idmap=uids=0-1-2#5-6-7;gids=0-0-1") },
						 0, "", ""));
	CHECK("mappings of one kind only", mount_says((struct oci_mount){ .destination = "/x",
							      .type = "bind",
							      .source = "/y",
							      .uid_mappings = maps,
							      .n_uid_mappings = 1 },
						   1, "mounts[0]", "go together"));
	CHECK("tmpcopyup is for tmpfs", mount_says((struct oci_mount){ "/x", "proc", "proc", OPTIONS("tmpcopyup") }, 1,
						"mounts[0].options", "tmpfs only"));
	linux_part.n_namespaces = 0;
	CHECK("without a mount namespace, too", mount_says((struct oci_mount){ "/x", "tmpfs", "tmpfs" }, 0, "", ""));
	CHECK("but not on the root itself",
		mount_says((struct oci_mount){ "/", "tmpfs", "tmpfs" }, 1, "mounts[0].destination", "mount namespace"));
	linux_part.n_namespaces = 1;
}

static void devpts(void)
{
	struct oci_mount m = { "/dev/pts", "devpts", "devpts", OPTIONS("newinstance", "gid=5") };

	CHECK("devpts with gid=5", mount_says(m, 0, "", ""));
	linux_part.n_namespaces = 2;
	linux_part.gid_mappings = maps;
	linux_part.n_gid_mappings = 1;
	CHECK("which is not mapped", mount_says(m, 1, "mounts[0].options[1]", "linux.gidMappings"));
	maps[0].size = 6;
	CHECK("the last one that is mapped", mount_says(m, 0, "", ""));
	linux_part.n_namespaces = 1;
}

static void warnings(void)
{
	struct oci_mount m = { "x/y", "bind", "/y", OPTIONS("noesec"), 1 };
	struct oci_config c = { .linux = &linux_part, .mounts = &m, .n_mounts = 1 };
	struct problems p = { 0 };

	feature_mount.validate(&c, &p);
	CHECK("a relative destination and a misspelt option are warnings", p.n == 2 && p.errors == 0);
	CHECK("with a suggestion", p.n == 2 && strstr(p.v[1].reason, "\"noexec\"?"));
	problems_free(&p);
}

static void roots(void)
{
	struct oci_config c = { .linux = &linux_part };

	CHECK("root is missing", says(&feature_rootfs, &c, 1, "root", "missing"));
	c.root = &root;
	CHECK("root is there", says(&feature_rootfs, &c, 0, "", ""));
	linux_part.rootfs_propagation = "rslave";
	CHECK("propagation as engines write it", says(&feature_rootfs, &c, 0, "", ""));
	linux_part.rootfs_propagation = "ro";
	CHECK("no propagation at all", says(&feature_rootfs, &c, 1, "linux.rootfsPropagation", "none of"));
	linux_part.rootfs_propagation = "shared";
	linux_part.n_namespaces = 0;
	root.readonly = true;
	CHECK("both need a mount namespace", says(&feature_rootfs, &c, 2, "root.readonly", "mount namespace"));
	linux_part.n_namespaces = 1;
}

static void masks(void)
{
	char *paths[] = { "/proc/kcore", "proc/keys", NULL };
	struct oci_config c = { .linux = &linux_part };

	linux_part.masked_paths = paths;
	linux_part.n_masked_paths = 1;
	CHECK("a masked path", says(&feature_mask, &c, 0, "", ""));
	linux_part.n_masked_paths = 2;
	CHECK("a relative one", says(&feature_mask, &c, 1, "linux.maskedPaths[1]", "absolute"));
	linux_part.n_masked_paths = 1;
	linux_part.n_namespaces = 0;
	CHECK("without a mount namespace", says(&feature_mask, &c, 1, "linux.maskedPaths", "mount namespace"));
	linux_part.n_namespaces = 1;
}

static void devices(void)
{
	struct oci_device d[] = {
		{ .type = "c", .path = "/dev/x", .major = 1, .has_major = true, .minor = 3, .has_minor = true }
	};
	struct oci_config c = { .linux = &linux_part };

	linux_part.devices = d;
	linux_part.n_devices = 1;
	CHECK("a device", says(&feature_device, &c, 0, "", ""));
	d[0].has_minor = false;
	CHECK("without minor", says(&feature_device, &c, 1, "linux.devices[0]", "major and minor"));
	d[0].type = "p";
	CHECK("a FIFO needs none", says(&feature_device, &c, 0, "", ""));
	d[0].path = "dev/x";
	CHECK("a relative path", says(&feature_device, &c, 1, "linux.devices[0].path", "absolute"));
	d[0].path = "/";
	CHECK("a path without a name", says(&feature_device, &c, 1, "linux.devices[0].path", "names no file"));
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	mounts();
	devpts();
	warnings();
	roots();
	masks();
	devices();
	return check_end();
}
