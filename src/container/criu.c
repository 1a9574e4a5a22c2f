/* The conversation with CRIU: `criu swrk FD` serves one socket (SOCK_SEQPACKET) and ends with it; `criu service` listens for
 * many. criu.org, "RPC".
 *
 * Its descriptors: CRIU takes what a request names by number from /proc/PID/fd of whoever made the socket pair, that is
 * ours, but inherited ones (RPC_INHERIT_FD) from itself. */
#include "container/criu.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "container/container.h"
#include "sys/clone.h"
#include "sys/pidfd.h"

#define ANSWER_MAX (64u << 10)
#define LOG_MAX (64u << 20)
#define LOG_QUOTES 4 /* errors of CRIU's log in one of ours */
#define OLDEST 31500 /* 3.15 has external pid namespaces and tells when its page server is ready */

/* Engines call us with hardly any environment, so this is where CRIU and what it calls (tar, iptables-restore) are looked
 * for then. */
#define FALLBACK_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* ---- where the program is ---- */

static char *search(const char *name, const char *path)
{
	for (const char *p = path; *p;) {
		size_t len = strcspn(p, ":");
		char *file = len ? mem_printf("%.*s/%s", (int)len, p, name) : NULL;

		if (file && access(file, X_OK) == 0)
			return file;
		free(file);
		p += len + (p[len] == ':');
	}
	return NULL;
}

/* The caller frees it. */
static char *find_program(const char *given, struct err *e)
{
	const char *name = given ? given : "criu", *path = getenv("PATH");
	char *found;

	if (strchr(name, '/')) {
		if (access(name, X_OK) == 0)
			return mem_strdup(name);
		err_sys(e, "--criu %s", name);
		return NULL;
	}
	found = path ? search(name, path) : NULL;
	if (!found)
		found = search(name, FALLBACK_PATH);
	if (!found)
		err_set(e,
			"%s was not found, neither in PATH nor in " FALLBACK_PATH
			": checkpoint and restore are its work; install it, or name it with --criu PROGRAM",
			name),
			e->code = ENOENT;
	return found;
}

static bool is_socket(const char *path)
{
	struct stat st;

	return path && stat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* ---- the child that becomes it ---- */

static char **environment(void)
{
	static char fallback[] = "PATH=" FALLBACK_PATH;
	size_t n = 0;
	char **env;

	if (getenv("PATH"))
		return environ;
	while (environ[n])
		n++;
	env = mem_alloc((n + 2) * sizeof *env);
	memcpy(env, environ, n * sizeof *env);
	env[n] = fallback;
	return env;
}

static int null_stdio(struct err *e)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "open /dev/null");
	for (int i = 0; i < 3; i++)
		if (dup2(fd, i) < 0)
			return err_sys(e, "dup2");
	return 0;
}

static int keep_descriptors(const struct criu_birth *b, int socket_fd, int sync_fd, struct err *e)
{
	int keep[16];
	size_t n = 0;

	keep[n++] = sync_fd;
	keep[n++] = socket_fd;
	for (size_t i = 0; i < b->n_keep_fds && n < ARRAY_LEN(keep); i++)
		keep[n++] = b->keep_fds[i];
	for (size_t i = 1; i < n; i++)
		if (keep[i] > 2 && fd_cloexec(keep[i], 0, e))
			return -1;
	return fd_close_others(3, keep, n, e);
}

static int become(const char *program, const struct criu_birth *b, int socket_fd, int sync_fd, struct err *e)
{
	char number[16];
	char *const argv[] = { (char *)"criu", (char *)"swrk", number, NULL };
	sigset_t none;

	if (b->prepare && b->prepare(b->context, sync_fd, e))
		return -1;
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if ((!b->keep_stdio && null_stdio(e)) || keep_descriptors(b, socket_fd, sync_fd, e))
		return -1;
	snprintf(number, sizeof number, "%d", socket_fd);
	execve(program, argv, environment());
	return err_sys(e, "exec %s", program);
}

