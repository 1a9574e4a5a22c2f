/* SHA-256 (FIPS 180-4). */
#ifndef HIND_SHA256_H
#define HIND_SHA256_H
#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32

struct sha256 {
	uint32_t state[8];
	uint64_t total;    /* bytes so far */
	uint8_t block[64]; /* those that do not fill a block yet */
};

void sha256_begin(struct sha256 *);
void sha256_add(struct sha256 *, const void *data, size_t len);
/* Ends it: begin anew before the next use. */
void sha256_end(struct sha256 *, uint8_t digest[SHA256_SIZE]);

#endif
