/* src/cmd/run_*.c: what each flag of the shortcut makes of the config, and each value that is refused.
 * covers: run_device, run_env, run_isolation, run_limit, run_security, run_user, run_volume */
/* covers: run/--{cap-add,cap-drop,cgroupns,cpu-shares,cpuset-cpus,cpuset-mems,device,domainname,entrypoint,env,env-file,group-add,hostname,ipc} */
/* covers: run/--{memory-reservation,memory-swap,memory-swappiness,mount,no-overlay,oom-score-adj,pid,privileged,read-only,security-opt} */
/* covers: run/--{shm-size,sysctl,tmpfs,tty,ulimit,umask,uts,workdir} */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/str.h"
#include "check.h"
#include "cmd/run_flags.h"
#include "json/encode.h"

static struct arena *arena;
static char *rootfs; /* the image of all cases */
static struct err error;

/* Flags as one text, parted by blanks; "|" in them stands for a blank. NULL where they are refused, and error says why. */
static struct oci_config *config_of(const char *flags)
{
	char *argv[64] = { "run" }, *words = arena_strdup(arena, flags), *save;
	struct run_flags *f = arena_alloc(arena, sizeof *f);
	struct oci_config *config = arena_alloc(arena, sizeof *config);
	struct image image = { .root_fd = -1 };
	struct image_opts opts;
	int argc = 1, n;

	for (char *word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		argv[argc++] = word;
		for (; *word; word++)
			if (*word == '|')
				*word = ' ';
	}
	argv[argc++] = rootfs;
	argv[argc++] = "/bin/true";
	argv[argc++] = "-x";
	error = (struct err){ 0 };
	n = opt_parse(run_opts, f, argc, argv, true, &error);
	opts = run_flags_image(f);
	if (n != 3 || run_flags_name(f, arena, &error) || image_open(argv[1], &opts, arena, &image, &error) ||
		run_flags_config(f, &image, "/run/hind/id", n - 1, argv + 2, arena, config, &error))
		config = NULL;
	image_close(&image);
	opt_free(run_opts, f);
	return config;
}

static void refused(const char *flags, const char *why)
{
	struct oci_config *config = config_of(flags);

	CHECK(arena_printf(arena, "refused: %s", flags), !config && strstr(error.msg, why));
	if (config || !strstr(error.msg, why))
		printf("# %s\n", error.msg);
}

/* Does the config.json have this text, without blanks? */
static bool says(const struct oci_config *config, const char *text)
{
	struct json_out *out = json_out_new(false);
	bool found;

	json_struct(out, &json_oci_config, config);
	found = strstr(json_out_text(out, NULL), text) != NULL;
	if (!found)
		printf("# wanted %s in %s\n", text, json_out_text(out, NULL));
	json_out_free(out);
	return found;
}

static void makes(const char *flags, const char *text)
{
	struct oci_config *config = config_of(flags);

	CHECK(arena_printf(arena, "%s: %s", flags, text), config && says(config, text));
	if (!config)
		printf("# %s\n", error.msg);
}

static bool has(char *const *list, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], word) == 0)
			return true;
	return false;
}

static const struct oci_mount *mount_at(const struct oci_config *config, const char *destination, size_t *times)
{
	const struct oci_mount *found = NULL;
	size_t n = 0;

	for (size_t i = 0; config && i < config->n_mounts; i++)
		if (strcmp(config->mounts[i].destination, destination) == 0) {
			found = &config->mounts[i];
			n++;
		}
	if (times)
		*times = n;
	return found;
}

/* A mount at destination, once, with this option (or, after "!", without it). */
static void mounts(const char *flags, const char *destination, const char *type, const char *option)
{
	size_t times;
	const struct oci_mount *mount = mount_at(config_of(flags), destination, &times);
	bool without = option[0] == '!';

	CHECK(arena_printf(arena, "%s: %s %s", flags, destination, option),
		mount && times == 1 && str_eq(mount->type, type) &&
			has(mount->options, mount->n_options, option + without) != without);
	if (!mount)
		printf("# %s\n", error.msg);
}

