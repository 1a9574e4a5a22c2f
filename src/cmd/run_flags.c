#include "cmd/run_flags.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/problem.h"
#include "base/str.h"
#include "cmd/run_part.h"
#include "json/decode.h"

#define FLAG(name, letter, member, help)                                                                               \
	{                                                                                                              \
		name, letter, OPT_FLAG, offsetof(struct run_flags, member), NULL, help                                 \
	}
#define STRING(name, letter, member, arg, help)                                                                        \
	{                                                                                                              \
		name, letter, OPT_STRING, offsetof(struct run_flags, member), arg, help                                \
	}
#define LIST(name, letter, member, arg, help)                                                                          \
	{                                                                                                              \
		name, letter, OPT_LIST, offsetof(struct run_flags, member), arg, help                                  \
	}
#define REFUSE(name, letter, reason)                                                                                   \
	{                                                                                                              \
		name, letter, OPT_REFUSE, 0, reason, NULL                                                              \
	}

/* What several flags of engines are told. */
#define NO_NETWORK "hind makes no networks: give --network host, or use an engine"
#define NO_RESOLV_CONF "/etc/resolv.conf is the image's: show another by -v FILE:/etc/resolv.conf"
#define NO_IMAGES "hind fetches no images: IMAGE is a directory with a root file system, or NOIMG"
#define NO_STOP "hind stops nothing by itself: hind kill ID SIGNAL does"

