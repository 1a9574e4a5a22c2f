/* process.user of `hind run`. config.json knows numbers only, so names are looked up here, in the image's own
 * /etc/passwd and /etc/group, by hand: the host's name service has nothing to say about them, and libraries of an image
 * are not to be loaded.
 *
 * What begins with a digit is an id and never a name (CVE-2016-3697: an image's passwd can call its root "1000", or
 * hold an overlong number as a name). passwd(5), group(5). */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "cmd/run_part.h"

#define DATABASE_MAX (16u << 20)
#define MAX_GROUPS 65536 /* NGROUPS_MAX */

/* The text of a file in the image, which is as hostile as the rest of it; an absent file is empty. */
static int read_database(struct run_build *b, const char *path, const char **text, struct err *e)
{
	cleanup_free char *data = NULL;
	cleanup_fd int fd = -1;
	struct stat st;
	size_t len;

	*text = "";
	/* O_NONBLOCK: a FIFO without a writer would hold us up. */
	fd = path_open_in(b->image->root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, e);
	if (fd < 0)
		return e->code == ENOENT ? 0 : err_wrap(e, "the image's %s", path);
	if (fstat(fd, &st))
		return err_sys(e, "fstat the image's %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, "the image's %s is not a regular file", path);
	if (fd_read_all(fd, DATABASE_MAX, &data, &len, e))
		return err_wrap(e, "the image's %s", path);
	*text = arena_strndup(b->arena, data, len);
	return 0;
}

/* Cuts a line of `want` fields parted by ":" into fields; false where it has fewer. */
static bool cut_line(char *line, char **fields, size_t want)
{
	for (size_t i = 0; i < want; i++) {
		fields[i] = line;
		line = strchr(line, ':');
		if (!line)
			return i + 1 == want;
		*line++ = 0;
	}
	return true;
}

struct account {
	const char *name;
	uint32_t uid, gid;
};

/* By name, or by uid where name is NULL. */
static bool find_account(struct run_build *b, const char *text, const char *name, uint32_t uid, struct account *found)
{
	while (text) {
		char *fields[4], *line = run_piece(b->arena, &text, '\n');
		uint32_t id, group;

		if (!cut_line(line, fields, 4) || !*fields[0] || str_id(fields[2], &id) || str_id(fields[3], &group))
			continue;
		if (name ? strcmp(fields[0], name) == 0 : id == uid) {
			*found = (struct account){ fields[0], id, group };
			return true;
		}
	}
	return false;
}

static bool is_number(const char *s)
{
	return (*s >= '0' && *s <= '9') || *s == '-' || *s == '+';
}

static int find_group(
	struct run_build *b, const char *flag, const char *value, const char *group, uint32_t *gid, struct err *e)
{
	const char *text;

	if (is_number(group) && str_id(group, gid))
		return run_wrong(e, flag, value, "a group id is a number from 0 to 4294967294");
	if (is_number(group))
		return 0;
	if (!*group)
		return run_wrong(e, flag, value, "the group is empty");
	if (read_database(b, "/etc/group", &text, e))
		return -1;
	while (text) {
		char *fields[3], *line = run_piece(b->arena, &text, '\n');

		if (cut_line(line, fields, 3) && strcmp(fields[0], group) == 0 && str_id(fields[2], gid) == 0)
			return 0;
	}
	return run_wrong(e, flag, value, "the image's /etc/group has no group \"%s\"", group);
}

struct groups {
	uint32_t *v;
	size_t n;
};

static void add_group(struct arena *arena, struct groups *groups, uint32_t gid)
{
	for (size_t i = 0; i < groups->n; i++)
		if (groups->v[i] == gid)
			return;
	if (groups->n == MAX_GROUPS)
		return;
	if ((groups->n & (groups->n - 1)) == 0) { /* grows at each power of two */
		uint32_t *old = groups->v;

		groups->v = arena_alloc(arena, (groups->n ? groups->n * 2 : 1) * sizeof *groups->v);
		if (groups->n)
			memcpy(groups->v, old, groups->n * sizeof *groups->v);
	}
	groups->v[groups->n++] = gid;
}

/* Every group that lists the account as a member. */
static int member_groups(struct run_build *b, const struct account *account, struct groups *groups, struct err *e)
{
	const char *text;

	if (read_database(b, "/etc/group", &text, e))
		return -1;
	while (text) {
		char *fields[4], *line = run_piece(b->arena, &text, '\n'), *member;
		const char *members;
		uint32_t gid;

		if (!cut_line(line, fields, 4) || str_id(fields[2], &gid))
			continue;
		for (members = fields[3]; (member = run_piece(b->arena, &members, ','));)
			if (strcmp(member, account->name) == 0 && gid != account->gid)
				add_group(b->arena, groups, gid);
	}
	return 0;
}

/* Fills user's uid and gid from "USER[:GROUP]". */
static int user_and_group(
	struct run_build *b, const char *value, struct oci_user *user, struct groups *groups, struct err *e)
{
	const char *rest = value, *text;
	char *name = run_piece(b->arena, &rest, ':');
	struct account account = { 0 };
	bool found;

	if (!*name)
		return run_wrong(e, "user", value, "the user is empty");
	if (is_number(name) && str_id(name, &account.uid))
		return run_wrong(e, "user", value, "a user id is a number from 0 to 4294967294");
	if (read_database(b, "/etc/passwd", &text, e))
		return -1;
	found = find_account(b, text, is_number(name) ? NULL : name, account.uid, &account);
	if (!found && !is_number(name))
		return run_wrong(e, "user", value, "the image's /etc/passwd has no user \"%s\"", name);
	user->uid = account.uid;
	user->gid = account.gid;
	if (rest)
		return find_group(b, "user", value, rest, &user->gid, e);
	return found ? member_groups(b, &account, groups, e) : 0;
}

static int umask_of(const char *value, struct oci_user *user, struct err *e)
{
	uint32_t mask = 0;

	if (!value)
		return 0;
	for (const char *p = value; *p; p++) {
		if (*p < '0' || *p > '7' || mask > 0777)
			return run_wrong(e, "umask", value, "it is an octal number from 0 to 0777");
		mask = mask * 8 + (uint32_t)(*p - '0');
	}
	if (!*value || mask > 0777)
		return run_wrong(e, "umask", value, "it is an octal number from 0 to 0777");
	user->umask = mask;
	user->has_umask = true;
	return 0;
}

int run_user(struct run_build *b, struct err *e)
{
	const struct run_flags *flags = b->flags;
	struct oci_user *user = arena_alloc(b->arena, sizeof *user);
	struct groups groups = { 0 };

	if (flags->user && user_and_group(b, flags->user, user, &groups, e))
		return -1;
	for (size_t i = 0; i < flags->group_add.n; i++) {
		uint32_t gid;

		if (find_group(b, "group-add", flags->group_add.v[i], flags->group_add.v[i], &gid, e))
			return -1;
		add_group(b->arena, &groups, gid);
	}
	if (umask_of(flags->umask, user, e))
		return -1;
	user->has_uid = user->has_gid = true;
	user->additional_gids = groups.v;
	user->n_additional_gids = groups.n;
	b->config->process->user = user;
	return 0;
}
