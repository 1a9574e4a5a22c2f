/* process.cwd: what validate says, and that no path leads out of the root. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "check.h"
#include "linux/linux.h"
#include "step/init.h"
#include "validate.h"

static char root[] = "/tmp/hind-cwd-XXXXXX";

/* Enters cwd in the root, in a child; want is where it has to end below the root, or the error's text. user: nobody. */
static bool enters(const char *cwd, const char *want, bool user)
{
	int status;

	fflush(stdout);
	if (fork() == 0) {
		struct oci_process p = { .cwd = (char *)cwd };
		struct oci_config c = { .process = &p };
		struct init init = { .config = &c, .rootfs_fd = open(root, O_PATH) };
		char got[4096];
		struct err e;
		int failed;

		if (user && (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534)))
			_exit(3);
		failed = init_cwd.run(&init, &e);
		if (!failed && init.cwd_refused)
			failed = init_cwd_as_user.run(&init, &e);
		if (failed)
			snprintf(got, sizeof got, "%s", e.msg);
		else if (!getcwd(got, sizeof got))
			_exit(4);
		else
			memmove(got, got + strlen(root), strlen(got) - strlen(root) + 1);
		if (!str_eq(got, want))
			printf("# %s\n", got);
		fflush(stdout);
		_exit(str_eq(got, want) ? 0 : 1);
	}
	return wait(&status) > 0 && status == 0;
}

static void test_validate(void)
{
	struct oci_process p = { .cwd = "/" };
	struct oci_config c = { .process = &p };

	CHECK("absolute", says(&feature_cwd, &c, 0, NULL, NULL));
	p.cwd = "tmp";
	CHECK("relative", says(&feature_cwd, &c, 1, "process.cwd", "not an absolute path"));
	p.cwd = "";
	CHECK("empty", says(&feature_cwd, &c, 1, "process.cwd", "is empty"));
	p.cwd = NULL;
	CHECK("absent", says(&feature_cwd, &c, 1, "process.cwd", "is empty"));
}

int main(void)
{
	struct err e;
	int root_fd;

	if (!mkdtemp(root) || chmod(root, 0755) < 0)
		return 1;
	root_fd = open(root, O_PATH);
	if (mkdirat(root_fd, "a", 0755) || mkdirat(root_fd, "a/b", 0755) || mkdirat(root_fd, "closed", 0700) ||
		symlinkat("/a/b", root_fd, "inside") || symlinkat("../../../../../a", root_fd, "a/up") ||
		symlinkat("/proc/self/fd/0", root_fd, "a/fd") || mknodat(root_fd, "file", S_IFREG | 0644, 0))
		return 1;
	test_validate();
	CHECK("directory", enters("/a/b", "/a/b", false));
	CHECK("unclean path", enters("//a/./b/../b/", "/a/b", false));
	CHECK("absolute link stays inside", enters("/inside", "/a/b", false));
	CHECK("upward link stays inside", enters("/a/up", "/a", false));
	CHECK("upwards stays inside", enters("/../../a", "/a", false));
	CHECK("missing",
		enters("/nope", "chdir to cwd (\"/nope\") set in config.json failed: no such file or directory",
			false));
	CHECK("no directory",
		enters("/file", "chdir to cwd (\"/file\") set in config.json failed: not a directory", false));
	CHECK("refused to root and user",
		enters("/closed/x", "chdir to cwd (\"/closed/x\") set in config.json failed: permission denied", true));
	close(root_fd);
	CHECK("clean-up", file_remove_tree(AT_FDCWD, root, &e) == 0);
	return check_end();
}
