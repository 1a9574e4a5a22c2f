/* What the files of linux.seccomp share among themselves: seccomp.c (tables, validation, loading), seccomp_compile.c
 * (rules to BPF), seccomp_cache.c (compiled filters on disk), seccomp_notify.c (the listener's descriptor to the agent)
 * and seccomp_pass.c (loading for who is born later). */
#ifndef HIND_SYSCALL_FILTER_H
#define HIND_SYSCALL_FILTER_H
#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/sha256.h"
#include "base/str.h"
#include "oci.h"

struct init;
struct kit;

extern const struct name_value filter_actions[], filter_operators[], filter_archs[], filter_flags[];

struct filter {
	struct sock_filter *code; /* in the arena it was made with */
	unsigned short len;       /* instructions */
};

bool filter_wanted(const struct oci_config *);
/* Does a rule notify an agent? Only then listenerPath counts. */
bool filter_notifies(const struct oci_seccomp *);

/* The whole filter as the kernel takes it. strict: a system call that libseccomp does not know is an error. */
int filter_compile(const struct oci_seccomp *, bool strict, struct arena *, struct filter *, struct err *) must_check;

/* What a compiled filter depends on. */
void filter_cache_key(const struct oci_seccomp *, bool strict, uint8_t key[SHA256_SIZE]);
/* The filter of that key, from the directory .seccomp of root_fd; false where there is none that can be trusted. */
bool filter_cache_get(int root_fd, const uint8_t key[SHA256_SIZE], struct arena *, struct filter *);
/* Keeps it there. A cache that cannot be written costs time only, so this cannot fail. */
void filter_cache_put(int root_fd, const uint8_t key[SHA256_SIZE], const struct filter *);

/* Loads the filter and sends its listener to the agent, whatever the filter says of the system calls for that. */
int filter_load_notifying(const struct init *, struct err *) must_check;
/* seccomp(SECCOMP_SET_MODE_FILTER): >= 0 (with SECCOMP_FILTER_FLAG_NEW_LISTENER the descriptor), or -1 with errno. */
int filter_load(const struct kit *);
/* errno is what that said: -1. */
int filter_refused(const struct kit *, struct err *);

#endif
