#include "json/keyset.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* FNV-1a. Keys that were made to collide cost time only, and who writes config.json has other ways to waste that. */
static uint64_t hash(size_t object, const char *key, size_t len)
{
	uint64_t h = 0xcbf29ce484222325u ^ object;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)key[i]) * 0x100000001b3u;
	return h ^ h >> 32;
}

/* The entry of that key, or the free one where it belongs. */
static struct keyset_entry *find(const struct keyset *s, size_t object, const char *key, size_t len)
{
	struct keyset_entry *e;

	for (size_t i = hash(object, key, len);; i++) {
		e = &s->entries[i & (s->size - 1)];
		if (!e->object || (e->object == object && e->len == len && memcmp(e->key, key, len) == 0))
			return e;
	}
}

static void grow(struct keyset *s)
{
	struct keyset bigger = { .n = s->n, .size = s->size ? s->size * 4 : 64 };

	bigger.entries = mem_alloc(bigger.size * sizeof *bigger.entries);
	for (size_t i = 0; i < s->size; i++) {
		struct keyset_entry *e = &s->entries[i];

		if (e->object)
			*find(&bigger, e->object, e->key, e->len) = *e;
	}
	free(s->entries);
	*s = bigger;
}

bool keyset_add(struct keyset *s, size_t object, const char *key, size_t len)
{
	struct keyset_entry *e;

	if (s->n * 2 >= s->size)
		grow(s);
	e = find(s, object + 1, key, len);
	if (e->object)
		return false;
	*e = (struct keyset_entry){ object + 1, len, key };
	s->n++;
	return true;
}

void keyset_free(struct keyset *s)
{
	free(s->entries);
	*s = (struct keyset){ 0 };
}
