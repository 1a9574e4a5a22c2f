/* What the user shows in the container: -v, --mount, --tmpfs, and the size of /dev/shm. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cmd/run_part.h"

/* Options of -v that become mount options. A plain "ro" means the whole tree, as podman and docker have it. */
static const struct {
	const char *word, *option;
} words[] = {
	{ "ro", "rro" },
	{ "readonly", "rro" },
	{ "rw", NULL },
	{ "bind", NULL },
	{ "rbind", NULL },
	{ "nosuid", "nosuid" },
	{ "suid", "suid" },
	{ "nodev", "nodev" },
	{ "dev", "dev" },
	{ "noexec", "noexec" },
	{ "exec", "exec" },
	/* For other systems' file sharing; without a meaning on Linux. */
	{ "consistent", NULL },
	{ "cached", NULL },
	{ "delegated", NULL },
};
static const char *const propagations[] = { "private", "rprivate", "shared", "rshared", "slave", "rslave", "unbindable",
	"runbindable" };

struct volume {
	const char *flag, *value; /* as given, for errors */
	const char *source, *target;
	const char *options[16];
	size_t n;
	const char *propagation;
};

static int add_option(struct volume *v, const char *option, struct err *e)
{
	if (v->n == ARRAY_LEN(v->options) - 1)
		return run_wrong(e, v->flag, v->value, "so many options are none");
	v->options[v->n++] = option;
	return 0;
}

static int volume_option(struct volume *v, const char *word, struct err *e)
{
	const char *names[ARRAY_LEN(words) + ARRAY_LEN(propagations)], *near;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		names[n++] = words[i].word;
		if (strcmp(words[i].word, word) == 0)
			return words[i].option ? add_option(v, words[i].option, e) : 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(propagations); i++) {
		names[n++] = propagations[i];
		if (strcmp(propagations[i], word) == 0) {
			v->propagation = propagations[i];
			return 0;
		}
	}
	if (strcmp(word, "z") == 0 || strcmp(word, "Z") == 0) {
		/* As with docker it means nothing where there is no SELinux. */
		if (access("/sys/fs/selinux/enforce", F_OK) == 0)
			return run_wrong(e, v->flag, v->value, "hind does not relabel the host's files: use chcon(1)");
		return 0;
	}
	if (strcmp(word, "U") == 0)
		return run_wrong(
			e, v->flag, v->value, "hind does not change the owner of the host's files: use chown(1)");
	if (strcmp(word, "O") == 0)
		return run_wrong(e, v->flag, v->value, "a volume has no overlay of its own: give ro, or a copy");
	near = str_nearest(word, names, n);
	return run_wrong(e, v->flag, v->value, "there is no option \"%s\"%s%s%s", word, near ? ": did you mean " : "",
		near ? near : "", near ? "?" : "");
}

/* Replaces what image and default config have at the same place; two of the user's own are a mistake. */
static int place(
	struct run_build *b, const struct volume *v, const struct oci_mount *mount, size_t first, struct err *e)
{
	struct oci_mount copy = *mount;

	if (mount->destination[0] != '/')
		return run_wrong(e, v->flag, v->value, "a path inside the container begins with \"/\"");
	copy.destination = mount_clean_path(b->arena, mount->destination);
	if (strcmp(copy.destination, "/") == 0)
		return run_wrong(e, v->flag, v->value, "\"/\" is the image's own place");
	for (size_t i = first; i < b->mounts.n; i++)
		if (strcmp(b->mounts.v[i].destination, copy.destination) == 0)
			return run_wrong(
				e, v->flag, v->value, "something else is mounted at %s already", copy.destination);
	mount_list_append(&b->mounts, &copy);
	return 0;
}

