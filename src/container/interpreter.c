/* What else execve(2) needs beside the program itself: a script's interpreter, a dynamic program's loader. When one is
 * missing, execve says "no such file" of a program that is plainly there; so it is looked for in advance and told by
 * its name. And what a file is that is no program of this machine's: only the kernel knows whether it can run it all the
 * same (binfmt_misc), and when it cannot, a seccomp filter may be in force by then, so that nobody could look any more. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "container/steps.h"

#define MAX_SCRIPTS 4 /* BINPRM: the kernel follows that many interpreters of interpreters */

#if defined __x86_64__
#define NATIVE EM_X86_64
#elif defined __aarch64__
#define NATIVE EM_AARCH64
#else
#define NATIVE EM_NONE
#endif

static const struct {
	unsigned machine;
	const char *name;
} machines[] = { { EM_386, "i386" }, { EM_X86_64, "x86_64" }, { EM_ARM, "arm" }, { EM_AARCH64, "aarch64" },
	{ EM_RISCV, "riscv" }, { EM_PPC64, "ppc64" }, { EM_S390, "s390" }, { EM_MIPS, "mips" },
	{ EM_SPARCV9, "sparc64" } };

/* A text that the caller frees, or NULL where it is a program of this machine's. */
static char *foreign_elf(const char *head)
{
	Elf64_Ehdr h; /* e_machine is where a 32-bit header has it */
	struct utsname u = { 0 };
	const char *name = "another machine";

	memcpy(&h, head, sizeof h);
	if (NATIVE == EM_NONE || (h.e_ident[EI_CLASS] == ELFCLASS64 && h.e_machine == NATIVE))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(machines); i++)
		if (machines[i].machine == h.e_machine)
			name = machines[i].name;
	uname(&u);
	return mem_printf("it is a program for %s, and this machine is %s", name, u.machine);
}

static char *foreign_file(const char *head, size_t n)
{
	if (n == 0)
		return mem_strdup("it is an empty file");
	if (n >= 4 && memcmp(head, "\0asm", 4) == 0)
		return mem_strdup("it is a WebAssembly module, and hind runs programs of the machine");
	return mem_strdup("it is neither a program nor a script, which begins with #! and its interpreter");
}

static int missing(const char *program, const char *what, const char *path, struct err *e)
{
	err_sys(e, "exec: \"%s\": its %s %s", program, what, path);
	return -1;
}

static int check_loader(const char *program, int fd, const Elf64_Ehdr *h, struct err *e)
{
	Elf64_Phdr p[64];
	char loader[256];

	/* The kernel takes a page of program headers at most, which is as many. */
	if (h->e_phentsize != sizeof *p || h->e_phnum > sizeof p / sizeof *p ||
		pread(fd, p, h->e_phnum * sizeof *p, h->e_phoff) != (ssize_t)(h->e_phnum * sizeof *p))
		return 0;
	for (int i = 0; i < h->e_phnum; i++) {
		if (p[i].p_type != PT_INTERP || p[i].p_filesz == 0 || p[i].p_filesz >= sizeof loader)
			continue;
		if (pread(fd, loader, p[i].p_filesz, p[i].p_offset) != (ssize_t)p[i].p_filesz)
			return 0;
		loader[p[i].p_filesz] = 0;
		return access(loader, F_OK) < 0 && errno == ENOENT ? missing(program, "dynamic loader", loader, e) : 0;
	}
	return 0;
}

/* The first word behind "#!", in place; NULL where there is none. */
static char *script_interpreter(char *head)
{
	char *name = head + 2 + strspn(head + 2, " \t");

	name[strcspn(name, " \t\n")] = 0;
	return *name ? name : NULL;
}

int interpreter_check(const char *program, char **foreign, struct err *e)
{
	char path[4096], head[257];

	snprintf(path, sizeof path, "%s", program);
	for (int depth = 0; depth < MAX_SCRIPTS; depth++) {
		/* A program that may be executed and not be read is the kernel's to judge. O_NONBLOCK: not to wait at a
		 * FIFO. */
		cleanup_fd int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		ssize_t n = fd < 0 ? -1 : pread(fd, head, sizeof head - 1, 0);
		char *name;

		if (n < 0)
			return 0;
		head[n] = 0;
		if (n >= (ssize_t)sizeof(Elf64_Ehdr) && memcmp(head, ELFMAG, SELFMAG) == 0) {
			Elf64_Ehdr h;

			memcpy(&h, head, sizeof h);
			*foreign = depth == 0 ? foreign_elf(head) : NULL;
			return *foreign ? 0 : check_loader(program, fd, &h, e);
		}
		if (n < 2 || memcmp(head, "#!", 2) != 0 || !(name = script_interpreter(head))) {
			*foreign = depth == 0 ? foreign_file(head, n) : NULL;
			return 0;
		}
		if (access(name, F_OK) < 0 && errno == ENOENT && !program_is_of_self(name))
			return missing(program, "interpreter", name, e);
		snprintf(path, sizeof path, "%s", name);
	}
	return 0;
}
