/* libFuzzer target: any bytes as config.json, decoded and validated as `create` does it. */
#include <stdint.h>

#include "container/container.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct oci_config config = { 0 };
	struct problems problems = { 0 };
	struct err e;
	int refused = bundle_check((const char *)data, size, arena, &config, &problems);

	/* Refused means that there is a reason to print, and only then. */
	if ((problems_err(&problems, "config.json", false, &e) < 0) != (refused < 0))
		__builtin_trap();
	problems_free(&problems);
	arena_free(arena);
	return 0;
}
