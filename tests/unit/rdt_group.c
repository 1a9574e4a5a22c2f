/* covers: rdt, rdt_group
 *
 * Groups of resctrl, on a directory that stands in for its root: a directory that is made there lacks the files that the
 * kernel would put in, so the test does that. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "check.h"
#include "linux/linux.h"
#include "linux/rdt_group.h"
#include "step/launch.h"

static char root[] = "/tmp/hind-unit-rdt.XXXXXX";
static int root_fd;

static void put(const char *path, const char *text)
{
	int fd = openat(root_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct err e;

	if (fd < 0 || fd_write_all(fd, text, strlen(text), &e))
		abort();
	close(fd);
}

static bool holds(const char *path, const char *text)
{
	cleanup_free char *got = NULL;
	struct err e;
	size_t len;

	if (file_read(root_fd, path, 4096, &got, &len, &e)) {
		printf("# %s\n", e.msg);
		return false;
	}
	if (strcmp(got, text) != 0)
		printf("# %s holds \"%s\"\n", path, got);
	return strcmp(got, text) == 0;
}

static bool is_there(const char *path)
{
	return faccessat(root_fd, path, F_OK, 0) == 0;
}

static void group_put(const char *name, const char *schemata)
{
	char path[64];

	mkdirat(root_fd, name, 0700);
	snprintf(path, sizeof path, "%s/mon_groups", name);
	mkdirat(root_fd, path, 0700);
	snprintf(path, sizeof path, "%s/tasks", name);
	put(path, "");
	snprintf(path, sizeof path, "%s/schemata", name);
	put(path, schemata);
}

static bool finds(const char *mountinfo, const char *want)
{
	cleanup_free char *got = rdt_mount_find(mountinfo);

	return str_eq(got, want);
}

static void mounts(void)
{
	CHECK("no mount", finds("25 1 0:5 / /proc rw - proc proc rw\n", NULL));
	CHECK("a mount",
		finds("25 1 0:5 / /proc rw - proc proc rw\n31 1 0:9 / /sys/fs/resctrl rw shared:3 - resctrl none rw\n",
			"/sys/fs/resctrl"));
	CHECK("a path with a space", finds("31 1 0:9 / /a\\040b rw - resctrl resctrl rw,mba_MBps\n", "/a b"));
	CHECK("a part of it is not the whole", finds("31 1 0:9 /info /mnt rw - resctrl resctrl rw\n", NULL));
	CHECK("another type with that source", finds("31 1 0:9 / /mnt rw - tmpfs resctrl rw\n", NULL));
}

static void own_group(void)
{
	char *more[] = { (char *)"L2:0=3", (char *)"" };
	struct oci_intel_rdt rdt = { .l3_cache_schema = "MB:0=50\nL3:0=ff",
		.mem_bw_schema = "MB:0=20",
		.schemata = more,
		.n_schemata = 2,
		.enable_monitoring = true };
	struct oci_hind_rdt g = { .mount_dir = root };
	struct err e;

	CHECK("no closID: a group of the container's name", rdt_group_choose(root_fd, &rdt, "box", &g, &e) == 0 &&
								    g.made && g.monitoring && str_eq(g.group, "box"));
	CHECK("choosing makes nothing", !is_there("box"));
	CHECK("made", rdt_group_make(root_fd, &g, "box", &e) == 0 && is_there("box"));
	group_put("box", "");
	CHECK("the old properties, then schemata; one MB line",
		rdt_group_limit(root_fd, &rdt, &g, &e) == 0 && holds("box/schemata", "L3:0=ff\nMB:0=20\nL2:0=3\n"));
	CHECK("monitored", rdt_group_monitor(root_fd, &g, "box", &e) == 0 && is_there("box/mon_groups/box"));
	put("box/mon_groups/box/tasks", "");
	CHECK("joined", rdt_group_join(root_fd, &g, "box", 77, &e) == 0 && holds("box/tasks", "77") &&
				holds("box/mon_groups/box/tasks", "77"));
	CHECK("made twice", rdt_group_make(root_fd, &g, "box", &e) == -1);
	unlinkat(root_fd, "box/mon_groups/box/tasks", 0);
	unlinkat(root_fd, "box/mon_groups/box", AT_REMOVEDIR);
	unlinkat(root_fd, "box/mon_groups", AT_REMOVEDIR);
	unlinkat(root_fd, "box/schemata", 0);
	unlinkat(root_fd, "box/tasks", 0);
	CHECK("removed", rdt_forget(&g, "box", &e) == 0 && !is_there("box"));
	CHECK("removed already", rdt_forget(&g, "box", &e) == 0);
}

static bool limit(struct oci_intel_rdt rdt, const char *why)
{
	struct oci_hind_rdt g = { .mount_dir = root };
	struct err e = { 0 };
	int status;

	if (rdt_group_choose(root_fd, &rdt, "box", &g, &e)) {
		printf("# %s\n", e.msg);
		return why && strstr(e.msg, why);
	}
	status = rdt_group_limit(root_fd, &rdt, &g, &e);
	if (status)
		printf("# %s\n", e.msg);
	return why ? status == -1 && strstr(e.msg, why) : status == 0;
}

static void other_group(void)
{
	static const char was[] = "    L3:0=0ff;1=00f\n    MB:0= 50;1=100\n";
	char *half[] = { (char *)"MB:1=100" };
	struct oci_intel_rdt rdt = { .clos_id = "gold", .enable_monitoring = true };
	struct oci_hind_rdt g = { .mount_dir = root };
	struct err e;

	CHECK("a group that is not there, and nothing to make it of",
		limit((struct oci_intel_rdt){ .clos_id = "gold" }, "there is no resctrl group gold"));
	group_put("gold", was);
	CHECK("it is there", limit((struct oci_intel_rdt){ .clos_id = "gold" }, NULL));
	CHECK("with what is asked for, however written",
		limit(
			(struct oci_intel_rdt){
				.clos_id = "gold", .l3_cache_schema = "L3: 0=FF; 1=f", .mem_bw_schema = "MB:0=50" },
			NULL) &&
			limit((struct oci_intel_rdt){ .clos_id = "gold", .schemata = half, .n_schemata = 1 }, NULL));
	CHECK("with something else", limit((struct oci_intel_rdt){ .clos_id = "gold", .l3_cache_schema = "L3:0=f" },
					     "is there already, and its schemata are not \"l3:0=f\""));
	CHECK("with less", limit((struct oci_intel_rdt){ .clos_id = "gold", .l3_cache_schema = "L3:2=f" }, "are not"));
	CHECK("without such a resource",
		limit((struct oci_intel_rdt){ .clos_id = "gold", .l3_cache_schema = "L2:0=f" }, "are not"));
	CHECK("never written", holds("gold/schemata", was));
	CHECK("only the monitoring group is made", rdt_group_choose(root_fd, &rdt, "box", &g, &e) == 0 && !g.made &&
							   rdt_group_make(root_fd, &g, "box", &e) == 0 &&
							   rdt_group_monitor(root_fd, &g, "box", &e) == 0 &&
							   is_there("gold/mon_groups/box"));
	CHECK("and removed",
		rdt_group_remove(root_fd, &g, "box", &e) == 0 && !is_there("gold/mon_groups/box") && is_there("gold"));
	CHECK("a file of resctrl is no group",
		(put("cpus", ""), limit((struct oci_intel_rdt){ .clos_id = "cpus" }, "is no name")));
}

/* Two who want the same new closID: one records it and is killed, the other one makes it, and the first one is deleted. */
static void two_makers(void)
{
	struct oci_intel_rdt rdt = { .clos_id = "silver", .l3_cache_schema = "L3:0=f" };
	struct oci_hind_rdt first = { .mount_dir = root }, second = { .mount_dir = root };
	struct err e;

	CHECK("both choose", rdt_group_choose(root_fd, &rdt, "first", &first, &e) == 0 && first.made &&
				     rdt_group_choose(root_fd, &rdt, "second", &second, &e) == 0 && second.made);
	CHECK("one makes it", rdt_group_make(root_fd, &second, "second", &e) == 0 && is_there("silver"));
	CHECK("the other one, who was killed before, is deleted", rdt_forget(&first, "first", &e) == 0);
	CHECK("the group of the one stays", is_there("silver"));
	CHECK("and goes with it", rdt_forget(&second, "second", &e) == 0 && !is_there("silver"));
}

