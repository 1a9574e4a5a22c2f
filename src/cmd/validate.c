#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/opt.h"
#include "cmd/command.h"
#include "container/container.h"
#include "json/decode.h"

struct flags {
	const char *bundle;
};
static const struct opt opts[] = {
	{ "bundle", 'b', OPT_STRING, offsetof(struct flags, bundle), "DIR", "check DIR/config.json" },
	{ 0 },
};

static int validate(const struct globals *g, int argc, char **argv, struct err *e)
{
	struct flags f = { 0 };
	struct oci_config c = { 0 };
	struct problems problems = { 0 };
	cleanup_free char *text = NULL, *path = NULL;
	struct stat st;
	size_t len;
	int words = opt_parse(opts, &f, argc, argv, false, e), status;

	if (words < 0)
		return -1;
	if (words > 1 || (words == 1 && f.bundle))
		return err_set(e, "validate takes one file or bundle: hind validate [FILE|DIR]");
	path = mem_strdup(words == 1 ? argv[1] : f.bundle ? f.bundle : ".");
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		char *file = mem_printf("%s/config.json", path);

		free(path);
		path = file;
	}
	if (file_read(AT_FDCWD, path, JSON_MAX_SIZE, &text, &len, e))
		return -1;
	status = bundle_check(text, len, g->arena, &c, &problems);
	/* Unknown properties are told, but the spec says that they are no error; --strict makes them one. */
	if (problems.n && problems_err(&problems, path, true, e)) {
		if (status == 0 && !g->strict)
			puts(e->msg);
		else
			status = -1;
	}
	problems_free(&problems);
	return status;
}

const struct command cmd_validate = {
	.name = "validate",
	.synopsis = "[FILE|DIR]",
	.help = "Check a config.json and tell everything that is wrong",
	.opts = opts,
	.failure = 1,
	.run = validate,
};