static void defaults(void)
{
	static const char *const namespaces[] = { "network", "pid", "ipc", "uts", "cgroup", "mount" };
	struct oci_config *c = config_of("");

	if (!c) {
		CHECK(error.msg, c);
		return;
	}
	CHECK("args", c->process->n_args == 2 && strcmp(c->process->args[1], "-x") == 0 && !c->process->args[2]);
	CHECK("no terminal", !c->process->terminal);
	CHECK("cwd", strcmp(c->process->cwd, "/") == 0);
	CHECK("user", c->process->user->uid == 0 && c->process->user->gid == 0 && !c->process->user->n_additional_gids);
	CHECK("host name is the id", strlen(c->hostname) == 12 && strspn(c->hostname, "0123456789abcdef") == 12);
	CHECK("environment", c->process->n_env == 2 && str_starts(c->process->env[0], "PATH=/usr/local/sbin:") &&
				     str_eq(c->process->env[1], arena_printf(arena, "HOSTNAME=%s", c->hostname)));
	CHECK("docker's fourteen capabilities",
		c->process->capabilities->n_bounding == 14 && c->process->capabilities->n_effective == 14 &&
			c->process->capabilities->n_permitted == 14 && !c->process->capabilities->n_inheritable &&
			!c->process->capabilities->n_ambient);
	CHECK("a seccomp profile", c->linux->seccomp != NULL);
	CHECK("masks", has(c->linux->masked_paths, c->linux->n_masked_paths, "/proc/kcore") &&
			       has(c->linux->readonly_paths, c->linux->n_readonly_paths, "/proc/sys"));
	CHECK("no_new_privs off", !c->process->no_new_privileges);
	CHECK("no limits", !c->linux->resources->memory && !c->linux->resources->cpu && !c->linux->resources->pids);
	CHECK("no ulimits", !c->process->n_rlimits);
	CHECK("no devices but the usual", !c->linux->n_devices);
	CHECK("overlay first", strcmp(c->mounts[0].destination, "/") == 0 && strcmp(c->mounts[1].type, "overlay") == 0);
	for (size_t i = 0; i < ARRAY_LEN(namespaces); i++) {
		size_t n = 0;

		for (size_t j = 0; j < c->linux->n_namespaces; j++)
			n += strcmp(c->linux->namespaces[j].type, namespaces[i]) == 0;
		CHECK(arena_printf(arena, "own %s namespace", namespaces[i]), n == 1);
	}
	CHECK("two ids differ", strcmp(config_of("")->hostname, c->hostname) != 0);
}

static void limits(void)
{
	makes("--memory-limit-bytes=1024000", "\"memory\":{\"limit\":1024000}");
	makes("-m 10m", "\"memory\":{\"limit\":10485760}");
	makes("--memory=2G --memory-limit-bytes=2147483648", "\"memory\":{\"limit\":2147483648}");
	makes("-m -1", "\"memory\":{\"limit\":-1}");
	makes("-m 20m --memory-swap 30m", "\"limit\":20971520,\"swap\":31457280");
	makes("-m 20m --memory-swap=-1", "\"swap\":-1");
	makes("-m 20m --memory-reservation 10m --memory-swappiness 0", "\"reservation\":10485760");
	makes("--memory-swappiness 0", "\"swappiness\":0");
	makes("--cpu-quota-us=20000 --cpu-period-us=100000", "\"cpu\":{\"quota\":20000,\"period\":100000}");
	makes("--cpu-quota 20000", "\"cpu\":{\"quota\":20000}");
	makes("--cpu-quota-us=-1", "\"quota\":-1");
	makes("--cpus 1.5", "\"quota\":150000,\"period\":100000");
	makes("--cpus .25", "\"quota\":25000");
	makes("--cpus 2", "\"quota\":200000");
	makes("--cpus 0.01", "\"quota\":1000");
	makes("--cpu-shares 512", "\"shares\":512");
	makes("--cpuset-cpus=1", "\"cpus\":\"1\"");
	makes("--cpuset-cpus=0-2,4 --cpuset-mems=0", "\"cpus\":\"0-2,4\",\"mems\":\"0\"");
	makes("--pids-limit 7", "\"pids\":{\"limit\":7}");
	makes("--pids-limit -1", "\"pids\":{\"limit\":-1}");
	makes("--pids-limit 0", "\"pids\":{\"limit\":-1}");
	makes("--oom-score-adj -5", "\"oomScoreAdj\":-5");
	makes("--cgroup-parent /batch --name x", "\"cgroupsPath\":\"/batch/x\"");
	makes("--ulimit nofile=10:20", "{\"type\":\"RLIMIT_NOFILE\",\"soft\":10,\"hard\":20}");
	makes("--ulimit core=unlimited",
		"{\"type\":\"RLIMIT_CORE\",\"soft\":18446744073709551615,\"hard\":18446744073709551615}");
	makes("--ulimit nproc=9 --ulimit nproc=8", "\"rlimits\":[{\"type\":\"RLIMIT_NPROC\",\"soft\":8,\"hard\":8}]");
	CHECK("-m 0 is no limit", !config_of("-m 0")->linux->resources->memory);
}