const struct opt run_opts[] = {
	LAUNCH_OPTS(struct run_flags),
	FLAG("keep", 0, launch.keep, "keep the state after the end, until `delete`"),
	FLAG("detach", 'd', launch.detach, "return once the program runs"),

	FLAG("interactive", 'i', interactive, "keep standard input open (otherwise it is /dev/null)"),
	FLAG("tty", 't', tty, "give it a terminal"),
	STRING("name", 0, name, "ID", "the container's id (a new one)"),
	FLAG("rm", 0, rm, "remove it when it ends, with -d too (without -d that is always done)"),
	FLAG("dry-run", 0, dry_run, "print the config.json and stop"),
	STRING("entrypoint", 0, entrypoint, "PROGRAM", "run PROGRAM with CMD as its arguments"),
	LIST("env", 'e', env, "KEY[=VALUE]", "set a variable; without a value, the caller's"),
	LIST("env-file", 0, env_file, "FILE", "read variables from FILE, one KEY[=VALUE] a line"),
	STRING("workdir", 'w', workdir, "DIR", "working directory (/)"),
	STRING("user", 'u', user, "USER[:GROUP]", "ids, or names from the image's /etc/passwd and /etc/group (0:0)"),
	LIST("group-add", 0, group_add, "GROUP", "one more group, by id or by name"),
	STRING("umask", 0, umask, "MODE", "file mode creation mask, in octal"),
	STRING("hostname", 0, hostname, "NAME", "host name inside (the id)"),
	STRING("domainname", 0, domainname, "NAME", "NIS domain name inside"),

	FLAG("no-overlay", 0, no_overlay,
		"write into the image itself; by default what the container writes is thrown away"),
	FLAG("read-only", 0, read_only, "nothing of the image can be written, not even thrown away"),
	LIST("volume", 'v', volume, "SOURCE:PATH[:OPTIONS]", "show a host directory or file at PATH; ro: read-only"),
	LIST("mount", 0, mount, "type=TYPE,KEY=VALUE...", "the same in long: bind or tmpfs, source, target, readonly"),
	LIST("tmpfs", 0, tmpfs, "PATH[:OPTIONS]", "an empty directory in memory at PATH"),
	STRING("shm-size", 0, shm_size, "BYTES[kmg]", "size of /dev/shm (64m)"),
	LIST("device", 0, device, "PATH[:PATH][:rwm]", "give it a device of the host"),

	STRING("memory", 'm', memory, "BYTES[kmg]", "memory limit"),
	STRING("memory-limit-bytes", 0, memory_limit_bytes, "BYTES", "the same in bytes"),
	STRING("memory-reservation", 0, memory_reservation, "BYTES[kmg]",
		"memory that it keeps when the host runs short"),
	STRING("memory-swap", 0, memory_swap, "BYTES[kmg]", "limit of memory and swap together; -1: no limit of swap"),
	STRING("memory-swappiness", 0, memory_swappiness, "0-100", "how eagerly its memory is swapped"),
	STRING("cpus", 0, cpus, "NUMBER", "how many CPUs' time it may use, as in 1.5"),
	STRING("cpu-quota-us", 0, cpu_quota_us, "MICROSECONDS", "CPU time in each period; -1: no limit"),
	STRING("cpu-quota", 0, cpu_quota_us, "MICROSECONDS", NULL),
	STRING("cpu-period-us", 0, cpu_period_us, "MICROSECONDS", "that period (100000)"),
	STRING("cpu-period", 0, cpu_period_us, "MICROSECONDS", NULL),
	STRING("cpu-shares", 'c', cpu_shares, "WEIGHT", "share of the CPUs when they are all busy (1024)"),
	STRING("cpuset-cpus", 0, cpuset_cpus, "LIST", "CPUs that it may run on, as in 0-2,4"),
	STRING("cpuset-mems", 0, cpuset_mems, "LIST", "memory nodes that it may use"),
	STRING("pids-limit", 0, pids_limit, "NUMBER", "how many processes and threads; -1: no limit"),
	STRING("cgroup-parent", 0, cgroup_parent, "PATH",
		"make its cgroup below this one (/hind), or slice (system.slice)"),
	STRING("oom-score-adj", 0, oom_score_adj, "NUMBER",
		"-1000 to 1000: how gladly it is killed when memory is out"),
	LIST("ulimit", 0, ulimit, "NAME=SOFT[:HARD]", "resource limit, as in nofile=1024:4096"),

	STRING("network", 0, network, "none|host", "its own with a loopback only, or the host's (none)"),
	STRING("net", 0, network, "none|host", NULL),
	STRING("pid", 0, pid, "private|host", "processes (private)"),
	STRING("ipc", 0, ipc, "private|host", "System V IPC, message queues and /dev/shm (private)"),
	STRING("uts", 0, uts, "private|host", "host name (private)"),
	STRING("cgroupns", 0, cgroupns, "private|host", "view of the cgroups (private)"),
	LIST("cap-add", 0, cap_add, "NAME", "one capability more, or ALL"),
	LIST("cap-drop", 0, cap_drop, "NAME", "one capability less, or ALL"),
	LIST("security-opt", 0, security_opt, "OPTION",
		"no-new-privileges, seccomp=FILE, seccomp=unconfined, apparmor=PROFILE, systempaths=unconfined"),
	FLAG("privileged", 0, privileged,
		"all capabilities and devices, no seccomp, nothing masked: no isolation from the host"),
	LIST("sysctl", 0, sysctl, "NAME=VALUE", "kernel parameter of its namespaces"),
	LIST("annotation", 0, annotation, "KEY=VALUE", "note in config.json and in the state"),
	LIST("label", 'l', label, "KEY=VALUE", "the same"),

	REFUSE("publish", 'p', NO_NETWORK),
	REFUSE("publish-all", 'P', NO_NETWORK),
	REFUSE("expose", 0, NO_NETWORK),
	REFUSE("link", 0, NO_NETWORK),
	REFUSE("ip", 0, NO_NETWORK),
	REFUSE("mac-address", 0, NO_NETWORK),
	REFUSE("network-alias", 0, NO_NETWORK),
	REFUSE("dns", 0, NO_RESOLV_CONF),
	REFUSE("dns-search", 0, NO_RESOLV_CONF),
	REFUSE("dns-option", 0, NO_RESOLV_CONF),
	REFUSE("add-host", 0, "/etc/hosts is the image's: show another by -v FILE:/etc/hosts"),
	REFUSE("init", 0, "CMD is pid 1: put a program that reaps orphans before it, as in tini CMD"),
	REFUSE("restart", 0, "nobody stays to start it again: let a service manager run hind"),
	REFUSE("health-cmd", 0, "nobody stays to ask it: hind exec ID CMD does so once"),
	REFUSE("pull", 0, NO_IMAGES),
	REFUSE("platform", 0, NO_IMAGES),
	REFUSE("rootfs", 0, "IMAGE is such a directory anyway: leave it out"),
	REFUSE("cidfile", 0, "--name chooses the id, and run --detach prints it"),
	REFUSE("replace", 0, "hind delete --force ID removes the old one"),
	REFUSE("gpus", 0, "give --device for each of its files in /dev"),
	REFUSE("userns", 0, "linux.uidMappings of a config.json says it; ordinary users have one always"),
	REFUSE("pod", 0, "the paths of linux.namespaces in a config.json join another container's namespaces"),
	REFUSE("volumes-from", 0, "give -v for each of them"),
	REFUSE("secret", 0, "show its file by -v FILE:/run/secrets/NAME:ro"),
	REFUSE("storage-opt", 0, "what the container writes is in memory, and --memory limits it"),
	REFUSE("log-driver", 0, "hind keeps no logs: what CMD prints comes here"),
	REFUSE("attach", 'a', "what CMD prints comes here without --detach, and -i keeps its standard input open"),
	REFUSE("sig-proxy", 0, "signals are passed on without --detach, and with it hind kill ID SIGNAL sends one"),
	REFUSE("detach-keys", 0, "a terminal is not left and taken up again: hind exec -t ID sh gives another"),
	REFUSE("stop-signal", 0, NO_STOP),
	REFUSE("stop-timeout", 0, NO_STOP),
	REFUSE("timeout", 0, "timeout SECONDS hind run ... ends it"),
	REFUSE("runtime", 0, "hind is the runtime"),
	REFUSE("blkio-weight", 0,
		"linux.resources.blockIO of a config.json says it; --dry-run prints one to start from"),
	REFUSE("oom-kill-disable", 0,
		"linux.resources.memory.disableOOMKiller of a config.json says it; --dry-run prints one to start from"),
	REFUSE("kernel-memory", 0, "Linux counts it as memory of the container: give --memory"),
	{ 0 },
};

