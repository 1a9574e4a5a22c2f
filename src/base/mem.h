/* Memory: allocation that cannot fail (it aborts), and arenas, which are freed as a whole. */
#ifndef HIND_MEM_H
#define HIND_MEM_H
#include <stdarg.h>
#include <stddef.h>

#include "base/err.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof *(a))

void *mem_alloc(size_t size);           /* zeroed; the caller frees */
void *mem_grow(void *old, size_t size); /* realloc(3) that aborts */
char *mem_strdup(const char *s);
char *mem_printf(const char *fmt, ...) printf_like(1, 2);

struct arena; /* everything in it lives until arena_free */
struct arena *arena_new(void);
void arena_free(struct arena *);
void *arena_alloc(struct arena *, size_t size); /* zeroed, aligned for any type */
char *arena_strndup(struct arena *, const char *s, size_t n);
char *arena_strdup(struct arena *, const char *s);
char *arena_printf(struct arena *, const char *fmt, ...) printf_like(2, 3);

static inline void cleanup_free_p(void *p)
{
	extern void free(void *);
	free(*(void **)p);
}
#define cleanup_free __attribute__((cleanup(cleanup_free_p)))
static inline void cleanup_arena_p(struct arena **a)
{
	arena_free(*a);
}
#define cleanup_arena __attribute__((cleanup(cleanup_arena_p)))

#endif
