#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"

#define RETRIES 128

static int open_resolved(int root_fd, const char *path, int oflags, uint64_t resolve, struct err *e)
{
	struct open_how how = { .flags = (uint64_t)(oflags | O_CLOEXEC), .resolve = resolve };
	int fd, tries = 0;

	if (oflags & O_CREAT)
		return err_set(e, "open %s: files below a root file system are made by path_make_file", path);
	/* The kernel gives up with EAGAIN when something was renamed while it resolved "..": only then it is worth a retry. */
	do
		fd = syscall(SYS_openat2, root_fd, *path ? path : "/", &how, sizeof how);
	while (fd < 0 && (errno == EAGAIN || errno == EINTR) && ++tries < RETRIES);
	if (fd < 0 && errno == ENOSYS)
		return err_sys(e, "openat2, which needs Linux 5.6 and no seccomp filter around hind that refuses it");
	if (fd < 0)
		return err_sys(e, "open %s", path);
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

/* Opens the longest existing beginning of path as the container sees it, and makes the rest below it, component by component.
 * A component that is new cannot be a link; one that appears meanwhile is opened with O_NOFOLLOW. last: 0 makes all of path
 * directories, 1 leaves out its last component. */
static int make_below(int root_fd, const char *path, mode_t mode, bool leave_last, const char **name, struct err *e)
{
	cleanup_free char *copy = mem_strdup(path);
	cleanup_fd int fd = -1;
	size_t end = strlen(copy);
	char *rest;

	while (end && copy[end - 1] == '/')
		copy[--end] = 0;
	if (leave_last) {
		rest = strrchr(copy, '/');
		*name = path + (rest ? rest - copy + 1 : 0);
		if (!**name || strcmp(copy + (*name - path), "..") == 0 || strcmp(copy + (*name - path), ".") == 0)
			return err_set(e, "%s: the last component is no name", path);
		if (rest)
			*rest = 0;
		else
			*copy = 0;
	}
	/* Cut components off the end until what is left exists. */
	for (rest = copy + strlen(copy);;) {
		char *cut = NULL, saved = *rest;

		*rest = 0;
		fd = path_open_in(root_fd, copy, O_PATH | O_DIRECTORY, e);
		*rest = saved;
		if (fd >= 0)
			break;
		if (e->code != ENOENT || rest == copy)
			return -1;
		for (cut = rest - 1; cut > copy && *cut != '/'; cut--)
			;
		rest = cut;
	}
	for (char *save = NULL, *part = strtok_r(rest, "/", &save); part; part = strtok_r(NULL, "/", &save)) {
		int next;

		if (strcmp(part, ".") == 0)
			continue;
		if (strcmp(part, "..") == 0)
			return err_set(e, "%s: \"..\" below a directory that does not exist", path);
		if (mkdirat(fd, part, mode) < 0 && errno != EEXIST)
			return err_sys(e, "mkdir %s of %s", part, path);
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
	return make_below(root_fd, path, mode, false, NULL, e);
}

int path_make_parent(int root_fd, const char *path, mode_t mode, const char **name, struct err *e)
{
	return make_below(root_fd, path, mode, true, name, e);
}

int path_make_file(int root_fd, const char *path, mode_t mode, struct err *e)
{
	const char *name;
	char base[256];
	cleanup_fd int parent_fd = -1;
	int fd = path_open_in(root_fd, path, O_PATH, e);

	if (fd >= 0 || e->code != ENOENT)
		return fd;
	parent_fd = path_make_parent(root_fd, path, 0755, &name, e);
	if (parent_fd < 0)
		return -1;
	snprintf(base, sizeof base, "%.*s", (int)strcspn(name, "/"), name);
	/* Not open(O_CREAT): that could be made to open, or create through, somebody else's inode (CVE-2024-45310). */
	if (mknodat(parent_fd, base, S_IFREG | mode, 0) < 0 && errno != EEXIST)
		return err_sys(e, "create %s", path);
	fd = openat(parent_fd, base, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open %s", path) : fd;
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
