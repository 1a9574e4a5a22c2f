/* The two faces of run: `run [-b BUNDLE] ID` is OCI's, `run [flags] IMAGE CMD...` the shortcut, which writes a bundle
 * and goes the same way. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/opt.h"
#include "base/str.h"
#include "cmd/launch_opts.h"
#include "cmd/run_flags.h"
#include "container/container.h"
#include "container/notify.h"
#include "container/wait.h"

/* A person who set a limit wants to know that it struck. systemd removes the cgroup as soon as it is empty, so there what
 * it says is kept while it is still to be read. */
static struct {
	struct oom_watch watch;
	struct cgroup_oom kept;
} memory = { .watch = { .fd = -1, .above_fd = -1 } };

static bool limits_memory(const struct launch *l)
{
	return l->config->linux && l->config->linux->resources && l->config->linux->resources->memory;
}

static void keep_oom(void *data)
{
	struct launch *l = data;
	struct cgroup_oom oom;

	cgroup_oom(l->cgroup, &oom);
	(void)cgroup_oom_fired(l->cgroup, &memory.watch);
	if (oom.limit)
		memory.kept = oom;
	if (!oom.limit) { /* it is gone */
		fd_close(&memory.watch.fd);
		fd_close(&memory.watch.above_fd);
	}
}

static void watch_oom(struct launch *l)
{
	struct err ignored;

	if (!limits_memory(l) || !cgroup_around_init(l->cgroup) || cgroup_oom_watch(l->cgroup, &memory.watch, &ignored))
		return;
	cgroup_oom(l->cgroup, &memory.kept);
	wait_watch(&memory.watch.fd, memory.watch.events, keep_oom, l);
	wait_watch(&memory.watch.above_fd, memory.watch.events, keep_oom, l);
}

static void tell_oom(const struct launch *l, int status)
{
	struct cgroup_oom oom = { 0 };

	if (!limits_memory(l))
		return;
	cgroup_oom(l->cgroup, &oom);
	(void)cgroup_oom_fired(l->cgroup, &memory.watch);
	if (!oom.limit)
		oom = memory.kept;
	if (oom.kills < memory.watch.kills && status == 128 + SIGKILL)
		oom.kills = memory.watch.kills;
	if (oom.kills)
		log_warn("memory", "the memory limit of %llu bytes killed %llu process%s (peak: %llu bytes)",
			(unsigned long long)oom.limit, (unsigned long long)oom.kills, oom.kills == 1 ? "" : "es",
			(unsigned long long)oom.peak);
}

static void null_stdin(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		dup2(fd, STDIN_FILENO);
		close(fd);
	}
}

static int foreground(struct launch *l, bool keep, struct err *e)
{
	struct err cleanup;
	int status;

	watch_oom(l);
	status = launch_start(l, e);
	if (status == 0) {
		/* Nobody needs the procfs any more. To take a mount away the kernel waits for all CPUs: here the
		 * program runs meanwhile, at the end the caller would wait. But what its limit does is to be seen now. */
		if (memory.watch.fd < 0)
			fd_close(&l->kit.host_proc_fd);
		wait_watch(&l->notify->fd, POLLIN, notify_watch, l->notify);
		status = wait_foreground(l->pid, l->pidfd, &l->master_fd, e);
		notify_close(l->notify);
	}
	if (status >= 0)
		log_info("exit", "id=%s status=%d", l->opts->id, status);
	tell_oom(l, status);
	if (keep && status >= 0)
		return status;
	if (launch_remove(l, &cleanup)) {
		if (status < 0)
			log_warn("delete", "%s", cleanup.msg);
		else
			*e = cleanup;
		return -1;
	}
	return status;
}

static int detached(struct launch *l, struct err *e)
{
	struct err cleanup;

	if (launch_start(l, e) == 0 && notify_await(l->notify, e) == 0)
		return 0;
	if (launch_remove(l, &cleanup))
		log_warn("delete", "%s", cleanup.msg);
	return -1;
}

/* remove: a detached container goes by itself when it ends. */
static int go(const struct globals *g, struct launch *l, bool keep, bool remove, struct err *e)
{
	cleanup_fd int pidfd = -1, dir_fd = -1;
	int status;

	if (launch_opts_check(l->opts, l->config, e) || (!l->opts->detach && wait_prepare(e)))
		return -1;
	status = launch_create(l, e);
	if (status == 0)
		status = l->opts->detach ? detached(l, e) : foreground(l, keep, e);
	if (status == 0 && l->opts->detach && remove) {
		pidfd = take_fd(&l->pidfd);
		dir_fd = take_fd(&l->store_fd);
	}
	launch_close(l);
	return pidfd < 0 ? status : container_remove_later(g->root, l->opts->id, dir_fd, pidfd, e);
}

