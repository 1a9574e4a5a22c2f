/* Paths below a rootfs, which is hostile: they are resolved by openat2(2) inside the root and never passed to another
 * system call as strings (rule S1). Every function takes an fd of the root directory and returns an O_CLOEXEC fd that
 * the caller closes. Absolute and relative paths mean the same, links are resolved as the container would see them,
 * magic links are refused, EAGAIN (a rename somewhere during resolution) is retried 128 times. */
#ifndef HIND_PATH_H
#define HIND_PATH_H
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/err.h"

/* oflags: O_PATH, O_RDONLY, O_DIRECTORY, O_NOFOLLOW ... (O_CREAT is refused: use path_make_*). -1 with e->code = errno. */
int path_open_in(int root_fd, const char *path, int oflags, struct err *e) must_check;
/* As path_open_in, and any symbolic link on the way is an error (for /proc and /sys: CVE-2019-19921, CVE-2023-27561). */
int path_open_nolink(int root_fd, const char *path, int oflags, struct err *e) must_check;
/* A file of the private procfs, relative ("self/oom_score_adj", "sys/kernel/shmmax"): stays below proc_fd and on its
 * own mount, so that nothing that was mounted over a file of /proc can take the write (CVE-2025-52881). */
int path_open_proc(int proc_fd, const char *path, int oflags, struct err *e) must_check;
/* An O_PATH fd of the directory, made with its parents where missing (mode before umask), component by component. Links
 * that lead to nothing are followed inside the root, and what they name is made. */
int path_make_dirs(int root_fd, const char *path, mode_t mode, struct err *e) must_check;
/* An O_PATH fd of the file; where missing, it is made empty by mknodat(S_IFREG), with its parent directories. */
int path_make_file(int root_fd, const char *path, mode_t mode, struct err *e) must_check;
/* The parent directory of path (made where missing) as an O_PATH fd; *name points at the last component, inside path. */
int path_make_parent(int root_fd, const char *path, mode_t mode, const char **name, struct err *e) must_check;
/* Are they the same as text, but for "//", "/./" and slashes at either end? */
bool path_same(const char *a, const char *b);
/* Opens again what an O_PATH fd holds, by /proc/self/fd of proc_fd; want (an S_IFMT type, 0: any) is checked before. */
int path_reopen(int proc_fd, int fd, int oflags, mode_t want, struct err *e) must_check;

#endif
