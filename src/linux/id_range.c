/* Which ids of the host a user may map: subuid(5), subgid(5). Lines "USER:FIRST:COUNT", where USER is a name or a
 * number; the names are those of /etc/passwd, read here, as nothing may be loaded into this process to look them up. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "linux/id_map.h"

#define FILE_MAX (16u << 20)

/* An absent file says nothing; the caller frees *text. */
static int read_table(const char *path, char **text, struct err *e)
{
	size_t len;

	if (file_read(AT_FDCWD, path, FILE_MAX, text, &len, e) == 0)
		return 0;
	if (e->code != ENOENT)
		return -1;
	*text = mem_strdup("");
	return 0;
}

/* Cuts the line at its colons; how many fields there are. */
static size_t cut(char *line, char **fields, size_t room)
{
	size_t n = 0;

	for (char *p = line; p && n < room; n++) {
		fields[n] = p;
		p = strchr(p, ':');
		if (p)
			*p++ = 0;
	}
	return n;
}

char *user_name(uid_t uid)
{
	cleanup_free char *text = NULL;
	struct err ignored;

	if (read_table("/etc/passwd", &text, &ignored))
		return NULL;
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *field[3];
		uint32_t id;

		if (cut(line, field, 3) == 3 && (field[2][strcspn(field[2], ":")] = 0, str_id(field[2], &id) == 0) &&
			id == uid)
			return mem_strdup(field[0]);
	}
	return NULL;
}

int id_ranges_read(const char *file, uid_t uid, struct arena *arena, struct id_range **ranges, size_t *n, struct err *e)
{
	cleanup_free char *name = user_name(uid), *text = NULL;
	char number[16];
	size_t lines = 1;

	*n = 0;
	if (read_table(file, &text, e))
		return -1;
	for (const char *p = text; (p = strchr(p, '\n')); p++)
		lines++;
	*ranges = arena_alloc(arena, lines * sizeof **ranges);
	snprintf(number, sizeof number, "%u", uid);
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct id_range *r = &(*ranges)[*n];
		char *field[3];
		uint64_t count;

		if (cut(line, field, 3) < 3 || (!str_eq(field[0], name) && !str_eq(field[0], number)))
			continue;
		if (str_id(field[1], &r->first) || str_u64(field[2], UINT32_MAX, &count) || !count)
			continue;
		r->count = count;
		++*n;
	}
	return 0;
}
