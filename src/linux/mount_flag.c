/* mounts[].options. runtime-spec config.md "Linux mount options"; mount(8), mount_setattr(2) (Linux 5.12;
 * nosymfollow 5.14), fsconfig(2). The one table that parsing, validation and `hind features` read.
 *
 * Words that only say what is so anyway are known nevertheless: an unknown word is handed to the file system as its
 * own. */
#include "linux/mount_flag.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sys/mountfd.h"

/* clang-format off */
#define ATTR(name, attr) { name, OPTION_ATTR, attr, false, NULL }
#define NO_ATTR(name, attr) { name, OPTION_ATTR, attr, true, NULL }
#define ALL(name, attr) { name, OPTION_ATTR_ALL, attr, false, NULL }
#define NO_ALL(name, attr) { name, OPTION_ATTR_ALL, attr, true, NULL }
#define SUPER(name, super) { name, OPTION_SUPER, 0, false, super }
#define KIND(name, kind) { name, kind, 0, false, NULL }
#define PROPAGATION(name, flag) { name, OPTION_PROPAGATION, flag, false, NULL }
#define PROPAGATION_ALL(name, flag) { name, OPTION_PROPAGATION_ALL, flag, false, NULL }
/* clang-format on */

const struct mount_option mount_option_table[] = {
	SUPER("async", "async"),
	NO_ATTR("atime", MOUNT_ATTR_NOATIME),
	KIND("bind", OPTION_BIND),
	KIND("copy-symlink", OPTION_COPY_LINK),
	KIND("defaults", OPTION_NOTHING),
	KIND("dest-nofollow", OPTION_TARGET_LINK),
	NO_ATTR("dev", MOUNT_ATTR_NODEV),
	NO_ATTR("diratime", MOUNT_ATTR_NODIRATIME),
	SUPER("dirsync", "dirsync"),
	NO_ATTR("exec", MOUNT_ATTR_NOEXEC),
	KIND("idmap", OPTION_IDMAP),
	SUPER("iversion",
		"i_version"), /* no flag of the VFS any more: ext4 takes it as its own, others have it always */
	SUPER("lazytime", "lazytime"),
	KIND("loud", OPTION_NOTHING), /* this and "silent": fsopen(2) hands the messages to us */
	SUPER("mand", "mand"),
	ATTR("noatime", MOUNT_ATTR_NOATIME),
	ATTR("nodev", MOUNT_ATTR_NODEV),
	ATTR("nodiratime", MOUNT_ATTR_NODIRATIME),
	ATTR("noexec", MOUNT_ATTR_NOEXEC),
	KIND("noiversion", OPTION_NOTHING),
	SUPER("nolazytime", "nolazytime"),
	SUPER("nomand", "nomand"),
	NO_ATTR("norelatime", MOUNT_ATTR_RELATIME),
	NO_ATTR("nostrictatime", MOUNT_ATTR_STRICTATIME),
	ATTR("nosuid", MOUNT_ATTR_NOSUID),
	ATTR("nosymfollow", MOUNT_ATTR_NOSYMFOLLOW),
	PROPAGATION("private", MS_PRIVATE),
	SUPER("rasync", "async"), /* a superblock has no tree: "r" changes nothing */
	NO_ALL("ratime", MOUNT_ATTR_NOATIME),
	KIND("rbind", OPTION_BIND_ALL),
	NO_ALL("rdev", MOUNT_ATTR_NODEV),
	NO_ALL("rdiratime", MOUNT_ATTR_NODIRATIME),
	SUPER("rdirsync", "dirsync"),
	ATTR("relatime", MOUNT_ATTR_RELATIME),
	KIND("remount", OPTION_REMOUNT),
	NO_ALL("rexec", MOUNT_ATTR_NOEXEC),
	KIND("ridmap", OPTION_IDMAP_ALL),
	SUPER("rmand", "mand"),
	ALL("rnoatime", MOUNT_ATTR_NOATIME),
	ALL("rnodev", MOUNT_ATTR_NODEV),
	ALL("rnodiratime", MOUNT_ATTR_NODIRATIME),
	ALL("rnoexec", MOUNT_ATTR_NOEXEC),
	SUPER("rnomand", "nomand"),
	NO_ALL("rnorelatime", MOUNT_ATTR_RELATIME),
	NO_ALL("rnostrictatime", MOUNT_ATTR_STRICTATIME),
	ALL("rnosuid", MOUNT_ATTR_NOSUID),
	ALL("rnosymfollow", MOUNT_ATTR_NOSYMFOLLOW),
	ATTR("ro", MOUNT_ATTR_RDONLY),
	PROPAGATION_ALL("rprivate", MS_PRIVATE),
	ALL("rrelatime", MOUNT_ATTR_RELATIME),
	ALL("rro", MOUNT_ATTR_RDONLY),
	NO_ALL("rrw", MOUNT_ATTR_RDONLY),
	PROPAGATION_ALL("rshared", MS_SHARED),
	PROPAGATION_ALL("rslave", MS_SLAVE),
	ALL("rstrictatime", MOUNT_ATTR_STRICTATIME),
	NO_ALL("rsuid", MOUNT_ATTR_NOSUID),
	NO_ALL("rsymfollow", MOUNT_ATTR_NOSYMFOLLOW),
	SUPER("rsync", "sync"),
	PROPAGATION_ALL("runbindable", MS_UNBINDABLE),
	NO_ATTR("rw", MOUNT_ATTR_RDONLY),
	PROPAGATION("shared", MS_SHARED),
	KIND("silent", OPTION_NOTHING),
	PROPAGATION("slave", MS_SLAVE),
	KIND("src-nofollow", OPTION_SOURCE_LINK),
	ATTR("strictatime", MOUNT_ATTR_STRICTATIME),
	NO_ATTR("suid", MOUNT_ATTR_NOSUID),
	NO_ATTR("symfollow", MOUNT_ATTR_NOSYMFOLLOW),
	SUPER("sync", "sync"),
	KIND("tmpcopyup", OPTION_COPY_UP),
	PROPAGATION("unbindable", MS_UNBINDABLE),
	{ 0 },
};