static void limits_refused(void)
{
	refused("--memory-limit-bytes=1k", "a number of bytes from 1");
	refused("--memory-limit-bytes=0", "a number of bytes from 1");
	refused("--memory-limit-bytes=-1", "a number of bytes from 1");
	refused("--memory-limit-bytes=9223372036854775808", "a number of bytes from 1");
	refused("-m 1m --memory-limit-bytes=5", "says another limit");
	refused("-m 1x", "--memory \"1x\"");
	refused("-m -2", "--memory");
	refused("-m 8388608t", "--memory");
	refused("--memory-swap 1m", "needs --memory");
	refused("-m 2m --memory-swap 1m", "less than --memory");
	refused("-m 2m --memory-swap x", "--memory-swap");
	refused("-m 2m --memory-reservation 3m", "more than --memory");
	refused("--memory-reservation x", "--memory-reservation");
	refused("--memory-swappiness 101", "0 to 100");
	refused("--cpus 1,5", "decimal");
	refused("--cpus .", "decimal");
	refused("--cpus 1.", "decimal");
	refused("--cpus -1", "decimal");
	refused("--cpus 0", "least quota");
	refused("--cpus 0.001", "least quota");
	refused("--cpus 99999999999999999999", "8192");
	refused("--cpus 1 --cpu-quota-us 1000", "leave out --cpu-quota-us");
	refused("--cpus 1 --cpu-period-us 1000", "leave out --cpu-period-us");
	refused("--cpu-quota-us 999", "from 1000");
	refused("--cpu-quota-us 1e5", "from 1000");
	refused("--cpu-period-us 999", "1000 to 1000000");
	refused("--cpu-period-us 1000001", "1000 to 1000000");
	refused("--cpu-shares 1", "2 to 262144");
	refused("--cpu-shares 262145", "2 to 262144");
	refused("--cpuset-cpus=a", "list of numbers");
	refused("--cpuset-cpus=", "list of numbers");
	refused("--cpuset-cpus=1,", "list of numbers");
	refused("--cpuset-cpus=1-", "list of numbers");
	refused("--cpuset-mems=-1", "list of numbers");
	refused("--pids-limit many", "--pids-limit");
	refused("--pids-limit -2", "--pids-limit");
	refused("--oom-score-adj 1001", "-1000 to 1000");
	refused("--cgroup-parent batch", "--cgroup-parent");
	refused("--cgroup-parent /../x", "--cgroup-parent");
	refused("--ulimit nofiles=1", "did you mean nofile");
	refused("--ulimit nofile", "nofile=SOFT");
	refused("--ulimit nofile=", "neither a number");
	refused("--ulimit nofile=2:1", "above the hard");
	refused("--ulimit nofile=1:2:3", "nofile=SOFT:HARD");
}

