/* Global options, the command table, the exit status. The only place that prints errors. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/str.h"
#include "cmd/command.h"
#include "container/container.h"
#include "sys/exe.h"
#include "version.h"

const struct command *const commands[] = {
	&cmd_run,
	&cmd_create,
	&cmd_start,
	&cmd_exec,
	&cmd_state,
	&cmd_ps,
	&cmd_kill,
	&cmd_pause,
	&cmd_resume,
	&cmd_delete,
	&cmd_list,
	&cmd_update,
	&cmd_events,
	&cmd_mounts,
	&cmd_checkpoint,
	&cmd_restore,
	&cmd_spec,
	&cmd_validate,
	&cmd_features,
	NULL,
};

static const struct opt global_opts[] = {
	{ "root", 0, OPT_STRING, offsetof(struct globals, root), "DIR",
		"where containers are recorded (default: /run/hind)" },
	{ "log", 0, OPT_STRING, offsetof(struct globals, log), "DEST",
		"a file, syslog:IDENT or journald:IDENT instead of stderr" },
	{ "log-format", 0, OPT_STRING, offsetof(struct globals, log_format), "text|json", "default: text" },
	{ "log-level", 0, OPT_STRING, offsetof(struct globals, log_level), "LEVEL",
		"error, warning (default), info or debug" },
	{ "debug", 0, OPT_FLAG, offsetof(struct globals, debug), NULL, "the same as --log-level debug" },
	{ "systemd-cgroup", 's', OPT_FLAG, offsetof(struct globals, systemd_cgroup), NULL, "cgroups through systemd" },
	{ "cgroup-manager", 0, OPT_STRING, offsetof(struct globals, cgroup_manager), "MANAGER",
		"cgroupfs (default), systemd or disabled" },
	{ "strict", 0, OPT_FLAG, offsetof(struct globals, strict), NULL,
		"unknown properties in config.json are errors" },
	{ "criu", 0, OPT_STRING, offsetof(struct globals, criu), "PATH",
		"checkpoint, restore: the program or the socket of `criu service` (default: criu in PATH)" },
	{ "rootless", 0, OPT_STRING, offsetof(struct globals, rootless), "auto|true|false",
		"do without cgroups that may not be made (auto: unless the host's root)" },
	{ "version", 'v', OPT_FLAG, offsetof(struct globals, version), NULL, "print the version" },
	{ "", 'V', OPT_FLAG, offsetof(struct globals, version), NULL, NULL },
	{ "help", 'h', OPT_FLAG, offsetof(struct globals, help), NULL,
		"this text; `hind COMMAND --help` for a command" },
	{ 0 },
};

static int usage(void)
{
	puts("hind - HIND Is Not Docker: a container runtime\n\n"
	     "Usage: hind [options] COMMAND [options] [arguments]\n\nCommands:");
	for (const struct command *const *c = commands; *c; c++)
		printf("  %-10s %s\n", (*c)->name, (*c)->help);
	puts("\nOptions:");
	opt_help(global_opts);
	puts("\n`hind run -it NOIMG /bin/sh` starts a shell on the host's own root file system.");
	return 0;
}

static int version(void)
{
	printf("hind version %s\ncommit: %s\nspec: %s\n", HIND_VERSION, HIND_COMMIT, OCI_VERSION_MAX);
	return 0;
}

/* What people type who come from engines. */
static const struct {
	const char *name, *hint;
} elsewhere[] = {
	{ "stop", "hind kill ID sends a signal to its init" },
	{ "rm", "hind delete ID removes a container" },
	{ "unpause", "hind resume ID lets it go on" },
	{ "inspect", "hind state ID prints what is known of a container" },
	{ "stats", "hind events --stats ID prints what it uses" },
	{ "top", "hind ps ID lists its processes" },
	{ "logs", "hind keeps none: the container's output goes where hind's own went" },
	{ "pull", "hind fetches no images: IMAGE is a directory with a root file system, or NOIMG" },
	{ "images", "hind keeps none: IMAGE is a directory with a root file system, or NOIMG" },
	{ "version", "hind --version prints it" },
};

static const struct command *command_find(const char *name, struct err *e)
{
	const char *names[64], *near;
	size_t n = 0;

	for (const struct command *const *c = commands; *c; c++) {
		if (strcmp((*c)->name, name) == 0)
			return *c;
		names[n++] = (*c)->name;
	}
	for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++)
		if (strcmp(elsewhere[i].name, name) == 0) {
			err_set(e, "unknown command \"%s\": %s", name, elsewhere[i].hint);
			return NULL;
		}
	near = str_nearest(name, names, n);
	if (near)
		err_set(e, "unknown command \"%s\": did you mean %s?", name, near);
	else
		err_set(e, "unknown command \"%s\": hind --help lists the commands", name);
	return NULL;
}

