/* What a container uses, and that its memory limit has killed, a line of JSON each. The names are runc's, which is what
 * programs that read them were written for. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/fd.h"
#include "base/opt.h"
#include "base/str.h"
#include "cmd/command.h"
#include "container/container.h"

struct flags {
	const char *interval;
	bool stats;
};
static const struct opt opts[] = {
	{ "interval", 0, OPT_STRING, offsetof(struct flags, interval), "TIME",
		"between two lines, as in 500ms or 1m30s (default: 5s)" },
	{ "stats", 0, OPT_FLAG, offsetof(struct flags, stats), NULL, "print one line and end" },
	{ 0 },
};

#define INTERVAL_MAX_MS (24 * 3600 * 1000)

/* "1.5s", "500ms", "1m30s"; a bare number is of seconds. */
static int interval_ms(const char *text, int *ms, struct err *e)
{
	static const struct name_value units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 },
		{ "", 1000 }, { NULL, 0 } };
	double sum = 0;
	const char *p = text;

	while (*p) {
		char unit[3];
		double number;
		int len = 0;

		unit[0] = '\0';
		if (!strchr("0123456789.", *p) || sscanf(p, "%9lf%n", &number, &len) != 1)
			break;
		p += len;
		snprintf(unit, sizeof unit, "%.*s", (int)strspn(p, "hms"), p);
		p += strspn(p, "hms");
		const struct name_value *u = name_find(units, unit);
		if (!u)
			break;
		sum += number * (double)u->value;
	}
	if (*p || sum < 1 || sum > INTERVAL_MAX_MS)
		return err_set(e, "--interval: \"%s\" is no time from 1ms to 24h, as 500ms or 1m30s is", text);
	*ms = (int)sum;
	return 0;
}

static int line_print(struct json_out *out, struct err *e)
{
	size_t len;

	json_close_object(out);
	puts(json_out_text(out, &len));
	json_out_free(out);
	return fflush(stdout) == EOF ? err_sys(e, "write") : 0;
}

static struct json_out *line_new(const char *type, const char *id)
{
	struct json_out *out = json_out_new(false);

	json_open_object(out);
	json_key(out, "type");
	json_string(out, type);
	json_key(out, "id");
	json_string(out, id);
	return out;
}

static int stats_print(struct container *c, struct err *e)
{
	struct json_out *out = line_new("stats", c->id);

	json_key(out, "data");
	json_open_object(out);
	if (cgroup_stats(c->cgroup, out, e)) {
		json_out_free(out);
		return -1;
	}
	json_key(out, "intel_rdt");
	json_open_object(out);
	json_close_object(out);
	/* runc fills this for networks that it makes itself, which no OCI runtime does any more. */
	json_key(out, "network_interfaces");
	json_open_array(out);
	json_close_array(out);
	json_close_object(out);
	return line_print(out, e);
}

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Until it is time for the next line; 1 when the container has ended. */
static int wait_until(struct container *c, struct oom_watch *watch, long long deadline, struct err *e)
{
	struct pollfd fds[] = { { .fd = c->pidfd, .events = POLLIN }, { .fd = watch->fd, .events = watch->events },
		{ .fd = watch->above_fd, .events = watch->events } };

	for (long long left; (left = deadline - now_ms()) > 0;) {
		if (poll(fds, ARRAY_LEN(fds), (int)left) < 0 && errno != EINTR)
			return err_sys(e, "poll");
		/* What has killed the container must not get lost with it. */
		if (cgroup_oom_fired(c->cgroup, watch) && line_print(line_new("oom", c->id), e))
			return -1;
		if (fds[0].revents)
			return 1;
	}
	return 0;
}

static int follow(struct container *c, int interval, struct err *e)
{
	struct oom_watch watch;
	long long next = now_ms();
	int status = cgroup_oom_watch(c->cgroup, &watch, e);

	while (status == 0) {
		next += interval;
		status = stats_print(c, e);
		if (status == 0)
			status = wait_until(c, &watch, next, e);
	}
	fd_close(&watch.fd);
	fd_close(&watch.above_fd);
	return status < 0 ? -1 : 0;
}

static int events(const struct globals *g, int argc, char **argv, struct err *e)
{
	struct flags f = { .interval = "5s" };
	struct container c;
	int words = opt_parse(opts, &f, argc, argv, false, e), interval = 0, status;

	if (words < 0 || interval_ms(f.interval, &interval, e))
		return -1;
	if (words != 1)
		return err_set(e, "events takes one container id: hind events [--interval TIME | --stats] ID");
	if (container_open(g->root, argv[1], &c, e))
		return -1;
	if (c.pidfd < 0)
		status = err_set(e, "container not running");
	else
		status = f.stats ? stats_print(&c, e) : follow(&c, interval, e);
	container_close(&c);
	return status;
}

const struct command cmd_events = {
	.name = "events",
	.synopsis = "[--interval TIME | --stats] ID",
	.help = "Print what a container uses, again and again, and when its memory limit kills",
	.opts = opts,
	.failure = 1,
	.run = events,
};