static void process(void)
{
	makes("-t", "\"terminal\":true");
	makes("-it", "\"TERM=xterm\"");
	makes("-ti -e TERM=vt100", "\"TERM=vt100\"");
	makes("-e A=1 -e B=|x=y -e A=2", "\"A=2\",\"B= x=y\"]");
	makes("-e PATH=/bin", "\"env\":[\"PATH=/bin\"");
	makes("-e A=", "\"A=\"");
	setenv("HIND_TEST_VARIABLE", "of the caller", 1);
	makes("-e HIND_TEST_VARIABLE", "\"HIND_TEST_VARIABLE=of the caller\"");
	unsetenv("HIND_TEST_VARIABLE");
	CHECK("a variable that the caller has not", config_of("-e HIND_TEST_VARIABLE")->process->n_env == 2);
	makes("-w /a/b/", "\"cwd\":\"/a/b\"");
	makes("--entrypoint /bin/sh", "\"args\":[\"/bin/sh\",\"/bin/true\",\"-x\"]");
	makes("--umask 027", "\"umask\":23");
	makes("--hostname box --domainname example.test", "\"hostname\":\"box\",\"domainname\":\"example.test\"");
	makes("--hostname box", "\"HOSTNAME=box\"");
	makes("--name my-box -d --bundle x", "\"hostname\":\"my-box\"");
	makes("--annotation a=b=c --label d=", "\"annotations\":{\"a\":\"b=c\",\"d\":\"\"}");

	refused("-e =x", "KEY=VALUE");
	refused("--env-file /nonexistent/x", "--env-file");
	refused("-w a", "begins with \"/\"");
	refused("--umask 8", "octal");
	refused("--umask 01000", "octal");
	refused("--umask=", "octal");
	refused("--hostname=", "1 to 64");
	refused(arena_printf(arena, "--hostname %065d", 0), "1 to 64");
	refused(arena_printf(arena, "--domainname %065d", 0), "64 characters at most");
	refused("--annotation a", "KEY=VALUE");
	refused("--label =a", "KEY=VALUE");
	refused("--envv a", "did you mean --env");
	refused("-z", "unknown option");
}

static void write_file(const char *name, const char *text)
{
	char *path = arena_printf(arena, "%s%s", rootfs, name);
	cleanup_fd int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || fd_write_all(fd, text, strlen(text), &error))
		CHECK(path, false);
}

static void env_file(void)
{
	char *flag = arena_printf(arena, "--env-file %s/vars", rootfs);

	write_file("/vars", "# comment\n\nA=1\r\n  B=two words\nHIND_TEST_VARIABLE\nC=#not a comment\nD=last");
	makes(flag, "\"A=1\",\"B=two words\",\"C=#not a comment\",\"D=last\"]");
	makes(arena_printf(arena, "-e A=9 %s", flag), "\"A=9\",\"B=two words\"");
	write_file("/vars", "A=1\n=2\n");
	refused(flag, "line 2");
	write_file("/vars", "A B=1\n");
	refused(flag, "line 1: a variable's name has no blanks");
	unlink(arena_printf(arena, "%s/vars", rootfs));
}

static void user(void)
{
	write_file("/etc/passwd",
		"root:x:0:0::/root:/bin/sh\nshort:x\nuser:x:1000:100::/:/bin/sh\n4294967296:x:0:0::/:/bin/sh\n"
		"77:x:0:0::/:/bin/sh\nbad:x:-1:0::/:\nover:x:4294967296:0::/:\n");
	write_file("/etc/group", "root:x:0:\nusers:x:100:user\nwheel:x:10:root,user\naudio:x:29:user\n5:x:0:\n");
	makes("-u 1000", "\"user\":{\"uid\":1000,\"gid\":100,\"additionalGids\":[10,29]}");
	makes("-u user", "\"user\":{\"uid\":1000,\"gid\":100,\"additionalGids\":[10,29]}");
	makes("-u user:wheel", "\"user\":{\"uid\":1000,\"gid\":10}");
	makes("-u 5:6", "\"user\":{\"uid\":5,\"gid\":6}");
	makes("-u 5", "\"user\":{\"uid\":5,\"gid\":0}");
	makes("-u 4294967294:4294967294", "\"uid\":4294967294,\"gid\":4294967294");
	makes("--group-add wheel --group-add 7 --group-add 10", "\"additionalGids\":[10,7]");
	makes("-u user --group-add 1 --group-add 2 --group-add 3", "\"additionalGids\":[10,29,1,2,3]");
	makes("-u 77", "\"uid\":77,\"gid\":0"); /* a name in digits is no name: CVE-2016-3697 */
	makes("-u 1:5", "\"uid\":1,\"gid\":5");
	CHECK("a user other than root has no capabilities but the bounding set",
		!config_of("-u 1")->process->capabilities->n_effective &&
			!config_of("-u 1")->process->capabilities->n_permitted &&
			config_of("-u 1")->process->capabilities->n_bounding == 14);
	refused("-u 4294967296", "a user id is a number");
	refused("-u 4294967295", "a user id is a number");
	refused("-u -1", "a user id is a number");
	refused("-u 1x", "a user id is a number");
	refused("-u=", "the user is empty");
	refused("-u :1", "the user is empty");
	refused("-u 1:", "the group is empty");
	refused("-u 1:2:3", "a group id is a number");
	refused("-u nobody", "no user \"nobody\"");
	refused("-u bad", "no user \"bad\"");
	refused("-u over", "no user \"over\"");
	refused("-u user:none", "no group \"none\"");
	refused("--group-add none", "no group \"none\"");
	unlink(arena_printf(arena, "%s/etc/passwd", rootfs));
	symlink("/proc/self/environ", arena_printf(arena, "%s/etc/passwd", rootfs));
	refused("-u user", "no user \"user\""); /* the link stays inside the image, where there is no such file */
	unlink(arena_printf(arena, "%s/etc/passwd", rootfs));
	mkfifo(arena_printf(arena, "%s/etc/passwd", rootfs), 0600);
	refused("-u user", "not a regular file");
	unlink(arena_printf(arena, "%s/etc/passwd", rootfs));
}

