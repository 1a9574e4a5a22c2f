/* For tests of validate functions: what did they say about a config? */
#ifndef HIND_TEST_VALIDATE_H
#define HIND_TEST_VALIDATE_H
#include <stdbool.h>
#include <string.h>

#include "base/problem.h"
#include "step/feature.h"

/* Does the feature name exactly n problems in this config, and one of them at path, with text in its reason? n 0: path
 * and text are not looked at. */
static inline bool says(
	const struct feature *f, const struct oci_config *c, size_t n, const char *path, const char *text)
{
	struct problems problems = { 0 };
	bool found = n == 0;

	f->validate(c, &problems);
	for (size_t i = 0; i < problems.n && !found; i++)
		found = strcmp(problems.v[i].path, path) == 0 && strstr(problems.v[i].reason, text);
	if (!found || problems.errors != n)
		for (size_t i = 0; i < problems.n; i++)
			printf("# %s: %s\n", problems.v[i].path, problems.v[i].reason);
	found = found && problems.errors == n;
	problems_free(&problems);
	return found;
}

#endif
