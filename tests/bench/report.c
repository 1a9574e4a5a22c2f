#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* percent 0 is the least of all. */
double percentile(const struct series *s, enum metric metric, double percent)
{
	static double v[MAX_SAMPLES];

	if (!s->n)
		return 0;
	for (size_t i = 0; i < s->n; i++)
		v[i] = metric == WALL ? s->sample[i].wall_us : s->sample[i].cpu_us;
	qsort(v, s->n, sizeof *v, by_value);
	return v[(size_t)((double)(s->n - 1) * percent / 100.0 + 0.5)];
}

static const struct series *series_of(const struct table *t, size_t row, size_t runtime)
{
	return &t->series[row * t->n_runtimes + runtime];
}

static double ratio(const struct series *a, const struct series *b, enum metric metric)
{
	double other = percentile(b, metric, 50);

	return other > 0 ? percentile(a, metric, 50) / other : 0;
}

static void report_least(const struct table *t, FILE *f)
{
	if (!t->least_kb[0])
		return;
	fprintf(f, "\nsmallest memory limit under which a container of /bin/true runs:");
	for (size_t i = 0; i < t->n_runtimes; i++)
		if (t->least_kb[i])
			fprintf(f, " %s %ld KiB", t->runtimes[i].name, t->least_kb[i]);
	fprintf(f, "\n");
}

void report_text(const struct table *t, FILE *f)
{
	report_least(t, f);
	for (size_t r = 0; r < t->n_rows; r++) {
		const struct series *hind = series_of(t, r, 0);
		if (!hind->n)
			continue;
		fprintf(f, "\n%s: %s (%zu rounds)\n\n", t->rows[r].name, t->rows[r].what, hind->n);
		fprintf(f, "| %-6s | %9s | %9s | %9s | %9s | %8s | %8s | %9s | %9s |\n", "", "wall min", "wall p50",
			"wall p99", "cpu p50", "RSS KiB", "syscalls", "hind wall", "hind cpu");
		fprintf(f, "|--------|----------:|----------:|----------:|----------:|---------:|---------:|----------:"
			   "|----------:|\n");
		for (size_t i = 0; i < t->n_runtimes; i++) {
			const struct series *s = series_of(t, r, i);
			if (!s->n)
				continue;
			fprintf(f,
				"| %-6s | %6.0f us | %6.0f us | %6.0f us | %6.0f us | %8ld | %8ld |   x %5.2f |   x "
				"%5.2f |\n",
				t->runtimes[i].name, percentile(s, WALL, 0), percentile(s, WALL, 50),
				percentile(s, WALL, 99), percentile(s, CPU, 50), s->rss_kb, s->syscalls,
				ratio(hind, s, WALL), ratio(hind, s, CPU));
		}
	}
}

/* Bars of the median with a line from the least to the 99th of a hundred, row by row; each row has a scale of its own. */
void report_svg(const struct table *t, FILE *f)
{
	static const char *const colours[MAX_RUNTIMES] = { "#2a6f97", "#e07a5f", "#81b29a", "#8d99ae", "#b56576",
		"#6d597a" };
	double y = 20;

	fprintf(f,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"760\" height=\"%zu\" font-family=\"sans-serif\" "
		"font-size=\"12\">\n",
		40 + t->n_rows * (26 + t->n_runtimes * 18));
	for (size_t r = 0; r < t->n_rows; r++) {
		double most = 0;
		for (size_t i = 0; i < t->n_runtimes; i++)
			most = fmax(most, percentile(series_of(t, r, i), WALL, 50));
		if (most <= 0)
			continue;
		fprintf(f, "<text x=\"10\" y=\"%.0f\" font-weight=\"bold\">%s: %s</text>\n", y, t->rows[r].name,
			t->rows[r].what);
		for (size_t i = 0; i < t->n_runtimes; i++) {
			const struct series *s = series_of(t, r, i);
			double middle = percentile(s, WALL, 50), scale = 520 / most;
			if (!s->n)
				continue;
			y += 18;
			fprintf(f, "<text x=\"10\" y=\"%.0f\">%s</text>\n", y, t->runtimes[i].name);
			fprintf(f, "<rect x=\"70\" y=\"%.0f\" width=\"%.1f\" height=\"13\" fill=\"%s\"/>\n", y - 11,
				middle * scale, colours[i]);
			fprintf(f, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.0f\" y2=\"%.0f\" stroke=\"black\"/>\n",
				70 + percentile(s, WALL, 0) * scale, 70 + fmin(percentile(s, WALL, 99) * scale, 600),
				y - 5, y - 5);
			fprintf(f, "<text x=\"%.1f\" y=\"%.0f\">%.2f ms</text>\n", 690.0, y, middle / 1000);
		}
		y += 26;
	}
	fprintf(f, "</svg>\n");
}

