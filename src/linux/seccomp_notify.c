/* linux.seccomp.listenerPath: the descriptor by which an agent answers system calls in the program's place.
 * runtime-spec config-linux.md "Seccomp" and runtime.md "Container Process State"; seccomp_unotify(2), Linux 5.0.
 *
 * The filter may hold any system call for the agent, sendmsg, too, and the agent can answer none before it has the
 * descriptor: whoever has loaded the filter may call nothing until it is sent. So a second thread sends it, which
 * shares our descriptors and was made before; a filter concerns the thread that loads it. We learn of its success from
 * memory, without a call. It ends itself, as a thread it leaves no zombie, and what little might be left of it ends
 * with execve. */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "linux/linux.h"
#include "linux/syscall_filter.h"
#include "step/init.h"
#include "step/launch.h"
#include "step/sync.h"
#include "json/encode.h"

#define SEND_TIMEOUT 10 /* seconds, for an agent that does not read */
#define LISTENER_NONE (-1)
#define LISTENER_FAILED (-2)

/* Shared by the two threads, which have one stack protector and one errno: the other one calls the kernel only while we
 * wait. */
struct courier {
	atomic_int listener_fd; /* or LISTENER_* */
	atomic_int done;
	int agent_fd;
	const char *text;
	size_t len;
	int status;
	struct err err;
	_Alignas(16) char stack[65536];
};

static bool notify_wanted(const struct oci_config *config)
{
	return config->linux && config->linux->seccomp && config->linux->seccomp->listener_path &&
	       filter_notifies(config->linux->seccomp);
}

static int connect_agent(struct launch *l, struct err *e)
{
	const struct timeval timeout = { .tv_sec = SEND_TIMEOUT };

	l->kit.seccomp_agent_fd = fd_connect(AT_FDCWD, l->config->linux->seccomp->listener_path, SOCK_STREAM, e);
	if (l->kit.seccomp_agent_fd < 0)
		return err_wrap(e, "linux.seccomp.listenerPath");
	if (setsockopt(l->kit.seccomp_agent_fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) < 0)
		return err_sys(e, "linux.seccomp.listenerPath: setsockopt(SO_SNDTIMEO)");
	return 0;
}

static void disconnect_agent(struct launch *l)
{
	fd_close(&l->kit.seccomp_agent_fd);
}

/* A thread's main function: raw calls, no memory, nothing that needs thread-local storage of its own. */
static int deliver(void *data)
{
	struct courier *c = data;
	const struct timespec moment = { .tv_nsec = 50000 };
	int fd;

	while ((fd = atomic_load(&c->listener_fd)) == LISTENER_NONE)
		syscall(SYS_nanosleep, &moment, NULL);
	if (fd >= 0) {
		c->status = fd_send(c->agent_fd, c->text, c->len, &fd, 1, &c->err);
		/* The agent must be the only one with the listener, or it would not see the end of the program's calls;
		 * and the spec has the connection closed after the one message. */
		close(fd);
		close(c->agent_fd);
	}
	atomic_store(&c->done, 1);
	return 0;
}

static char *process_state(const struct oci_config *config, const char *id, const char *bundle, pid_t pid, size_t *len)
{
	static char *fds[] = { "seccompFd", NULL };
	struct oci_state state = {
		.oci_version = config->oci_version,
		.id = id,
		.status = "created",
		.has_pid = true,
		.pid = pid,
		.bundle = bundle,
		.annotations = config->annotations,
		.n_annotations = config->n_annotations,
	};
	struct oci_container_process_state process = {
		.oci_version = config->oci_version,
		.fds = fds,
		.n_fds = 1,
		.has_pid = true,
		.pid = pid,
		.metadata = config->linux->seccomp->listener_metadata,
		.state = &state,
	};
	struct json_out *out = json_out_new(false);
	char *text;

	json_struct(out, &json_oci_container_process_state, &process);
	text = mem_strdup(json_out_text(out, len));
	json_out_free(out);
	return text;
}

/* From a successful filter_load on, everything but the last two statements waits for the agent. */
static int load_and_wait(const struct init *init, struct courier *c, struct err *e)
{
	int fd = filter_load(init->kit), code = errno;

	atomic_store(&c->listener_fd, fd < 0 ? LISTENER_FAILED : fd);
	while (!atomic_load(&c->done))
		;
	if (fd < 0) {
		errno = code;
		return err_sys(e, "seccomp: load the filter with a listener (flags %#x)", init->kit->seccomp_flags);
	}
	if (c->status) {
		*e = c->err;
		return err_wrap(e, "linux.seccomp.listenerPath");
	}
	return 0;
}

int filter_load_notifying(const struct init *init, struct err *e)
{
	struct courier *c = mem_alloc(sizeof *c);
	char *text = process_state(init->config, init->id, init->bundle, init->host_pid, &c->len);

	c->text = text;
	c->agent_fd = init->kit->seccomp_agent_fd;
	atomic_init(&c->listener_fd, LISTENER_NONE);
	if (clone(deliver, c->stack + sizeof c->stack,
		    CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, c) < 0) {
		err_sys(e, "clone a thread for the seccomp listener");
		free(text);
		free(c);
		return -1;
	}
	/* Not freed from here on: free(3) may call the kernel, and execve takes it anyway. */
	return load_and_wait(init, c, e);
}

/* ---- exec: the listener comes to the parent (seccomp_pass.c), which tells the agent once it knows the pid ---- */

static int receive(struct launch *l, struct err *e)
{
	return sync_expect(l->sync_fd, SYNC_LISTENER, &l->listener_fd, e);
}

static void drop(struct launch *l)
{
	fd_close(&l->listener_fd);
}

static int tell(struct launch *l, struct err *e)
{
	size_t len;
	cleanup_free char *text = process_state(l->config, l->opts->id, l->bundle, l->pid, &len);

	if (fd_send(l->kit.seccomp_agent_fd, text, len, &l->listener_fd, 1, e))
		return err_wrap(e, "linux.seccomp.listenerPath");
	/* As for deliver: the agent is to be the only one, and the connection ends. */
	fd_close(&l->listener_fd);
	fd_close(&l->kit.seccomp_agent_fd);
	return 0;
}

const struct host_step host_seccomp_listener = { "seccomp agent", notify_wanted, receive, drop };
const struct host_step host_seccomp_tell = { "seccomp agent", notify_wanted, tell, NULL };
const struct host_step host_seccomp_agent = { "seccomp agent", notify_wanted, connect_agent, disconnect_agent };
