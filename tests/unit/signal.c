/* Signals: nothing ignored, nothing blocked after init_signal, whatever the caller left. */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "check.h"
#include "linux/linux.h"
#include "step/init.h"

int main(void)
{
	struct init init = { .proc_fd = open("/proc", O_PATH) };
	struct sigaction now;
	sigset_t all, mask;
	struct err e = { 0 };
	int left = 0;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	for (int i = 1; i <= SIGRTMAX; i++)
		signal(i, SIG_IGN);
	CHECK("before: ignored", sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_IGN);
	CHECK("init_signal", init_signal.run(&init, &e) == 0);
	for (int i = 1; i <= SIGRTMAX; i++)
		if (i < 32 || i >= SIGRTMIN)
			left += sigaction(i, NULL, &now) == 0 && now.sa_handler != SIG_DFL;
	CHECK("all dispositions are the default", left == 0);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	left = 0;
	for (int i = 1; i <= SIGRTMAX; i++)
		left += sigismember(&mask, i) == 1;
	CHECK("nothing is blocked", left == 0);
	return check_end();
}
