#include "base/err.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *err_text(int errnum)
{
	static char text[128];

	snprintf(text, sizeof text, "%s", strerror(errnum));
	/* "Input/output error" becomes lower case; "RFS specific error" would not: only a word of one capital is
	 * changed. */
	if (text[0] && !isupper((unsigned char)text[1]))
		text[0] = tolower((unsigned char)text[0]);
	return text;
}

int err_set(struct err *e, const char *fmt, ...)
{
	va_list ap;

	e->code = 0;
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof e->msg, fmt, ap);
	va_end(ap);
	return -1;
}

/* Puts the head before the tail; what does not fit is cut out of the head, as the cause stands at the right end. */
static void join(char *out, size_t size, const char *head, const char *tail)
{
	size_t tail_len = strlen(tail), head_len = strlen(head), room;

	if (tail_len >= size)
		tail += tail_len - (size - 1), tail_len = size - 1;
	room = size - 1 - tail_len;
	if (head_len > room)
		head += head_len - room, head_len = room;
	memcpy(out, head, head_len);
	memcpy(out + head_len, tail, tail_len + 1);
}

int err_sys(struct err *e, const char *fmt, ...)
{
	int errnum = errno;
	char head[sizeof e->msg], tail[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(head, sizeof head, fmt, ap);
	va_end(ap);
	snprintf(tail, sizeof tail, ": %s", err_text(errnum));
	join(e->msg, sizeof e->msg, head, tail);
	e->code = errnum;
	return -1;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	char head[sizeof e->msg], tail[sizeof e->msg];
	va_list ap;
	size_t len;

	va_start(ap, fmt);
	vsnprintf(head, sizeof head - 2, fmt, ap);
	va_end(ap);
	len = strlen(head);
	memcpy(head + len, ": ", 3);
	memcpy(tail, e->msg, sizeof tail);
	join(e->msg, sizeof e->msg, head, tail);
	return -1;
}
