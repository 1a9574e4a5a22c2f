/* src/json: the documents of tests/json and of the runtime-spec's own tests, exact values, positions, limits, and JSON
 * made again. */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "check.h"
#include "oci.h"
#include "json/decode.h"
#include "json/encode.h"

static struct arena *arena;

static void told(const char *name, bool right, const char *why)
{
	printf(right ? "ok %s\n" : "not ok %s - %s\n", name, why);
	check_failures += !right;
}

static char *read_file(const char *path, size_t *len)
{
	struct err e;
	char *text;

	if (file_read(AT_FDCWD, path, 64 << 20, &text, len, &e))
		return NULL;
	return text;
}

/* Decodes a type that is named by what stands before the first dot: "state.status.json", or config without a second
 * dot. */
static char *verdict(const char *file, const char *text, size_t len, int *status)
{
	static const struct {
		const char *name;
		const struct json_type *type;
		size_t size;
	} types[] = {
		{ "process.", &json_oci_process, sizeof(struct oci_process) },
		{ "resources.", &json_oci_resources, sizeof(struct oci_resources) },
		{ "state.", &json_oci_state, sizeof(struct oci_state) },
		{ "record.", &json_oci_record, sizeof(struct oci_record) },
		{ "features.", &json_oci_features, sizeof(struct oci_features) },
		{ "", &json_oci_config, sizeof(struct oci_config) },
	};
	struct problems problems = { 0 };
	char *said;
	size_t i = 0;

	while (!str_starts(file, types[i].name) || (types[i].name[0] && strchr(file, '.') == strrchr(file, '.')))
		i++;
	*status = json_decode(types[i].type, text, len, arena, arena_alloc(arena, types[i].size), &problems);
	said = problems_text(&problems, "config.json", true);
	problems_free(&problems);
	return said ? said : mem_strdup("");
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of the JSON files of a folder, sorted; the caller frees them. */
static size_t json_files(const char *folder, char ***names)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	size_t n = 0;

	*names = NULL;
	while (dir && (entry = readdir(dir))) {
		const char *end = strrchr(entry->d_name, '.');

		if (!end || strcmp(end, ".json"))
			continue;
		*names = mem_grow(*names, (n + 1) * sizeof **names);
		(*names)[n++] = mem_strdup(entry->d_name);
	}
	if (dir)
		closedir(dir);
	if (n)
		qsort(*names, n, sizeof **names, by_name);
	return n;
}

/* Every document of the folder gets the verdict that stands beside it in NAME.expect, to the letter; a good one without
 * such a file gets none. */
static void test_goldens(const char *folder, int wanted)
{
	char **names;
	size_t n = json_files(folder, &names);

	CHECK("golden documents are there", n > 0);
	for (size_t i = 0; i < n; i++) {
		cleanup_free char *path = mem_printf("%s/%s", folder, names[i]),
				  *label = mem_printf("golden %s", names[i]);
		cleanup_free char *expect_path = mem_printf("%.*s.expect", (int)(strlen(path) - 5), path);
		size_t len, expect_len;
		cleanup_free char *text = read_file(path, &len), *expect = read_file(expect_path, &expect_len);
		int status = 1;
		cleanup_free char *said = text ? verdict(names[i], text, len, &status) : NULL;

		if (expect && expect_len && expect[expect_len - 1] == '\n')
			expect[expect_len - 1] = 0;
		told(label, text && status == wanted && strcmp(said, expect ? expect : "") == 0,
			said ? said : "cannot be read");
		free(names[i]);
	}
	free(names);
}

/* The runtime-spec's own examples, in a folder beside the checkout. */
static void test_upstream(const char *kind)
{
	static const char *const verdicts[] = { "good", "bad" };

	for (int bad = 0; bad < 2; bad++) {
		cleanup_free char *folder =
			mem_printf(SOURCE_DIR "/../shared/oci-schema/test/%s/%s", kind, verdicts[bad]);
		char **names;
		size_t n = json_files(folder, &names);

		if (n == 0)
			printf("skip runtime-spec %s/%s - ../shared/oci-schema is not there\n", kind, verdicts[bad]);
		for (size_t i = 0; i < n; i++) {
			cleanup_free char *path = mem_printf("%s/%s", folder, names[i]);
			cleanup_free char *as = mem_printf("%s.%s", kind, names[i]);
			cleanup_free char *label = mem_printf("runtime-spec %s/%s/%s", kind, verdicts[bad], names[i]);
			size_t len;
			cleanup_free char *text = read_file(path, &len);
			int status = 1;
			cleanup_free char *said = text ? verdict(as, text, len, &status) : NULL;

			told(label, text && status == -bad, said ? said : "cannot be read");
			free(names[i]);
		}
		free(names);
	}
}

