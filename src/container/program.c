/* Which file process.args[0] is: looked up in the container's own PATH as the container's user, after the root was switched and
 * the ids were, so that what is found here is what execve will be allowed. Texts as engines match them. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "container/steps.h"
#include "step/init.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* 0 where path is a file that we may execute, an errno otherwise. */
static int executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? errno : 0;
}

static const char *path_of(char *const *env)
{
	for (; env && *env; env++)
		if (str_starts(*env, "PATH="))
			return *env + strlen("PATH=");
	return DEFAULT_PATH;
}

static int search(struct init *in, const char *name, struct err *e)
{
	const char *path = path_of(in->env);
	bool refused = false;

	for (;;) {
		size_t len = strcspn(path, ":");
		char *candidate = len ? mem_printf("%.*s/%s", (int)len, path, name) : mem_printf("./%s", name);
		int errnum = executable(candidate);

		if (errnum == 0) {
			in->program = candidate;
			return 0;
		}
		refused = refused || errnum == EACCES;
		free(candidate);
		if (!path[len])
			break;
		path += len + 1;
	}
	if (refused)
		return err_set(e, "exec: \"%s\": permission denied", name);
	return err_set(e, "exec: \"%s\": executable file not found in $PATH", name);
}

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#elif defined(__riscv)
#define MACHINE EM_RISCV
#elif defined(__powerpc64__)
#define MACHINE EM_PPC64
#elif defined(__s390x__)
#define MACHINE EM_S390
#else
#define MACHINE EM_NONE /* nothing is looked up */
#endif

/* elf(5): the loader that a dynamic program of this machine asks for. Another machine's may be run by binfmt_misc, which has
 * ways of its own to find it. */
static void loader_of(int fd, char *name, size_t size)
{
	Elf64_Ehdr head;
	Elf64_Phdr part;

	if (pread(fd, &head, sizeof head, 0) != sizeof head || head.e_machine != MACHINE ||
	        head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_phentsize != sizeof part)
		return;
	for (int i = 0; i < head.e_phnum; i++) {
		if (pread(fd, &part, sizeof part, head.e_phoff + i * sizeof part) != sizeof part)
			return;
		if (part.p_type == PT_INTERP && part.p_filesz < size && pread(fd, name, part.p_filesz, part.p_offset) > 0)
			return;
	}
}

/* What execve(2) needs beside the file itself: the interpreter of a script, the loader of a dynamic program. Without it,
 * execve says "no such file or directory" of a file that is there. A file that we may execute but not read is not judged. */
static int interpreter_there(const char *path, struct err *e)
{
	char head[256] = "", name[PATH_MAX] = "";
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	int errnum;

	if (fd < 0 || pread(fd, head, sizeof head - 1, 0) < 4)
		return 0;
	if (str_starts(head, "#!"))
		sscanf(head + 2 + strspn(head + 2, " \t"), "%255[^ \t\n]", name);
	else if (memcmp(head, ELFMAG, SELFMAG) == 0)
		loader_of(fd, name, sizeof name - 1);
	errnum = *name ? executable(name) : 0;
	if (errnum)
		return err_set(e, "exec: \"%s\": its interpreter %s: %s", path, name, err_text(errnum));
	return 0;
}

static int find(struct init *in, struct err *e)
{
	const char *name = in->config->process->args[0];
	int errnum;

	if (!strchr(name, '/')) {
		if (search(in, name, e))
			return -1;
	} else {
		errnum = executable(name);
		if (errnum == EISDIR || errnum == EACCES)
			return err_set(e, "exec: \"%s\": %s", name, err_text(errnum));
		if (errnum)
			return err_set(e, "exec: \"%s\": stat %s: %s", name, name, err_text(errnum));
		in->program = mem_strdup(name);
	}
	if (interpreter_there(in->program, e))
		return -1;
	log_info("program", "found=%s", in->program);
	return interpreter_check(in->program, e);
}

const struct init_step init_program = { "program", NULL, find };
