/* Which file process.args[0] is: looked up in the container's own PATH as the container's user, after the root was
 * switched and the ids were, so that what is found here is what execve will be allowed. Texts as engines match them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "container/steps.h"
#include "step/init.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* 0 where path is a file that we may execute, an errno otherwise. */
static int executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? errno : 0;
}

/* Who comes into a pid namespace is born there last (enter.c): until then its procfs has no "self" for us, so what is behind
 * that is execve's to find. */
bool program_is_of_self(const char *path)
{
	return str_starts(path, "/proc/self/") || str_starts(path, "/proc/thread-self/");
}

static const char *path_of(char *const *env)
{
	for (; env && *env; env++)
		if (str_starts(*env, "PATH="))
			return *env + strlen("PATH=");
	return DEFAULT_PATH;
}

static int search(struct init *in, const char *name, struct err *e)
{
	const char *path = path_of(in->env);
	bool refused = false;

	for (;;) {
		size_t len = strcspn(path, ":");
		char *candidate = len ? mem_printf("%.*s/%s", (int)len, path, name) : mem_printf("./%s", name);
		int errnum = executable(candidate);

		if (errnum == 0) {
			in->program = candidate;
			return 0;
		}
		refused = refused || errnum == EACCES;
		free(candidate);
		if (!path[len])
			break;
		path += len + 1;
	}
	if (refused)
		return err_set(e, "exec: \"%s\": permission denied", name);
	return err_set(e, "exec: \"%s\": executable file not found in $PATH", name);
}

static int find(struct init *in, struct err *e)
{
	const char *name;
	int errnum;

	/* Made of a configuration without a process: `start` will say so. */
	if (!in->config->process->n_args)
		return 0;
	name = in->config->process->args[0];
	if (!strchr(name, '/')) {
		if (search(in, name, e))
			return -1;
	} else {
		errnum = executable(name);
		if (errnum == ENOENT && program_is_of_self(name))
			errnum = 0;
		/* What the kernel says of a directory, too, and what podman knows. */
		if (errnum == EISDIR)
			return err_set(e, "exec: \"%s\": is a directory: %s", name, err_text(EACCES));
		if (errnum == EACCES)
			return err_set(e, "exec: \"%s\": %s", name, err_text(errnum));
		if (errnum)
			return err_set(e, "exec: \"%s\": stat %s: %s", name, name, err_text(errnum));
		in->program = mem_strdup(name);
	}
	log_info("program", "found=%s", in->program);
	return interpreter_check(in->program, &in->foreign, e);
}

const struct init_step init_program = { "program", NULL, find };