static int decode(const char *text, struct oci_config *c)
{
	struct problems problems = { 0 };
	int status;

	*c = (struct oci_config){ 0 };
	status = json_decode(&json_oci_config, text, strlen(text), arena, c, &problems);
	problems_free(&problems);
	return status;
}

static void test_values(void)
{
	struct oci_config c;
	const struct oci_memory *m;
	const struct oci_process *p;

	CHECK("values decode",
		decode("{\"ociVersion\":\"1.3.0\",\"hostname\":null,\"annotations\":{\"a.b\":\"\\u00e4\\ud83d\\ude00\","
		       "\"n\":null},"
		       "\"windows\":[{\"x\":[1]}],\"mounts\":[],\"process\":{\"cwd\":\"/"
		       "\",\"terminal\":false,\"env\":[\"A=\\n\",\"\"],"
		       "\"user\":{\"additionalGids\":[0,4294967295]},"
		       "\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":18446744073709551615,\"hard\":9007199254740993}"
		       "]},"
		       "\"linux\":{\"timeOffsets\":{\"boottime\":{\"secs\":-5}},\"resources\":{\"memory\":{"
		       "\"limit\":-9223372036854775808,\"swap\":9223372036854775807,\"reservation\":-0,\"kernel\":1."
		       "5e3,"
		       "\"kernelTCP\":120.00e-1},\"rdma\":{\"mlx\":{\"hcaHandles\":3}}}}}",
			&c) == 0);
	p = c.process;
	m = c.linux->resources->memory;
	CHECK("null is absent", !c.hostname);
	CHECK("absent array", !p->args && p->n_args == 0);
	CHECK("empty array", c.mounts && c.n_mounts == 0);
	CHECK("present boolean", p->has_terminal && !p->terminal && !p->has_no_new_privileges);
	CHECK("strings end with NULL",
		p->n_env == 2 && str_eq(p->env[0], "A=\n") && str_eq(p->env[1], "") && !p->env[2]);
	CHECK("escapes become UTF-8", str_eq(c.annotations[0].value, "\xc3\xa4\xf0\x9f\x98\x80"));
	CHECK("map without its null", c.n_annotations == 1 && str_eq(c.annotations[0].key, "a.b"));
	CHECK("integer array", p->user->n_additional_gids == 2 && p->user->additional_gids[1] == UINT32_MAX);
	CHECK("2^64-1 is exact", p->rlimits[0].soft == UINT64_MAX && p->rlimits[0].has_soft);
	CHECK("2^53+1 is exact", p->rlimits[0].hard == 9007199254740993);
	CHECK("-2^63 is exact", m->limit == INT64_MIN && m->has_limit);
	CHECK("2^63-1 is exact", m->swap == INT64_MAX);
	CHECK("-0 is 0", m->has_reservation && m->reservation == 0);
	CHECK("whole numbers in any notation", m->kernel == 1500 && m->kernel_tcp == 12);
	CHECK("absent integer", !m->has_swappiness && m->swappiness == 0);
	CHECK("map of objects", c.linux->resources->n_rdma == 1 && str_eq(c.linux->resources->rdma[0].key, "mlx") &&
					c.linux->resources->rdma[0].value.hca_handles == 3);
	CHECK("map of known keys", c.linux->n_time_offsets == 1 && str_eq(c.linux->time_offsets[0].key, "boottime") &&
					   c.linux->time_offsets[0].value.secs == -5);
}

