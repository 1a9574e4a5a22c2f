#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/opt.h"
#include "base/spawn.h"
#include "base/str.h"
#include "cmd/command.h"
#include "container/container.h"

#define OUTPUT_MAX (64u << 20)

struct flags {
	const char *format;
};
static const struct opt opts[] = {
	{ "format", 'f', OPT_STRING, offsetof(struct flags, format), "table|json",
		"what ps(1) says of them (default), or their pids as a JSON array" },
	{ 0 },
};

static void print_json(const pid_t *pids, size_t n)
{
	struct json_out *out = json_out_new(false);
	size_t len;

	json_open_array(out);
	for (size_t i = 0; i < n; i++)
		json_i64(out, pids[i]);
	json_close_array(out);
	puts(json_out_text(out, &len));
	json_out_free(out);
}

/* The word number `column` of a line, in place; NULL where it has fewer. */
static const char *word_at(const char *line, size_t column, size_t *len)
{
	for (;; column--) {
		line += strspn(line, " \t");
		*len = strcspn(line, " \t");
		if (!*len || !column)
			return *len ? line : NULL;
		line += *len;
	}
}

static bool is_pid_column(const char *header, size_t column)
{
	size_t len;
	const char *word = word_at(header, column, &len);

	return word && len == 3 && strncmp(word, "PID", 3) == 0;
}

static bool is_listed(const char *line, size_t column, const pid_t *pids, size_t n)
{
	size_t len;
	const char *word = word_at(line, column, &len);
	long pid = word ? atol(word) : 0;

	for (size_t i = 0; i < n; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

/* Does the word choose processes, as -e and --ppid do, and not only what is shown of them, as -o? *takes_next: the next word
 * may belong to it. Words without a dash are BSD's, which are taken as they are. ps(1), "PROCESS SELECTION". */
static bool selects(const char *word, bool *takes_next)
{
	static const char *const names[] = { "deselect", "group", "Group", "pid", "ppid", "quick-pid", "sid", "tty",
		"user", "User" };

	*takes_next = false;
	if (*word != '-')
		return true;
	if (word[1] == '-') {
		*takes_next = !strchr(word, '=');
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			if (strncmp(word + 2, names[i], strcspn(word + 2, "=")) == 0)
				return true;
		return false;
	}
	for (const char *p = word + 1; *p; p++) {
		if (strchr("AadeNCGgpqstuU", *p))
			return true;
		if (strchr("oOkn", *p)) {
			*takes_next = !p[1];
			return false;
		}
	}
	return false;
}

/* ps chooses what is on the caller's terminal where nothing else is said, which the container's processes are not. */
static char **options_of_ps(struct arena *arena, char **words, size_t n)
{
	char **options = arena_alloc(arena, (n + 3) * sizeof *options);
	bool chosen = false, is_value = false;

	options[0] = (char *)"ps";
	for (size_t i = 0; i < n; i++) {
		if (is_value)
			is_value = false;
		else
			chosen = selects(words[i], &is_value) || chosen;
		options[i + 1] = words[i];
	}
	options[n + 1] = chosen ? NULL : (char *)(n ? "-e" : "-ef");
	return options;
}

/* The host's ps(1) shows all processes in whatever way its options ask for; the lines of other processes are left out. */
static int print_table(char **options, const pid_t *pids, size_t n, struct err *e)
{
	cleanup_free char *path = spawn_find("ps"), *text = NULL;
	size_t len, column = 0;
	char *header, *rest;

	if (!path)
		return err_set(e, "there is no ps on this host (package procps): --format json does without");
	if (spawn_output(path, options, OUTPUT_MAX, &text, &len, e))
		return -1;
	rest = text;
	header = strsep(&rest, "\n");
	while (!is_pid_column(header, column)) {
		if (!word_at(header, column++, &len))
			return err_set(e, "these options of ps give no column PID, by which its lines are chosen");
	}
	puts(header);
	for (char *line; (line = strsep(&rest, "\n"));)
		if (is_listed(line, column, pids, n))
			puts(line);
	return 0;
}

static int ps(const struct globals *g, int argc, char **argv, struct err *e)
{
	struct flags f = { .format = "table" };
	cleanup_free pid_t *pids = NULL;
	struct container c;
	size_t n = 0;
	int words = opt_parse(opts, &f, argc, argv, true, e), status;
	bool json = str_eq(f.format, "json");

	if (words < 0)
		return -1;
	if (words < 1)
		return err_set(e, "ps takes a container id: hind ps [-f table|json] ID [options of ps]");
	if (!json && !str_eq(f.format, "table"))
		return err_set(e, "--format: \"%s\" is neither table nor json", f.format);
	if (container_open(g->root, argv[1], &c, e))
		return -1;
	status = container_pids(&c, &pids, &n, e);
	if (status == 0 && json)
		print_json(pids, n);
	else if (status == 0)
		status = print_table(options_of_ps(g->arena, argv + 2, words - 1), pids, n, e);
	container_close(&c);
	return status;
}

const struct command cmd_ps = {
	.name = "ps",
	.synopsis = "[-f table|json] ID [options of ps]",
	.help = "List a container's processes, as the host counts them",
	.opts = opts,
	.failure = 1,
	.run = ps,
};
