/* mounts[].options: what each word of the list means. Shared by the files that mount. */
#ifndef HIND_MOUNT_FLAG_H
#define HIND_MOUNT_FLAG_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mount_option {
	const char *name;
	enum {
		OPTION_ATTR,        /* an attribute of the mount: value is set, or with `clear` unset */
		OPTION_ATTR_ALL,    /* the same on every mount of the tree */
		OPTION_SUPER,       /* of the superblock: fsconfig(2) knows it by the name `super` */
		OPTION_PROPAGATION, /* value: MS_SHARED ... */
		OPTION_PROPAGATION_ALL,
		OPTION_BIND,
		OPTION_BIND_ALL,
		OPTION_REMOUNT,
		OPTION_COPY_UP,     /* tmpcopyup: what is there is copied into the new tmpfs */
		OPTION_COPY_LINK,   /* copy-symlink: a source that is a link becomes a link, not a mount */
		OPTION_SOURCE_LINK, /* src-nofollow: a source that is a link is mounted itself */
		OPTION_TARGET_LINK, /* dest-nofollow: a destination that is a link is mounted over */
		OPTION_IDMAP,       /* ids of the files are mapped; with "idmap=MAPPINGS" by these */
		OPTION_IDMAP_ALL,   /* on every mount of the tree */
		OPTION_NOTHING,     /* means what is so anyway */
	} kind;
	uint64_t value;
	bool clear;
	const char *super;
};
extern const struct mount_option mount_option_table[]; /* sorted by name; ends with a NULL name */

struct mount_options {
	uint64_t set, clear;         /* of the mount */
	uint64_t set_all, clear_all; /* of every mount in the tree */
	struct {
		uint64_t kind; /* MS_SHARED ... */
		bool all;
	} propagation[4]; /* in the order given: "slave", then "shared" makes a mount both */
	size_t n_propagation;
	bool bind, recursive, remount, copy_up, copy_link, source_link, target_link, idmap, idmap_all;
	const char *idmap_words; /* what stands behind "idmap=", or NULL */
	const char **super;      /* superblock flags as fsconfig(2) knows them, in the order given */
	size_t n_super;
	const char **data; /* what is in no table: the file system's own, in the order given */
	size_t n_data;
};
const struct mount_option *mount_option_find(const char *name); /* NULL: data of the file system */
/* The lists in *out point to the words of options; mount_options_free frees the lists only. */
void mount_options_parse(char *const *options, size_t n, struct mount_options *out);
void mount_options_free(struct mount_options *);

#endif
