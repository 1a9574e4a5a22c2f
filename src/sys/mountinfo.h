/* Lines of /proc/PID/mountinfo. proc_pid_mountinfo(5). */
#ifndef HIND_MOUNTINFO_H
#define HIND_MOUNTINFO_H
#include <stdbool.h>
#include <stdint.h>

#define MOUNTINFO_MAX (64u << 20) /* a host may have very many mounts */

struct mountinfo {
	uint64_t id, parent;
	const char *device; /* "MAJOR:MINOR" of the superblock */
	const char *root;   /* the directory of the file system that is mounted */
	const char *point;  /* as the reader's root has it */
	const char *type;
};
/* Takes the next line off *text, which it cuts into words (escapes are undone in place); false at the end. A line that
 * the manual page does not describe is passed over. */
bool mountinfo_next(char **text, struct mountinfo *);

#endif
