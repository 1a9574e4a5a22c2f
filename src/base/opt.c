#include "base/opt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

static const struct opt *by_name(const struct opt *table, const char *name, size_t len)
{
	for (; table->name; table++)
		if (strlen(table->name) == len && strncmp(table->name, name, len) == 0)
			return table;
	return NULL;
}

static const struct opt *by_letter(const struct opt *table, char letter)
{
	for (; table->name; table++)
		if (table->letter == letter)
			return table;
	return NULL;
}

static bool takes_value(const struct opt *o)
{
	return o->kind == OPT_STRING || o->kind == OPT_LIST || o->kind == OPT_IGNORE_VALUE;
}

static int set_flag(const struct opt *o, void *into, const char *value, struct err *e)
{
	bool *flag = (bool *)((char *)into + o->offset);

	if (!value || strcmp(value, "true") == 0)
		*flag = true;
	else if (strcmp(value, "false") == 0)
		*flag = false;
	else
		return err_set(e, "--%s: \"%s\" is neither true nor false", o->name, value);
	return 0;
}

static int set(const struct opt *o, void *into, const char *value, struct err *e)
{
	struct opt_list *list;

	switch (o->kind) {
	case OPT_FLAG:
		return set_flag(o, into, value, e);
	case OPT_STRING:
		*(const char **)((char *)into + o->offset) = value;
		return 0;
	case OPT_LIST:
		list = (struct opt_list *)((char *)into + o->offset);
		list->v = mem_grow(list->v, (list->n + 1) * sizeof *list->v);
		list->v[list->n++] = value;
		return 0;
	case OPT_IGNORE:
	case OPT_IGNORE_VALUE:
		return 0;
	case OPT_REFUSE:
		return err_set(e, "--%s: %s", o->name, o->arg);
	}
	return 0;
}

static int unknown(const struct opt *table, const char *word, size_t len, struct err *e)
{
	const char *names[128], *near;
	size_t n = 0;
	cleanup_free char *name = mem_printf("%.*s", (int)len, word);

	if (strcmp(name, "help") == 0 || strcmp(name, "h") == 0) {
		err_set(e, "--help: wanted");
		e->code = OPT_HELP_WANTED;
		return -1;
	}
	for (; table->name && n < ARRAY_LEN(names); table++)
		if (table->kind != OPT_REFUSE)
			names[n++] = table->name;
	near = str_nearest(name, names, n);
	if (near)
		return err_set(e, "unknown option --%s: did you mean --%s?", name, near);
	return err_set(e, "unknown option %s%s: --help shows the options", len == 1 ? "-" : "--", name);
}

/* A long option; word has no dashes any more. Moves *i when the value is the next word. */
static int long_option(
	const struct opt *table, void *into, const char *word, int argc, char **argv, int *i, struct err *e)
{
	size_t len = strcspn(word, "=");
	const struct opt *o = by_name(table, word, len);
	const char *value = word[len] ? word + len + 1 : NULL;

	if (!o)
		return unknown(table, word, len, e);
	/* podman reads in these words that an option exists. */
	if (takes_value(o) && !value) {
		if (*i + 1 >= argc)
			return err_set(
				e, "--%s requires an argument: --%s %s", o->name, o->name, o->arg ? o->arg : "VALUE");
		value = argv[++*i];
	}
	return set(o, into, value, e);
}

static int letters(const struct opt *table, void *into, const char *word, int argc, char **argv, int *i, struct err *e)
{
	for (const char *p = word; *p; p++) {
		const struct opt *o = by_letter(table, *p);
		const char *value = NULL;

		if (!o)
			return unknown(table, p, 1, e);
		if (takes_value(o)) {
			value = p[1] == '=' ? p + 2 : p[1] ? p + 1 : NULL;
			if (!value && *i + 1 >= argc)
				return err_set(
					e, "-%c requires an argument: -%c %s", *p, *p, o->arg ? o->arg : "VALUE");
			if (!value)
				value = argv[++*i];
			return set(o, into, value, e);
		}
		if (p[1] == '=' && o->kind == OPT_FLAG)
			return set_flag(o, into, p + 2, e);
		if (set(o, into, NULL, e))
			return -1;
	}
	return 0;
}

int opt_parse(const struct opt *table, void *into, int argc, char **argv, bool posix, struct err *e)
{
	int words = 0, i;

	for (i = 1; i < argc; i++) {
		char *word = argv[i];

		if (word[0] != '-' || !word[1]) {
			if (posix)
				break;
			argv[++words] = word;
			continue;
		}
		if (strcmp(word, "--") == 0) {
			i++;
			break;
		}
		if (word[1] == '-') {
			if (long_option(table, into, word + 2, argc, argv, &i, e))
				return -1;
		} else if (word[2] && by_name(table, word + 1, strcspn(word + 1, "="))) {
			if (long_option(table, into, word + 1, argc, argv, &i, e))
				return -1;
		} else if (letters(table, into, word + 1, argc, argv, &i, e)) {
			return -1;
		}
	}
	while (i < argc)
		argv[++words] = argv[i++];
	return words;
}

bool opt_given(const struct opt *o, const void *into)
{
	const char *member = (const char *)into + o->offset;

	switch (o->kind) {
	case OPT_FLAG:
		return *(const bool *)member;
	case OPT_STRING:
		return *(const char *const *)member != NULL;
	case OPT_LIST:
		return ((const struct opt_list *)member)->n > 0;
	case OPT_IGNORE:
	case OPT_IGNORE_VALUE:
	case OPT_REFUSE:
		return false;
	}
	return false;
}

void opt_free(const struct opt *o, void *into)
{
	for (; o->name; o++) {
		struct opt_list *list = (struct opt_list *)((char *)into + o->offset);

		if (o->kind != OPT_LIST)
			continue;
		free(list->v);
		*list = (struct opt_list){ 0 };
	}
}

void opt_help(const struct opt *o)
{
	for (; o->name; o++) {
		char left[64];

		if (!o->help)
			continue;
		if (o->letter)
			snprintf(left, sizeof left, "-%c, --%s%s%s", o->letter, o->name, o->arg ? " " : "",
				o->arg ? o->arg : "");
		else
			snprintf(left, sizeof left, "    --%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
		printf("  %-32s %s\n", left, o->help);
	}
}