static int place_bind(struct run_build *b, struct volume *v, size_t first, struct err *e)
{
	struct oci_mount mount = { .destination = v->target, .type = "bind" };
	cleanup_free char *real = NULL;

	if (!v->source || !*v->source || !v->target || !*v->target)
		return run_wrong(e, v->flag, v->value, "it needs the host's path and the path inside, as in %s",
			strcmp(v->flag, "mount") == 0 ? "type=bind,source=/data,target=/data" : "/data:/data");
	if (!strchr(v->source, '/') && strcmp(v->source, ".") != 0 && strcmp(v->source, "..") != 0)
		return run_wrong(e, v->flag, v->value, "hind keeps no named volumes: for a directory here write ./%s",
			v->source);
	real = realpath(v->source, NULL);
	if (!real)
		return run_wrong(e, v->flag, v->value, "%s: %s", v->source, err_text(errno));
	mount.source = arena_strdup(b->arena, real);
	if (add_option(v, "rbind", e) || add_option(v, v->propagation ? v->propagation : "rprivate", e))
		return -1;
	mount.options = arena_alloc(b->arena, (v->n + 1) * sizeof *mount.options);
	memcpy(mount.options, v->options, v->n * sizeof *v->options);
	mount.n_options = v->n;
	return place(b, v, &mount, first, e);
}

static int volume(struct run_build *b, const char *value, size_t first, struct err *e)
{
	struct volume v = { .flag = "volume", .value = value };
	const char *rest = value, *options;
	char *word;

	v.source = run_piece(b->arena, &rest, ':');
	v.target = run_piece(b->arena, &rest, ':');
	options = rest;
	if (!v.target)
		return run_wrong(e, "volume", value,
			"it is written SOURCE:PATH; for an empty directory in memory give --tmpfs %s", value);
	while ((word = run_piece(b->arena, &options, ',')))
		if (volume_option(&v, word, e))
			return -1;
	return place_bind(b, &v, first, e);
}

#define TMPFS_OPTIONS "nosuid", "nodev", "noexec" /* docker's; "exec" in the flag takes noexec back */

static int place_tmpfs(struct run_build *b, struct volume *v, size_t first, struct err *e)
{
	static const char *const defaults[] = { TMPFS_OPTIONS };
	struct oci_mount mount = { .destination = v->target, .type = "tmpfs", .source = "tmpfs" };

	if (!v->target || !*v->target)
		return run_wrong(e, v->flag, v->value, "it needs the path inside");
	mount.options = arena_alloc(b->arena, (ARRAY_LEN(defaults) + v->n + 1) * sizeof *mount.options);
	memcpy(mount.options, defaults, sizeof defaults);
	memcpy(mount.options + ARRAY_LEN(defaults), v->options, v->n * sizeof *v->options);
	mount.n_options = ARRAY_LEN(defaults) + v->n;
	return place(b, v, &mount, first, e);
}

static int tmpfs(struct run_build *b, const char *value, size_t first, struct err *e)
{
	struct volume v = { .flag = "tmpfs", .value = value };
	const char *rest = value;
	char *word;

	v.target = run_piece(b->arena, &rest, ':');
	while ((word = run_piece(b->arena, &rest, ',')))
		if (*word && add_option(&v, word, e))
			return -1;
	return place_tmpfs(b, &v, first, e);
}

static bool is_one_of(const char *word, const char *a, const char *b, const char *c)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0 || (c && strcmp(word, c) == 0);
}

/* One KEY[=VALUE] of --mount but for type=. */
static int mount_word(
	struct run_build *b, struct volume *v, const char *key, const char *value, bool is_tmpfs, struct err *e)
{
	if (is_one_of(key, "source", "src", NULL) && value)
		v->source = value;
	else if (is_one_of(key, "target", "destination", "dst") && value)
		v->target = value;
	else if (is_one_of(key, "readonly", "ro", NULL) && (!value || is_one_of(value, "true", "1", NULL)))
		return add_option(v, is_tmpfs ? "ro" : "rro", e);
	else if (is_one_of(key, "readonly", "ro", NULL) && is_one_of(value, "false", "0", NULL))
		return 0;
	else if (strcmp(key, "bind-propagation") == 0 && value && !is_tmpfs)
		return volume_option(v, value, e);
	else if (strcmp(key, "tmpfs-size") == 0 && value && is_tmpfs)
		return add_option(v, arena_printf(b->arena, "size=%s", value), e);
	else if (strcmp(key, "tmpfs-mode") == 0 && value && is_tmpfs)
		return add_option(v, arena_printf(b->arena, "mode=%s", value), e);
	else
		return run_wrong(e, v->flag, v->value,
			"\"%s\" is none of source, target, readonly, bind-propagation, tmpfs-size and tmpfs-mode that "
			"fits",
			key);
	return 0;
}

