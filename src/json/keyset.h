/* Which keys an object has had, so that none comes twice: one hash table for all objects of a document. */
#ifndef HIND_KEYSET_H
#define HIND_KEYSET_H
#include <stdbool.h>
#include <stddef.h>

struct keyset_entry {
	size_t object; /* offset of the object in the text, from 1; 0: free */
	size_t len;
	const char *key;
};
struct keyset { /* zero-initialise */
	struct keyset_entry *entries;
	size_t n, size; /* size: a power of two */
};

/* False where the object has that key already. key must live as long as the set. */
bool keyset_add(struct keyset *, size_t object, const char *key, size_t len);
void keyset_free(struct keyset *);

#endif
