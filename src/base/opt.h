/* Command-line options as tables. Long options take one dash or two (-no-subreaper), "--x=v" or "--x v"; short ones
 * cluster (-it). "--" ends the options. */
#ifndef HIND_OPT_H
#define HIND_OPT_H
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define OPT_HELP_WANTED (-1) /* err.code after -h or --help, which stand in no command's table */

enum opt_kind {
	OPT_FLAG,   /* bool: true; "--x=false", "-x=false" and true are taken */
	OPT_STRING, /* const char * */
	OPT_LIST,   /* struct opt_list: may be given several times */
	OPT_IGNORE, /* taken and ignored, without a value */
	OPT_IGNORE_VALUE,
	OPT_REFUSE, /* known from elsewhere, and not had here: arg says why, and what to do; never suggested */
};
struct opt_list {
	const char **v; /* the strings are argv's; the list is freed by opt_free */
	size_t n;
};
struct opt {
	const char *name; /* long name without dashes; NULL ends the table */
	char letter;      /* or 0 */
	enum opt_kind kind;
	size_t offset;          /* of the member in the struct that opt_parse fills */
	const char *arg, *help; /* arg: how --help calls the value; help NULL: not shown */
};

/* Parses argv[1] on into `into`. The first word that is no option ends it where `posix` is set (global options, `run
 * IMAGE CMD`, `exec ID CMD`); otherwise options may follow words. Words are moved to the front: argv[1 .. returned].
 * Errors name the option, with a did-you-mean. */
int opt_parse(const struct opt *, void *into, int argc, char **argv, bool posix, struct err *e) must_check;
/* Was the option given? Of what is ignored nobody knows. */
bool opt_given(const struct opt *, const void *into);
/* Frees the lists of what opt_parse has filled, after a failure of it, too. */
void opt_free(const struct opt *, void *into);
/* The table as --help shows it, to stdout. */
void opt_help(const struct opt *);

#endif
