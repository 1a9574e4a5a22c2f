/* The base layer: numbers at their limits, error texts, arenas, and paths that stay inside a hostile root. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "check.h"

static void numbers(void)
{
	uint64_t u;
	int64_t i;
	uint32_t id;

	CHECK("u64: 2^64-1 exactly", str_u64("18446744073709551615", UINT64_MAX, &u) == 0 && u == UINT64_MAX);
	CHECK("u64: 2^64 is refused", str_u64("18446744073709551616", UINT64_MAX, &u) < 0);
	CHECK("u64: sign, space, empty and hex are refused", str_u64("+1", 9, &u) && str_u64(" 1", 9, &u) &&
	                                                             str_u64("", 9, &u) && str_u64("0x1", 9, &u));
	CHECK("i64: the smallest", str_i64("-9223372036854775808", &i) == 0 && i == INT64_MIN);
	CHECK("i64: one below is refused", str_i64("-9223372036854775809", &i) < 0);
	CHECK("id: 1 is 1 (CVE-2026-30892)", str_id("1", &id) == 0 && id == 1);
	CHECK("id: 2^32-1 and 2^32 are refused (CVE-2016-3697)",
	        str_id("4294967295", &id) < 0 && str_id("4294967296", &id) < 0);
	CHECK("id: -1, 1x and the empty word are refused", str_id("-1", &id) && str_id("1x", &id) && str_id("", &id));
	CHECK("size: 1m, 2G, 3kb", str_size("1m", &u) == 0 && u == 1 << 20 && str_size("2G", &u) == 0 && u == 2ull << 30 &&
	                                   str_size("3kb", &u) == 0 && u == 3072);
	CHECK("size: overflow and junk are refused",
	        str_size("99999999999t", &u) < 0 && str_size("1x", &u) < 0 && str_size("m", &u) < 0);
}

static void errors(void)
{
	struct err e;
	char long_text[2000];

	errno = ENOENT;
	CHECK("err_sys: lower case, code kept", err_sys(&e, "open x") == -1 && e.code == ENOENT &&
	                                                str_eq(e.msg, "open x: no such file or directory"));
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
	CHECK("an absolute link does not lead out (CVE-2024-45310)",
	        fd < 0 && faccessat(top_fd, "outside/file", F_OK, 0) < 0);
	fd_close(&fd);
	fd = path_make_dirs(root_fd, "up/dir", 0755, &e);
	CHECK("a relative link does not lead out", faccessat(top_fd, "outside/dir", F_OK, 0) < 0);
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

static void arenas(void)
{
	struct arena *a = arena_new();
	char *first = arena_strdup(a, "first"), *large = arena_alloc(a, 100000), *last;

	large[99999] = 1;
	last = arena_printf(a, "%s-%d", first, 7);
	CHECK("arena keeps what it gave", str_eq(first, "first") && str_eq(last, "first-7") && large[0] == 0);
	arena_free(a);
}

int main(void)
{
	numbers();
	errors();
	suggestions();
	paths();
	arenas();
	return check_end();
}
