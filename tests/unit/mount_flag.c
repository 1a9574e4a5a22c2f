/* The one table of mount options: complete, in order, and meaning to the kernel what it says. */
/* covers: mount:{rw,async,atime,copy-symlink,defaults,dest-nofollow,dev,diratime,dirsync,exec,iversion,lazytime,loud,mand} */
/* covers: mount:{noatime,noiversion,nolazytime,nomand,norelatime,nostrictatime,rasync,ratime,rdev,rdiratime,rdirsync} */
/* covers: mount:{rexec,rmand,rnoatime,rnodev,rnodiratime,rnoexec,rnomand,rnorelatime,rnostrictatime,rnosuid,rrelatime} */
/* covers: mount:{rshared,rslave,rstrictatime,rsuid,rsymfollow,rsync,runbindable,silent,src-nofollow,strictatime,suid,symfollow} */
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "check.h"
#include "linux/mount_flag.h"
#include "sys/mountfd.h"

#ifndef ST_NOSYMFOLLOW
#define ST_NOSYMFOLLOW 0x2000 /* linux/statfs.h; glibc has it from 2.38 on */
#endif

/* runtime-spec config.md, the table of Linux mount options, and what mount_setattr(2) adds. */
static const char *const wanted[] = { "async", "atime", "bind", "defaults", "dev", "diratime", "dirsync", "exec",
	"iversion", "lazytime", "loud", "mand", "noatime", "nodev", "nodiratime", "noexec", "noiversion", "nolazytime",
	"nomand", "norelatime", "nostrictatime", "nosuid", "nosymfollow", "private", "ratime", "rbind", "rdev",
	"rdiratime", "relatime", "remount", "rexec", "rnoatime", "rnodev", "rnodiratime", "rnoexec", "rnorelatime",
	"rnostrictatime", "rnosuid", "rnosymfollow", "ro", "rprivate", "rrelatime", "rro", "rrw", "rshared", "rslave",
	"rstrictatime", "rsuid", "rsymfollow", "runbindable", "rw", "shared", "silent", "slave", "strictatime", "suid",
	"symfollow", "sync", "tmpcopyup", "unbindable", "rsync", "rasync", "rdirsync", "rmand", "rnomand",
	"copy-symlink", "src-nofollow", "dest-nofollow", "idmap", "ridmap" };

