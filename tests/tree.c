#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keeper.h"

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	if (remove(path) && errno != ENOENT)
		fprintf(stderr, "runner: cannot remove %s: %s\n", path, strerror(errno));
	return 0;
}

void tree_remove(const char *path)
{
	nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static void copy_file(int from_dir, int to_dir, const char *name)
{
	int from = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct stat st;

	if (from < 0 || to < 0 || fstat(from, &st) || sendfile(to, from, NULL, (size_t)st.st_size) != st.st_size ||
		fchown(to, st.st_uid, st.st_gid) || fchmod(to, st.st_mode & 07777))
		die("copy of %s: %s", name, strerror(errno));
	close(from);
	close(to);
}

/* to: an empty directory. */
static void copy_dir(int from, int to, bool linked)
{
	DIR *d = fdopendir(from);
	struct dirent *e;
	struct stat st;

	if (!d || fstat(from, &st) || fchown(to, st.st_uid, st.st_gid) || fchmod(to, st.st_mode & 07777))
		die("copy of a directory: %s", strerror(errno));
	while ((e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (e->d_type == DT_DIR) {
			int below = openat(from, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), copy = -1;
			if (mkdirat(to, e->d_name, 0700) == 0)
				copy = openat(to, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			if (below < 0 || copy < 0)
				die("copy of %s: %s", e->d_name, strerror(errno));
			copy_dir(below, copy, !strcmp(e->d_name, "bin"));
		} else if (!linked) {
			copy_file(from, to, e->d_name);
		} else if (linkat(from, e->d_name, to, e->d_name, 0)) {
			die("link of %s: %s", e->d_name, strerror(errno));
		}
	}
	closedir(d);
	close(to);
}

void tree_copy(const char *from, const char *to)
{
	char *path = format("%s", to);
	int from_fd = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC), to_fd;

	for (char *slash = path + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		if (mkdir(path, 0755) && errno != EEXIST)
			die("%s: %s", path, strerror(errno));
	}
	free(path);
	if (from_fd < 0 || mkdir(to, 0700) || (to_fd = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		die("copy of %s to %s: %s", from, to, strerror(errno));
	copy_dir(from_fd, to_fd, false);
}
