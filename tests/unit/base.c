/* The base layer: numbers at their limits, error texts, arenas, and paths that stay inside a hostile root. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/path.h"
#include "base/spawn.h"
#include "base/str.h"
#include "check.h"

static void numbers(void)
{
	uint64_t u;
	int64_t i;
	uint32_t id;

	CHECK("u64: 2^64-1 exactly", str_u64("18446744073709551615", UINT64_MAX, &u) == 0 && u == UINT64_MAX);
	CHECK("u64: 2^64 is refused", str_u64("18446744073709551616", UINT64_MAX, &u) < 0);
	CHECK("u64: sign, space, empty and hex are refused",
		str_u64("+1", 9, &u) && str_u64(" 1", 9, &u) && str_u64("", 9, &u) && str_u64("0x1", 9, &u));
	CHECK("i64: the smallest", str_i64("-9223372036854775808", &i) == 0 && i == INT64_MIN);
	CHECK("i64: one below is refused", str_i64("-9223372036854775809", &i) < 0);
	CHECK("id: 1 is 1 (CVE-2026-30892)", str_id("1", &id) == 0 && id == 1);
	CHECK("id: 2^32-1 and 2^32 are refused (CVE-2016-3697)",
		str_id("4294967295", &id) < 0 && str_id("4294967296", &id) < 0);
	CHECK("id: -1, 1x and the empty word are refused", str_id("-1", &id) && str_id("1x", &id) && str_id("", &id));
	CHECK("size: 1m, 2G, 3kb", str_size("1m", &u) == 0 && u == 1 << 20 && str_size("2G", &u) == 0 &&
					   u == 2ull << 30 && str_size("3kb", &u) == 0 && u == 3072);
	CHECK("size: 4MiB, 4Mb; no bib, no ki", str_size("4MiB", &u) == 0 && u == 4 << 20 && str_size("4Mb", &u) == 0 &&
							str_size("1bib", &u) < 0 && str_size("1ki", &u) < 0);
	CHECK("size: 0.5g, 1.5k, .5m, 0.0000001t",
		str_size("0.5g", &u) == 0 && u == 1 << 29 && str_size("1.5k", &u) == 0 && u == 1536 &&
			str_size(".5mb", &u) == 0 && u == 1 << 19 && str_size("0.0000001t", &u) == 0 && u == 0);
	CHECK("size: a fraction of a byte, and a point without one",
		str_size("1.5", &u) < 0 && str_size("1.5b", &u) < 0 && str_size("1.g", &u) < 0 &&
			str_size(".g", &u) < 0 && str_size("1.5.5g", &u) < 0);
	CHECK("size: the largest",
		str_size("16777215.999999t", &u) == 0 && u > UINT64_MAX - (1 << 21) && str_size("16777216t", &u) < 0);
	CHECK("size: overflow and junk are refused",
		str_size("99999999999t", &u) < 0 && str_size("1x", &u) < 0 && str_size("m", &u) < 0);
}

static void errors(void)
{
	struct err e;
	char long_text[2000];

	errno = ENOENT;
	CHECK("err_sys: lower case, code kept",
		err_sys(&e, "open x") == -1 && e.code == ENOENT && str_eq(e.msg, "open x: no such file or directory"));
	err_wrap(&e, "mount");
	CHECK("err_wrap: prefix", str_eq(e.msg, "mount: open x: no such file or directory"));
	memset(long_text, 'a', sizeof long_text - 1);
	long_text[sizeof long_text - 1] = 0;
	errno = EACCES;
	err_sys(&e, "%s", long_text);
	err_wrap(&e, "context");
	CHECK("a long message keeps its cause", strlen(e.msg) < sizeof e.msg && strstr(e.msg, "permission denied"));
}

static void suggestions(void)
{
	static const char *const names[] = { "hostname", "mounts", "process" };

	CHECK("nearest: a slip is found", str_eq(str_nearest("hostnmae", names, 3), "hostname"));
	CHECK("nearest: another word is not", str_nearest("zzzz", names, 3) == NULL);
}

static void paths(void)
{
	char top[] = "/tmp/hind-base-XXXXXX";
	char *path;
	struct err e;
	struct stat st;
	cleanup_arena struct arena *a = arena_new();
	cleanup_fd int top_fd = -1, root_fd = -1;
	int fd;

	if (!mkdtemp(top))
		abort();
	top_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mkdirat(top_fd, "root", 0755);
	mkdirat(top_fd, "outside", 0755);
	root_fd = openat(top_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	path = arena_printf(a, "%s/outside", top);
	if (symlinkat(path, root_fd, "evil") || symlinkat("../../outside", root_fd, "up"))
		abort();

	fd = path_make_dirs(root_fd, "/a/b/c", 0755, &e);
	CHECK("make_dirs makes every component", fd >= 0 && fstatat(root_fd, "a/b/c", &st, 0) == 0);
	fd_close(&fd);
	fd = path_make_file(root_fd, "a/b/file", 0644, &e);
	CHECK("make_file makes a regular file", fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode));
	fd_close(&fd);
	fd = path_make_file(root_fd, "evil/file", 0644, &e);
	CHECK("an absolute link that leads to nothing is made inside the root (CVE-2024-45310)",
		fd >= 0 && faccessat(top_fd, "outside/file", F_OK, 0) < 0 && fstatat(root_fd, path + 1, &st, 0) == 0);
	fd_close(&fd);
	if (symlinkat("../../run/there", root_fd, "a/b/link") || symlinkat("loop", root_fd, "loop"))
		abort();
	fd = path_make_file(root_fd, "a/b/link", 0644, &e);
	CHECK("a file is made where a link to nothing points",
		fd >= 0 && fstatat(root_fd, "run/there", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode));
	fd_close(&fd);
	fd = path_make_file(root_fd, "loop/file", 0644, &e);
	CHECK("a link to itself is an error", fd < 0 && e.code == ELOOP);
	fd = path_make_file(root_fd, "a/new", 0644, &e);
	fd_close(&fd);
	fd = path_make_dirs(root_fd, "a/new/dir", 0755, &e);
	CHECK("nothing is made below a file", fd < 0 && e.code == ENOTDIR);
	fd = path_make_dirs(root_fd, "up/dir", 0755, &e);
	CHECK("a relative link does not lead out", fd >= 0 && faccessat(top_fd, "outside/dir", F_OK, 0) < 0);
	fd_close(&fd);
	fd = path_open_nolink(root_fd, "evil", O_PATH, &e);
	CHECK("open_nolink refuses a link", fd < 0 && e.code == ELOOP);
	fd_close(&fd);
	fd = path_open_in(root_fd, "../../..", O_PATH, &e);
	CHECK("dots stop at the root", fd >= 0 && fstat(fd, &st) == 0 && faccessat(fd, "a/b", F_OK, 0) == 0);
	fd_close(&fd);
	CHECK("remove_tree leaves nothing and follows no link",
		file_remove_tree(AT_FDCWD, top, &e) == 0 && access(top, F_OK) < 0);
}

/* Several numbers in a row, one alone, and neighbours that stay. */
static void descriptors(void)
{
	enum { FIRST = 50, LAST = 60 };
	int fds[] = { 57, 51, 53, 52, 55 };
	bool right = true;

	for (int fd = FIRST; fd <= LAST; fd++)
		right = right && fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, fd) == fd;
	fd_close_each(fds, ARRAY_LEN(fds));
	for (int fd = FIRST; fd <= LAST; fd++) {
		bool closed = fd == 51 || fd == 52 || fd == 53 || fd == 55 || fd == 57;

		right = right && (fcntl(fd, F_GETFD) < 0) == closed;
		close(fd);
	}
	fd_close_each(fds, 0);
	CHECK("close_each closes those and no other", right);
}