static void volumes(void)
{
	struct oci_config *c;

	mounts("-v /etc:/mnt/e", "/mnt/e", "bind", "rbind");
	mounts("-v /etc:/mnt/e", "/mnt/e", "bind", "rprivate");
	mounts("-v /etc:/mnt/e", "/mnt/e", "bind", "!rro");
	mounts("-v /etc:/mnt/e/:ro", "/mnt/e", "bind", "rro");
	mounts("-v /etc:/mnt/e:rw,nosuid,rslave,cached", "/mnt/e", "bind", "rslave");
	mounts("-v /etc:/mnt/e:rw,nosuid,rslave,cached", "/mnt/e", "bind", "!rprivate");
	mounts("-v .:/here", "/here", "bind", "rbind");
	mounts("-v /tmp:/dev/shm", "/dev/shm", "bind", "rbind");
	mounts("--mount type=bind,source=/etc,target=/mnt/e,readonly", "/mnt/e", "bind", "rro");
	mounts("--mount type=bind,src=/etc,dst=/mnt/e,ro=false,bind-propagation=shared", "/mnt/e", "bind", "shared");
	mounts("--mount type=tmpfs,destination=/scratch,tmpfs-size=1m,tmpfs-mode=700", "/scratch", "tmpfs", "size=1m");
	mounts("--tmpfs /scratch", "/scratch", "tmpfs", "noexec");
	mounts("--tmpfs /scratch:size=64k,exec", "/scratch", "tmpfs", "size=64k");
	mounts("--shm-size 1m", "/dev/shm", "tmpfs", "size=1048576");
	mounts("--ipc host", "/dev/shm", "bind", "rbind");
	CHECK("read-only", config_of("--read-only")->root->readonly && !config_of("")->root->readonly);
	CHECK("no overlay", !mount_at(config_of("--no-overlay"), "/", NULL));
	c = config_of("-v /etc:/a/b/c -v /tmp:/a -v /usr:/z");
	CHECK("parents before children", c && str_eq(c->mounts[c->n_mounts - 1].destination, "/a/b/c") &&
						 str_eq(c->mounts[c->n_mounts - 2].destination, "/z"));

	refused("-v /etc", "--tmpfs /etc");
	refused("-v :/x", "needs the host's path");
	refused("-v /etc:", "needs the host's path");
	refused("-v name:/x", "no named volumes");
	refused("-v /nonexistent:/x", "no such file or directory");
	refused("-v /etc:x", "begins with \"/\"");
	refused("-v /etc:/", "the image's own place");
	refused("-v /etc:/a/..", "the image's own place");
	refused("-v /etc:/x -v /tmp:/x/", "mounted at /x already");
	refused("-v /etc:/x --tmpfs /x", "mounted at /x already");
	refused("-v /etc:/x:rslav", "did you mean");
	refused("-v /etc:/x:U", "chown");
	refused("-v /etc:/x:O", "overlay");
	refused("-v /etc:/x:ro:rw", "there is no option");
	refused("--mount source=/etc,target=/x", "type=bind or type=tmpfs");
	refused("--mount type=volume,source=x,target=/x", "type=bind or type=tmpfs");
	refused("--mount type=bind,target=/x", "needs the host's path");
	refused("--mount type=bind,source=/etc,target=/x,size=1", "\"size\"");
	refused("--mount type=tmpfs,source=/etc,target=/x", "no source");
	refused("--mount type=tmpfs", "the path inside");
	refused("--tmpfs x", "begins with \"/\"");
	refused("--shm-size 0", "--shm-size");
	refused("--shm-size x", "--shm-size");
	refused("--shm-size 1m --ipc host", "the host's");
}

