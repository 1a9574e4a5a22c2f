/* Whole files. */
#ifndef HIND_FILE_H
#define HIND_FILE_H
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* dir_fd may be AT_FDCWD. Reads a whole regular or kernel file of at most max bytes; the caller frees *text
 * (NUL-terminated). */
int file_read(int dir_fd, const char *path, size_t max, char **text, size_t *len, struct err *e) must_check;
/* One open, one write(2) (kernel files take a value in one write), one close. The file must exist. Errors name path. */
int file_write(int dir_fd, const char *path, const char *text, struct err *e) must_check;
/* Writes a new file beside path and renames it over path, so that a reader sees all of it or nothing. */
int file_replace(int dir_fd, const char *path, const void *data, size_t len, mode_t mode, struct err *e) must_check;
/* mkdir -p, for paths of the host only (never below a rootfs). */
int file_mkdirs(const char *path, mode_t mode, struct err *e) must_check;
/* Removes the directory `name` of dir_fd with everything in it, without following links or crossing file systems.
 * A name that is not there is no error. */
int file_remove_tree(int dir_fd, const char *name, struct err *e) must_check;

#endif