static int mount_flag(struct run_build *b, const char *value, size_t first, struct err *e)
{
	struct volume v = { .flag = "mount", .value = value };
	const char *type = "", *rest;
	char *word;
	bool is_tmpfs;

	for (rest = value; (word = run_piece(b->arena, &rest, ','));)
		if (str_starts(word, "type="))
			type = word + strlen("type=");
	is_tmpfs = strcmp(type, "tmpfs") == 0;
	if (!is_tmpfs && strcmp(type, "bind") != 0)
		return run_wrong(e, "mount", value, "it needs type=bind or type=tmpfs");
	for (rest = value; (word = run_piece(b->arena, &rest, ','));) {
		const char *pair = word;
		char *key = run_piece(b->arena, &pair, '=');

		if (strcmp(key, "type") != 0 && mount_word(b, &v, key, pair, is_tmpfs, e))
			return -1;
	}
	if (is_tmpfs && v.source)
		return run_wrong(e, "mount", value, "a tmpfs has no source");
	return is_tmpfs ? place_tmpfs(b, &v, first, e) : place_bind(b, &v, first, e);
}

static int shm_size(struct run_build *b, struct err *e)
{
	const char *value = b->flags->shm_size;
	uint64_t size;

	if (!value)
		return 0;
	if (str_size(value, &size) || size == 0)
		return run_wrong(e, "shm-size", value, "it is a number of bytes, with k, m or g for units of 1024");
	if (str_eq(b->flags->ipc, "host"))
		return run_wrong(e, "shm-size", value, "with --ipc host /dev/shm is the host's");
	for (size_t i = 0; i < b->mounts.n; i++) {
		struct oci_mount *mount = &b->mounts.v[i];

		if (strcmp(mount->destination, "/dev/shm") != 0)
			continue;
		for (size_t j = 0; j < mount->n_options; j++)
			if (str_starts(mount->options[j], "size="))
				mount->options[j] = arena_printf(b->arena, "size=%llu", (unsigned long long)size);
	}
	return 0;
}

static size_t depth(const char *path)
{
	size_t n = 0;

	for (; *path; path++)
		n += *path == '/';
	return n;
}

/* What is to be seen below another comes after it; otherwise the order stays. Then the user's take the place of others
 * at the same path. */
static void order(struct mount_list *mounts, size_t first)
{
	struct mount_list rest = { .arena = mounts->arena };

	for (size_t i = first + 1; i < mounts->n; i++) {
		struct oci_mount mount = mounts->v[i];
		size_t j = i;

		for (; j > first && depth(mounts->v[j - 1].destination) > depth(mount.destination); j--)
			mounts->v[j] = mounts->v[j - 1];
		mounts->v[j] = mount;
	}
	for (size_t i = first; i < mounts->n; i++)
		mount_list_append(&rest, &mounts->v[i]);
	mounts->n = first;
	for (size_t i = 0; i < rest.n; i++)
		mount_list_drop(mounts, rest.v[i].destination);
	for (size_t i = 0; i < rest.n; i++)
		mount_list_append(mounts, &rest.v[i]);
}

int run_volumes(struct run_build *b, struct err *e)
{
	const struct run_flags *flags = b->flags;
	size_t first = b->mounts.n;

	if (shm_size(b, e))
		return -1;
	for (size_t i = 0; i < flags->tmpfs.n; i++)
		if (tmpfs(b, flags->tmpfs.v[i], first, e))
			return -1;
	for (size_t i = 0; i < flags->mount.n; i++)
		if (mount_flag(b, flags->mount.v[i], first, e))
			return -1;
	for (size_t i = 0; i < flags->volume.n; i++)
		if (volume(b, flags->volume.v[i], first, e))
			return -1;
	order(&b->mounts, first);
	return 0;
}
