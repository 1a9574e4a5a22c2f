#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/str.h"
#include "container/container.h"
#include "sys/capable.h"
#include "sys/exe.h"
#include "sys/pidfd.h"
#include "json/decode.h"

#define LOCK_PATIENCE_MS 10000
#define LOCK_POLL_MS 10

const char *const status_names[] = { "creating", "created", "running", "paused", "stopped" };

const char *store_default_root(struct arena *arena)
{
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR"), *user = getenv("USER");

	/* Engines of users without privileges call us as root of a user namespace that they made. USER is root where
	 * somebody has logged in as root of a container with such a namespace. */
	if (geteuid() == 0 && (!runtime_dir || !in_user_namespace() || (user && str_eq(user, "root"))))
		return EXE_ROOT;
	if (runtime_dir && *runtime_dir == '/')
		return arena_printf(arena, "%s/hind", runtime_dir);
	return arena_printf(arena, "/run/user/%u/hind", geteuid());
}

int container_id_check(const char *id, struct err *e)
{
	bool good = isalnum((unsigned char)*id) || (*id && strchr("_+-", *id));

	for (const char *p = id; *p; p++)
		good = good && (isalnum((unsigned char)*p) || strchr("_+-.", *p));
	if (!good)
		return err_set(e,
			"invalid container ID format: \"%s\" must begin with a letter, a digit or one of _+- and hold "
			"only these and dots",
			id);
	if (strlen(id) > 1024)
		return err_set(e, "invalid container ID format: longer than 1024 characters");
	return 0;
}

static int no_such(const char *id, struct err *e)
{
	err_set(e, "container `%s` does not exist", id);
	e->code = ENOENT;
	return -1;
}

/* The link's text is "PID STARTTIME". */
static int read_init(struct container *c, uint64_t *started)
{
	char text[64], *space;
	ssize_t n = readlinkat(c->dir_fd, "init", text, sizeof text - 1);

	if (n < 0)
		return -1;
	text[n] = 0;
	space = strchr(text, ' ');
	if (!space)
		return -1;
	*space = 0;
	c->pid = atoi(text);
	*started = strtoull(space + 1, NULL, 10);
	return 0;
}

static int derive_status(struct container *c, struct err *e)
{
	uint64_t started;

	if (read_init(c, &started) < 0) {
		/* Whoever creates it holds the lock; without one, it was killed over it. */
		c->status = c->locked || flock(c->dir_fd, LOCK_SH | LOCK_NB) == 0 ? STATUS_STOPPED : STATUS_CREATING;
		if (!c->locked)
			flock(c->dir_fd, LOCK_UN);
		return 0;
	}
	c->committed = true;
	c->pidfd = pidfd_of_started(c->pid, started, e);
	if (c->pidfd < 0) {
		c->pid = 0;
		c->status = STATUS_STOPPED;
		return e->code == ESRCH ? 0 : -1;
	}
	if (faccessat(c->dir_fd, "start", F_OK, 0) == 0)
		c->status = STATUS_CREATED;
	else
		c->status = cgroup_frozen(c->cgroup) ? STATUS_PAUSED : STATUS_RUNNING;
	return 0;
}

static int read_record(struct container *c, struct err *e)
{
	struct problems problems = { 0 };
	cleanup_free char *text = NULL;
	size_t len;
	int status;

	if (file_read(c->dir_fd, "state.json", JSON_MAX_SIZE, &text, &len, e)) {
		if (e->code != ENOENT)
			return -1;
		len = 0;
	}
	/* Killed between mkdir and the end of the first write: nothing was made yet, and there is nothing to know. */
	if (len == 0 || (text[len - 1] != '}' && faccessat(c->dir_fd, "init", F_OK, AT_SYMLINK_NOFOLLOW) < 0)) {
		c->record.id = c->id;
		return 0;
	}
	status = json_decode(&json_oci_record, text, len, c->arena, &c->record, &problems);
	if (status && problems_err(&problems, "state.json", false, e) == 0)
		err_set(e, "state.json: refused");
	problems_free(&problems);
	return status;
}