static int start_program(const char *program, const struct criu_birth *b, struct criu *criu, struct err *e)
{
	int talk[2], sync[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, talk) < 0)
		return err_sys(e, "socketpair");
	criu->socket_fd = talk[0];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sync) < 0) {
		close(talk[1]);
		return err_sys(e, "socketpair");
	}
	criu->sync_fd = sync[0];
	criu->pid = clone_child(b->namespaces, b->cgroup_fd, &criu->pidfd, e);
	if (criu->pid == 0) {
		struct err failure;

		close(talk[0]);
		close(sync[0]);
		become(program, b, talk[1], sync[1], &failure);
		/* start_result reads it. */
		_exit(write(sync[1], &failure, sizeof failure) < 0 ? 125 : 1);
	}
	close(talk[1]);
	close(sync[1]);
	if (criu->pid < 0) {
		criu->pid = 0;
		return -1;
	}
	log_info("criu", "program=%s pid=%d", program, (int)criu->pid);
	return 0;
}

int criu_start(const char *program, const struct criu_birth *b, struct criu *criu, struct err *e)
{
	char *path;
	int status;

	criu->socket_fd = criu->sync_fd = criu->pidfd = -1;
	if (is_socket(program)) {
		criu->socket_fd = fd_connect(AT_FDCWD, program, SOCK_SEQPACKET, e);
		return criu->socket_fd < 0 ? err_wrap(e, "--criu %s", program) : 0;
	}
	path = find_program(program, e);
	if (!path)
		return -1;
	status = start_program(path, b, criu, e);
	free(path);
	return status;
}

int criu_began(struct criu *criu, struct err *e)
{
	struct rpc_answer a;

	if ((criu->pid && start_result(criu->sync_fd, e)) || criu_ask(criu, RPC_VERSION, NULL, &a, e))
		return -1;
	criu->version = a.version;
	log_info("criu", "version=%u.%u.%u", a.version / 10000, a.version / 100 % 100, a.version % 100);
	if (a.version < OLDEST)
		return err_set(
			e, "CRIU %u.%u is too old: 3.15 or newer is needed", a.version / 10000, a.version / 100 % 100);
	return 0;
}

void criu_end(struct criu *criu)
{
	fd_close(&criu->socket_fd);
	fd_close(&criu->sync_fd);
	while (criu->pid > 0 && waitpid(criu->pid, NULL, 0) < 0 && errno == EINTR)
		;
	criu->pid = 0;
	fd_close(&criu->pidfd);
}

/* ---- what its log says ---- */

/* "(00.079322)      1: Error (criu/files-reg.c:2175): File ... has bad size": what follows the place in CRIU's source. */
static const char *message_of(const char *line, const char *end)
{
	const char *error = memmem(line, end - line, "Error (", 7), *colon;

	if (!error)
		return NULL;
	colon = memmem(error, end - error, "): ", 3);
	return colon ? colon + 3 : error;
}

/* The last errors of the log in one line: the first ones are often those of attempts that CRIU can do without. The caller
 * frees it; NULL where there is none. */
static char *quote_log(const struct criu_dirs *d)
{
	int dir_fd = d->work_fd >= 0 ? d->work_fd : d->image_fd;
	cleanup_free char *log = NULL;
	const char *last[LOG_QUOTES] = { NULL };
	struct text quote = { 0 };
	struct err ignored;
	size_t len, n = 0;

	if (file_read(dir_fd, d->log_name, LOG_MAX, &log, &len, &ignored))
		return NULL;
	for (const char *line = log; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *message = message_of(line, line + strcspn(line, "\n"));

		if (message)
			last[n++ % LOG_QUOTES] = message;
	}
	for (size_t i = n > LOG_QUOTES ? n - LOG_QUOTES : 0; i < n; i++) {
		const char *message = last[i % LOG_QUOTES];

		text_printf(&quote, "%s%.*s", quote.len ? "; " : "", (int)strcspn(message, "\n"), message);
	}
	return quote.p;
}

static int tell_failure(const struct criu *criu, const char *what, int code, struct err *e)
{
	const struct criu_dirs *d = criu->dirs;
	cleanup_free char *quote = d ? quote_log(d) : NULL;

	if (quote)
		err_set(e, "%s: see %s/%s: %.700s", what, d->log_dir, d->log_name, quote);
	else if (d)
		err_set(e, "%s%s%s; its log, if it has one, is %s/%s", what, code ? ": " : "",
			code ? err_text(code) : "", d->log_dir, d->log_name);
	else
		err_set(e, "%s%s%s", what, code ? ": " : "", code ? err_text(code) : "");
	e->code = code;
	return -1;
}

/* ---- the conversation ---- */

