/* One integer or string, from JSON to its place in a struct, by the rules that the schema gives. */
#ifndef HIND_VALUE_H
#define HIND_VALUE_H
#include <stddef.h>

#include "base/mem.h"
#include "base/str.h"
#include "json/table.h"

/* What is wrong is added to reason; place is then left alone. s is the number as it stands in the text. */
void value_integer(const struct json_value *, const char *s, size_t len, char *place, struct text *reason);
/* s: without quotes and escapes. *place gets a copy in the arena, or one of the schema's own names. */
void value_string(
	const struct json_value *, const char *s, size_t len, struct arena *, char *place, struct text *reason);

#endif