static int read_all(struct container *c, struct err *e)
{
	static const struct oci_hind_cgroup none = { .manager = "disabled" };

	if (read_record(c, e) ||
		cgroup_from_record(c->record.cgroup ? c->record.cgroup : &none, c->arena, &c->cgroup, e) ||
		derive_status(c, e))
		return err_wrap(e, "container `%s`", c->id);
	return 0;
}

int container_open(const char *root, const char *id, struct container *c, struct err *e)
{
	*c = (struct container){ .root_fd = -1, .dir_fd = -1, .pidfd = -1 };
	if (container_id_check(id, e))
		return -1;
	c->arena = arena_new();
	c->id = arena_strdup(c->arena, id);
	c->root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->root_fd >= 0)
		c->dir_fd = openat(c->root_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (c->dir_fd < 0) {
		int status = errno == ENOENT ? no_such(id, e) : err_sys(e, "open %s/%s", root, id);

		container_close(c);
		return status;
	}
	if (read_all(c, e)) {
		container_close(c);
		return -1;
	}
	return 0;
}

/* Names are given anew, so what a name leads to is only certain under the lock of the directory. */
int container_lock(struct container *c, struct err *e)
{
	struct timespec pause = { 0, LOCK_POLL_MS * 1000000 };
	struct stat st;

	for (int i = 0; flock(c->dir_fd, LOCK_EX | LOCK_NB) < 0; i++) {
		if (i == LOCK_PATIENCE_MS / LOCK_POLL_MS)
			return err_set(e, "container `%s` is still being %s", c->id,
				c->status == STATUS_CREATING ? "created" : "deleted by another process");
		nanosleep(&pause, NULL);
	}
	c->locked = true;
	if (fstat(c->dir_fd, &st) < 0)
		return err_sys(e, "container `%s`: fstat", c->id);
	if (st.st_nlink == 0)
		return 1;
	if (c->committed)
		return 0;
	c->record = (struct oci_record){ 0 };
	return read_all(c, e);
}

int store_remove(int root_fd, int dir_fd, const char *id, struct err *e)
{
	static const char *const files[] = { "state.json", "init", "config.json" };

	/* What there is mostly; whatever else there is takes a walk through it. */
	for (size_t i = 0; dir_fd >= 0 && i < ARRAY_LEN(files); i++)
		(void)unlinkat(dir_fd, files[i], 0);
	if (unlinkat(root_fd, id, AT_REMOVEDIR) == 0)
		return 0;
	return file_remove_tree(root_fd, id, e);
}

void container_close(struct container *c)
{
	fd_close(&c->root_fd);
	fd_close(&c->dir_fd);
	fd_close(&c->pidfd);
	arena_free(c->arena);
	c->arena = NULL;
}

void container_state(const struct container *c, struct oci_state *s)
{
	const struct oci_record *r = &c->record;

	*s = (struct oci_state){
		.oci_version = r->oci_version ? r->oci_version : "1.3.0",
		.id = c->id,
		.status = status_names[c->status],
		.pid = c->pid,
		.has_pid = true,
		.bundle = r->bundle ? r->bundle : "",
		.rootfs = r->rootfs,
		.created = r->created,
		.owner = r->owner,
		.annotations = r->annotations,
		.n_annotations = r->n_annotations,
	};
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int container_list(const char *root, char ***ids, struct err *e)
{
	DIR *dir = opendir(root);
	struct dirent *entry;
	struct err ignored;
	size_t n = 0;

	if (!dir && errno != ENOENT)
		return err_sys(e, "--root: open %s", root);
	*ids = mem_alloc(sizeof **ids);
	if (!dir)
		return 0;
	while ((entry = readdir(dir))) {
		/* Names that are no id (".seccomp", the cache) are none of the containers. */
		if (container_id_check(entry->d_name, &ignored))
			continue;
		*ids = mem_grow(*ids, (n + 2) * sizeof **ids);
		(*ids)[n++] = mem_strdup(entry->d_name);
	}
	(*ids)[n] = NULL;
	closedir(dir);
	if (n)
		qsort(*ids, n, sizeof **ids, by_name);
	return n;
}