static void default_group(void)
{
	struct oci_intel_rdt rdt = { .clos_id = "/", .enable_monitoring = true };
	struct oci_hind_rdt g = { .mount_dir = root };
	struct err e;

	mkdirat(root_fd, "mon_groups", 0700);
	put("tasks", "");
	CHECK("\"/\" is the default group",
		rdt_group_choose(root_fd, &rdt, "box", &g, &e) == 0 && !g.made && str_eq(g.group, ""));
	CHECK("monitored there", rdt_group_make(root_fd, &g, "box", &e) == 0 &&
					 rdt_group_monitor(root_fd, &g, "box", &e) == 0 && is_there("mon_groups/box"));
	put("mon_groups/box/tasks", "");
	CHECK("joined there", rdt_group_join(root_fd, &g, "box", 5, &e) == 0 && holds("tasks", "5") &&
				      holds("mon_groups/box/tasks", "5"));
	unlinkat(root_fd, "mon_groups/box/tasks", 0);
	CHECK("removed there", rdt_group_remove(root_fd, &g, "box", &e) == 0 && !is_there("mon_groups/box"));
}

/* The steps of a launch on the same root. */
static void steps(void)
{
	struct oci_intel_rdt rdt = { .enable_monitoring = false };
	struct oci_linux linux_part = { .intel_rdt = &rdt };
	struct oci_config c = { .linux = &linux_part };
	struct launch_opts o = { .id = "step" };
	struct oci_hind_rdt g = { .mount_dir = root, .group = "step", .made = true };
	struct launch l = { .opts = &o, .config = &c, .pid = 9, .record.rdt = &g };
	struct err e;

	CHECK("step: made", host_rdt.run(&l, &e) == 0 && is_there("step"));
	put("step/tasks", "");
	CHECK("step: joined", host_rdt_join.run(&l, &e) == 0 && holds("step/tasks", "9"));
	unlinkat(root_fd, "step/tasks", 0);
	host_rdt.undo(&l);
	CHECK("step: undone", !is_there("step"));
	mkdirat(root_fd, "step", 0700);
	CHECK("step: somebody else was faster",
		host_rdt.run(&l, &e) == -1 && strstr(e.msg, "make the resctrl group step"));
	host_rdt.undo(&l);
	CHECK("step: whose group stays", is_there("step"));
	l.record.rdt = NULL;
	CHECK("step: nothing to join", host_rdt_join.run(&l, &e) == 0);
}

int main(void)
{
	struct err e;

	if (!mkdtemp(root) || (root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
		return 1;
	mounts();
	own_group();
	other_group();
	two_makers();
	default_group();
	steps();
	close(root_fd);
	CHECK("cleaned up", file_remove_tree(AT_FDCWD, root, &e) == 0);
	return check_end();
}
