#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"

#define RETRIES 128
#define MAX_LINKS 40 /* as the kernel's own limit */

static int open_resolved(int root_fd, const char *path, int oflags, uint64_t resolve, struct err *e)
{
	struct open_how how = { .flags = (uint64_t)(oflags | O_CLOEXEC), .resolve = resolve };
	int fd, tries = 0;

	if (oflags & O_CREAT)
		return err_set(e, "open %s: files below a root file system are made by path_make_file", path);
	/* The kernel gives up with EAGAIN when something was renamed while it resolved "..": only then it is worth a
	 * retry. */
	do
		fd = syscall(SYS_openat2, root_fd, *path ? path : "/", &how, sizeof how);
	while (fd < 0 && (errno == EAGAIN || errno == EINTR) && ++tries < RETRIES);
	if (fd < 0 && errno == ENOSYS)
		return err_sys(e, "openat2, which needs Linux 5.6 and no seccomp filter around hind that refuses it");
	/* EPERM is no answer of a file system here: a sandbox around hind refuses the call. */
	if (fd < 0)
		return err_sys(e, "%s %s", errno == EPERM ? "openat2" : "open", path);
	return fd;
}

int path_open_in(int root_fd, const char *path, int oflags, struct err *e)
{
	return open_resolved(root_fd, path, oflags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS, e);
}

int path_open_nolink(int root_fd, const char *path, int oflags, struct err *e)
{
	return open_resolved(root_fd, path, oflags, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS, e);
}

int path_open_proc(int proc_fd, const char *path, int oflags, struct err *e)
{
	return open_resolved(proc_fd, path, oflags, RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS, e);
}

/* Opens the longest beginning of path that exists as the container sees it. *rest is what is left of it, without
 * slashes in front. Writes into path and restores it. */
static int open_existing(int root_fd, char *path, char **rest, struct err *e)
{
	for (char *end = path + strlen(path);;) {
		char saved = *end;
		int fd;

		*end = 0;
		fd = path_open_in(root_fd, path, O_PATH | O_DIRECTORY, e);
		*end = saved;
		if (fd >= 0) {
			*rest = end + strspn(end, "/");
			return fd;
		}
		if (e->code != ENOENT || end == path)
			return -1;
		while (end > path && end[-1] == '/')
			end--;
		while (end > path && end[-1] != '/')
			end--;
	}
}

/* path with its component `name` (at is where it begins) replaced by what that link holds, as openat2 would go on; NULL
 * where it is no link. The caller frees it. */
static char *follow_link(int dir_fd, const char *path, const char *at, const char *name)
{
	char target[PATH_MAX];
	ssize_t len = readlinkat(dir_fd, name, target, sizeof target - 1);

	if (len < 0)
		return NULL;
	target[len] = 0;
	return mem_printf("%.*s/%s/%s", *target == '/' ? 0 : (int)(at - path), path, target, at + strlen(name));
}

/* The first component of a path, without what follows. */
static int first_component(const char *path, char name[NAME_MAX + 1], struct err *e)
{
	size_t n = strcspn(path, "/");

	if (n > NAME_MAX) {
		errno = ENAMETOOLONG;
		return err_sys(e, "%s", path);
	}
	memcpy(name, path, n);
	name[n] = 0;
	return 0;
}

/* An image may hold links to what only the running system has ("/etc/resolv.conf" to a file in /run): what is missing
 * is made where they point to, inside the root. Each turn of the loop follows one such link. */
static int open_beginning(int root_fd, char **path, char **rest, struct err *e)
{
	for (int links = 0; links < MAX_LINKS; links++) {
		int fd = open_existing(root_fd, *path, rest, e);
		char name[NAME_MAX + 1], *next;

		if (fd < 0 || !**rest)
			return fd;
		next = first_component(*rest, name, e) ? NULL : follow_link(fd, *path, *rest, name);
		if (!next)
			return fd;
		close(fd);
		free(*path);
		*path = next;
	}
	errno = ELOOP;
	return err_sys(e, "%s", *path);
}

/* The directory is there, so a name that the kernel does not find is a name that it does not take: /proc. As "no such
 * file" an engine would tell that the program is missing. */
static int make_failed(const char *path, struct err *e)
{
	if (errno == ENOENT)
		return err_set(e, "create %s: this file system takes no new files", path);
	return err_sys(e, "create %s", path);
}

