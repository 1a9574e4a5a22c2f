/* process.user and process.oomScoreAdj, process.consoleSize: what validate says; ids, groups and umask as they arrive. */
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "check.h"
#include "linux/linux.h"
#include "step/init.h"
#include "validate.h"

static void test_validate(void)
{
	struct oci_namespace ns = { .type = "user" };
	struct oci_id_mapping map = { .container_id = 0, .host_id = 1000, .size = 10 };
	struct oci_linux l = { 0 };
	uint32_t groups[] = { 5, 10 };
	struct oci_user user = { .uid = UINT32_MAX, .gid = 4294967294 };
	struct oci_process p = { .user = &user };
	struct oci_config c = { .process = &p, .linux = &l };

	CHECK("(uid_t)-1", says(&feature_user, &c, 1, "process.user.uid", "is no id"));
	user = (struct oci_user){ .has_umask = true, .umask = 01000 };
	CHECK("umask", says(&feature_user, &c, 1, "process.user.umask", "octal 1000"));
	l = (struct oci_linux){ .namespaces = &ns,
		.n_namespaces = 1,
		.uid_mappings = &map,
		.n_uid_mappings = 1,
		.gid_mappings = &map,
		.n_gid_mappings = 1 };
	user = (struct oci_user){ .uid = 9, .gid = 9 };
	CHECK("mapped", says(&feature_user, &c, 0, NULL, NULL));
	user = (struct oci_user){ .uid = 10, .gid = 9 };
	CHECK("not mapped", says(&feature_user, &c, 1, "process.user.uid", "10 is not mapped"));
	user = (struct oci_user){ .additional_gids = groups, .n_additional_gids = 2 };
	CHECK("group not mapped", says(&feature_user, &c, 1, "process.user.additionalGids[1]", "10 is not mapped"));
}

static void test_neighbours(void)
{
	struct oci_console_size size = { .height = 65535, .width = 65535 };
	struct oci_process p = { .console_size = &size, .has_oom_score_adj = true, .oom_score_adj = -1000 };
	struct oci_config c = { .process = &p };

	CHECK("largest terminal", says(&feature_terminal, &c, 0, NULL, NULL));
	CHECK("lowest score", says(&feature_oom, &c, 0, NULL, NULL));
	p.oom_score_adj = 1001;
	CHECK("score too high", says(&feature_oom, &c, 1, "process.oomScoreAdj", "1001"));
	p.oom_score_adj = -1001;
	CHECK("score too low", says(&feature_oom, &c, 1, "process.oomScoreAdj", "-1001"));
}

/* In a child: become the user, and compare with what the kernel says then. */
static bool becomes(struct oci_user *user, mode_t want_umask)
{
	int status;

	fflush(stdout);
	if (fork() == 0) {
		struct oci_process p = { .user = user };
		struct oci_config c = { .process = &p };
		struct init init = { .config = &c, .proc_fd = open("/proc", O_PATH) };
		uid_t r, e, s;
		gid_t rg, eg, sg, groups[16];
		struct err err;
		int n;

		if (init_user.run(&init, &err)) {
			printf("# %s\n", err.msg);
			fflush(stdout);
			_exit(1);
		}
		n = getgroups(16, groups);
		getresuid(&r, &e, &s);
		getresgid(&rg, &eg, &sg);
		if (r != user->uid || e != r || s != r || rg != user->gid || eg != rg || sg != rg)
			_exit(2);
		if (n != (int)user->n_additional_gids)
			_exit(3);
		for (int i = 0; i < n; i++)
			if (groups[i] != user->additional_gids[i])
				_exit(4);
		_exit(umask(0) == want_umask ? 0 : 5);
	}
	return wait(&status) > 0 && status == 0;
}

int main(void)
{
	uint32_t groups[] = { 7, 20000 };

	test_validate();
	test_neighbours();
	if (geteuid() == 0) {
		CHECK("ids", becomes(&(struct oci_user){ .uid = 1000, .gid = 1001 }, 0022));
		CHECK("groups and umask", becomes(&(struct oci_user){ .uid = 4294967294,
							  .gid = 4294967294,
							  .has_umask = true,
							  .umask = 077,
							  .additional_gids = groups,
							  .n_additional_gids = 2 },
						  077));
		CHECK("umask 0 is not the default", becomes(&(struct oci_user){ .has_umask = true }, 0));
	}
	return check_end();
}
