/* process.args and process.env: what execve gets. runtime-spec config.md "Process"; environ(7), passwd(5),
 * sd_listen_fds(3).
 *
 * After the pivot, because HOME comes from the container's own /etc/passwd. That file is read by hand: the C library's
 * functions would load code from the container to do it (CVE-2019-14271). Before the program is looked for, which PATH
 * decides. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "linux/linux.h"
#include "step/init.h"

#define PASSWD_LIMIT (8u << 20)
#define LISTEN_PID "LISTEN_PID=%d"

static void validate(const struct oci_config *config, struct problems *problems)
{
	const struct oci_process *p = config->process;

	if (!p)
		return;
	if (!p->n_args)
		problem_add(problems, "process.args", "is empty: the program to run and its arguments");
	else if (!*p->args[0]) /* in the words by which engines know a missing program */
		problem_add(problems, "process.args[0]", "is empty: executable file not found in $PATH");
	for (size_t i = 0; i < p->n_env; i++) {
		const char *equals = strchr(p->env[i], '=');

		if (!equals)
			problem_add(problems, AT("process.env[%zu]", i), "\"%s\" has no '=': NAME=VALUE", p->env[i]);
		else if (equals == p->env[i])
			problem_add(
				problems, AT("process.env[%zu]", i), "\"%s\" has no name before the '='", p->env[i]);
	}
}

/* The home directory in one line of passwd(5), which is cut up, where the line is this user's; else NULL. */
static char *home_in_line(char *line, uint32_t uid)
{
	char *field[7];
	uint32_t id;
	size_t n;

	for (n = 0; n < ARRAY_LEN(field) && line; n++)
		field[n] = strsep(&line, ":");
	if (n < 6 || str_id(field[2], &id) || id != uid || *field[5] != '/')
		return NULL;
	return field[5];
}

/* A copy that the caller frees, "/" where the container does not say. */
static char *find_home(const struct init *init, uint32_t uid)
{
	struct err e;
	cleanup_free char *text = NULL;
	cleanup_fd int path_fd = path_open_in(init->rootfs_fd, "/etc/passwd", O_PATH, &e), fd = -1;
	size_t len;

	if (path_fd < 0)
		return mem_strdup("/");
	fd = path_reopen(init->proc_fd, path_fd, O_RDONLY | O_NOCTTY | O_NONBLOCK, S_IFREG, &e);
	if (fd < 0 || fd_read_all(fd, PASSWD_LIMIT, &text, &len, &e)) {
		log_warn("env", "HOME is /, because the container's /etc/passwd cannot be read: %s", e.msg);
		return mem_strdup("/");
	}
	for (char *rest = text, *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		char *home = home_in_line(line, uid);

		if (home)
			return mem_strdup(home);
	}
	return mem_strdup("/");
}

/* Names first, then the order in the list, which is that of the addresses. */
static int compare(const void *a, const void *b)
{
	char *const *x = *(char *const *const *)a, *const *y = *(char *const *const *)b;
	size_t nx = strcspn(*x, "="), ny = strcspn(*y, "=");
	int order = strncmp(*x, *y, nx < ny ? nx : ny);

	if (!order)
		order = (nx > ny) - (nx < ny);
	return order ? order : (x > y) - (x < y);
}

/* Of several entries for one name the last one counts. By sorting, as a config may have thousands. */
static void drop_earlier(char **env, size_t n)
{
	cleanup_free char ***sorted = mem_alloc((n + 1) * sizeof *sorted);
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		sorted[i] = &env[i];
	qsort(sorted, n, sizeof *sorted, compare);
	for (size_t i = 0; i + 1 < n; i++) {
		size_t length = strcspn(*sorted[i], "=");

		if (length == strcspn(*sorted[i + 1], "=") && strncmp(*sorted[i], *sorted[i + 1], length) == 0)
			*sorted[i] = NULL;
	}
	for (size_t i = 0; i < n; i++)
		if (env[i])
			env[kept++] = env[i];
	env[kept] = NULL;
}

/* Without HOME, or with an empty one, programs go astray: the user's own. */
static void complete(const struct init *init, char **env)
{
	const struct oci_user *user = init->config->process->user;
	cleanup_free char *home = NULL;
	size_t i;

	for (i = 0; env[i]; i++) {
		if (str_starts(env[i], "HOME=") && env[i][5])
			return;
		if (str_starts(env[i], "HOME="))
			break;
	}
	home = find_home(init, user ? user->uid : 0);
	if (!env[i])
		env[i + 1] = NULL;
	env[i] = mem_printf("HOME=%s", home);
}

/* The child is one exec away from its end: what is allocated here is not freed. */
static int build(struct init *init, struct err *e)
{
	const struct oci_process *p = init->config->process;
	char **env = mem_alloc((p->n_env + 6) * sizeof *env);
	size_t n = p->n_env;

	(void)e;
	if (n)
		memcpy(env, p->env, n * sizeof *env);
	if (init->kit->listen_fds > 0) {
		env[n++] = init->listen_pid = mem_printf(LISTEN_PID, INT_MAX); /* has room for every pid */
		env[n++] = mem_printf("LISTEN_FDS=%d", init->kit->listen_fds);
		if (init->kit->listen_names)
			env[n++] = mem_printf("LISTEN_FDNAMES=%s", init->kit->listen_names);
	}
	if (init->kit->notify_dir)
		env[n++] = mem_strdup("NOTIFY_SOCKET=/run/notify/notify.sock");
	drop_earlier(env, n);
	complete(init, env);
	init->env = env;
	return 0;
}

/* Descriptors from socket activation are meant for the program, whose pid is ours as the container sees it. */
static int name_listener(struct init *init, struct err *e)
{
	(void)e;
	if (init->listen_pid)
		snprintf(init->listen_pid, strlen(init->listen_pid) + 1, LISTEN_PID,
			(int)(init->own_pid ? init->own_pid : getpid()));
	return 0;
}

const struct feature feature_env = { "env", "process.env", validate, NULL };
const struct init_step init_env = { "env", NULL, build };
const struct init_step init_listen_pid = { "env", NULL, name_listener };