const struct mount_option *mount_option_find(const char *name)
{
	size_t low = 0, high = ARRAY_LEN(mount_option_table) - 1;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(name, mount_option_table[middle].name);

		if (order == 0)
			return &mount_option_table[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* A later word undoes an earlier one. The three modes of access time are one field, of which relatime, the kernel's
 * default, is 0: it is cleared as a whole, and the "no" of each mode means that default. */
static void add_attr(uint64_t *set, uint64_t *clear, uint64_t attr, bool off)
{
	bool is_time = attr == MOUNT_ATTR_RELATIME || attr == MOUNT_ATTR_NOATIME || attr == MOUNT_ATTR_STRICTATIME;
	uint64_t field = is_time ? MOUNT_ATTR__ATIME : attr;

	*set &= ~field;
	*clear &= ~field;
	if (!off)
		*set |= attr;
	if (off || is_time)
		*clear |= field;
}

/* More than four are no longer a state but a history: the last one counts. */
static void add_propagation(struct mount_options *o, uint64_t kind, bool all)
{
	if (o->n_propagation == ARRAY_LEN(o->propagation))
		o->n_propagation--;
	o->propagation[o->n_propagation].kind = kind;
	o->propagation[o->n_propagation++].all = all;
}

static void add_option(struct mount_options *o, const struct mount_option *option)
{
	switch (option->kind) {
	case OPTION_ATTR:
		add_attr(&o->set, &o->clear, option->value, option->clear);
		break;
	case OPTION_ATTR_ALL:
		add_attr(&o->set_all, &o->clear_all, option->value, option->clear);
		break;
	case OPTION_SUPER:
		o->super[o->n_super++] = option->super;
		break;
	case OPTION_PROPAGATION:
	case OPTION_PROPAGATION_ALL:
		add_propagation(o, option->value, option->kind == OPTION_PROPAGATION_ALL);
		break;
	case OPTION_BIND:
	case OPTION_BIND_ALL:
		o->bind = true;
		o->recursive = option->kind == OPTION_BIND_ALL;
		break;
	case OPTION_REMOUNT:
		o->remount = true;
		break;
	case OPTION_COPY_UP:
		o->copy_up = true;
		break;
	case OPTION_COPY_LINK:
		o->copy_link = true;
		break;
	case OPTION_SOURCE_LINK:
		o->source_link = true;
		break;
	case OPTION_TARGET_LINK:
		o->target_link = true;
		break;
	case OPTION_IDMAP:
	case OPTION_IDMAP_ALL:
		o->idmap = true;
		o->idmap_all = option->kind == OPTION_IDMAP_ALL;
		break;
	case OPTION_NOTHING:
		break;
	}
}

/* "idmap" and "ridmap" may have mappings behind them. */
static const struct mount_option *option_of_word(const char *word, struct mount_options *o)
{
	bool all = str_starts(word, "ridmap=");

	if (!all && !str_starts(word, "idmap="))
		return mount_option_find(word);
	o->idmap_words = strchr(word, '=') + 1;
	return mount_option_find(all ? "ridmap" : "idmap");
}

void mount_options_parse(char *const *options, size_t n, struct mount_options *o)
{
	*o = (struct mount_options){ 0 };
	o->super = mem_alloc((n + 1) * sizeof *o->super);
	o->data = mem_alloc((n + 1) * sizeof *o->data);
	for (size_t i = 0; i < n; i++) {
		const struct mount_option *option = option_of_word(options[i], o);

		if (option)
			add_option(o, option);
		else
			o->data[o->n_data++] = options[i];
	}
}

void mount_options_free(struct mount_options *o)
{
	free(o->super);
	free(o->data);
}