/* What hind promises, as ratios of medians: to another runtime in the same row, or to itself in another row. */
static const struct limit {
	const char *row, *peer, *peer_row;
	enum metric metric;
	double most;
} limits[] = {
	{ "run", "crun", "run", WALL, 0.45 },
	{ "run", "crun", "run", CPU, 0.60 },
	{ "run", "runc", "run", WALL, 0.45 },
	{ "run", "floor", "run", WALL, 1.60 },
	{ "run", "floor", "run", CPU, 1.50 },
	{ "filter", "crun", "filter", WALL, 0.45 },
	{ "cold", "crun", "cold", WALL, 0.60 },
	{ "cycle", "crun", "cycle", WALL, 0.45 },
	{ "state", "crun", "state", WALL, 0.30 },
	{ "exec", "crun", "exec", WALL, 0.45 },
	{ "exec", "crun", "exec", CPU, 0.50 },
	{ "exec", "runc", "exec", WALL, 0.45 },
	{ "version", "crun", "version", WALL, 0.30 },
	{ "list", "crun", "list", WALL, 0.30 },
	{ "together", "crun", "together", WALL, 0.50 },
	{ "crowd", "hind", "run", WALL, 1.20 },
	{ "large", "crun", "large", WALL, 0.50 },
};
#define RSS_MOST_KB 1500
#define SYSCALLS_MOST 600 /* of run, with nine v1 hierarchies */

static int tell(FILE *f, const char *what, double now, double most)
{
	if (now > most)
		fprintf(f, "not ok %s - %.2f, at most %.2f\n", what, now, most);
	else
		fprintf(f, "ok %s: %.2f, at most %.2f\n", what, now, most);
	return now > most;
}

static const struct series *series_named(const struct table *t, const char *row, const char *runtime)
{
	for (size_t r = 0; r < t->n_rows; r++)
		for (size_t i = 0; i < t->n_runtimes; i++)
			if (!strcmp(t->rows[r].name, row) && !strcmp(t->runtimes[i].name, runtime) &&
				series_of(t, r, i)->n)
				return series_of(t, r, i);
	return NULL;
}

static int judge_run(const struct table *t, FILE *f)
{
	const struct series *run = series_named(t, "run", "hind");
	int broken = run ? tell(f, "peak RSS of run in KiB", run->rss_kb, RSS_MOST_KB) : 0;

	if (run && run->syscalls)
		broken += tell(f, "system calls of run", run->syscalls, SYSCALLS_MOST);
	for (size_t i = 1; i < t->n_runtimes && t->least_kb[0]; i++)
		if (t->least_kb[i] && !strcmp(t->runtimes[i].name, "crun"))
			broken +=
				tell(f, "smallest memory limit in KiB against crun's", t->least_kb[0], t->least_kb[i]);
	return broken;
}

int report_limits(const struct table *t, FILE *f)
{
	int broken = 0;

	for (size_t l = 0; l < sizeof limits / sizeof *limits; l++) {
		const struct limit *limit = &limits[l];
		const struct series *hind = series_named(t, limit->row, "hind");
		const struct series *peer = series_named(t, limit->peer_row, limit->peer);
		char what[96];

		if (!hind || !peer)
			continue;
		snprintf(what, sizeof what, "%s against %s's %s, %s", limit->row, limit->peer, limit->peer_row,
			limit->metric == WALL ? "wall" : "cpu");
		broken += tell(f, what, ratio(hind, peer, limit->metric), limit->most);
	}
	return broken + judge_run(t, f);
}
