#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "container/container.h"
#include "json/decode.h"
#include "json/encode.h"

/* Versions are semantic (semver.org): a 1.x knows nothing that 1.0 has otherwise, and what it adds is ignored. */
static void check_version(const struct oci_config *config, struct problems *problems)
{
	if (config->oci_version && strncmp(config->oci_version, "1.", 2) != 0)
		problem_add(problems, "ociVersion",
			"\"%s\" is not a version that hind knows: " OCI_VERSION_MIN " to " OCI_VERSION_MAX,
			config->oci_version);
}

/* A container may be made without a process; `start` will miss it (init.c), and who enters has what the defaults are. */
static int amend_process(
	const struct bundle_opts *opts, struct oci_config *config, struct arena *arena, struct problems *problems)
{
	if (config->process)
		return 0;
	if (opts->starts) {
		problem_add(problems, "process", "is missing: what the container runs");
		return 0;
	}
	config->process = arena_alloc(arena, sizeof *config->process);
	config->process->cwd = "/";
	return 1;
}

/* opts: of a launch, which amends the configuration, and then the answer is 1; NULL: it is judged as it stands. */
static int check(const char *text, size_t len, const struct bundle_opts *opts, struct arena *arena,
	struct oci_config *config, struct problems *problems)
{
	int amended = 0;
	struct err e;

	/* What the schema refuses is not shown to the features: they may rely on what it promises. */
	if (json_decode(&json_oci_config, text, len, arena, config, problems))
		return -1;
	if (opts)
		amended = rootless_amend(opts->rootless, opts->place, config, arena, &e);
	if (amended < 0)
		problem_add(problems, "linux", "%s", e.msg);
	for (const struct feature *const *f = plan_features; *f; f++)
		if ((*f)->validate)
			(*f)->validate(config, problems);
	if (opts)
		amended |= amend_process(opts, config, arena, problems);
	check_version(config, problems);
	json_locate(text, len, problems);
	return problems->errors ? -1 : amended;
}

/* What is kept of the configuration, for who enters the container later, is what the container was made of. */
static void write_amended(struct bundle *b)
{
	struct json_out *out = json_out_new(false);
	const char *text;

	json_struct(out, &json_oci_config, &b->config);
	text = json_out_text(out, &b->len);
	free(b->text);
	b->text = mem_strdup(text);
	json_out_free(out);
}

int bundle_check(
	const char *text, size_t len, struct arena *arena, struct oci_config *config, struct problems *problems)
{
	return check(text, len, NULL, arena, config, problems);
}

int bundle_load(const char *dir, const struct bundle_opts *opts, struct arena *arena, struct bundle *b, struct err *e)
{
	struct problems problems = { 0 };
	cleanup_free char *path = realpath(dir, NULL);
	cleanup_fd int dir_fd = -1;
	const char *config_path = opts->config_path, *name = config_path ? config_path : "config.json";
	int status;

	if (!path)
		return err_sys(e, "bundle %s", dir);
	b->path = arena_strdup(arena, path);
	dir_fd = config_path ? AT_FDCWD : open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (!config_path && dir_fd < 0)
		return err_sys(e, "bundle %s", path);
	if (file_read(dir_fd, name, JSON_MAX_SIZE, &b->text, &b->len, e)) {
		if (e->code == ENOENT)
			return err_wrap(e, "bundle %s has no configuration", path);
		return err_wrap(e, "bundle %s", path);
	}
	status = check(b->text, b->len, opts, arena, &b->config, &problems);
	if (status >= 0 && opts->strict && problems.n)
		status = -1;
	if (status < 0 && problems_err(&problems, name, opts->strict, e) == 0)
		err_set(e, "%s: refused", name);
	problems_free(&problems);
	if (status < 0)
		return -1;
	log_info("config", "bundle=%s size=%zu", b->path, b->len);
	if (status > 0)
		write_amended(b);
	return 0;
}

void bundle_close(struct bundle *b)
{
	free(b->text);
	b->text = NULL;
}
