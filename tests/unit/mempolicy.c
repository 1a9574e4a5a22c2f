/* linux.memoryPolicy: the name tables against the kernel's headers, by what get_mempolicy(2) says afterwards. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "check.h"
#include "linux/linux.h"
#include "step/init.h"
#include "validate.h"

/* The mode and flags that the kernel has after the step, or minus its error's code. In a child: a policy stays. */
static int mode_after(const char *mode, const char *nodes, const char *flag)
{
	int pair[2], answer = -1;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return -1;
	fflush(stdout);
	if (fork() == 0) {
		char *flags[] = { (char *)flag };
		struct oci_memory_policy p = { .mode = mode, .nodes = nodes, .flags = flags, .n_flags = flag ? 1 : 0 };
		struct oci_linux linux_part = { .memory_policy = &p };
		struct oci_config c = { .linux = &linux_part };
		struct init init = { .config = &c };
		struct err e = { 0 };

		if (init_mempolicy.run(&init, &e))
			answer = -e.code;
		else if (syscall(SYS_get_mempolicy, &answer, NULL, 0, NULL, 0) < 0)
			answer = -errno;
		_exit(write(pair[1], &answer, sizeof answer) != sizeof answer);
	}
	if (read(pair[0], &answer, sizeof answer) != sizeof answer)
		answer = -1;
	wait(NULL);
	close(pair[0]);
	close(pair[1]);
	return answer;
}

/* EINVAL: a kernel that is older than the mode. */
static bool taken(int got, int want, bool since_later)
{
	if (got != want)
		printf("# got %d\n", got);
	return got == want || got == -ENOSYS || (since_later && got == -EINVAL);
}

int main(void)
{
	struct oci_config empty = { 0 };

	CHECK("MPOL_DEFAULT", taken(mode_after("MPOL_DEFAULT", "", NULL), MPOL_DEFAULT, false));
	CHECK("MPOL_BIND", taken(mode_after("MPOL_BIND", "0", NULL), MPOL_BIND, false));
	CHECK("MPOL_INTERLEAVE", taken(mode_after("MPOL_INTERLEAVE", "0", NULL), MPOL_INTERLEAVE, false));
	CHECK("MPOL_WEIGHTED_INTERLEAVE", taken(mode_after("MPOL_WEIGHTED_INTERLEAVE", "0", NULL), 6, true));
	CHECK("MPOL_PREFERRED", taken(mode_after("MPOL_PREFERRED", "0", NULL), MPOL_PREFERRED, false));
	CHECK("MPOL_PREFERRED_MANY", taken(mode_after("MPOL_PREFERRED_MANY", "0", NULL), MPOL_PREFERRED_MANY, true));
	CHECK("MPOL_LOCAL", taken(mode_after("MPOL_LOCAL", NULL, NULL), MPOL_LOCAL, false));
	CHECK("MPOL_F_STATIC_NODES",
		taken(mode_after("MPOL_BIND", "0", "MPOL_F_STATIC_NODES"), MPOL_BIND | MPOL_F_STATIC_NODES, false));
	CHECK("MPOL_F_RELATIVE_NODES",
		taken(mode_after("MPOL_BIND", "0", "MPOL_F_RELATIVE_NODES"), MPOL_BIND | MPOL_F_RELATIVE_NODES, false));
	CHECK("MPOL_F_NUMA_BALANCING",
		taken(mode_after("MPOL_BIND", "0", "MPOL_F_NUMA_BALANCING"), MPOL_BIND | MPOL_F_NUMA_BALANCING, true));
	CHECK("some of the nodes are there", taken(mode_after("MPOL_BIND", "0,1023", NULL), MPOL_BIND, true));
	CHECK("no linux", says(&feature_mempolicy, &empty, 0, NULL, NULL));
	return check_end();
}
