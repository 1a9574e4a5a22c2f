/* The bundles of the benchmark: one template, in which a row changes what it is about. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"

struct place place = { .dir = "/tmp/hind-bench.XXXXXX" };

static void copy_program(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	char data[65536];
	ssize_t n;

	measure_check(in >= 0, from);
	while ((n = read(in, data, sizeof data)) > 0)
		measure_check(write(out, data, (size_t)n) == n, to);
	close(in);
	close(out);
}

void bundle_place(const char *floor)
{
	static const char *const dirs[] = { "", "/bin", "/proc", "/sys", "/dev", "/etc" };
	static const char *const programs[] = { "true", "pause" };
	char path[256];

	measure_check(mkdtemp(place.dir) && mount("tmpfs", place.dir, "tmpfs", 0, "mode=755") == 0, place.dir);
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
		snprintf(path, sizeof path, "%s/rootfs%s", place.dir, dirs[i]);
		measure_check(mkdir(path, 0755) == 0, path);
	}
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		snprintf(path, sizeof path, "%s/rootfs/bin/%s", place.dir, programs[i]);
		copy_program(floor, path);
	}
}

static char *read_all(FILE *f)
{
	size_t room = 1 << 20, n;
	char *text = malloc(room);

	measure_check(f && text, "read");
	n = fread(text, 1, room - 1, f);
	text[n] = '\0';
	return text;
}

/* The template's text with `from`, which stands in it once, replaced. */
static char *replace(char *text, const char *from, const char *to)
{
	char *at = strstr(text, from), *made;

	measure_check(at, from);
	measure_check(asprintf(&made, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) >= 0, "memory");
	free(text);
	return made;
}

/* "annotations" and "env" of so many bytes, half and half, in pieces of 100. */
static char *pad(char *text, size_t bytes)
{
	char *notes = malloc(bytes + 4096), *env = malloc(bytes + 4096);
	size_t n = 0, m = 0;

	measure_check(notes && env, "memory");
	n += (size_t)sprintf(notes, "\"annotations\": {");
	for (size_t i = 0; i < bytes / 200; i++) {
		n += (size_t)sprintf(notes + n, "%s\"org.example.padding.%06zu\": \"%060zu\"", i ? "," : "", i, i);
		m += (size_t)sprintf(env + m, "\"PADDING_%06zu=%080zu\",", i, i);
	}
	sprintf(notes + n, "}, \"hostname\"");
	sprintf(env + m, "\"TERM=xterm\"");
	text = replace(replace(text, "\"hostname\"", notes), "\"TERM=xterm\"", env);
	free(notes);
	free(env);
	return text;
}

/* With a cgroup path directly below the root, as engines give one: what a runtime does about a parent of its own
 * choosing is no part of the comparison. */
void bundle_make(const struct bundle *b, char *dir, size_t size)
{
	char path[256], rootfs[96];
	FILE *f = fopen(BUNDLE, "re");
	char *text = read_all(f);

	fclose(f);
	snprintf(dir, size, "%s/%s-%s", place.dir, b->id, b->program);
	snprintf(rootfs, sizeof rootfs, "\"%s/rootfs\"", place.dir);
	text = replace(replace(replace(text, "PROGRAM", b->program), "CGROUP", b->id), "\"rootfs\"", rootfs);
	if (b->resources && *b->resources) {
		snprintf(path, sizeof path, "\"resources\": { %s", b->resources);
		text = replace(text, "\"resources\": {", path);
	}
	if (b->seccomp) {
		char *member;

		measure_check(asprintf(&member, "\"seccomp\": %s, \"maskedPaths\"", b->seccomp) >= 0, "memory");
		text = replace(text, "\"maskedPaths\"", member);
		free(member);
	}
	if (b->padding)
		text = pad(text, b->padding);
	measure_check(mkdir(dir, 0755) == 0 || access(dir, F_OK) == 0, dir);
	snprintf(path, sizeof path, "%s/config.json", dir);
	f = fopen(path, "we");
	measure_check(f && fputs(text, f) >= 0 && fclose(f) == 0, path);
	free(text);
}

/* The end of the JSON object that begins at p. */
static const char *object_end(const char *p)
{
	int depth = 0;

	for (; *p; p++) {
		if (*p == '"')
			for (p++; *p && *p != '"'; p++)
				p += *p == '\\' && p[1];
		depth += (*p == '{') - (*p == '}');
		if (*p == '}' && !depth)
			return p + 1;
	}
	return NULL;
}

const char *bundle_seccomp(const char *hind)
{
	char command[512];
	char *text, *at;
	const char *end;
	FILE *f;

	snprintf(command, sizeof command, "'%s' run --dry-run NOIMG true", hind);
	f = popen(command, "re");
	text = read_all(f);
	at = strstr(text, "\"seccomp\": {");
	end = at ? object_end(at + strlen("\"seccomp\": ")) : NULL;
	measure_check(pclose(f) == 0 && end, command);
	at = strndup(at + strlen("\"seccomp\": "), (size_t)(end - at) - strlen("\"seccomp\": "));
	measure_check(at, "memory");
	free(text);
	return at;
}
