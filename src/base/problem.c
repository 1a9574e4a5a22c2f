#include "base/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define MOST 64

static void add(struct problems *p, bool warning, size_t line, size_t column, const char *path, const char *fmt, va_list ap)
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

int problems_err(const struct problems *p, const char *name, bool warnings, struct err *e)
{
	static const size_t more_room = 40; /* for the last line, which counts those that do not fit */
	const struct problem *sorted[MOST];
	struct text t = { 0 };
	size_t n = 0, all_n = p->errors, told = 0;

	for (size_t i = 0; i < p->n; i++) {
		all_n += warnings && p->v[i].warning;
		if (warnings || !p->v[i].warning)
			sorted[n++] = &p->v[i];
	}
	if (n == 0)
		return 0;
	qsort(sorted, n, sizeof *sorted, by_position);
	for (; told < n; told++) {
		size_t before = t.len;

		if (told)
			text_add(&t, "\n", 1);
		line_of(&t, sorted[told], name);
		if (told && t.len > sizeof e->msg - 1 - more_room) {
			t.p[t.len = before] = 0;
			break;
		}
	}
	if (told < all_n) {
		if (t.len > sizeof e->msg - 1 - more_room) /* one problem alone is too long */
			t.p[t.len = sizeof e->msg - 1 - more_room] = 0;
		text_printf(&t, "\nand %zu more", all_n - told);
	}
	err_set(e, "%s", t.p);
	free(t.p);
	return -1;
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