/* clone3's flags, mount_setattr, CLONE_INTO_CGROUP and cgroup.kill are taken for granted. */
static int kernel_check(struct err *e)
{
	struct utsname u;
	int major = 0, minor = 0;

	if (uname(&u) == 0 && sscanf(u.release, "%d.%d", &major, &minor) == 2 &&
		(major < 5 || (major == 5 && minor < 14)))
		return err_set(e, "Linux 5.14 or newer is needed, and this is %s", u.release);
	return 0;
}

static int log_start(const struct globals *g, struct err *e)
{
	int level = g->debug ? LEVEL_DEBUG : g->log_level ? log_level_parse(g->log_level) : LEVEL_WARNING;

	if (level < 0)
		return err_set(e, "--log-level: \"%s\" is none of error, warning, info, debug", g->log_level);
	return log_open(g->log, g->log_format, level, e);
}

static int enter_guard(const struct globals *g, char **argv, struct err *e)
{
	struct stat st;

	if (str_starts(g->root, "/run/user/") && !getenv("XDG_RUNTIME_DIR") &&
		stat(arena_printf(g->arena, "/run/user/%u", geteuid()), &st) < 0)
		return err_set(e,
			"no place to record containers: /run/user/%u does not exist; set XDG_RUNTIME_DIR, or "
			"give --root DIR",
			geteuid());
	/* Nobody inside may look into us with ptrace or /proc/PID (CVE-2016-9962), and the program file is out of
	 * reach. */
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return err_sys(e, "prctl(PR_SET_DUMPABLE)");
	return exe_protect(g->root, argv, e);
}

static int globals_settle(struct globals *g, struct err *e)
{
	static const char *const managers[] = { "cgroupfs", "systemd", "disabled" };

	g->arena = arena_new();
	if (!g->root)
		g->root = store_default_root(g->arena);
	/* Bundles of the shortcut lie below it, and the container's processes look them up from elsewhere. */
	if (*g->root != '/') {
		cleanup_free char *cwd = getcwd(NULL, 0);

		if (!cwd)
			return err_sys(e, "getcwd");
		g->root = arena_printf(g->arena, "%s/%s", cwd, g->root);
	}
	if (g->systemd_cgroup)
		g->cgroup_manager = "systemd";
	if (!g->cgroup_manager)
		g->cgroup_manager = "cgroupfs";
	for (size_t i = 0; i < ARRAY_LEN(managers); i++)
		if (strcmp(managers[i], g->cgroup_manager) == 0)
			return 0;
	return err_set(e, "--cgroup-manager: \"%s\" is none of cgroupfs, systemd, disabled", g->cgroup_manager);
}

static bool wants_help(int argc, char **argv)
{
	return argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
}

static int command_help(const struct command *c)
{
	printf("Usage: hind %s%s%s\n\n%s.\n", c->name, *c->synopsis ? " " : "", c->synopsis, c->help);
	if (c->opts && c->opts->name) {
		puts("\nOptions:");
		opt_help(c->opts);
	}
	if (c->notes)
		printf("\n%s", c->notes);
	return 0;
}

/* A full disk must not pass for a success: `hind features > FILE`. */
static int output_end(int status, struct err *e)
{
	if (fflush(stdout) == EOF)
		return err_sys(e, "standard output");
	if (ferror(stdout))
		return err_set(e, "standard output: not everything could be written: is the disk full?");
	return status;
}

int main(int argc, char **argv)
{
	static struct globals g = { .hind_version = HIND_VERSION,
		.hind_commit = HIND_COMMIT }; /* as `original`, it lives as long as the process */
	const struct command *c;
	struct err e;
	int words, status, failure = 1;
	/* opt_parse reorders argv, and the program may execute itself once more. */
	static char **original;

	original = mem_alloc((argc + 1) * sizeof *original);
	memcpy(original, argv, argc * sizeof *argv);
	words = opt_parse(global_opts, &g, argc, argv, true, &e);
	if (words < 0)
		goto failed;
	if (g.version) {
		status = version();
		goto printed;
	}
	argv += 1;
	if (words > 0 && strcmp(argv[0], "help") == 0) {
		g.help = true;
		argv++;
		words--;
	}
	if (words == 0) {
		status = usage();
		goto printed;
	}
	c = command_find(argv[0], &e);
	if (!c)
		goto failed;
	failure = c->failure;
	if (g.help || wants_help(words, argv)) {
		status = command_help(c);
		goto printed;
	}
	if (log_start(&g, &e) || globals_settle(&g, &e))
		goto failed;
	if (c->enters && (kernel_check(&e) || enter_guard(&g, original, &e)))
		goto failed;
	status = c->run(&g, words, argv, &e);
	if (status < 0 && e.code == OPT_HELP_WANTED)
		status = command_help(c);
	if (status < 0)
		goto failed;
printed:
	status = output_end(status, &e);
	if (status >= 0)
		return status;
failed:
	log_error(&e);
	return failure;
}
