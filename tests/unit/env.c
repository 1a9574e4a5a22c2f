/* process.args and process.env: what validate says, and the environment that the program gets. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "check.h"
#include "linux/linux.h"
#include "step/init.h"
#include "validate.h"

static char root[] = "/tmp/hind-env-XXXXXX";

/* Frees what init_env has made: the array, and the entries that are not the config's. */
static void forget(char **made, char **env, size_t n)
{
	for (size_t i = 0; made[i]; i++) {
		size_t k = 0;

		while (n < 1000 && k < n && env[k] != made[i])
			k++;
		if (str_starts(made[i], "HOME=") || str_starts(made[i], "LISTEN_"))
			if (k == n || n >= 1000)
				free(made[i]);
	}
	free(made);
}

/* The environment as one text, "A=1 B=2"; the caller frees it. passwd NULL: there is none. */
static char *built(const char *passwd, uint32_t uid, int listen_fds, char **env, size_t n)
{
	struct oci_user user = { .uid = uid };
	struct oci_process p = { .user = &user, .env = env, .n_env = n };
	struct oci_config c = { .process = &p };
	struct kit kit = { .listen_fds = listen_fds };
	struct init init = {
		.config = &c, .kit = &kit, .proc_fd = open("/proc", O_PATH), .rootfs_fd = open(root, O_PATH)
	};
	struct text text = { 0 };
	struct err e;

	unlinkat(init.rootfs_fd, "etc/passwd", 0);
	if (passwd && file_replace(init.rootfs_fd, "etc/passwd", passwd, strlen(passwd), 0644, &e))
		return mem_strdup(e.msg);
	if (init_env.run(&init, &e) || init_listen_pid.run(&init, &e))
		return mem_strdup(e.msg);
	for (size_t i = 0; init.env[i]; i++)
		text_printf(&text, "%s%s", i ? " " : "", init.env[i]);
	forget(init.env, env, n);
	close(init.proc_fd);
	close(init.rootfs_fd);
	return text.p ? text.p : mem_strdup("");
}

static bool gives(const char *want, const char *passwd, uint32_t uid, char **env, size_t n)
{
	cleanup_free char *got = built(passwd, uid, 0, env, n);

	if (!str_eq(got, want))
		printf("# %s\n", got);
	return str_eq(got, want);
}

#define ENV(...) (char *[]){ __VA_ARGS__ }, ARRAY_LEN(((char *[]){ __VA_ARGS__ }))

static void test_duplicates(void)
{
	CHECK("the last one wins", gives("B=2 A=3 HOME=/h", NULL, 0, ENV("A=1", "B=2", "A=3", "HOME=/h")));
	CHECK("beginnings of names are other names",
		gives("AB=1 A=2 ABC=3 HOME=/", NULL, 0, ENV("AB=1", "A=2", "ABC=3", "HOME=/")));
	CHECK("a value with '='", gives("A=b=d HOME=/", NULL, 0, ENV("A=b=c", "A=b=d", "HOME=/")));
}

static void test_home(void)
{
	static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n# remark\nshort:x:5\nnone:x:6:6:::\n"
				     "1000:x:1001:0::/wrong:\nuser:x:1000:1000:A User:/home/user:/bin/sh\n"
				     "user2:x:1000:1:second:/home/second:/bin/sh\nlast:x:7:7::/last";

	CHECK("from passwd", gives("HOME=/root", passwd, 0, NULL, 0));
	CHECK("by number, the first line", gives("HOME=/home/user", passwd, 1000, NULL, 0));
	CHECK("a name that looks like the number is none", gives("HOME=/wrong", passwd, 1001, NULL, 0));
	CHECK("last line without line break and shell", gives("HOME=/last", passwd, 7, NULL, 0));
	CHECK("user without line", gives("HOME=/", passwd, 8, NULL, 0));
	CHECK("line without home", gives("HOME=/", passwd, 6, NULL, 0));
	CHECK("short line", gives("HOME=/", passwd, 5, NULL, 0));
	CHECK("without passwd", gives("HOME=/", NULL, 0, NULL, 0));
	CHECK("empty passwd", gives("HOME=/", "", 0, NULL, 0));
	CHECK("set already", gives("HOME=/h A=1", passwd, 0, ENV("HOME=/h", "A=1")));
	CHECK("empty counts as unset", gives("HOME=/root A=1", passwd, 0, ENV("HOME=", "A=1")));
	CHECK("relative home is none", gives("HOME=/", "a:x:0:0::home:\n", 0, NULL, 0));
}

