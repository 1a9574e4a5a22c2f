#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/opt.h"
#include "cmd/command.h"
#include "container/container.h"
#include "json/decode.h"

struct flags {
	const char *bundle, *file;
	bool rootless;
};
static const struct opt opts[] = {
	{ "bundle", 'b', OPT_STRING, offsetof(struct flags, bundle), "DIR",
		"write it there (default: the working directory)" },
	{ "file", 'f', OPT_STRING, offsetof(struct flags, file), "FILE", "another file than DIR/config.json" },
	{ "rootless", 0, OPT_FLAG, offsetof(struct flags, rootless), NULL, "for a user who is not root" },
	{ 0 },
};

/* What a user without privileges can have: a user namespace that maps him to root; his network, as he could not set up
 * another; no cgroup limits; sysfs as a bind, since the network namespace it shows is not his. */
static void make_rootless(struct oci_config *c, struct arena *a)
{
	struct oci_linux *l = c->linux;
	struct oci_id_mapping *maps = arena_alloc(a, 2 * sizeof *maps);
	static char *bind_options[] = { "rbind", "nosuid", "noexec", "nodev", "rro", NULL };
	size_t kept = 0;

	maps[0] = (struct oci_id_mapping){ .container_id = 0,
		.host_id = geteuid(),
		.size = 1,
		.has_container_id = true,
		.has_host_id = true,
		.has_size = true };
	maps[1] = maps[0];
	maps[1].host_id = getegid();
	l->uid_mappings = &maps[0];
	l->gid_mappings = &maps[1];
	l->n_uid_mappings = l->n_gid_mappings = 1;
	for (size_t i = 0; i < l->n_namespaces; i++)
		if (strcmp(l->namespaces[i].type, "network") == 0)
			l->namespaces[i].type = "user";
	l->resources = NULL;
	for (size_t i = 0; i < c->n_mounts; i++) {
		struct oci_mount *m = &c->mounts[i];

		/* The bind of /sys brings the cgroups along, and nothing in it can be written (CVE-2023-25809). */
		if (strncmp(m->destination, "/sys/", 5) == 0)
			continue;
		if (m->type && strcmp(m->type, "sysfs") == 0) {
			m->type = "none";
			m->source = "/sys";
			m->options = bind_options;
			m->n_options = ARRAY_LEN(bind_options) - 1;
		}
		/* gid 5 (tty) is not mapped. */
		for (size_t j = 0; m->type && strcmp(m->type, "devpts") == 0 && j < m->n_options; j++)
			if (strncmp(m->options[j], "gid=", 4) == 0)
				m->options[j--] = m->options[--m->n_options], m->options[m->n_options] = NULL;
		c->mounts[kept++] = *m;
	}
	c->n_mounts = kept;
}

static int spec(const struct globals *g, int argc, char **argv, struct err *e)
{
	struct flags f = { .bundle = ".", .file = "config.json" };
	struct oci_config c = { 0 };
	struct problems problems = { 0 };
	struct json_out *out;
	cleanup_fd int dir_fd = -1, fd = -1;
	const char *text, *where;
	size_t len;
	int words = opt_parse(opts, &f, argc, argv, false, e), status;

	if (words < 0)
		return -1;
	if (words > 0)
		return err_set(e, "spec takes no arguments: hind spec [-b DIR] [-f FILE] [--rootless]");
	if (json_decode(&json_oci_config, default_config_json, default_config_json_len, g->arena, &c, &problems))
		return problems_err(&problems, "default-config.json", false, e);
	if (f.rootless)
		make_rootless(&c, g->arena);
	where = f.file[0] == '/' ? "" : arena_printf(g->arena, "%s/", f.bundle);
	dir_fd = open(f.bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return err_sys(e, "open %s", f.bundle);
	fd = openat(dir_fd, f.file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 && errno == EEXIST)
		return err_set(e, "%s%s exists: remove it first, or give another directory by --bundle", where, f.file);
	if (fd < 0)
		return err_sys(e, "create %s%s", where, f.file);
	out = json_out_new(true);
	json_struct(out, &json_oci_config, &c);
	text = json_out_text(out, &len);
	status = fd_write_all(fd, text, len, e) || fd_write_all(fd, "\n", 1, e) ? -1 : 0;
	json_out_free(out);
	return status;
}

const struct command cmd_spec = {
	.name = "spec",
	.synopsis = "[-b DIR] [-f FILE] [--rootless]",
	.help = "Write a config.json to start from",
	.opts = opts,
	.failure = 1,
	.run = spec,
};
