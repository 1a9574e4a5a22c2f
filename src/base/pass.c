#include "base/pass.h"

#include <sys/syscall.h>
#include <unistd.h>

unsigned long pass_word;

long pass_call(long number, long a, long b, long c, long d)
{
	return syscall(number, a, b, c, d, 0, pass_word);
}

/* clone, as a filter cannot see the flags of clone3. Machines differ in which of the last two arguments is the place of the
 * number; without CLONE_SETTLS the other one counts for nothing. */
pid_t pass_fork(pid_t *number)
{
	long a[2] = { 0 };

	a[PASS_FORK_FLAGS_ARG] = PASS_FORK_FLAGS;
	return syscall(SYS_clone, a[0], a[1], 0, number, number, pass_word);
}