/* A passwd that is no file must neither be waited for nor read. */
static void test_strange_passwd(void)
{
	cleanup_free char *path = mem_printf("%s/etc/passwd", root), *etc = mem_printf("%s/etc", root);
	cleanup_free char *outside = mem_printf("%s.outside", root);
	struct err e;
	char *text;

	unlink(path);
	CHECK("FIFO: made", mkfifo(path, 0600) == 0);
	/* built() would replace it, so only init_env itself is asked: by a uid that has no line anyway. */
	{
		struct oci_process p = { 0 };
		struct oci_config c = { .process = &p };
		struct kit kit = { 0 };
		struct init init = {
			.config = &c, .kit = &kit, .proc_fd = open("/proc", O_PATH), .rootfs_fd = open(root, O_PATH)
		};

		alarm(10);
		CHECK("FIFO", init_env.run(&init, &e) == 0 && str_eq(init.env[0], "HOME=/"));
		alarm(0);
		forget(init.env, NULL, 0);
		unlink(path);
		text = "root:x:0:0::/stolen:\n";
		CHECK("outside: made", file_replace(AT_FDCWD, outside, text, strlen(text), 0644, &e) == 0);
		CHECK("link to the host: made", symlink(outside, path) == 0);
		CHECK("link to the host", init_env.run(&init, &e) == 0 && str_eq(init.env[0], "HOME=/"));
		forget(init.env, NULL, 0);
	}
	unlink(path);
	unlink(outside);
	rmdir(etc);
}

static void test_many(void)
{
	enum { N = 20000 };
	char **env = mem_alloc(N * sizeof *env);
	struct timespec start, end;
	cleanup_free char *got = NULL;

	for (size_t i = 0; i < N; i++)
		env[i] = mem_printf("NAME_%zu=%zu", i % (N / 2), i);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	got = built(NULL, 0, 0, env, N);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	CHECK("twenty thousand entries: the later half is left",
		str_starts(got, "NAME_0=10000 NAME_1=10001 ") && strstr(got, " NAME_9999=19999 HOME=/"));
	CHECK("twenty thousand entries: in less than half a second",
		(end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000 < 500);
	for (size_t i = 0; i < N; i++)
		free(env[i]);
	free(env);
}

static void test_validate(void)
{
	char *args[] = { "/bin/true", NULL }, *empty_arg[] = { "", NULL };
	char *env[] = { "A=1", "B", "=C", "", NULL };
	struct oci_process p = { .args = args, .n_args = 1 };
	struct oci_config c = { .process = &p }, none = { 0 };

	CHECK("good", says(&feature_env, &c, 0, NULL, NULL));
	CHECK("no process", says(&feature_env, &none, 0, NULL, NULL));
	p.n_args = 0;
	CHECK("no args", says(&feature_env, &c, 1, "process.args", "is empty"));
	p = (struct oci_process){ .args = empty_arg, .n_args = 1 };
	CHECK("empty program", says(&feature_env, &c, 1, "process.args[0]", "executable file not found"));
	p = (struct oci_process){ .args = args, .n_args = 1, .env = env, .n_env = 4 };
	CHECK("entries without '='", says(&feature_env, &c, 3, "process.env[1]", "no '='"));
	CHECK("entries without a name", says(&feature_env, &c, 3, "process.env[2]", "no name"));
}

int main(void)
{
	cleanup_free char *etc = NULL, *got = NULL, *want = NULL;

	if (!mkdtemp(root))
		return 1;
	etc = mem_printf("%s/etc", root);
	if (mkdir(etc, 0755) < 0)
		return 1;
	test_duplicates();
	test_home();
	got = built(NULL, 0, 2, ENV("LISTEN_PID=77", "HOME=/"));
	want = mem_printf("HOME=/ LISTEN_PID=%d LISTEN_FDS=2", (int)getpid());
	CHECK("socket activation", str_eq(got, want));
	test_many();
	test_validate();
	test_strange_passwd();
	rmdir(root);
	return check_end();
}
