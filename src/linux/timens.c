/* linux.timeOffsets: how far a new time namespace's clocks are from the host's. runtime-spec config-linux.md "Time
 * namespace"; time_namespaces(7), Linux 5.6.
 *
 * A time namespace made by unshare(2) counts for children only, and its offsets may be written until the first process
 * is in it. So the child makes it, writes them, and then enters it by setns(2): no third process is needed, as it would
 * be with clone3, which puts the child inside before anybody could write. Early, so that every later step sees the
 * container's clocks. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "linux/linux.h"
#include "step/init.h"
#include "step/ns.h"

static const char *const clocks[] = { "monotonic", "boottime", NULL };

static void validate(const struct oci_config *config, struct problems *problems)
{
	const struct oci_linux *l = config->linux;

	if (!l || !l->n_time_offsets)
		return;
	if (!ns_is_new(ns_find(config, NS_TIME)))
		problem_add(problems, "linux.timeOffsets", "needs a new time namespace in linux.namespaces");
	for (size_t i = 0; i < l->n_time_offsets; i++) {
		const struct oci_time_offset_entry *o = &l->time_offsets[i];

		if (!str_eq(o->key, clocks[0]) && !str_eq(o->key, clocks[1]))
			problem_add(problems, AT("linux.timeOffsets.%s", o->key),
				"no such clock: monotonic and boottime have offsets");
		if (o->value.nanosecs > 999999999)
			problem_add(problems, AT("linux.timeOffsets.%s.nanosecs", o->key), "%llu is a second or more",
				(unsigned long long)o->value.nanosecs);
	}
}

/* In a user namespace the file belongs to root of the first one while we are undumpable (proc(5)), and cannot be
 * opened. It is open to us for the moment of this one call: nobody but us can hold the new namespace yet. */
static int open_offsets(int proc_fd, struct err *e)
{
	int fd = path_open_proc(proc_fd, "self/timens_offsets", O_WRONLY, e);

	if (fd >= 0 || e->code != EACCES || prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		return fd;
	fd = path_open_proc(proc_fd, "self/timens_offsets", O_WRONLY, e);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) {
		fd_close(&fd);
		return err_sys(e, "prctl(PR_SET_DUMPABLE)");
	}
	return fd;
}

static int write_offsets(const struct init *init, struct err *e)
{
	const struct oci_linux *l = init->config->linux;
	cleanup_fd int fd = -1;
	struct text text = { 0 };
	ssize_t written;

	if (!l->n_time_offsets)
		return 0;
	fd = open_offsets(init->proc_fd, e);
	if (fd < 0)
		return -1;
	for (size_t i = 0; i < l->n_time_offsets; i++)
		text_printf(&text, "%s %lld %llu\n", l->time_offsets[i].key, (long long)l->time_offsets[i].value.secs,
			(unsigned long long)l->time_offsets[i].value.nanosecs);
	written = write(fd, text.p, text.len);
	free(text.p);
	if (written < 0 && errno == ERANGE)
		return err_sys(e, "linux.timeOffsets: a clock would be below zero or beyond 146 years");
	return written < 0 ? err_sys(e, "linux.timeOffsets: write /proc/self/timens_offsets") : 0;
}

static int enter(struct init *init, struct err *e)
{
	cleanup_fd int fd = -1;

	if (!init->new_ns[NS_TIME])
		return 0;
	if (unshare(CLONE_NEWTIME) < 0)
		return err_sys(e, "make the time namespace");
	if (write_offsets(init, e))
		return -1;
	fd = openat(init->proc_fd, "self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open /proc/self/ns/time_for_children");
	if (setns(fd, CLONE_NEWTIME) < 0)
		return err_sys(e, "enter the time namespace");
	return 0;
}

static bool is_new(const struct oci_config *config)
{
	return ns_is_new(ns_find(config, NS_TIME));
}

const struct feature feature_timens = { "timens", "linux.timeOffsets", validate, NULL };
const struct init_step init_timens = { "timens", is_new, enter };
