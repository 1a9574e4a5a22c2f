#include "sys/mountinfo.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* Space, tab, newline and backslash are written as \ooo. */
static char *unescape(char *s)
{
	char *out = s;

	for (const char *p = s; *p; p++) {
		if (*p == '\\' && is_octal(p[1]) && is_octal(p[2]) && is_octal(p[3])) {
			*out++ = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
			p += 3;
		} else {
			*out++ = *p;
		}
	}
	*out = 0;
	return s;
}

static bool parse(char *line, struct mountinfo *m)
{
	char *word[6], *save = NULL, *next;
	size_t n = 0;

	for (next = strtok_r(line, " ", &save); next && n < 6; next = strtok_r(NULL, " ", &save))
		word[n++] = next;
	/* Any number of optional fields, then a lone "-". */
	while (next && strcmp(next, "-") != 0)
		next = strtok_r(NULL, " ", &save);
	next = next ? strtok_r(NULL, " ", &save) : NULL;
	if (n < 6 || !next)
		return false;
	*m = (struct mountinfo){ strtoull(word[0], NULL, 10), strtoull(word[1], NULL, 10), word[2], unescape(word[3]),
		unescape(word[4]), next };
	return true;
}

bool mountinfo_next(char **text, struct mountinfo *m)
{
	while (**text) {
		char *line = *text, *end = line + strcspn(line, "\n");

		*text = *end ? end + 1 : end;
		*end = 0;
		if (parse(line, m))
			return true;
	}
	return false;
}