static const char *failure_of(enum rpc_type type)
{
	return type == RPC_DUMP       ? "CRIU cannot dump the container"
	       : type == RPC_PRE_DUMP ? "CRIU cannot dump the container's memory"
	       : type == RPC_RESTORE  ? "CRIU cannot restore the container"
				      : "CRIU does not answer as asked";
}

static int send_request(
	const struct criu *criu, enum rpc_type type, const struct text *opts, bool keep_open, struct err *e)
{
	struct text request = { 0 };
	int status;

	rpc_number(&request, RPC_REQ_TYPE, type);
	if (type == RPC_FEATURE_CHECK)
		rpc_message(&request, RPC_REQ_FEATURES, opts);
	else if (opts)
		rpc_message(&request, RPC_REQ_OPTS, opts);
	rpc_bool(&request, RPC_REQ_NOTIFY_SUCCESS, type == RPC_NOTIFY);
	rpc_bool(&request, RPC_REQ_KEEP_OPEN, keep_open);
	status = fd_send(criu->socket_fd, request.p, request.len, NULL, 0, e);
	free(request.p);
	if (status && (e->code == EPIPE || e->code == ECONNRESET))
		return tell_failure(criu, "CRIU ended before it answered", 0, e);
	return status ? err_wrap(e, "tell CRIU") : 0;
}

static int on_event(const struct criu *criu, const struct rpc_answer *a, int fd, struct err *e)
{
	log_debug("criu", "event=%s pid=%d", a->event, (int)a->pid);
	if (criu->event && criu->event(criu->context, a, fd, e))
		return -1;
	return send_request(criu, RPC_NOTIFY, NULL, false, e);
}

/* 1: the answer; 0: an event, which was answered. */
static int receive(const struct criu *criu, enum rpc_type asked, struct rpc_answer *a, struct err *e)
{
	cleanup_free char *data = mem_alloc(ANSWER_MAX);
	cleanup_fd int fd = -1;
	size_t n = 1;
	ssize_t len = fd_receive(criu->socket_fd, data, ANSWER_MAX, &fd, &n, e);

	if (len < 0 && e->code != ECONNRESET)
		return err_wrap(e, "hear from CRIU");
	if (len <= 0)
		return tell_failure(criu, "CRIU ended before it answered", 0, e);
	if (rpc_decode(data, len, a, e))
		return -1;
	if (!a->success)
		return tell_failure(criu, failure_of(asked), a->code, e);
	if (a->type == RPC_NOTIFY)
		return on_event(criu, a, fd, e);
	return a->type == asked ? 1
				: err_set(e, "CRIU answers something else (%d) than it was asked (%d)", a->type, asked);
}

int criu_ask(struct criu *criu, enum rpc_type type, const struct text *opts, struct rpc_answer *a, struct err *e)
{
	bool more = type == RPC_VERSION || type == RPC_FEATURE_CHECK;
	int status;

	if (send_request(criu, type, opts, more, e))
		return -1;
	do
		status = receive(criu, type, a, e);
	while (status == 0);
	return status < 0 ? -1 : 0;
}

int criu_knows(struct criu *criu, unsigned feature, struct err *e)
{
	struct text wanted = { 0 };
	struct rpc_answer a;
	int status;

	rpc_bool(&wanted, feature, true);
	status = criu_ask(criu, RPC_FEATURE_CHECK, &wanted, &a, e);
	free(wanted.p);
	if (status)
		return -1;
	return feature == RPC_FEATURE_MEM_TRACK ? a.mem_track : a.lazy_pages;
}

/* ---- its way to the cgroups ---- */

int criu_yard_make(int dir_fd, const struct cgroup_view *view, struct err *e)
{
	cleanup_fd int yard_fd = -1;

	if (!view->v2 || !view->n)
		return 0;
	if (mkdirat(dir_fd, CRIU_YARD, 0755) < 0)
		return err_sys(e, "mkdir " CRIU_YARD);
	yard_fd = openat(dir_fd, CRIU_YARD, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (yard_fd < 0 || symlinkat(view->hierarchies[0].mount_dir, yard_fd, "unified") < 0)
		return err_sys(e, "link " CRIU_YARD "/unified");
	return 1;
}

void criu_yard_remove(int dir_fd)
{
	struct err e;

	if (file_remove_tree(dir_fd, CRIU_YARD, &e))
		log_warn("criu", "%s", e.msg);
}
