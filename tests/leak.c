#include "leak.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

__attribute__((format(printf, 2, 3))) static void list_add(struct leak_list *l, const char *fmt, ...)
{
	va_list ap;

	l->line = must(realloc(l->line, (l->n + 1) * sizeof *l->line));
	va_start(ap, fmt);
	if (vasprintf(&l->line[l->n], fmt, ap) < 0)
		abort();
	va_end(ap);
	l->n++;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One line of mountinfo without the numbers that a second look may change: ids, device. Peer groups stay: who changes
 * the propagation of a host's mount has left something behind, too. */
static void add_mounts(struct leak_list *l)
{
	FILE *f = must(fopen("/proc/self/mountinfo", "re"));
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, f) > 0) {
		int at = 0;
		line[strcspn(line, "\n")] = '\0';
		sscanf(line, "%*d %*d %*s %n", &at);
		list_add(l, "mount %s", line + at);
	}
	free(line);
	fclose(f);
}

/* nftw(3) takes no context. */
static struct leak_list *walk_list;
static const char *walk_prefix;
static bool walk_remove;

static int walk_cgroup(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	if ((type == FTW_D || type == FTW_DP) && !strncmp(path + ftw->base, walk_prefix, strlen(walk_prefix))) {
		if (walk_remove)
			rmdir(path);
		else
			list_add(walk_list, "cgroup %s", path);
	}
	return 0;
}

static void walk_cgroups(const char *prefix, struct leak_list *l, bool remove_them)
{
	FILE *f = must(fopen("/proc/self/mounts", "re"));
	char *line = NULL;
	size_t size = 0;

	walk_list = l;
	walk_prefix = prefix;
	walk_remove = remove_them;
	while (getline(&line, &size, f) > 0) {
		char dir[512], type[64];
		if (sscanf(line, "%*s %511s %63s", dir, type) == 2 && !strncmp(type, "cgroup", 6))
			nftw(dir, walk_cgroup, 16, FTW_PHYS | FTW_MOUNT | (remove_them ? FTW_DEPTH : 0));
	}
	free(line);
	fclose(f);
}

struct process {
	pid_t pid, parent;
	char name[32], state;
	bool ours;
};

static bool read_process(pid_t pid, struct process *p)
{
	char path[64], text[512], *end;
	int fd;
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	end = strrchr(text, ')');
	*p = (struct process){ .pid = pid };
	return end && sscanf(text, "%*d (%31[^)]", p->name) == 1 &&
	       sscanf(end + 1, " %c %d", &p->state, &p->parent) == 2;
}

static size_t all_processes(struct process **out)
{
	DIR *d = must(opendir("/proc"));
	struct dirent *e;
	size_t n = 0;

	*out = NULL;
	while ((e = readdir(d))) {
		struct process p;
		if (!isdigit((unsigned char)e->d_name[0]) || !read_process(atoi(e->d_name), &p))
			continue;
		*out = must(realloc(*out, (n + 1) * sizeof **out));
		(*out)[n++] = p;
	}
	closedir(d);
	return n;
}

static struct process *process_find(struct process *p, size_t n, pid_t pid)
{
	for (size_t i = 0; i < n; i++)
		if (p[i].pid == pid)
			return &p[i];
	return NULL;
}

/* Marks descendants of `of`; pids are not sorted by age, hence until nothing changes. */
static size_t our_processes(pid_t of, struct process **out)
{
	size_t n = all_processes(out);
	bool again = true;

	while (again) {
		again = false;
		for (size_t i = 0; i < n; i++) {
			struct process *p = &(*out)[i], *parent = process_find(*out, n, p->parent);
			if (p->ours || !(p->parent == of || (parent && parent->ours)))
				continue;
			p->ours = again = true;
		}
	}
	for (pid_t pid = getpid(); pid > 0;) { /* the caller and its ancestors are at work */
		struct process *p = process_find(*out, n, pid);
		if (!p)
			break;
		p->ours = false;
		pid = p->parent;
	}
	return n;
}

