/* What an update has overwritten, so that one that fails can be taken back.
 *
 * Control files are of three kinds: one value (pids.max), one line for each key of which all are listed (rdma.max,
 * net_prio.ifpriomap), and one line for each device that was ever set (io.max): there, what is not listed is at its
 * default, which has a text of its own. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "cgroup/controller.h"

#define FILE_MAX (1u << 20)

struct entry {
	const struct hierarchy *hierarchy;
	char *file, *text; /* text NULL: it is not known what was there */
};
struct journal {
	struct entry *v;
	size_t n;
};

struct journal *journal_new(void)
{
	return mem_alloc(sizeof(struct journal));
}

void journal_free(struct journal *j)
{
	for (size_t i = 0; i < j->n; i++) {
		free(j->v[i].file);
		free(j->v[i].text);
	}
	free(j->v);
	free(j);
}

/* What sets a device back of which the file said nothing. */
static char *unset(const char *file, const char *key, size_t len)
{
	const char *value = str_eq(file, "io.max")               ? "rbps=max wbps=max riops=max wiops=max"
			    : str_eq(file, "io.latency")         ? "target=0"
			    : str_starts(file, "blkio.throttle") ? "0"
			    : strstr(file, "weight")             ? "default"
								 : NULL;
	return value ? mem_printf("%.*s %s", (int)len, key, value) : NULL;
}

/* What v2 says that the list comes to, or NULL; the caller frees. */
static char *effective(const struct hierarchy *h, const char *file)
{
	cleanup_free char *path = mem_printf("%s/%s.effective", h->dir, file);
	char *text;
	size_t len;
	struct err e;
	if (file_read(AT_FDCWD, path, FILE_MAX, &text, &len, &e) < 0)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	return text;
}

char *journal_old(const struct hierarchy *h, const char *file, const char *text)
{
	cleanup_free char *path = mem_printf("%s/%s", h->dir, file), *old = NULL;
	size_t key = strcspn(text, " "), len;
	struct err e;
	if (file_read(AT_FDCWD, path, FILE_MAX, &old, &len, &e) < 0)
		return NULL;
	for (const char *line = old; text[key] && *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (!strncmp(line, text, key + 1))
			return mem_printf("%.*s", (int)strcspn(line, "\n"), line);
	if (text[key] && memchr(text, ':', key))
		return unset(file, text, key);
	old[strcspn(old, "\n")] = '\0';
	/* "oom_kill_disable 0" takes the number alone. */
	if (str_eq(file, "memory.oom_control") && strchr(old, ' '))
		return mem_strdup(strchr(old, ' ') + 1);
	/* A cpuset with processes in it cannot be emptied any more; what it came to says the same. */
	if (!*old && (str_eq(file, "cpuset.cpus") || str_eq(file, "cpuset.mems"))) {
		char *now = effective(h, file);
		if (now)
			return now;
	}
	return mem_strdup(*old ? old : "\n");
}

void journal_push(const struct hierarchy *h, const char *file, char *text)
{
	struct journal *j = h->journal;
	j->v = mem_grow(j->v, (j->n + 1) * sizeof *j->v);
	j->v[j->n++] = (struct entry){ h, mem_strdup(file), text };
}

void journal_undo(const struct journal *j)
{
	for (size_t i = j->n; i-- > 0;) {
		const struct entry *x = &j->v[i];
		if (x->text && control_write(x->hierarchy->dir, x->file, x->text) == 0)
			log_info("cgroup", "file=%s/%s value=%s undone", x->hierarchy->dir, x->file, x->text);
		else
			log_warn("cgroup", "%s/%s stays as the update has set it: %s", x->hierarchy->dir, x->file,
				x->text ? err_text(errno) : "what it held before is not known");
	}
}