static void path_texts(void)
{
	CHECK("the same path in other words",
		path_same("/dev/", "//dev") && path_same("/", "") && path_same("/./a//b/.", "a/b"));
	CHECK("other paths", !path_same("/dev", "/dev/x") && !path_same("/dev", "/devx") && !path_same("/..", "/"));
}

static void times(void)
{
	char text[TIME_TEXT_SIZE], wanted[TIME_TEXT_SIZE];
	time_t now = time(NULL);
	struct tm tm;

	str_time(text);
	strftime(wanted, sizeof wanted, "%Y-%m-%dT%H:%M:", gmtime_r(&now, &tm));
	CHECK("time: as gmtime has it, with nanoseconds",
		(strncmp(text, wanted, strlen(wanted)) == 0 || now % 60 == 59) && strlen(text) == 30 &&
			text[29] == 'Z');
}

static void arenas(void)
{
	struct arena *a = arena_new();
	char *first = arena_strdup(a, "first"), *large = arena_alloc(a, 100000), *last;

	large[99999] = 1;
	last = arena_printf(a, "%s-%d", first, 7);
	CHECK("arena keeps what it gave", str_eq(first, "first") && str_eq(last, "first-7") && large[0] == 0);
	arena_free(a);
}

struct words {
	bool tty, interactive;
	const char *bundle;
	struct opt_list env;
};
static const struct opt word_opts[] = {
	{ "tty", 't', OPT_FLAG, offsetof(struct words, tty), NULL, NULL },
	{ "interactive", 'i', OPT_FLAG, offsetof(struct words, interactive), NULL, NULL },
	{ "bundle", 'b', OPT_STRING, offsetof(struct words, bundle), "DIR", NULL },
	{ "env", 'e', OPT_LIST, offsetof(struct words, env), "KEY=VALUE", NULL },
	{ "no-subreaper", 0, OPT_IGNORE, 0, NULL, NULL },
	{ 0 },
};

