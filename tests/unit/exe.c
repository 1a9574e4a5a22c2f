/* Which command lines start themselves anew before libc, and from where. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "sys/exe.h"

/* A command line as on the stack: words with a blank between them, then an environment. "" is NULL. */
static bool is(const char *root, const char *line, const char *environment)
{
	char *text = strdup(line), *env = strdup(environment), *words[32], *save = NULL;
	const char *found;
	size_t n = 0;
	bool right;

	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save))
		words[n++] = word;
	words[n++] = NULL;
	for (char *word = strtok_r(env, " ", &save); word; word = strtok_r(NULL, " ", &save))
		words[n++] = word;
	words[n] = NULL;
	found = exe_root(words);
	right = *root ? found && strcmp(found, root) == 0 : !found;
	free(text);
	free(env);
	return right;
}

int main(void)
{
	CHECK("a command that enters", is("/r", "hind --root /r exec id true", ""));
	CHECK("behind other options",
		is("/r", "hind --log /l --log-format json --root=/r --systemd-cgroup create id", "A=B"));
	CHECK("one that does not", is("", "hind --root /r state id", ""));
	CHECK("none",
		is("", "hind --root /r", "") && is("", "hind", "") && is("", "hind --root", "") && is("", "", ""));
	CHECK("words of the container's program", is("/run/hind", "hind exec id true --root /theirs", "A=B"));
	CHECK("twice", is("", "hind --root /r --root /s run -b b id", ""));
	CHECK("relative", is("", "hind --root r run -b b id", ""));
	CHECK("the default", is("/run/hind", "hind run -b b id", "PATH=/bin TERM=xterm"));
	CHECK("the default of a user", is("", "hind run -b b id", "PATH=/bin XDG_RUNTIME_DIR=/run/user/0"));
	CHECK("given to a user", is("/r", "hind --root /r run -b b id", "XDG_RUNTIME_DIR=/run/user/0"));
	CHECK("words that only begin as a command", is("", "hind runner", "") && is("", "hind ru", ""));
	return check_end();
}