static void devices(void)
{
	makes("--device /dev/null:/dev/nothing:rw",
		"\"devices\":[{\"type\":\"c\",\"path\":\"/dev/nothing\",\"major\":1,\"minor\":3");
	makes("--device /dev/zero:r", "{\"allow\":true,\"type\":\"c\",\"major\":1,\"minor\":5,\"access\":\"r\"}");
	makes("--device /dev/zero", "\"access\":\"rwm\"}");
	refused("--device /dev/null:/x:rx", "no access");
	refused("--device null", "/dev/NAME");
	refused("--device /dev/null:x", "/dev/NAME");
	refused("--device /nonexistent", "no such file or directory");
	refused("--device /etc/hostname", "neither a device");
	refused("--device /etc", "no device in /etc");
}

static size_t namespaces_of(const char *flags, const char *type)
{
	struct oci_config *c = config_of(flags);
	size_t n = 0;

	for (size_t i = 0; c && i < c->linux->n_namespaces; i++)
		n += strcmp(c->linux->namespaces[i].type, type) == 0;
	return n;
}

static void isolation(void)
{
	CHECK("--network none", namespaces_of("--network none", "network") == 1);
	CHECK("--network host", namespaces_of("--network host", "network") == 0);
	CHECK("--net=host", namespaces_of("--net=host", "network") == 0);
	CHECK("--pid host", namespaces_of("--pid host", "pid") == 0);
	CHECK("--ipc host", namespaces_of("--ipc host", "ipc") == 0);
	CHECK("--uts host", namespaces_of("--uts host", "uts") == 0 && !config_of("--uts host")->hostname);
	CHECK("--cgroupns host", namespaces_of("--cgroupns host", "cgroup") == 0);
	makes("--sysctl net.ipv4.ip_forward=1 --sysctl kernel.msgmax=1 --sysctl net.ipv4.ip_forward=0",
		"\"sysctl\":{\"net.ipv4.ip_forward\":\"0\",\"kernel.msgmax\":\"1\"}");
	refused("--network bridge", "--network \"bridge\"");
	refused("--pid container:x", "--pid");
	refused("--ipc shareable", "--ipc");
	refused("--uts x", "--uts");
	refused("--cgroupns x", "--cgroupns");
	refused("--uts host --hostname x", "rename the host");
	refused("--uts host --domainname x", "rename the host");
	refused("--sysctl a", "NAME=VALUE");
}

static bool capable(const char *flags, const char *name)
{
	struct oci_config *c = config_of(flags);

	return c && has(c->process->capabilities->bounding, c->process->capabilities->n_bounding, name) &&
	       has(c->process->capabilities->effective, c->process->capabilities->n_effective, name);
}