const char run_notes[] =
	"With one word `run` starts the bundle in the working directory or --bundle under that id; with more it makes\n"
	"a bundle of the options behind --keep, an image and a command.\n"
	"\n"
	"IMAGE is a directory with a root file system, or NOIMG (or /) for the host's own. What the container writes\n"
	"goes into an overlay in memory, which counts against its memory limit and is thrown away at its end; volumes\n"
	"(-v) stay. What else is mounted below the image appears read-only. --no-overlay writes through into the "
	"image,\n"
	"with NOIMG into the host.\n"
	"\n"
	"NOIMG shows the host's files, to root inside all of them. /run, /tmp and /var/tmp are empty ones of its own, "
	"so\n"
	"that the sockets of the host's daemons are not in reach: connecting to a socket needs no writable mount. "
	"With\n"
	"--network host those that have no path (abstract ones) are.\n";

int run_wrong(struct err *e, const char *flag, const char *value, const char *reason, ...)
{
	va_list ap;

	va_start(ap, reason);
	e->code = 0;
	vsnprintf(e->msg, sizeof e->msg, reason, ap);
	va_end(ap);
	return err_wrap(e, "--%s \"%s\"", flag, value);
}

char *run_piece(struct arena *arena, const char **rest, char separator)
{
	const char *start = *rest, *end;

	if (!start)
		return NULL;
	end = strchrnul(start, separator);
	*rest = *end ? end + 1 : NULL;
	return arena_strndup(arena, start, end - start);
}

int run_flags_name(struct run_flags *flags, struct arena *arena, struct err *e)
{
	unsigned char r[6];

	if (flags->name)
		return 0;
	if (getrandom(r, sizeof r, 0) != sizeof r)
		return err_sys(e, "getrandom");
	flags->name = arena_printf(arena, "%02x%02x%02x%02x%02x%02x", r[0], r[1], r[2], r[3], r[4], r[5]);
	return 0;
}

struct image_opts run_flags_image(const struct run_flags *flags)
{
	return (struct image_opts){
		.no_overlay = flags->no_overlay,
		.read_only = flags->read_only,
		.host_network = str_eq(flags->network, "host"),
	};
}

static int decode_default(struct arena *arena, struct oci_config *config, struct err *e)
{
	struct problems problems = { 0 };
	int r = json_decode(
		&json_oci_config, default_config_json, strlen(default_config_json), arena, config, &problems);

	if (r)
		r = problems_err(&problems, "default-config.json", false, e);
	problems_free(&problems);
	return r;
}

static int annotations(struct run_build *b, const char *flag, const struct opt_list *list, struct err *e)
{
	struct oci_config *config = b->config;
	size_t n = config->n_annotations;
	struct oci_pair *all = arena_alloc(b->arena, (n + list->n + 1) * sizeof *all);

	if (n)
		memcpy(all, config->annotations, n * sizeof *all);
	for (size_t i = 0; i < list->n; i++) {
		const char *value = strchr(list->v[i], '=');

		if (!value || value == list->v[i])
			return run_wrong(e, flag, list->v[i], "it is written KEY=VALUE");
		all[n++] = (struct oci_pair){ arena_strndup(b->arena, list->v[i], value - list->v[i]), value + 1 };
	}
	if (n) {
		config->annotations = all;
		config->n_annotations = n;
	}
	return 0;
}

