/* System calls that pass a seccomp filter of our own, whatever the program's rules say of them: by a word that only we
 * know, where the kernel looks for a sixth argument, which none of these calls has (linux/seccomp_pass.c has the list).
 * Without such a filter they are what syscall(2) is. */
#ifndef HIND_PASS_H
#define HIND_PASS_H
#include <sched.h>
#include <sys/types.h>

/* clone(2)'s first argument, as pass_fork has it; on s390 it is the second. With CLONE_PARENT the exit signal is the
 * caller's own. */
#define PASS_FORK_FLAGS (CLONE_PARENT | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID)
#ifdef __s390x__
#define PASS_FORK_FLAGS_ARG 1
#else
#define PASS_FORK_FLAGS_ARG 0
#endif

extern unsigned long pass_word; /* 0: there is no such filter */

/* As syscall(2): -1 with errno. */
long pass_call(long number, long a, long b, long c, long d);
/* A sibling (CLONE_PARENT) with a copy of our memory, where *own gets its pid as it sees that itself, as a call for it might
 * not pass. *ours gets the same as we see it, in our memory, before the sibling runs. Returns as fork(2) does. */
pid_t pass_fork(pid_t *ours, pid_t *own);

#endif
