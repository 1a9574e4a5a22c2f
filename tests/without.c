/* `without SYSCALL[,SYSCALL...] ERRNO CMD...` runs CMD where the kernel refuses these system calls, as an old kernel
 * (ENOSYS, 38) or the seccomp filter of a sandbox (EPERM, 1) does. Every process below it lives with that. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	const char *name;
	unsigned number;
} calls[] = {
	{ "openat2", SYS_openat2 },
	{ "open_tree", SYS_open_tree },
	{ "move_mount", SYS_move_mount },
	{ "fsopen", SYS_fsopen },
	{ "fsconfig", SYS_fsconfig },
	{ "fsmount", SYS_fsmount },
	{ "mount_setattr", SYS_mount_setattr },
	{ "clone3", SYS_clone3 },
	{ "close_range", SYS_close_range },
	{ "pidfd_open", SYS_pidfd_open },
	{ "pidfd_send_signal", SYS_pidfd_send_signal },
	{ "statx", SYS_statx },
	{ "memfd_create", SYS_memfd_create },
	{ "execveat", SYS_execveat },
	{ "pivot_root", SYS_pivot_root },
	{ "keyctl", SYS_keyctl },
	{ "seccomp", SYS_seccomp },
	{ "unshare", SYS_unshare },
	{ "setns", SYS_setns },
};

static int number_of(const char *name)
{
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		if (strcmp(calls[i].name, name) == 0)
			return (int)calls[i].number;
	fprintf(stderr, "without: no such system call: %s\n", name);
	exit(2);
}

int main(int argc, char **argv)
{
	struct sock_filter program[64];
	struct sock_fprog filter = { .filter = program };
	unsigned n = 0, error;

	if (argc < 4) {
		fprintf(stderr, "usage: without SYSCALL[,SYSCALL...] ERRNO CMD...\n");
		return 2;
	}
	error = (unsigned)atoi(argv[2]);
	program[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (char *save = NULL, *name = strtok_r(argv[1], ",", &save); name && n < 60;
		name = strtok_r(NULL, ",", &save)) {
		program[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number_of(name), 0, 1);
		program[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error);
	}
	program[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	filter.len = (unsigned short)n;
	/* With CAP_SYS_ADMIN, so that set-id programs below keep their meaning. */
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0) {
		perror("without: seccomp");
		return 2;
	}
	execvp(argv[3], argv + 3);
	perror(argv[3]);
	return 127;
}
