/* What the files of linux.seccomp share among themselves: seccomp.c (tables, validation, loading), seccomp_compile.c
 * (rules to BPF) with seccomp_number.c (those that ask for no argument), seccomp_cache.c (compiled filters on disk),
 * seccomp_notify.c (the listener's descriptor to the agent) and seccomp_pass.c (loading for who is born later). */
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

/* SCMP_ACT_*, with the error number or the tracer's data, of what no rule is about, and of a rule. */
uint32_t filter_default(const struct oci_seccomp *);
uint32_t filter_action(const struct oci_syscall *);

/* What comes before libseccomp's part of a filter. */
struct filter_front {
	struct sock_filter *code; /* falls through where the number alone decides nothing */
	size_t len;
	/* Of each name of each rule, in their order: an architecture has one number for this call and others
	 * (socketcall(2), ipc(2)), so that it is libseccomp's work even without a condition. */
	bool *shared;
};
/* archs: SCMP_ARCH_*, the native one among them. */
void filter_numbers(const struct oci_seccomp *, const uint32_t *archs, size_t n_archs, struct filter_front *);
void filter_front_free(struct filter_front *);

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
