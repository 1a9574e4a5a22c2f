/* The environment of `hind run`: PATH, HOSTNAME, TERM with a terminal, then --env-file, then -e. HOME is left to the
 * runtime, which takes it from the image's /etc/passwd. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "cmd/run_part.h"

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define ENV_FILE_MAX (4u << 20)

struct env {
	struct arena *arena;
	char **v;
	size_t n, size;
};

/* The last of one name counts, at the first one's place. */
static void put(struct env *env, char *variable)
{
	size_t name = strcspn(variable, "=") + 1;

	for (size_t i = 0; i < env->n; i++)
		if (strncmp(env->v[i], variable, name) == 0) {
			env->v[i] = variable;
			return;
		}
	if (env->n + 1 >= env->size) {
		char **old = env->v;

		env->size = env->size ? env->size * 2 : 32;
		env->v = arena_alloc(env->arena, env->size * sizeof *env->v);
		if (env->n)
			memcpy(env->v, old, env->n * sizeof *env->v);
	}
	env->v[env->n++] = variable;
}

/* "KEY=VALUE", or "KEY" for the caller's value, which may have none. */
static int put_word(struct env *env, const char *flag, const char *word, struct err *e)
{
	const char *value;

	if (!*word || *word == '=')
		return run_wrong(e, flag, word, "it is written KEY=VALUE, or KEY for the value that hind itself has");
	if (strchr(word, '=')) {
		put(env, arena_strdup(env->arena, word));
		return 0;
	}
	value = getenv(word);
	if (value)
		put(env, arena_printf(env->arena, "%s=%s", word, value));
	return 0;
}

static int put_file(struct env *env, const char *path, struct err *e)
{
	cleanup_free char *text = NULL;
	size_t len, number = 0;

	if (file_read(AT_FDCWD, path, ENV_FILE_MAX, &text, &len, e))
		return err_wrap(e, "--env-file");
	if (strlen(text) != len)
		return run_wrong(e, "env-file", path, "it has a NUL byte");
	for (char *line = text, *next; line; line = next) {
		size_t end = strcspn(line, "\n");
		const char *key;

		next = line[end] ? line + end + 1 : NULL;
		number++;
		if (end > 0 && line[end - 1] == '\r')
			line[end - 1] = 0;
		line[end] = 0;
		line += strspn(line, " \t");
		if (!*line || *line == '#')
			continue;
		key = line + strcspn(line, "= \t");
		if (*key == ' ' || *key == '\t')
			return run_wrong(e, "env-file", path, "line %zu: a variable's name has no blanks", number);
		if (put_word(env, "env-file", line, e))
			return err_wrap(e, "%s: line %zu", path, number);
	}
	return 0;
}

int run_environment(struct run_build *b, struct err *e)
{
	const struct run_flags *flags = b->flags;
	struct env env = { .arena = b->arena };

	put(&env, (char *)DEFAULT_PATH);
	if (b->config->hostname)
		put(&env, arena_printf(b->arena, "HOSTNAME=%s", b->config->hostname));
	if (flags->tty)
		put(&env, (char *)"TERM=xterm");
	for (size_t i = 0; i < flags->env_file.n; i++)
		if (put_file(&env, flags->env_file.v[i], e))
			return -1;
	for (size_t i = 0; i < flags->env.n; i++)
		if (put_word(&env, "env", flags->env.v[i], e))
			return -1;
	b->config->process->env = env.v;
	b->config->process->n_env = env.n;
	return 0;
}