size_t leak_descendants(pid_t of, pid_t **pids)
{
	struct process *p;
	size_t n = our_processes(of, &p), found = 0;

	*pids = must(calloc(n + 1, sizeof **pids));
	for (size_t i = 0; i < n; i++)
		if (p[i].ours)
			(*pids)[found++] = p[i].pid;
	free(p);
	return found;
}

static void add_processes(pid_t keeper, struct leak_list *l)
{
	struct process *p;
	size_t n = our_processes(keeper, &p);

	for (size_t i = 0; i < n; i++)
		if (p[i].ours)
			list_add(l, "process %d (%s) in state %c", p[i].pid, p[i].name, p[i].state);
	free(p);
}

/* but: names that may be there, each between spaces. */
static void add_files(const char *dir, const char *but, struct leak_list *l)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char word[300];
		snprintf(word, sizeof word, " %s ", e->d_name);
		if (!strstr(but, word))
			list_add(l, "file %s/%s", dir, e->d_name);
	}
	if (d)
		closedir(d);
}

void leak_take(const struct leak_scope *s, struct leak_list *l)
{
	*l = (struct leak_list){ 0 };
	add_mounts(l);
	walk_cgroups(s->prefix, l, false);
	add_processes(s->keeper, l);
	add_files(s->root, " . .. .seccomp ", l); /* compiled filters are kept */
	add_files("/run/hind", " . .. .seccomp ", l);
	add_files(s->dir, " . .. work root stdout stderr reason output leak leaks keyboard ", l);
	qsort(l->line, l->n, sizeof *l->line, by_text);
}

void leak_free(struct leak_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->line[i]);
	free(l->line);
	*l = (struct leak_list){ 0 };
}

void leak_save(const struct leak_list *l, const char *path)
{
	FILE *f = must(fopen(path, "we"));

	for (size_t i = 0; i < l->n; i++)
		fprintf(f, "%s\n", l->line[i]);
	if (fclose(f))
		abort();
}

void leak_load(const char *path, struct leak_list *l)
{
	FILE *f = must(fopen(path, "re"));
	char *line = NULL;
	size_t size = 0;

	*l = (struct leak_list){ 0 };
	while (getline(&line, &size, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		list_add(l, "%s", line);
	}
	free(line);
	fclose(f);
}

size_t leak_compare(const struct leak_list *before, const struct leak_list *after, FILE *out)
{
	size_t i = 0, k = 0, found = 0;

	while (i < before->n || k < after->n) {
		int order = i == before->n ? 1 : k == after->n ? -1 : strcmp(before->line[i], after->line[k]);
		if (order > 0) {
			fprintf(out, "left %s\n", after->line[k++]);
			found++;
		} else if (order < 0) {
			/* A process that ended is no loss. */
			if (strncmp(before->line[i], "process", 7) != 0) {
				fprintf(out, "gone %s\n", before->line[i]);
				found++;
			}
			i++;
		} else {
			i++, k++;
		}
	}
	return found;
}

static void reap(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

size_t leak_check(const struct leak_scope *s, const struct leak_list *before, FILE *out)
{
	size_t found = 1;

	for (int round = 0; found && round < 50; round++) {
		struct leak_list after;
		char *text = NULL;
		size_t size;
		FILE *f = must(open_memstream(&text, &size));

		if (round)
			nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
		if (s->keeper == getpid())
			reap();
		leak_take(s, &after);
		found = leak_compare(before, &after, f);
		fclose(f);
		if (found && round == 49)
			fputs(text, out);
		free(text);
		leak_free(&after);
	}
	return found;
}

void leak_clean(const struct leak_scope *s)
{
	struct leak_list none = { 0 };

	for (int round = 0; round < 100; round++) {
		pid_t *pids;
		size_t n = leak_descendants(s->keeper, &pids);

		for (size_t i = 0; i < n; i++)
			kill(pids[i], SIGKILL);
		free(pids);
		reap();
		if (!n)
			break;
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	}
	walk_cgroups(s->prefix, &none, true);
}