static void table(void)
{
	bool sorted = true, found = true, complete = true, twins = true;
	size_t n = 0;

	for (const struct mount_option *o = mount_option_table; o->name; o++, n++) {
		char plain[32] = "";

		sorted &= o == mount_option_table || strcmp(o[-1].name, o->name) < 0;
		found &= mount_option_find(o->name) == o;
		if (o->kind != OPTION_ATTR_ALL)
			continue;
		/* "rnodev" is "nodev" on every mount. */
		snprintf(plain, sizeof plain, "%s", o->name + 1);
		const struct mount_option *one = mount_option_find(plain);
		if (!one || one->kind != OPTION_ATTR || one->value != o->value || one->clear != o->clear) {
			printf("# %s and %s differ\n", o->name, plain);
			twins = false;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		if (!mount_option_find(wanted[i])) {
			printf("# %s is missing\n", wanted[i]);
			complete = false;
		}
	}
	CHECK("sorted, for the search and for `hind features`", sorted);
	CHECK("every option is found", found);
	CHECK("every option of the spec is there, and no other", complete && n == ARRAY_LEN(wanted));
	CHECK("recursive options mean what the plain ones mean", twins);
	CHECK("what is in no table is the file system's", !mount_option_find("size=1m") && !mount_option_find("") &&
								  !mount_option_find("zzz") &&
								  !mount_option_find("ROO"));
}

static bool parsed(const char *words, struct mount_options *o)
{
	static char *list[16], *copy;
	size_t n = 0;

	free(copy);
	copy = mem_strdup(words);
	for (char *save = NULL, *word = strtok_r(copy, ",", &save); word && n < 16; word = strtok_r(NULL, ",", &save))
		list[n++] = word;
	mount_options_parse(list, n, o);
	return true;
}

static void parse(void)
{
	struct mount_options o;

	CHECK("ro, then rw", parsed("ro,nosuid,rw", &o) && o.set == MOUNT_ATTR_NOSUID && o.clear == MOUNT_ATTR_RDONLY);
	mount_options_free(&o);
	CHECK("rw, then ro", parsed("rw,ro", &o) && o.set == MOUNT_ATTR_RDONLY && !o.clear);
	mount_options_free(&o);
	CHECK("access times are one field",
		parsed("noatime,strictatime", &o) && o.set == MOUNT_ATTR_STRICTATIME && o.clear == MOUNT_ATTR__ATIME);
	mount_options_free(&o);
	CHECK("nostrictatime is the kernel's default",
		parsed("strictatime,nostrictatime", &o) && !o.set && o.clear == MOUNT_ATTR__ATIME);
	mount_options_free(&o);
	CHECK("relatime clears what was", parsed("noatime,relatime,nodiratime", &o) && o.set == MOUNT_ATTR_NODIRATIME &&
						  o.clear == MOUNT_ATTR__ATIME);
	mount_options_free(&o);
	CHECK("plain and recursive ones are apart", parsed("rbind,rro,nodev", &o) && o.bind && o.recursive &&
							    o.set_all == MOUNT_ATTR_RDONLY &&
							    o.set == MOUNT_ATTR_NODEV);
	mount_options_free(&o);
	CHECK("propagation in the order given", parsed("rslave,shared", &o) && o.n_propagation == 2 &&
							o.propagation[0].kind == MS_SLAVE && o.propagation[0].all &&
							o.propagation[1].kind == MS_SHARED && !o.propagation[1].all);
	mount_options_free(&o);
	CHECK("many propagations: the last one counts", parsed("shared,slave,shared,slave,shared,private", &o) &&
								o.propagation[o.n_propagation - 1].kind == MS_PRIVATE);
	mount_options_free(&o);
	CHECK("data keeps its order", parsed("size=1m,ro,nr_inodes=7,sync", &o) && o.n_data == 2 &&
					      str_eq(o.data[0], "size=1m") && str_eq(o.data[1], "nr_inodes=7") &&
					      o.n_super == 1);
	mount_options_free(&o);
}

/* What statvfs(3) tells of a mount that was made with one option. */
static unsigned long flags_with(const char *word)
{
	cleanup_fd int fs_fd = -1, fd = -1;
	struct mount_options o;
	struct statvfs st;
	struct err e;

	parsed(word, &o);
	mount_options_free(&o);
	fs_fd = mountfd_fsopen("tmpfs", &e);
	fd = fs_fd < 0 ? -1 : mountfd_create(fs_fd, o.set | o.set_all, &e);
	if (fd < 0 || fstatvfs(fd, &st) < 0) {
		printf("# %s: %s\n", word, fd < 0 ? e.msg : "fstatvfs");
		return 0;
	}
	/* Taking it back must be allowed, too. */
	if (o.set && mountfd_setattr(fd, false, 0, o.set & MOUNT_ATTR__ATIME ? MOUNT_ATTR__ATIME : o.set, 0, &e))
		printf("# %s back: %s\n", word, e.msg);
	return st.f_flag;
}

static void kernel(void)
{
	static const struct {
		const char *word;
		unsigned long flag;
	} facts[] = { { "ro", ST_RDONLY }, { "nosuid", ST_NOSUID }, { "nodev", ST_NODEV }, { "noexec", ST_NOEXEC },
		{ "noatime", ST_NOATIME }, { "nodiratime", ST_NODIRATIME }, { "relatime", ST_RELATIME },
		{ "nosymfollow", ST_NOSYMFOLLOW }, { "rro", ST_RDONLY }, { "rnosuid", ST_NOSUID } };
	unsigned long plain = flags_with("defaults");

	for (size_t i = 0; i < ARRAY_LEN(facts); i++) {
		char name[64];

		snprintf(name, sizeof name, "the kernel makes a mount with %s", facts[i].word);
		CHECK(name, flags_with(facts[i].word) & facts[i].flag);
	}
	CHECK("a mount without options is relatime and nothing else",
		(plain & (ST_RELATIME | ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC | ST_NOATIME)) == ST_RELATIME);
	CHECK("strictatime: neither of the others", !(flags_with("strictatime") & (ST_RELATIME | ST_NOATIME)));
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	table();
	parse();
	kernel();
	return check_end();
}