static int run_bundle(const struct globals *g, const char *id, struct launch_opts *o, struct err *e)
{
	struct bundle b = { 0 };
	struct launch l;
	int status;

	if (launch_opts_settle(g, id, o, e))
		return -1;
	status = launch_opts_load(g, o, true, &b, e);
	if (status == 0) {
		l = (struct launch){ .opts = o,
			.config = &b.config,
			.config_text = b.text,
			.config_len = b.len,
			.arena = g->arena,
			.bundle = b.path,
			.attached = true };
		status = go(g, &l, o->keep, false, e);
	}
	bundle_close(&b);
	return status;
}

/* ---- the shortcut ---- */

static int prepare_image(struct launch *l, struct err *e)
{
	return image_prepare(l->prepare_data, l->store_fd, e);
}

static int check_own(const char *text, size_t len, struct arena *arena, struct oci_config *config, struct err *e)
{
	struct problems problems = { 0 };
	int status = bundle_check(text, len, arena, config, &problems);

	if (status && problems_err(&problems, "config.json (of these flags)", false, e) == 0)
		err_set(e, "config.json (of these flags): refused");
	problems_free(&problems);
	return status;
}

static int run_image(
	const struct globals *g, struct run_flags *f, int words, char **argv, struct image *image, struct err *e)
{
	struct image_opts image_opts = run_flags_image(f);
	struct oci_config made = { 0 }, config = { 0 };
	enum rootless rootless;
	struct launch l;
	struct json_out *out;
	const char *dir, *text;
	size_t len;
	int status;

	if (run_flags_name(f, g->arena, e) || launch_opts_settle(g, f->name, &f->launch, e) ||
		image_open(argv[1], &image_opts, g->arena, image, e))
		return -1;
	dir = arena_printf(g->arena, "%s/%s", g->root, f->launch.id);
	if (run_flags_config(f, image, dir, words - 1, argv + 2, g->arena, &made, e) ||
		rootless_parse(g->rootless, &rootless, e) ||
		rootless_amend(rootless, launch_opts_place(&f->launch), &made, g->arena, e) < 0)
		return -1;
	out = json_out_new(f->dry_run);
	json_struct(out, &json_oci_config, &made);
	text = json_out_text(out, &len);
	/* It is read back and checked like anybody's: one path for both faces. */
	status = check_own(text, len, g->arena, &config, e);
	if (status == 0 && f->dry_run) {
		puts(text);
	} else if (status == 0) {
		l = (struct launch){ .opts = &f->launch,
			.config = &config,
			.config_text = text,
			.config_len = len,
			.arena = g->arena,
			.bundle = dir,
			.attached = true,
			.prepare = prepare_image,
			.prepare_data = image };
		if (!f->interactive)
			null_stdin();
		status = go(g, &l, f->launch.keep, f->rm, e);
		if (status == 0 && f->launch.detach)
			puts(f->launch.id);
	}
	json_out_free(out);
	return status;
}

/* One word is an id. Whoever gives it what only an image has would otherwise miss a limit without being told. */
static int refuse_image_options(const struct run_flags *f, const char *word, struct err *e)
{
	if (str_eq(word, "NOIMG") || str_eq(word, "noimg"))
		return err_set(e, "run %s needs a command: hind run %s CMD [ARG...]", word, word);
	for (const struct opt *o = run_opts; o->name; o++)
		if (o->offset >= offsetof(struct run_flags, interactive) && opt_given(o, f))
			return err_set(e,
				"run --%s needs an image and a command (hind run --%s ... IMAGE CMD), and \"%s\" alone "
				"is "
				"the id of a bundle, whose config.json says such things",
				o->name, o->name, word);
	return 0;
}

static int run_words(const struct globals *g, struct run_flags *f, int words, char **argv, struct err *e)
{
	struct image image = { .root_fd = -1 };
	int status;

	if (words < 0)
		return -1;
	if (words == 0)
		return err_set(
			e, "run takes an id (hind run [-b BUNDLE] ID) or an image and a command (hind run IMAGE CMD)");
	if (words > 1 && f->launch.bundle)
		return err_set(e, "run --bundle takes one container id: hind run -b BUNDLE ID");
	if (words == 1 && refuse_image_options(f, argv[1], e))
		return -1;
	if (words == 1)
		return run_bundle(g, argv[1], &f->launch, e);
	status = run_image(g, f, words, argv, &image, e);
	image_close(&image);
	return status;
}

static int run(const struct globals *g, int argc, char **argv, struct err *e)
{
	struct run_flags f = { 0 };
	int words = opt_parse(run_opts, &f, argc, argv, true, e);
	int status = run_words(g, &f, words, argv, e);

	opt_free(run_opts, &f);
	return status;
}

const struct command cmd_run = {
	.name = "run",
	.synopsis = "[-b BUNDLE] ID | run [flags] IMAGE CMD [ARG...]",
	.help = "Run a container to its end: an OCI bundle, or a command on an image",
	.opts = run_opts,
	.enters = true,
	.failure = 1,
	.run = run,
	.notes = run_notes,
};
