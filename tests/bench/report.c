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

void report_text(const struct table *t, FILE *f)
{
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

/* What hind promises, as ratios of medians. */
static const struct {
	const char *row, *peer;
	enum metric metric;
	double most;
} limits[] = {
	{ "run", "crun", WALL, 0.60 },
	{ "run", "crun", CPU, 0.60 },
	{ "run", "floor", WALL, 2.00 },
	{ "run", "floor", CPU, 2.00 },
	{ "cycle", "crun", WALL, 0.60 },
	{ "state", "crun", WALL, 0.60 },
	{ "version", "crun", WALL, 0.60 },
	{ "list", "crun", WALL, 0.60 },
};

int report_limits(const struct table *t, FILE *f)
{
	int broken = 0;

	for (size_t l = 0; l < sizeof limits / sizeof *limits; l++)
		for (size_t r = 0; r < t->n_rows; r++)
			for (size_t i = 1; i < t->n_runtimes; i++) {
				const struct series *hind = series_of(t, r, 0), *peer = series_of(t, r, i);
				const char *what = limits[l].metric == WALL ? "wall" : "cpu";
				double now;
				if (strcmp(t->rows[r].name, limits[l].row) ||
					strcmp(t->runtimes[i].name, limits[l].peer) || !hind->n || !peer->n)
					continue;
				now = ratio(hind, peer, limits[l].metric);
				if (now > limits[l].most)
					fprintf(f, "not ok %s against %s, %s - %.2f, at most %.2f\n", limits[l].row,
						limits[l].peer, what, now, limits[l].most);
				else
					fprintf(f, "ok %s against %s, %s: %.2f, at most %.2f\n", limits[l].row,
						limits[l].peer, what, now, limits[l].most);
				broken += now > limits[l].most;
			}
	return broken;
}
