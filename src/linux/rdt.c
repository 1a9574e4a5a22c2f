/* linux.intelRdt: shares of the CPU's cache and memory bandwidth. runtime-spec config-linux.md "IntelRdt"; the kernel's
 * Documentation/arch/x86/resctrl.rst, Linux 4.10.
 *
 * A group is a directory of the resctrl file system, which somebody has to have mounted. Which one, and whether it is
 * ours to make and to remove, goes into the container's record before it is made. One that was there is never written:
 * others may be in it. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "linux/linux.h"
#include "linux/rdt_group.h"
#include "step/launch.h"

#define MOUNTINFO_LIMIT (16u << 20)

static void validate_line(const char *path, const char *line, struct problems *problems)
{
	if (strchr(line, '\n'))
		problem_add(problems, path, "holds a newline: one line each");
	else if (!strchr(line, ':'))
		problem_add(problems, path, "\"%s\" is no line of a schemata file, as L3:0=ff;1=f is", line);
}

static void validate(const struct oci_config *config, struct problems *problems)
{
	static const char *const files[] = { ".", "..", "info", "mon_groups", "mon_data" };
	const struct oci_intel_rdt *rdt = config->linux ? config->linux->intel_rdt : NULL;
	const char *clos = rdt && rdt->clos_id ? rdt->clos_id : "";

	if (!rdt)
		return;
	if (!str_eq(clos, "/") && (strchr(clos, '/') || strchr(clos, '\n')))
		problem_add(problems, "linux.intelRdt.closID",
			"\"%s\" is no name for a resctrl group (\"/\" alone is the default one)", clos);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (str_eq(clos, files[i]))
			problem_add(problems, "linux.intelRdt.closID", "\"%s\" is no name for a resctrl group", clos);
	for (size_t i = 0; i < rdt->n_schemata; i++)
		validate_line(AT("linux.intelRdt.schemata[%zu]", i), rdt->schemata[i], problems);
}

static void report(struct json_out *out)
{
	static const char *const keys[] = { "enabled", "schemata", "monitoring" };

	json_key(out, "intelRdt");
	json_open_object(out);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		json_key(out, keys[i]);
		json_bool(out, true);
	}
	json_close_object(out);
}

static bool wanted(const struct oci_config *config)
{
	return config->linux && config->linux->intel_rdt;
}

static int root_open(const struct launch *l, struct err *e)
{
	const char *dir = l->record.rdt->mount_dir;
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "open %s", dir) : fd;
}

static int find_mount(struct launch *l, struct oci_hind_rdt *g, struct err *e)
{
	cleanup_fd int fd = path_open_proc(l->kit.host_proc_fd, "self/mountinfo", O_RDONLY, e);
	cleanup_free char *text = NULL, *dir = NULL;
	size_t len;

	if (fd < 0 || fd_read_all(fd, MOUNTINFO_LIMIT, &text, &len, e))
		return -1;
	dir = rdt_mount_find(text);
	if (!dir)
		return err_set(e,
			"no resctrl file system is mounted here (mount -t resctrl resctrl /sys/fs/resctrl, where "
			"the CPU has it)");
	g->mount_dir = arena_strdup(l->arena, dir);
	return 0;
}

static int choose(struct launch *l, struct err *e)
{
	struct oci_hind_rdt *g = arena_alloc(l->arena, sizeof *g);
	cleanup_fd int root_fd = -1;

	if (find_mount(l, g, e))
		return err_wrap(e, "linux.intelRdt");
	l->record.rdt = g;
	root_fd = root_open(l, e);
	if (root_fd < 0 || rdt_group_choose(root_fd, l->config->linux->intel_rdt, l->opts->id, g, e))
		return err_wrap(e, "linux.intelRdt");
	return 0;
}

static int make(struct launch *l, struct err *e)
{
	const struct oci_intel_rdt *rdt = l->config->linux->intel_rdt;
	struct oci_hind_rdt *g = l->record.rdt;
	cleanup_fd int root_fd = root_open(l, e);

	if (root_fd < 0)
		return err_wrap(e, "linux.intelRdt");
	if (rdt_group_make(root_fd, g, l->opts->id, e)) {
		g->made = false; /* somebody else's: the undo leaves it alone */
		return err_wrap(e, "linux.intelRdt");
	}
	if (rdt_group_limit(root_fd, rdt, g, e) || rdt_group_monitor(root_fd, g, l->opts->id, e))
		return err_wrap(e, "linux.intelRdt");
	return 0;
}

static void unmake(struct launch *l)
{
	struct err e;

	if (rdt_forget(l->record.rdt, l->opts->id, &e))
		log_warn("rdt", "%s", e.msg);
}

/* By the record, not the config: for `exec`, too. */
static int join(struct launch *l, struct err *e)
{
	cleanup_fd int root_fd = -1;

	if (!l->record.rdt)
		return 0;
	root_fd = root_open(l, e);
	if (root_fd < 0 || rdt_group_join(root_fd, l->record.rdt, l->opts->id, l->pid, e))
		return err_wrap(e, "linux.intelRdt");
	return 0;
}

const struct feature feature_rdt = { "rdt", "linux.intelRdt", validate, report, NULL };
const struct host_step host_rdt_choose = { "rdt", wanted, choose, NULL };
const struct host_step host_rdt = { "rdt", wanted, make, unmake };
const struct host_step host_rdt_join = { "rdt", NULL, join, NULL };
