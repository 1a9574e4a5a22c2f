#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/opt.h"
#include "base/str.h"
#include "cmd/matching.h"

struct flags {
	bool all, regex;
};
static const struct opt opts[] = {
	{ "all", 'a', OPT_FLAG, offsetof(struct flags, all), NULL, "signal every process of the container" },
	{ "regex", 'r', OPT_FLAG, offsetof(struct flags, regex), NULL,
		"ID is a regular expression: signal every container that it matches" },
	{ 0 },
};

/* A number, NAME, SIGNAME, RTMIN, RTMIN+n, RTMAX-n; -1 where it is none. */
static int signal_number(const char *text)
{
	uint64_t n;
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;

	if (str_u64(text, SIGRTMAX, &n) == 0)
		return n;
	if (strncasecmp(name, "RTMIN", 5) == 0 && (!name[5] || name[5] == '+'))
		return !name[5] ? SIGRTMIN : str_u64(name + 6, SIGRTMAX - SIGRTMIN, &n) ? -1 : SIGRTMIN + (int)n;
	if (strncasecmp(name, "RTMAX", 5) == 0 && (!name[5] || name[5] == '-'))
		return !name[5] ? SIGRTMAX : str_u64(name + 6, SIGRTMAX - SIGRTMIN, &n) ? -1 : SIGRTMAX - (int)n;
	for (int sig = 1; sig < SIGRTMIN; sig++) {
		const char *known = sigabbrev_np(sig);

		if (known && strcasecmp(known, name) == 0)
			return sig;
	}
	return strcasecmp(name, "IOT") == 0 ? SIGABRT : strcasecmp(name, "CLD") == 0 ? SIGCHLD : -1;
}

struct order {
	int sig;
	bool all;
};

static int kill_matching(struct container *c, const void *data, struct err *e)
{
	const struct order *order = data;

	if (c->status == STATUS_STOPPED || c->status == STATUS_CREATING)
		return 0;
	return container_kill(c, order->sig, order->all, e);
}

static int kill_command(const struct globals *g, int argc, char **argv, struct err *e)
{
	struct flags f = { 0 };
	struct order order;
	struct container c;
	int words = opt_parse(opts, &f, argc, argv, false, e), status;

	if (words < 0)
		return -1;
	if (words < 1 || words > 2)
		return err_set(e, "kill takes a container id and a signal: hind kill [--all] ID [SIGNAL]");
	order = (struct order){ words == 2 ? signal_number(argv[2]) : SIGTERM, f.all };
	if (order.sig < 0)
		return err_set(
			e, "unknown signal \"%s\": a name, as TERM, or a number, as 15; kill -l lists them", argv[2]);
	if (f.regex)
		return matching_each(g, argv[1], kill_matching, &order, e);
	if (container_open(g->root, argv[1], &c, e))
		return -1;
	status = container_kill(&c, order.sig, order.all, e);
	container_close(&c);
	return status;
}

const struct command cmd_kill = {
	.name = "kill",
	.synopsis = "[--all] ID [SIGNAL]",
	.help = "Send a signal (default: TERM) to a container's init",
	.opts = opts,
	.failure = 1,
	.run = kill_command,
};
