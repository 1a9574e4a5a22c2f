/* exec: the filter is loaded before the process is born that it is for.
 *
 * To load a filter without no_new_privs takes CAP_SYS_ADMIN, and who is born into the container may not have it for a
 * moment: whoever may trace there (CAP_SYS_PTRACE) would have it, too, and it counts on the host. So the process in
 * between, which nobody in there can see, loads it for both (container/enter.c). From then on the filter judges what the
 * two have still to do, and might refuse it: therefore it gets a few instructions in front, which let those calls pass
 * that come with a word that was drawn for this one filter. The word is gone with execve. To know it is worth nothing:
 * who could take it from the process's memory could have one program make these few calls against its rules, which are
 * about that program itself and about descriptors that it has.
 *
 * seccomp(2); the kernel's kernel/seccomp.c keeps a table of calls that are allowed whatever their arguments: numbers are
 * compared first, so that all others stay in it. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/syscall.h>

#include "base/mem.h"
#include "base/pass.h"
#include "base/str.h"
#include "linux/linux.h"
#include "linux/syscall_filter.h"
#include "step/init.h"
#include "step/sync.h"

/* What container/enter.c does from the filter on. arg: the one that must have this value, where the call is many things in
 * one (prlimit64: of the caller itself); -1: none. */
static const struct passing {
	unsigned number;
	int arg;
	unsigned value;
} passing[] = {
	{ SYS_sendmsg, -1, 0 },
	{ SYS_close_range, -1, 0 },
	{ SYS_capget, -1, 0 },
	{ SYS_capset, -1, 0 },
	{ SYS_clone, PASS_FORK_FLAGS_ARG, PASS_FORK_FLAGS },
	{ SYS_recvmsg, -1, 0 },
	{ SYS_exit_group, -1, 0 },
	{ SYS_setsid, -1, 0 },
	{ SYS_ioctl, 1, TIOCSCTTY },
	{ SYS_prlimit64, 0, 0 },
};

#define EACH 4 /* instructions */
#define CHECK (3 + EACH * ARRAY_LEN(passing) + 1)
#define IN_FRONT (CHECK + 5)
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LOW 0
#define HIGH 4
#else
#define LOW 4
#define HIGH 0
#endif
#define ARG(i) offsetof(struct seccomp_data, args[i])

static void load(struct sock_filter *f, size_t at, size_t what)
{
	f[at] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)what);
}

static void jump(struct sock_filter *f, size_t at, size_t to)
{
	f[at] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (unsigned)(to - at - 1));
}

static void jump_unless(struct sock_filter *f, size_t at, unsigned value, size_t to)
{
	f[at] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, (uint8_t)(to - at - 1));
}

/* The numbers are this machine's alone: its other system call tables have others. */
static void put_in_front(struct sock_filter *f, uint64_t word)
{
	size_t at = 3;

	load(f, 0, offsetof(struct seccomp_data, arch));
	jump_unless(f, 1, seccomp_arch_native(), IN_FRONT);
	load(f, 2, offsetof(struct seccomp_data, nr));
	for (const struct passing *p = passing; p < passing + ARRAY_LEN(passing); p++, at += EACH) {
		jump_unless(f, at, p->number, at + EACH);
		/* What is compared with nothing must still be something that does no harm. */
		load(f, at + 1, p->arg < 0 ? offsetof(struct seccomp_data, nr) : ARG(p->arg) + LOW);
		jump_unless(f, at + 2, p->arg < 0 ? p->number : p->value, IN_FRONT);
		jump(f, at + 3, CHECK);
	}
	jump(f, at, IN_FRONT);
	load(f, CHECK, ARG(5) + LOW);
	jump_unless(f, CHECK + 1, (uint32_t)word, IN_FRONT);
	load(f, CHECK + 2, ARG(5) + HIGH);
	jump_unless(f, CHECK + 3, (uint32_t)(word >> 32), IN_FRONT);
	f[CHECK + 4] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
}

/* The agent's part is the parent's, which will know the pid; and who is born next must not find the listener here. */
static int send_listener(const struct init *init, int listener_fd, struct err *e)
{
	if (sync_send(init->sync_fd, SYNC_LISTENER, listener_fd, e))
		return -1;
	return pass_call(SYS_close_range, listener_fd, listener_fd, 0, 0) < 0 ? err_sys(e, "close_range") : 0;
}

static int load_passing(struct init *init, struct err *e)
{
	const struct kit *k = init->kit;
	struct kit with_front = *k;
	unsigned long word;
	int fd;

	if (k->seccomp_len + IN_FRONT > BPF_MAXINSNS)
		return err_set(e, "seccomp: the filter has %u instructions, and exec can take %zu at most",
			k->seccomp_len, BPF_MAXINSNS - IN_FRONT);
	if (getrandom(&word, sizeof word, 0) != sizeof word)
		return err_sys(e, "getrandom");
	with_front.seccomp_filter = mem_alloc((k->seccomp_len + IN_FRONT) * sizeof *with_front.seccomp_filter);
	with_front.seccomp_len += IN_FRONT;
	put_in_front(with_front.seccomp_filter, word);
	memcpy(with_front.seccomp_filter + IN_FRONT, k->seccomp_filter, k->seccomp_len * sizeof *k->seccomp_filter);
	fd = filter_load(&with_front);
	if (fd < 0)
		return filter_refused(k, e);
	pass_word = word;
	return k->seccomp_flags & SECCOMP_FILTER_FLAG_NEW_LISTENER ? send_listener(init, fd, e) : 0;
}

const struct init_step init_seccomp_pass = { "seccomp", filter_wanted, load_passing };
