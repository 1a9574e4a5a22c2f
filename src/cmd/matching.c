#include "cmd/matching.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>

static int compile(regex_t *r, const char *regex, struct err *e)
{
	char why[128];
	int code = regcomp(r, regex, REG_EXTENDED | REG_NOSUB);

	if (!code)
		return 0;
	regerror(code, r, why, sizeof why);
	return err_set(e, "--regex \"%s\": %s", regex, why);
}

static int one(const struct globals *g, const char *id, int (*fn)(struct container *, const void *, struct err *),
	const void *data, struct err *e)
{
	struct container c;
	int status;

	/* It may have been deleted since the directory was read. */
	if (container_open(g->root, id, &c, e))
		return e->code == ENOENT ? 0 : -1;
	status = fn(&c, data, e);
	container_close(&c);
	return status;
}

int matching_list(const struct globals *g, const char *regex, char ***ids, struct err *e)
{
	size_t kept = 0;
	regex_t r;

	if (compile(&r, regex, e))
		return -1;
	if (container_list(g->root, ids, e) < 0) {
		regfree(&r);
		return -1;
	}
	for (char **id = *ids; *id; id++) {
		if (regexec(&r, *id, 0, NULL, 0) == 0)
			(*ids)[kept++] = *id;
		else
			free(*id);
	}
	(*ids)[kept] = NULL;
	regfree(&r);
	return kept;
}

int matching_each(const struct globals *g, const char *regex, int (*fn)(struct container *, const void *, struct err *),
	const void *data, struct err *e)
{
	struct err failure;
	int status = 0;
	char **ids;

	if (matching_list(g, regex, &ids, e) < 0)
		return -1;
	for (char **id = ids; *id; id++) {
		if (one(g, *id, fn, data, &failure) < 0 && status == 0) {
			*e = failure;
			status = -1;
		}
		free(*id);
	}
	free(ids);
	return status;
}
