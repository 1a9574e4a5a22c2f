/* src/image: what is mounted below a directory, how mounts are listed, what an image's name means. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "check.h"
#include "image/image.h"
#include "image/submount.h"

static struct arena *arena;

static const char table[] = "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
			    "23 22 0:21 / /proc rw,relatime shared:5 - proc proc rw\n"
			    "24 23 0:30 / /proc/sys/fs/binfmt_misc rw - binfmt_misc none rw\n"
			    "25 22 8:2 / /home rw,nosuid shared:7 master:2 - ext4 /dev/sda2 rw\n"
			    "26 25 8:3 / /home/me/big\\040disk rw - ext4 /dev/sda3 rw\n"
			    "27 22 8:4 / /home-old rw - ext4 /dev/sda4 rw\n"
			    "28 22 8:5 / /srv/a\\134b\\011c\\012d rw - ext4 /dev/sda5 rw\n"
			    "29 22 0:40 / /run rw - tmpfs tmpfs rw\n"
			    "30 22 0:41 / /home ro - tmpfs tmpfs rw\n"
			    "31 22 0:42 /file /etc/resolv.conf ro - ext4 /dev/sda6 rw\n"
			    "32 22 0:43 / /runner rw - tmpfs tmpfs rw\n";

static char *joined(char **paths, size_t n)
{
	char *all = arena_strdup(arena, "");

	for (size_t i = 0; i < n; i++)
		all = arena_printf(arena, "%s%s|", all, paths[i]);
	CHECK("list ends with NULL", paths[n] == NULL);
	return all;
}

static void mountinfo(void)
{
	static const char *const except[] = { "/proc", "/run", NULL };
	static const char nested[] = "30 22 8:6 / /a/b/c rw - ext4 x rw\n31 22 8:6 / /a-b rw - ext4 x rw\n"
				     "32 22 8:6 / /a rw - ext4 x rw\n33 22 8:6 / /a/b rw - ext4 x rw\n";
	size_t n;
	char **paths;

	paths = submount_parse(table, "/", except, arena, &n);
	CHECK("top mounts, once each, unescaped, sorted",
		strcmp(joined(paths, n), "/etc/resolv.conf|/home|/home-old|/runner|/srv/a\\b\tc\nd|") == 0);
	paths = submount_parse(table, "/home", NULL, arena, &n);
	CHECK("below a directory, not the directory itself, not its namesakes",
		strcmp(joined(paths, n), "/home/me/big disk|") == 0);
	paths = submount_parse(table, "/nothing", NULL, arena, &n);
	CHECK("none below", n == 0);
	paths = submount_parse(nested, "/", NULL, arena, &n);
	CHECK("a child before its parent", strcmp(joined(paths, n), "/a|/a-b|") == 0);
	paths = submount_parse("1 2 3\nrubbish\n\n4 5 6 / /x", "/", NULL, arena, &n);
	CHECK("short lines and a missing newline", strcmp(joined(paths, n), "/x|") == 0);
	paths = submount_parse("", "/", NULL, arena, &n);
	CHECK("empty table", n == 0);
	paths = submount_parse("1 2 3:4 / /a\\04 rw\n1 2 3:4 / /b\\ rw\n", "/", NULL, arena, &n);
	CHECK("broken escapes stay", strcmp(joined(paths, n), "/a\\04|/b\\|") == 0);
}

static void clean_paths(void)
{
	static const struct {
		const char *path, *clean;
	} cases[] = { { "/", "/" }, { "", "/" }, { "//", "/" }, { "/a/", "/a" }, { "/a//b/./c", "/a/b/c" },
		{ "/a/../b", "/b" }, { "/../../b", "/b" }, { "/a/b/..", "/a" }, { "/..", "/" }, { "a/b", "/a/b" },
		{ "/a/...", "/a/..." }, { "/.a/..b", "/.a/..b" } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		CHECK(arena_printf(arena, "clean \"%s\"", cases[i].path),
			strcmp(mount_clean_path(arena, cases[i].path), cases[i].clean) == 0);
	CHECK("a directory is below itself", mount_is_below("/run", "/run"));
	CHECK("below", mount_is_below("/run/x", "/run"));
	CHECK("a namesake is not below", !mount_is_below("/runner", "/run"));
	CHECK("everything is below /", mount_is_below("/run", "/") && mount_is_below("/", "/"));
	CHECK("a parent is not below", !mount_is_below("/run", "/run/x"));
}

static void lists(void)
{
	struct mount_list list = { .arena = arena };

	for (int i = 0; i < 100; i++)
		mount_list_add(&list, arena_printf(arena, "/%d", i % 50), "tmpfs", "tmpfs",
			MOUNT_OPTIONS("nosuid", i < 50 ? "ro" : "rw"));
	CHECK("a hundred mounts", list.n == 100 && strcmp(list.v[99].destination, "/49") == 0);
	CHECK("options", list.v[3].n_options == 2 && strcmp(list.v[3].options[1], "ro") == 0 && !list.v[3].options[2]);
	mount_list_drop(&list, "/7");
	CHECK("both at one place dropped", list.n == 98 && strcmp(list.v[7].destination, "/8") == 0);
	mount_list_drop(&list, "/7");
	CHECK("none left to drop", list.n == 98);
}

static bool refused(const char *name, const char *why)
{
	struct image image;
	struct err e = { 0 };
	bool as_expected = image_open(name, &(struct image_opts){ 0 }, arena, &image, &e) == -1 && strstr(e.msg, why);

	if (!as_expected)
		fprintf(stderr, "image \"%s\": %s\n", name, e.msg);
	image_close(&image);
	return as_expected;
}

static bool opens(const char *name, const char *path, const char *kind)
{
	struct image image;
	struct err e = { 0 };
	bool ok = image_open(name, &(struct image_opts){ .no_overlay = true }, arena, &image, &e) == 0 &&
		  strcmp(image.path, path) == 0 && strcmp(image.kind->name, kind) == 0 && image.root_fd >= 0;

	image_close(&image);
	return ok && image.root_fd == -1;
}

static void names(const char *dir)
{
	CHECK("NOIMG", opens("NOIMG", "/", "host"));
	CHECK("noimg", opens("noimg", "/", "host"));
	CHECK("/", opens("/", "/", "host"));
	CHECK("directory", opens(dir, dir, "directory"));
	CHECK("directory through links",
		opens(arena_printf(arena, "%s/../%s/.", dir, strrchr(dir, '/') + 1), dir, "directory"));
	CHECK("no name", refused("", "NOIMG"));
	CHECK("no such thing", refused("debian:12", "no such file or directory"));
	CHECK("a file", refused(arena_printf(arena, "%s/file", dir), "images in files are not read yet"));
	CHECK("below a file", refused(arena_printf(arena, "%s/file/x", dir), "no such file or directory"));
}

static const struct oci_mount *mount_at(const struct mount_list *list, const char *destination)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i].destination, destination) == 0)
			return &list->v[i];
	return NULL;
}

static bool has_option(const struct oci_mount *mount, const char *option)
{
	for (size_t i = 0; mount && i < mount->n_options; i++)
		if (strcmp(mount->options[i], option) == 0)
			return true;
	return false;
}

static void configure(const char *name, struct image_opts opts, struct mount_list *list, struct oci_config *config)
{
	struct image image;
	struct err e = { 0 };

	*list = (struct mount_list){ .arena = arena };
	*config = (struct oci_config){ .linux = arena_alloc(arena, sizeof *config->linux) };
	CHECK("configured", image_open(name, &opts, arena, &image, &e) == 0 &&
				    image_config(&image, "/run/hind/id", list, config, &e) == 0);
	if (e.msg[0])
		fprintf(stderr, "%s: %s\n", name, e.msg);
	image_close(&image);
}

static void configs(const char *dir)
{
	struct mount_list list;
	struct oci_config config;

	configure("NOIMG", (struct image_opts){ 0 }, &list, &config);
	CHECK("overlay over /", strcmp(config.root->path, "/run/hind/id/rootfs") == 0 && list.n >= 2 &&
					strcmp(list.v[0].type, "tmpfs") == 0 &&
					strcmp(list.v[1].type, "overlay") == 0 &&
					has_option(&list.v[1], "lowerdir=/") &&
					has_option(&list.v[1], "upperdir=/run/hind/id/rootfs/upper") &&
					has_option(&list.v[1], "workdir=/run/hind/id/rootfs/work"));
	CHECK("the host's /run is covered", has_option(mount_at(&list, "/run"), "mode=0755"));
	CHECK("the host's /tmp is covered", has_option(mount_at(&list, "/tmp"), "mode=1777"));
	configure("NOIMG", (struct image_opts){ .no_overlay = true }, &list, &config);
	CHECK("written through",
		strcmp(config.root->path, "/") == 0 && !mount_at(&list, "/") && !mount_at(&list, "/tmp"));
	CHECK("the host's /run is covered there, too", mount_at(&list, "/run") != NULL);
	configure(dir, (struct image_opts){ 0 }, &list, &config);
	CHECK("overlay over a directory", list.n == 2 &&
						  has_option(&list.v[1], arena_printf(arena, "lowerdir=%s", dir)) &&
						  !config.root->readonly);
	configure(dir, (struct image_opts){ .no_overlay = true, .read_only = true }, &list, &config);
	CHECK("directory as it is", list.n == 0 && strcmp(config.root->path, dir) == 0 && config.root->readonly);
	configure(arena_printf(arena, "%s/a:b,c", dir), (struct image_opts){ 0 }, &list, &config);
	CHECK("a name that an overlay cannot take",
		list.n == 3 && strcmp(list.v[1].destination, "/lower") == 0 &&
			has_option(&list.v[2], "lowerdir=/run/hind/id/rootfs/lower"));
}

static void prepare(const char *dir)
{
	struct image_opts opts = { 0 };
	struct image image;
	struct err e = { 0 };
	struct stat st;
	int fd = open(dir, O_PATH | O_CLOEXEC);
	char *source = arena_printf(arena, "%s/a:b,c", dir);

	CHECK("prepare", image_open(source, &opts, arena, &image, &e) == 0 && image_prepare(&image, fd, &e) == 0);
	CHECK("a directory to mount on", fstatat(fd, "rootfs", &st, 0) == 0 && (st.st_mode & 07777) == 0700);
	image_close(&image);
	CHECK("removed", file_remove_tree(fd, "rootfs", &e) == 0);
	opts.no_overlay = true;
	CHECK("prepare nothing", image_open(source, &opts, arena, &image, &e) == 0 &&
					 image_prepare(&image, fd, &e) == 0 && fstatat(fd, "rootfs", &st, 0) == -1 &&
					 errno == ENOENT);
	image_close(&image);
	fd_close(&fd);
}

int main(void)
{
	char base[] = "/tmp/hind-image-XXXXXX";
	cleanup_free char *dir = NULL;
	struct err e = { 0 };

	arena = arena_new();
	if (!mkdtemp(base) || !(dir = realpath(base, NULL)))
		return 1;
	close(open(arena_printf(arena, "%s/file", dir), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	mkdir(arena_printf(arena, "%s/a:b,c", dir), 0755);
	mountinfo();
	clean_paths();
	lists();
	names(dir);
	configs(dir);
	prepare(dir);
	if (file_remove_tree(AT_FDCWD, dir, &e))
		fprintf(stderr, "%s\n", e.msg);
	arena_free(arena);
	return check_end();
}