static void capabilities(void)
{
	CHECK("--cap-add",
		capable("--cap-add NET_ADMIN", "CAP_NET_ADMIN") && capable("--cap-add NET_ADMIN", "CAP_CHOWN"));
	CHECK("--cap-add with prefix, in any case", capable("--cap-add cap_sys_time", "CAP_SYS_TIME"));
	CHECK("--cap-drop", !capable("--cap-drop chown", "CAP_CHOWN") && capable("--cap-drop chown", "CAP_KILL"));
	CHECK("--cap-drop ALL", config_of("--cap-drop ALL")->process->capabilities->n_bounding == 0);
	CHECK("--cap-drop ALL --cap-add one",
		capable("--cap-drop all --cap-add KILL", "CAP_KILL") &&
			config_of("--cap-drop all --cap-add KILL")->process->capabilities->n_bounding == 1);
	CHECK("--cap-add ALL", capable("--cap-add ALL", "CAP_SYS_ADMIN"));
	CHECK("--cap-add ALL but one", capable("--cap-add ALL --cap-drop SYS_ADMIN", "CAP_NET_ADMIN") &&
					       !capable("--cap-add ALL --cap-drop SYS_ADMIN", "CAP_SYS_ADMIN"));
	refused("--cap-add NET_ADMINN", "did you mean NET_ADMIN");
	refused("--cap-drop CAP_KIL", "did you mean CAP_KILL");
	refused("--cap-add=", "no such capability");
}

static void security(void)
{
	char *profile = arena_printf(arena, "--security-opt seccomp=%s/profile", rootfs);
	struct oci_config *c;

	makes("--security-opt no-new-privileges", "\"noNewPrivileges\":true");
	makes("--security-opt no-new-privileges:true", "\"noNewPrivileges\":true");
	makes("--security-opt apparmor=mine", "\"apparmorProfile\":\"mine\"");
	CHECK("no-new-privileges=false",
		!config_of("--security-opt no-new-privileges=false")->process->no_new_privileges);
	CHECK("seccomp=unconfined", !config_of("--security-opt seccomp=unconfined")->linux->seccomp);
	CHECK("systempaths=unconfined", !config_of("--security-opt systempaths=unconfined")->linux->n_masked_paths);
	write_file("/profile", "{\"defaultAction\":\"SCMP_ACT_LOG\"}");
	makes(profile, "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_LOG\"}");
	write_file("/profile", "{\"defaultAction\":\"SCMP_ACT_MAYBE\"}");
	refused(profile, "profile:1:");
	write_file("/profile", "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"mount\"],"
			       "\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}}]}");
	refused(profile, "includes");
	refused("--security-opt seccomp=/nonexistent", "no such file or directory");
	refused("--security-opt no-new-privileges=1", "neither true nor false");
	refused("--security-opt label=user:x", "hind knows");
	refused("--security-opt seccomp=", "hind knows");
	refused("--security-opt no-new", "hind knows");
	unlink(arena_printf(arena, "%s/profile", rootfs));

	c = config_of("--privileged");
	CHECK("--privileged: no seccomp, no masks",
		c && !c->linux->seccomp && !c->linux->n_masked_paths && !c->linux->n_readonly_paths);
	CHECK("--privileged: capabilities", capable("--privileged", "CAP_SYS_ADMIN"));
	CHECK("--privileged: sysfs can be written",
		c && !has(mount_at(c, "/sys", NULL)->options, mount_at(c, "/sys", NULL)->n_options, "ro"));
	CHECK("--privileged: every device is allowed", c && says(c, "{\"allow\":true,\"access\":\"rwm\"}]"));
	CHECK("--privileged: but those asked for dropped",
		!capable("--privileged --cap-drop SYS_ADMIN", "CAP_SYS_ADMIN"));
}

static void table(void)
{
	size_t n = 0, twice = 0;

	for (const struct opt *o = run_opts; o->name; o++) {
		n++;
		for (const struct opt *other = run_opts; other < o; other++)
			twice += strcmp(o->name, other->name) == 0 || (o->letter && o->letter == other->letter);
	}
	CHECK("each name and letter once", n > 50 && twice == 0);
}

int main(void)
{
	char base[] = "/tmp/hind-flags-XXXXXX";
	struct err e = { 0 };

	arena = arena_new();
	rootfs = mkdtemp(base);
	if (!rootfs)
		return 1;
	mkdir(arena_printf(arena, "%s/etc", rootfs), 0755);
	defaults();
	limits();
	limits_refused();
	process();
	env_file();
	user();
	volumes();
	devices();
	isolation();
	capabilities();
	security();
	table();
	if (file_remove_tree(AT_FDCWD, rootfs, &e))
		fprintf(stderr, "%s\n", e.msg);
	arena_free(arena);
	return check_end();
}
