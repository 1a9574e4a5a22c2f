/* Where the program begins, before libc: a command that enters a container executes itself once more from a read-only
 * overlay (exe.h), and the first of the two starts needs nothing of libc, whose own costs as much as all the rest of
 * it: dozens of cpuid instructions, each of which leaves a virtual machine, the heap, the pages of it all. A static
 * x86_64 program begins here; elsewhere, and whenever anything is not as usual, the first start is an ordinary one, in
 * which main comes to the same by exe_protect. That alone judges whether an image is protected.
 *
 * Nothing here may use libc, thread-local storage (stack protector), or a pointer that is stored somewhere, which a
 * position-independent program would still have to relocate: meson.build has the flags. */
#include "sys/exe.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define VALUE_MAX 256 /* fsconfig(2) takes strings up to here, with the NUL */

#ifdef __x86_64__
static long call(long number, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return result;
}
#define CALL(number, a, b, c, d, e) call(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e))
#else
#define CALL(number, a, b, c, d, e) syscall(number, a, b, c, d, e)
#endif

static void close_fd(long fd)
{
	if (fd >= 0)
		CALL(SYS_close, fd, 0, 0, 0, 0);
}

/* Appends s to the text of n bytes in buf, unless that is full already or s has one of the characters that lowerdir=
 * would have to escape; such a place is rare enough for the memfd. Returns the new length, VALUE_MAX: no use. */
static size_t append(char buf[VALUE_MAX], size_t n, const char *s, const char *end)
{
	for (; s != end && *s; s++) {
		if (n >= VALUE_MAX - 1 || *s == ':' || *s == '\\' || *s == ',')
			return VALUE_MAX;
		buf[n++] = *s;
	}
	return n;
}

static const char *last_slash(const char *path)
{
	const char *slash = NULL;

	for (; *path; path++)
		if (*path == '/')
			slash = path;
	return slash;
}

/* Both layers; false where they cannot be told to the kernel. */
static bool layers_of(const char *path, const char *slash, const char *empty_dir, char layers[VALUE_MAX])
{
	size_t n = append(layers, 0, path, slash == path ? slash + 1 : slash);

	if (n < VALUE_MAX - 1)
		layers[n++] = ':';
	n = append(layers, n, empty_dir, NULL);
	if (n >= VALUE_MAX)
		return false;
	layers[n] = 0;
	return true;
}

static bool set(long fs_fd, const char *key, const char *value)
{
	return CALL(SYS_fsconfig, fs_fd, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, key, value, 0) == 0;
}

int exe_overlay(const char *path, const char *empty_dir)
{
	const char *slash = last_slash(path);
	long fs_fd, mount_fd = -1, fd = -1;
	char layers[VALUE_MAX];

	if (!slash || !layers_of(path, slash, empty_dir, layers))
		return -1;
	fs_fd = CALL(SYS_fsopen, "overlay", FSOPEN_CLOEXEC, 0, 0, 0);
	if (fs_fd >= 0 && set(fs_fd, "source", "hind") && set(fs_fd, "lowerdir", layers) && set(fs_fd, "ro", NULL) &&
		CALL(SYS_fsconfig, fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		mount_fd = CALL(SYS_fsmount, fs_fd, FSMOUNT_CLOEXEC,
			MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID, 0, 0);
	if (mount_fd >= 0)
		fd = CALL(SYS_openat, mount_fd, slash + 1, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0, 0);
	close_fd(mount_fd);
	close_fd(fs_fd);
	return fd < 0 ? -1 : (int)fd;
}

/* ---- before libc ---- */

/* What follows the beginning of s, or NULL where s begins otherwise. */
static const char *behind(const char *s, const char *beginning)
{
	while (*beginning)
		if (*s++ != *beginning++)
			return NULL;
	return s;
}

static bool same(const char *s, const char *word)
{
	const char *rest = behind(s, word);

	return rest && !*rest;
}

/* struct command.enters. A word that is missed, or taken for a command and is none, costs time and nothing else. */
static bool enters(const char *word)
{
	return same(word, "run") || same(word, "create") || same(word, "exec") || same(word, "restore") ||
	       same(word, "mounts");
}

/* Only what stands before the command is looked at: behind it there may be words of people who are not to choose a
 * directory of the host. */
const char *exe_root(char *const *argv)
{
	const char *root = NULL, *value;

	while (*argv && *++argv && !enters(*argv)) {
		value = same(*argv, "--root") ? argv[1] : behind(*argv, "--root=");
		if (value && root)
			return NULL;
		root = value ? value : root;
	}
	if (!*argv || root)
		return *argv && *root == '/' ? root : NULL;
	while (*argv)
		argv++;
	while (*++argv)
		if (behind(*argv, "XDG_RUNTIME_DIR="))
			return NULL;
	return EXE_ROOT;
}

#ifdef __x86_64__
/* stack: argc, and argv behind it. Returns to start in the ordinary way. */
void exe_before_libc(char **stack)
{
	char *const *argv = stack + 1, *const *envp = argv;
	const char *root = exe_root(argv);
	char path[VALUE_MAX];
	long n, fd;

	if (!root || CALL(SYS_geteuid, 0, 0, 0, 0, 0) != 0)
		return;
	while (*envp++)
		;
	CALL(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
	n = CALL(SYS_readlink, "/proc/self/exe", path, sizeof path - 1, 0, 0);
	if (n <= 0 || n >= VALUE_MAX - 1)
		return;
	path[n] = 0;
	/* At the root of its file system is a copy that was made here, or in memory; or one that main may look at. */
	if (last_slash(path) == path)
		return;
	fd = exe_overlay(path, root);
	if (fd < 0)
		return;
	CALL(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH);
	close_fd(fd);
}

/* rdx: what the ABI passes to _start. */
__asm__(".text\n"
	".globl exe_entry\n"
	".type exe_entry, @function\n"
	"exe_entry:\n"
	"	xor %ebp, %ebp\n"
	"	mov %rdx, %r12\n"
	"	mov %rsp, %rbx\n"
	"	mov %rsp, %rdi\n"
	"	and $-16, %rsp\n"
	"	call exe_before_libc\n"
	"	mov %rbx, %rsp\n"
	"	mov %r12, %rdx\n"
	"	jmp _start\n"
	".size exe_entry, . - exe_entry\n");
#endif
