#include "base/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define MOST 64

static void add(
	struct problems *p, bool warning, size_t line, size_t column, const char *path, const char *fmt, va_list ap)
{
	struct text reason = { 0 };
	va_list again;
	int len;

	p->errors += !warning;
	if (p->n == MOST)
		return;
	if (p->n % 8 == 0)
		p->v = mem_grow(p->v, (p->n + 8) * sizeof *p->v);
	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	reason.p = mem_alloc(len + 1);
	vsnprintf(reason.p, len + 1, fmt, ap);
	p->v[p->n++] = (struct problem){ mem_strdup(path), reason.p, line, column, warning };
}

void problem_add(struct problems *p, const char *path, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(p, false, 0, 0, path, fmt, ap);
	va_end(ap);
}

void problem_at(struct problems *p, bool warning, size_t line, size_t column, const char *path, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(p, warning, line, column, path, fmt, ap);
	va_end(ap);
}

static int by_position(const void *a, const void *b)
{
	const struct problem *x = *(const struct problem *const *)a, *y = *(const struct problem *const *)b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	return x < y ? -1 : x > y;
}

static void line_of(struct text *t, const struct problem *p, const char *name)
{
	if (p->line)
		text_printf(t, "%s:%zu:%zu: ", name, p->line, p->column);
	else
		text_printf(t, "%s: ", name);
	if (p->path[0])
		text_printf(t, ".%s: ", p->path);
	text_printf(t, "%s", p->reason);
}

char *problems_text(const struct problems *p, const char *name, bool warnings)
{
	const struct problem *sorted[MOST];
	struct text t = { 0 };
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < p->n; i++) {
		kept += !p->v[i].warning;
		if (warnings || !p->v[i].warning)
			sorted[n++] = &p->v[i];
	}
	qsort(sorted, n, sizeof *sorted, by_position);
	for (size_t i = 0; i < n; i++) {
		if (i)
			text_add(&t, "\n", 1);
		line_of(&t, sorted[i], name);
	}
	if (p->errors > kept)
		text_printf(&t, "\nand %zu more", p->errors - kept);
	return t.p;
}

int problems_err(const struct problems *p, const char *name, bool warnings, struct err *e)
{
	cleanup_free char *text = problems_text(p, name, warnings);
	const size_t most = sizeof e->msg - 1 - strlen("\nand 12345678 more");
	size_t more = 0;
	char *cut;

	if (!text)
		return 0;
	if (strlen(text) < sizeof e->msg)
		return err_set(e, "%s", text);
	/* Whole lines, as many as fit; or one line as far as it fits. */
	cut = memrchr(text, '\n', most + 1);
	if (!cut)
		cut = text + most;
	for (const char *line = strchr(cut, '\n'); line; line = strchr(line + 1, '\n')) {
		unsigned long hidden;

		more += sscanf(line, "\nand %lu more", &hidden) == 1 ? hidden : 1;
	}
	*cut = 0;
	return more ? err_set(e, "%s\nand %zu more", text, more) : err_set(e, "%s", text);
}

void problems_free(struct problems *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].path);
		free(p->v[i].reason);
	}
	free(p->v);
	*p = (struct problems){ 0 };
}

const char *problem_path(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return buf;
}