/* What does not exist yet is made below what does, component by component. One that is new cannot be a link; one that
 * appears meanwhile is opened with O_NOFOLLOW. */
static int make_below(int root_fd, const char *path, mode_t mode, struct err *e)
{
	cleanup_free char *copy = mem_strdup(path);
	char *rest, *save = NULL;
	cleanup_fd int fd = open_beginning(root_fd, &copy, &rest, e);

	if (fd < 0)
		return -1;
	for (char *part = strtok_r(rest, "/", &save); part; part = strtok_r(NULL, "/", &save)) {
		int next;

		if (strcmp(part, ".") == 0)
			continue;
		if (strcmp(part, "..") == 0)
			return err_set(e, "%s: \"..\" below a directory that does not exist", path);
		if (mkdirat(fd, part, mode) < 0 && errno != EEXIST)
			return make_failed(path, e);
		next = openat(fd, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return err_sys(e, "open %s of %s", part, path);
		close(fd);
		fd = next;
	}
	return take_fd(&fd);
}

int path_make_dirs(int root_fd, const char *path, mode_t mode, struct err *e)
{
	return make_below(root_fd, path, mode, e);
}

int path_make_parent(int root_fd, const char *path, mode_t mode, const char **name, struct err *e)
{
	cleanup_free char *parent = mem_strdup(path);
	size_t end = strlen(parent);
	const char *last;

	while (end && parent[end - 1] == '/')
		parent[--end] = 0;
	while (end && parent[end - 1] != '/')
		end--;
	last = parent + end;
	*name = path + end;
	if (!*last || strcmp(last, "..") == 0 || strcmp(last, ".") == 0)
		return err_set(e, "%s: the last component is no name", path);
	parent[end] = 0;
	return make_below(root_fd, parent, mode, e);
}

/* Not open(O_CREAT): that could be made to open, or create through, somebody else's inode (CVE-2024-45310). *next:
 * where a link that leads to nothing points to, instead of an fd. */
static int make_file_once(int root_fd, const char *path, mode_t mode, char **next, struct err *e)
{
	const char *at;
	char name[NAME_MAX + 1];
	cleanup_fd int parent_fd = path_make_parent(root_fd, path, 0755, &at, e);
	int fd;

	*next = NULL;
	if (parent_fd < 0 || first_component(at, name, e))
		return -1;
	if (mknodat(parent_fd, name, S_IFREG | mode, 0) < 0 && errno != EEXIST)
		return make_failed(path, e);
	*next = follow_link(parent_fd, path, at, name);
	if (*next)
		return -1;
	fd = openat(parent_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open %s", path) : fd;
}

int path_make_file(int root_fd, const char *path, mode_t mode, struct err *e)
{
	cleanup_free char *copy = mem_strdup(path);

	for (int links = 0; links < MAX_LINKS; links++) {
		char *next, *slash;
		int fd = path_open_in(root_fd, copy, O_PATH, e);

		if (fd >= 0 || e->code != ENOENT)
			return fd;
		fd = make_file_once(root_fd, copy, mode, &next, e);
		if (fd >= 0 || !next)
			return fd;
		/* follow_link leaves a slash where the rest would follow. */
		for (slash = next + strlen(next); slash > next && slash[-1] == '/';)
			*--slash = 0;
		free(copy);
		copy = next;
	}
	errno = ELOOP;
	return err_sys(e, "%s", path);
}

bool path_same(const char *a, const char *b)
{
	for (;;) {
		size_t n;

		while (*a == '/' || (*a == '.' && (a[1] == '/' || !a[1])))
			a++;
		while (*b == '/' || (*b == '.' && (b[1] == '/' || !b[1])))
			b++;
		n = strcspn(a, "/");
		if (n != strcspn(b, "/") || strncmp(a, b, n) != 0)
			return false;
		if (!n)
			return true;
		a += n;
		b += n;
	}
}

int path_reopen(int proc_fd, int fd, int oflags, mode_t want, struct err *e)
{
	struct stat st;
	char name[40];
	int again;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "fstat");
	if (want && (st.st_mode & S_IFMT) != want)
		return err_set(e, "file type %06o, where %06o is wanted", st.st_mode & S_IFMT, want);
	snprintf(name, sizeof name, "self/fd/%d", fd);
	again = openat(proc_fd, name, oflags | O_CLOEXEC);
	return again < 0 ? err_sys(e, "open again") : again;
}