static void test_limits(void)
{
	struct problems problems = { 0 };
	struct oci_config c;
	struct text deep = { 0 };
	char *large = mem_alloc(JSON_MAX_SIZE + 1);
	const char *document = "{\"ociVersion\":\"1.0.0\"}";

	memset(large, ' ', JSON_MAX_SIZE + 1);
	memcpy(large, document, strlen(document));
	CHECK("16 MiB are taken", json_decode(&json_oci_config, large, JSON_MAX_SIZE, arena, &c, &problems) == 0);
	CHECK("more are not", json_decode(&json_oci_config, large, JSON_MAX_SIZE + 1, arena, &c, &problems) == -1);
	problems_free(&problems);
	free(large);

	text_printf(&deep, "{\"ociVersion\":\"1.0.0\",\"x\":");
	for (int i = 0; i < JSON_MAX_DEPTH - 1; i++)
		text_printf(&deep, "[");
	for (int i = 0; i < JSON_MAX_DEPTH - 1; i++)
		text_printf(&deep, "]");
	text_printf(&deep, "}");
	CHECK("32 levels are taken", decode(deep.p, &c) == 0);
	free(deep.p);
}

/* Wherever a document is cut off, it is refused with one error, which says so. (tests/json/bad/too-deep: 33 levels are
 * refused.) */
static void test_truncated(void)
{
	size_t wrong = 0, last = default_config_json_len;

	while (default_config_json[last - 1] != '}')
		last--;
	for (size_t len = 0; len < last; len++) {
		struct problems problems = { 0 };
		struct oci_config c = { 0 };
		struct arena *a = arena_new();
		char *text = mem_alloc(len); /* of that size, so that sanitizers see what is read beyond it */

		memcpy(text, default_config_json, len);
		if (json_decode(&json_oci_config, text, len, a, &c, &problems) != -1 || problems.n != 1 ||
			!(strstr(problems.v[0].reason, "document ends") || strstr(problems.v[0].reason, "is empty"))) {
			printf("# cut at %zu: %s\n", len, problems.n ? problems.v[0].reason : "no problem");
			wrong++;
		}
		problems_free(&problems);
		arena_free(a);
		free(text);
	}
	CHECK("cut off anywhere", wrong == 0);
}

static char *encoded(const struct oci_config *c, bool pretty)
{
	struct json_out *out = json_out_new(pretty);
	char *text;

	json_struct(out, &json_oci_config, c);
	text = mem_strdup(json_out_text(out, NULL));
	json_out_free(out);
	return text;
}

static void test_encode(void)
{
	static const char all[] =
		"{\"ociVersion\":\"1.3.0\",\"process\":{\"terminal\":false,\"args\":[],\"env\":[\"A=\\n\xc3\xa4\"],"
		"\"cwd\":\"/\","
		"\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":0,\"hard\":18446744073709551615}],\"oomScoreAdj\":-5,"
		"\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"nice\":-7}},"
		"\"annotations\":{\"a\":\"b\"},\"linux\":{\"timeOffsets\":{\"monotonic\":{\"secs\":-"
		"9223372036854775808}},"
		"\"resources\":{\"blockIO\":{\"weight\":65535},\"rdma\":{\"mlx\":{\"hcaHandles\":4294967295}}}}}";
	struct oci_config c;
	struct json_out *out;
	size_t len;

	CHECK("decode what is to be encoded", decode(all, &c) == 0);
	{
		cleanup_free char *text = encoded(&c, false);

		CHECK("a struct is encoded as it was read", str_eq(text, all));
	}
	CHECK("decode the default", decode(default_config_json, &c) == 0);
	{
		cleanup_free char *first = encoded(&c, true), *second = NULL;

		CHECK("decode what was encoded", decode(first, &c) == 0);
		second = encoded(&c, true);
		CHECK("the default survives both ways", str_eq(first, second) && strstr(first, "\n  \"process\": {\n"));
	}
	out = json_out_new(false);
	json_open_object(out);
	json_key(out, "a");
	json_open_array(out);
	json_u64(out, UINT64_MAX);
	json_i64(out, INT64_MIN);
	json_bool(out, true);
	json_string(out, "\"\\\x01");
	json_close_array(out);
	json_close_object(out);
	CHECK("single values",
		str_eq(json_out_text(out, &len),
			"{\"a\":[18446744073709551615,-9223372036854775808,true,\"\\\"\\\\\\u0001\"]}") &&
			len == strlen(json_out_text(out, NULL)));
	json_out_free(out);
}

