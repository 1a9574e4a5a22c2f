/* What a test case could leave behind, as a sorted list of lines ("mount ...", "cgroup ...", "process ...", "file
 * ..."): taken before and after, and compared. */
#ifndef HIND_LEAK_H
#define HIND_LEAK_H
#include <stdio.h>
#include <sys/types.h>

struct leak_scope {
	const char *prefix; /* names of cgroups that belong to the case start with it */
	const char *root;   /* its --root */
	const char *dir;    /* its directory: work/ in it is the case's own, a file beside it is not */
	pid_t keeper;       /* every process of the case descends from this one */
};
struct leak_list {
	char **line;
	size_t n;
};

void leak_take(const struct leak_scope *, struct leak_list *);
void leak_free(struct leak_list *);
void leak_save(const struct leak_list *, const char *path);
void leak_load(const char *path, struct leak_list *);
/* Prints what is new in `after` and what is gone of the mounts and files in `before`; returns how many lines. */
size_t leak_compare(const struct leak_list *before, const struct leak_list *after, FILE *out);

/* Takes again until there is no difference, for a second at most: a process that was killed needs a moment to go. */
size_t leak_check(const struct leak_scope *, const struct leak_list *before, FILE *out);

/* Kills the keeper's descendants and removes the case's cgroups, so that the next case finds a clean machine. */
void leak_clean(const struct leak_scope *);
/* Every descendant of `of`, the caller and its ancestors left out; the caller frees the array. */
size_t leak_descendants(pid_t of, pid_t **pids);

#endif
