/* process.rlimits: the name table against the kernel's headers, validate, and exact values. */
#include <linux/limits.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "check.h"
#include "linux/linux.h"
#include "step/init.h"
#include "validate.h"

static const struct {
	const char *name;
	int resource;
} all[] = {
#define LIMIT(x)                                                                                                       \
	{                                                                                                              \
#x, x                                                                                                  \
	}
	LIMIT(RLIMIT_AS),
	LIMIT(RLIMIT_CORE),
	LIMIT(RLIMIT_CPU),
	LIMIT(RLIMIT_DATA),
	LIMIT(RLIMIT_FSIZE),
	LIMIT(RLIMIT_LOCKS),
	LIMIT(RLIMIT_MEMLOCK),
	LIMIT(RLIMIT_MSGQUEUE),
	LIMIT(RLIMIT_NICE),
	LIMIT(RLIMIT_NOFILE),
	LIMIT(RLIMIT_NPROC),
	LIMIT(RLIMIT_RSS),
	LIMIT(RLIMIT_RTPRIO),
	LIMIT(RLIMIT_RTTIME),
	LIMIT(RLIMIT_SIGPENDING),
	LIMIT(RLIMIT_STACK),
#undef LIMIT
};

/* In a child, as a limit cannot be raised again. */
static bool sets_exactly(const char *name, int resource)
{
	struct rlimit old, now;
	int status;

	getrlimit(resource, &old);
	fflush(stdout);
	if (fork() == 0) {
		rlim_t hard = old.rlim_max == RLIM_INFINITY ? RLIM_INFINITY - 1 : old.rlim_max,
		       soft = hard ? hard - 1 : 0;
		struct oci_rlimit r = { .type = (char *)name, .hard = hard, .soft = soft };
		struct oci_process p = { .rlimits = &r, .n_rlimits = 1 };
		struct oci_config c = { .process = &p };
		struct init init = { .config = &c };
		struct err e;

		if (init_rlimit.run(&init, &e)) {
			printf("# %s\n", e.msg);
			fflush(stdout);
			_exit(1);
		}
		getrlimit(resource, &now);
		_exit(now.rlim_cur == soft && now.rlim_max == hard ? 0 : 2);
	}
	return wait(&status) > 0 && status == 0;
}

static bool refuses(size_t n, const char *path, const char *text, struct oci_rlimit *r, size_t n_rlimits)
{
	struct oci_process p = { .rlimits = r, .n_rlimits = n_rlimits };
	struct oci_config c = { .process = &p };

	return says(&feature_rlimit, &c, n, path, text);
}

int main(void)
{
	struct oci_config empty = { 0 };

	CHECK("every limit of the headers is in this test", ARRAY_LEN(all) == RLIM_NLIMITS);
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct oci_rlimit r = { .type = (char *)all[i].name, .hard = 1, .soft = 1 };

		CHECK(all[i].name, refuses(0, NULL, NULL, &r, 1) && sets_exactly(all[i].name, all[i].resource));
	}
	CHECK("no process", says(&feature_rlimit, &empty, 0, NULL, NULL));
	CHECK("unknown name", refuses(1, "process.rlimits[0].type", "\"RLIMIT_CPUS\"",
				      (struct oci_rlimit[]){ { .type = "RLIMIT_CPUS" } }, 1));
	CHECK("name in lower case", refuses(1, "process.rlimits[0].type", "no resource limit",
					    (struct oci_rlimit[]){ { .type = "rlimit_cpu" } }, 1));
	CHECK("soft above hard", refuses(1, "process.rlimits[1].soft", "5 is above the hard limit 4",
					 (struct oci_rlimit[]){ { .type = "RLIMIT_CPU", .soft = 4, .hard = 4 },
						 { .type = "RLIMIT_AS", .soft = 5, .hard = 4 } },
					 2));
	CHECK("soft unlimited, hard not",
		refuses(1, "process.rlimits[0].soft", "18446744073709551615",
			(struct oci_rlimit[]){ { .type = "RLIMIT_CPU", .soft = UINT64_MAX, .hard = UINT64_MAX - 1 } },
			1));
	CHECK("both unlimited",
		refuses(0, NULL, NULL,
			(struct oci_rlimit[]){ { .type = "RLIMIT_CPU", .soft = UINT64_MAX, .hard = UINT64_MAX } }, 1));
	CHECK("twice the same", refuses(1, "process.rlimits[2].type", "after process.rlimits[0]",
					(struct oci_rlimit[]){ { .type = "RLIMIT_CPU" }, { .type = "RLIMIT_AS" },
						{ .type = "RLIMIT_CPU" } },
					3));
	return check_end();
}