static void test_locate(void)
{
	static const char text[] = "{ \"a\": {\n"
				   "\t\"b.c\": 1, \"b\": { \"c\": 2, \"d\": [ 3,\n"
				   "4, { \"e\": null } ] } },\n"
				   "  \"\\u0066\": \"x\" }\n";
	static const struct {
		const char *path;
		size_t line, column;
	} cases[] = {
		{ "", 1, 1 },
		{ "a", 1, 8 },
		{ "a.b.c", 2, 9 }, /* the first of two that fit */
		{ "a[b.c]", 2, 9 },
		{ "a[\"b.c\"]", 2, 9 },
		{ "a.b", 2, 17 },
		{ "a.b.d", 2, 32 },
		{ "a.b.d[0]", 2, 34 },
		{ "a.b.d[1]", 3, 1 },
		{ "a.b.d[2].e", 3, 11 },
		{ "f", 4, 13 },
		/* What is not there is where its nearest parent is. */
		{ "z", 1, 1 },
		{ "a.x.y", 1, 8 },
		{ "a.b.d[3].e", 2, 32 },
		{ "a.b.d[2].f", 3, 4 },
		{ "a.bb", 1, 8 },
	};
	struct problems problems = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		problem_add(&problems, cases[i].path, "wrong");
	problem_at(&problems, false, 77, 7, "a", "located already");
	json_locate(text, strlen(text), &problems);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct problem *p = &problems.v[i];
		cleanup_free char *label = mem_printf("locate \"%s\"", cases[i].path);
		cleanup_free char *why = mem_printf("found at %zu:%zu", p->line, p->column);

		told(label, p->line == cases[i].line && p->column == cases[i].column, why);
	}
	CHECK("a position that is known stays", problems.v[ARRAY_LEN(cases)].line == 77);
	problems_free(&problems);
}

static void test_problems(void)
{
	struct problems problems = { 0 };
	struct err e;
	cleanup_free char *text = NULL;

	CHECK("no problem is no error", problems_err(&problems, "x", true, &e) == 0);
	problem_at(&problems, true, 9, 1, "b", "odd");
	CHECK("a warning is no error", problems_err(&problems, "x", false, &e) == 0 && problems.errors == 0);
	CHECK("unless asked for", problems_err(&problems, "x", true, &e) == -1 && str_eq(e.msg, "x:9:1: .b: odd"));
	problem_at(&problems, false, 8, 5, "", "wrong");
	problem_add(&problems, AT("a[%d].b", 5), "not %s", "located");
	CHECK("in the text's order", problems_err(&problems, "x", true, &e) == -1 &&
					     str_eq(e.msg, "x: .a[5].b: not located\nx:8:5: wrong\nx:9:1: .b: odd"));
	for (int i = 0; i < 100; i++)
		problem_at(&problems, false, 10, i + 1, "c", "this is one of a hundred problems");
	CHECK("64 are kept, all are counted", problems.n == 64 && problems.errors == 102);
	text = problems_text(&problems, "x", false);
	CHECK("the text counts the rest", text && strstr(text, "hundred problems\nand 39 more"));
	CHECK("the error fits and counts the rest", problems_err(&problems, "x", false, &e) == -1);
	{
		size_t lines = 1, more = 0;

		for (const char *p = e.msg; (p = strchr(p, '\n')); p++)
			lines++;
		sscanf(strrchr(e.msg, '\n'), "\nand %zu more", &more);
		CHECK("lines and rest are all", lines > 10 && lines - 1 + more == 102);
	}
	problems_free(&problems);

	text = mem_grow(text, 3000);
	memset(text, 'y', 2999);
	text[2999] = 0;
	problem_at(&problems, false, 1, 1, "a", "%s", text);
	CHECK("one long problem is cut",
		problems_err(&problems, "x", false, &e) == -1 && str_starts(e.msg, "x:1:1: .a: yyy"));
	problems_free(&problems);
}

int main(void)
{
	arena = arena_new();
	test_goldens(SOURCE_DIR "/tests/json/bad", -1);
	test_goldens(SOURCE_DIR "/tests/json/good", 0);
	test_upstream("config");
	test_upstream("state");
	test_upstream("features");
	test_values();
	test_limits();
	test_truncated();
	test_encode();
	test_locate();
	test_problems();
	arena_free(arena);
	return check_end();
}