static int arguments(struct run_build *b, int argc, char **argv, struct err *e)
{
	struct oci_process *process = b->config->process;
	size_t n = 0;

	if (argc < 1 && !b->flags->entrypoint)
		return err_set(e, "which program is to run in it? hind run [OPTION...] IMAGE CMD [ARG...]");
	process->args = arena_alloc(b->arena, (argc + 2) * sizeof *process->args);
	if (b->flags->entrypoint && *b->flags->entrypoint)
		process->args[n++] = (char *)b->flags->entrypoint;
	for (int i = 0; i < argc; i++)
		process->args[n++] = argv[i];
	process->n_args = n;
	if (n == 0 || !*process->args[0])
		return err_set(e, "the program's name is empty");
	return 0;
}

/* "/batch", and for systemd's manager "batch.slice". */
static int cgroup_parent(struct run_build *b, const char *parent, struct err *e)
{
	const char *name = b->flags->name, *end = strrchr(parent, '.');
	struct oci_linux *lin = b->config->linux;

	if (str_eq(b->flags->launch.cgroup_manager, "systemd")) {
		if (!end || !str_eq(end, ".slice") || strpbrk(parent, "/:"))
			return run_wrong(e, "cgroup-parent", parent, "for systemd it is a slice such as batch.slice");
		lin->cgroups_path = arena_printf(b->arena, "%s:hind:%s", parent, name);
		return 0;
	}
	if (parent[0] != '/' || strstr(parent, ".."))
		return run_wrong(e, "cgroup-parent", parent, "it is a path such as /batch, without \"..\"");
	lin->cgroups_path = mount_clean_path(b->arena, arena_printf(b->arena, "%s/%s", parent, name));
	return 0;
}

static int process_rest(struct run_build *b, struct err *e)
{
	const struct run_flags *flags = b->flags;
	struct oci_process *process = b->config->process;
	int64_t score;

	process->terminal = process->has_terminal = flags->tty;
	process->console_size = NULL;
	process->cwd = "/";
	if (flags->workdir && flags->workdir[0] != '/')
		return run_wrong(e, "workdir", flags->workdir, "a path inside the container begins with \"/\"");
	if (flags->workdir)
		process->cwd = mount_clean_path(b->arena, flags->workdir);
	if (flags->oom_score_adj) {
		if (str_i64(flags->oom_score_adj, &score) || score < -1000 || score > 1000)
			return run_wrong(e, "oom-score-adj", flags->oom_score_adj, "it is a number from -1000 to 1000");
		process->oom_score_adj = score;
		process->has_oom_score_adj = true;
	}
	return flags->cgroup_parent ? cgroup_parent(b, flags->cgroup_parent, e) : 0;
}

/* The default config is what `hind spec` prints, for engines and people who edit it. What it says of limits and
 * privileges is taken back: here the flags say it. */
static void start_over(struct run_build *b)
{
	struct oci_config *config = b->config;

	if (!config->process)
		config->process = arena_alloc(b->arena, sizeof *config->process);
	if (!config->linux)
		config->linux = arena_alloc(b->arena, sizeof *config->linux);
	if (!config->linux->resources)
		config->linux->resources = arena_alloc(b->arena, sizeof *config->linux->resources);
	config->process->rlimits = NULL;
	config->process->n_rlimits = 0;
	config->process->no_new_privileges = config->process->has_no_new_privileges = false;
	config->process->capabilities = NULL;
}

int run_flags_config(const struct run_flags *flags, const struct image *image, const char *state_dir, int argc,
	char **argv, struct arena *arena, struct oci_config *config, struct err *e)
{
	struct run_build b = { .flags = flags, .image = image, .arena = arena, .config = config };

	b.mounts.arena = arena;
	memset(config, 0, sizeof *config);
	if (decode_default(arena, config, e))
		return -1;
	start_over(&b);
	if (arguments(&b, argc, argv, e) || image_config(image, state_dir, &b.mounts, config, e))
		return -1;
	for (size_t i = 0; i < config->n_mounts; i++)
		mount_list_append(&b.mounts, &config->mounts[i]);
	if (process_rest(&b, e) || run_isolation(&b, e) || run_environment(&b, e) || run_user(&b, e) ||
		run_limits(&b, e))
		return -1;
	if (run_devices(&b, e) || run_security(&b, e) || run_volumes(&b, e))
		return -1;
	if (annotations(&b, "annotation", &flags->annotation, e) || annotations(&b, "label", &flags->label, e))
		return -1;
	config->mounts = b.mounts.v;
	config->n_mounts = b.mounts.n;
	return 0;
}