#define PARSE(into, posix, ...)                                                                                        \
	opt_parse(word_opts, into, sizeof((char *[]){ __VA_ARGS__ }) / sizeof(char *),                                 \
		(char *[]){ __VA_ARGS__, NULL }, posix, &e)

static void options(void)
{
	struct words w = { 0 };
	struct err e;

	CHECK("opt: -it, --x=v, -eV and one dash",
		PARSE(&w, false, "run", "-it", "--bundle=/b", "-eA=1", "-no-subreaper", "-e", "B=2", "id") == 1 &&
			w.tty && w.interactive && str_eq(w.bundle, "/b") && w.env.n == 2 && str_eq(w.env.v[1], "B=2"));
	free(w.env.v);
	w = (struct words){ 0 };
	CHECK("opt: posix leaves the command's own options alone",
		PARSE(&w, true, "run", "-i", "image", "ls", "-t") == 3 && w.interactive && !w.tty);
	CHECK("opt: -- ends the options", PARSE(&w, false, "exec", "id", "--", "-t") == 2 && !w.tty);
	CHECK("opt: did you mean", PARSE(&w, false, "run", "--bundel", "x") == -1 && strstr(e.msg, "--bundle?"));
	CHECK("opt: a missing value is told",
		PARSE(&w, false, "run", "-b") == -1 && strstr(e.msg, "requires an argument"));
}

static void spawning(void)
{
	struct err e;
	char *exit3[] = { "sh", "-c", "cat >&2; exit 3", NULL }, *sleeping[] = { "sleep", "10", NULL };
	char *env_empty[] = { "sh", "-c", "test -z \"$LD_PRELOAD$HOME\"", NULL };
	char *fds[] = { "sh", "-c", "test ! -e /proc/self/fd/9", NULL };
	struct spawn s = { .path = "/bin/sh", .argv = exit3, .input = "the cause", .input_len = 9, .cwd_fd = -1 };

	CHECK("spawn: exit status and the end of stderr",
		spawn_run(&s, &e) == -1 && str_eq(e.msg, "/bin/sh: exit status 3: the cause"));
	s = (struct spawn){ .path = "/bin/sleep", .argv = sleeping, .cwd_fd = -1, .timeout_ms = 50 };
	CHECK("spawn: killed after its time-out", spawn_run(&s, &e) == -1 && strstr(e.msg, "time-out of 0.05 s"));
	s = (struct spawn){ .path = "/bin/sh", .argv = env_empty, .cwd_fd = -1 };
	CHECK("spawn: no environment means none", spawn_run(&s, &e) == 0);
	dup2(1, 9);
	s.argv = fds;
	CHECK("spawn: no descriptor leaks", spawn_run(&s, &e) == 0);
	close(9);
	s = (struct spawn){ .path = "/no/such", .cwd_fd = -1 };
	CHECK("spawn: a missing program is told",
		spawn_run(&s, &e) == -1 && strstr(e.msg, "no such file or directory"));
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	options();
	spawning();
	numbers();
	descriptors();
	errors();
	suggestions();
	paths();
	arenas();
	times();
	path_texts();
	return check_end();
}
