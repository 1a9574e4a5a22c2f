/* Where the hierarchies are and where the container goes in them, from texts of several hosts. */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cgroup/controller.h"
#include "check.h"

static const char hybrid[] = "12:name=systemd:/user.slice\n"
			     "4:memory:/own:with:colons\n"
			     "3:net_cls,net_prio:/\n"
			     "2:cpu,cpuacct:/\n"
			     "1:devices:/\n"
			     "0::/user.slice/session\n";

static const char mounts[] = "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
			     "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
			     "32 31 0:29 /docker/abc /cg/cpu\\040and\\040cpuacct rw,relatime shared:1 master:2 - "
			     "cgroup cgroup rw,cpu,cpuacct\n"
			     "33 31 0:30 / /cg/mem rw,relatime - cgroup cgroup rw,memory\n"
			     "34 31 0:31 /later /cg/second rw,relatime - cgroup cgroup rw,memory\n"
			     "35 31 0:32 / /cg/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
			     "36 31 0:33 /kubepods /cg/two rw - cgroup2 cgroup2 rw,nsdelegate\n"
			     "37 31 0:34 / /not/one rw - cgroupfs x rw,devices\n";

static void test_parse(struct arena *arena)
{
	struct hierarchy *h;
	size_t n = locate_parse_cgroup(hybrid, arena, &h);
	CHECK("hierarchies of /proc/self/cgroup", n == 6);
	CHECK("named hierarchy", str_eq(h[0].options, "name=systemd") && !h[0].v2 && !h[0].controllers);
	CHECK("own path with colons", str_eq(h[1].path, "/own:with:colons"));
	CHECK("memory controller", h[1].controllers == 1u << CONTROLLER_MEMORY);
	CHECK("unknown controllers are joined, too", str_eq(h[2].options, "net_cls,net_prio"));
	CHECK("two controllers in one", h[3].controllers == 1u << CONTROLLER_CPU);
	CHECK("cgroup2", h[5].v2 && !h[5].options && str_eq(h[5].path, "/user.slice/session"));
	char *roots[6] = { 0 };
	locate_parse_mountinfo(mounts, arena, h, n, roots);
	CHECK("mount point with escapes", str_eq(h[3].mount_dir, "/cg/cpu and cpuacct"));
	CHECK("root of the mount", str_eq(roots[3], "/docker/abc"));
	CHECK("the first mount counts", str_eq(h[1].mount_dir, "/cg/mem") && str_eq(roots[1], "/"));
	CHECK("mount of a named hierarchy", str_eq(h[0].mount_dir, "/cg/systemd"));
	CHECK("mount of cgroup2", str_eq(h[5].mount_dir, "/cg/two") && str_eq(roots[5], "/kubepods"));
	CHECK("not mounted", !h[2].mount_dir);
	CHECK("other file systems are not taken for cgroup", !h[4].mount_dir);
	CHECK("nothing to parse", locate_parse_cgroup("", arena, &h) == 0);
	CHECK("a line without a path", locate_parse_cgroup("4:memory\n", arena, &h) == 0);
}

static bool path_is(struct arena *arena, const char *want, const char *path, bool v2, const char *own, const char *root)
{
	const char *got = locate_path(path, "box", v2, own, root, arena);
	if (!str_eq(want, got))
		printf("# wanted %s, got %s\n", want, got);
	return str_eq(want, got);
}

static void test_path(struct arena *a)
{
	CHECK("default path", path_is(a, "/hind/box", NULL, false, "/own", "/"));
	CHECK("empty is default", path_is(a, "/hind/box", "", true, "/own", "/"));
	CHECK("absolute is below the root", path_is(a, "/x/y", "/x/y", false, "/own", "/docker/abc"));
	CHECK("cleaned", path_is(a, "/x/y", "//x/./y/", false, "/own", "/"));
	CHECK("relative is in the own cgroup on v1", path_is(a, "/own/x", "x", false, "/own", "/"));
	CHECK("relative is beside the own cgroup on v2", path_is(a, "/slice/x", "x", true, "/slice/own", "/"));
	CHECK("relative in the root on v2", path_is(a, "/x", "x", true, "/", "/"));
	CHECK("relative at the top on v2", path_is(a, "/x", "x", true, "/own", "/"));
	CHECK("relative in a container", path_is(a, "/x", "x", false, "/docker/abc", "/docker/abc"));
	CHECK("relative below a container's root", path_is(a, "/in/x", "x", false, "/docker/abc/in", "/docker/abc"));
	CHECK("a root with the same beginning",
		path_is(a, "/docker/abcd/x", "x", false, "/docker/abcd", "/docker/abc"));
	CHECK("an own cgroup out of reach", path_is(a, "/x", "x", false, "/../..", "/"));
}

int main(void)
{
	cleanup_arena struct arena *arena = arena_new();
	test_parse(arena);
	test_path(arena);
	return check_end();
}
