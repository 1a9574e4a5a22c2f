/* JSON text to the structs that schemas/generate.py makes of our schemas (oci.h), in one pass over yajl's events. */
#ifndef HIND_DECODE_H
#define HIND_DECODE_H
#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"
#include "base/problem.h"

#define JSON_MAX_SIZE (16u << 20)
#define JSON_MAX_DEPTH 32

struct json_type; /* generated: `json_oci_config` describes struct oci_config, and so on */

/* Decodes text into *out (zeroed, of the type's struct); strings and arrays live in the arena. Wrong input becomes
 * problems with line and column, as many as one pass finds; unknown members become warnings. 0, or -1 where there was
 * an error (not for warnings alone). */
int json_decode(const struct json_type *, const char *text, size_t len, struct arena *, void *out,
	struct problems *) must_check;
/* Fills line and column of every problem that has none, by walking text to its path (or to the nearest parent that
 * exists). */
void json_locate(const char *text, size_t len, struct problems *);

#endif
