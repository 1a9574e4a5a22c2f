/* libFuzzer's target: any bytes as a config.json. Neither decoding nor locating may go wrong, what is taken must
 * survive being encoded and decoded again, and what is refused must say why. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "oci.h"
#include "json/decode.h"
#include "json/encode.h"

static void require(int condition)
{
	if (!condition)
		abort();
}

static int decode(const char *text, size_t len, struct arena *arena, struct oci_config *c, struct problems *problems)
{
	int status = json_decode(&json_oci_config, text, len, arena, c, problems);

	require((status == -1) == (problems->errors > 0));
	return status;
}

static char *encode(const struct oci_config *c)
{
	struct json_out *out = json_out_new(false);
	char *text;

	json_struct(out, &json_oci_config, c);
	text = mem_strdup(json_out_text(out, NULL));
	json_out_free(out);
	return text;
}

static void survives(const struct oci_config *c, struct arena *arena)
{
	cleanup_free char *first = encode(c), *second = NULL;
	struct problems problems = { 0 };
	struct oci_config again = { 0 };

	require(decode(first, strlen(first), arena, &again, &problems) == 0 && problems.n == 0);
	second = encode(&again);
	require(str_eq(first, second));
}

/* As the features do it: paths of what is there, of what is not, and paths from the document itself. */
static void locate(const char *text, size_t len, struct problems *problems)
{
	static const char *const paths[] = { "", "process.args[0]", "process.rlimits[1].soft",
		"linux.sysctl.net.ipv4.ip_forward", "linux[\"sysctl\"][x]", "mounts[2].options[0]", "a.b[0][0].c" };
	size_t n = problems->n;

	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		problem_add(problems, paths[i], "wrong");
	for (size_t i = 0; i < n && i < 8; i++)
		problem_add(problems, problems->v[i].path, "wrong");
	json_locate(text, len, problems);
	for (size_t i = 0; i < problems->n; i++)
		require(problems->v[i].line > 0 && problems->v[i].column > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	cleanup_arena struct arena *arena = arena_new();
	struct problems problems = { 0 };
	struct oci_config c = { 0 };
	struct err e;

	if (decode((const char *)data, len, arena, &c, &problems) == 0)
		survives(&c, arena);
	locate((const char *)data, len, &problems);
	require(problems_err(&problems, "config.json", true, &e) == -1);
	problems_free(&problems);
	return 0;
}
