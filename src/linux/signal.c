/* Signals as the program expects to find them: none blocked, none ignored. Not in the spec; signal(7), execve(2).
 *
 * execve resets handlers but keeps what is ignored and blocked, and hind's caller (nohup, a shell's background job) or
 * hind itself (SIGPIPE) may have left some so. Last, because the set-up relies on them. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "linux/linux.h"
#include "step/init.h"

/* The kernel says which are ignored: cheaper than a call for each of 64 signals. */
static int read_ignored(int proc_fd, uint64_t *mask, struct err *e)
{
	static const char key[] = "\nSigIgn:";
	cleanup_free char *text = NULL;
	char *line;
	size_t len;

	if (file_read(proc_fd, "self/status", 1 << 16, &text, &len, e))
		return -1;
	line = strstr(text, key);
	if (!line)
		return err_set(e, "/proc/self/status has no SigIgn");
	*mask = strtoull(line + strlen(key), NULL, 16);
	return 0;
}

/* Where there is no procfs. */
static uint64_t ask_ignored(void)
{
	uint64_t mask = 0;

	for (int i = 1; i <= 64; i++) {
		struct sigaction now;

		if (sigaction(i, NULL, &now) == 0 && now.sa_handler == SIG_IGN)
			mask |= UINT64_C(1) << (i - 1);
	}
	return mask;
}

static int reset(struct init *init, struct err *e)
{
	struct sigaction standard = { .sa_handler = SIG_DFL };
	uint64_t ignored = 0;
	sigset_t none;

	if (init->proc_fd < 0)
		ignored = ask_ignored();
	else if (read_ignored(init->proc_fd, &ignored, e))
		return -1;
	for (int i = 1; i <= 64; i++) {
		/* glibc keeps the first two real-time signals to itself and answers EINVAL: nobody can have ignored
		 * them through it. */
		if (ignored >> (i - 1) & 1 && sigaction(i, &standard, NULL) < 0 && errno != EINVAL)
			return err_sys(e, "sigaction %d", i);
	}
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) < 0 ? err_sys(e, "sigprocmask") : 0;
}

const struct init_step init_signal = { "signal", NULL, reset };
