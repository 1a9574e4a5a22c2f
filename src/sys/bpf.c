/* bpf(2): cgroup device programs, Linux 4.15; BPF_F_REPLACE, Linux 5.6. */
#include "sys/bpf.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define VERIFIER_LOG 4096

static int bpf(enum bpf_cmd cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof *attr);
}

int bpf_load_device(const struct bpf_insn *program, size_t n, struct err *e)
{
	union bpf_attr attr = { 0 };
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uintptr_t)program;
	attr.insn_cnt = (uint32_t)n;
	attr.license = (uintptr_t) "Apache-2.0";
	int fd = bpf(BPF_PROG_LOAD, &attr);
	if (fd >= 0)
		return fd;
	if (errno != EINVAL && errno != EACCES && errno != E2BIG)
		return err_sys(e, "bpf BPF_PROG_LOAD of %zu instructions", n);
	/* Once more for the verifier's reason: asking for it always would cost each start. */
	static char log[VERIFIER_LOG];
	attr.log_level = 1;
	attr.log_buf = (uintptr_t)log;
	attr.log_size = sizeof log;
	fd = bpf(BPF_PROG_LOAD, &attr);
	if (fd >= 0)
		return fd;
	int code = errno;
	size_t len = strnlen(log, sizeof log - 1);
	while (len && log[len - 1] == '\n')
		log[--len] = '\0';
	const char *last = len > 300 ? log + len - 300 : log;
	for (char *p = log; *p; p++)
		*p = *p == '\n' ? ' ' : *p;
	errno = code;
	return err_sys(e, "bpf BPF_PROG_LOAD of %zu instructions: verifier: %s", n, last);
}

int bpf_attach_device(int cgroup_fd, int program_fd, int replaced_fd, struct err *e)
{
	union bpf_attr attr = { 0 };
	attr.target_fd = (uint32_t)cgroup_fd;
	attr.attach_bpf_fd = (uint32_t)program_fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	/* "Multi", so that cgroups below can have programs, too: all of them must allow an access. */
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (replaced_fd >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)replaced_fd;
	}
	return bpf(BPF_PROG_ATTACH, &attr) < 0 ? err_sys(e, "bpf BPF_PROG_ATTACH BPF_CGROUP_DEVICE") : 0;
}

int bpf_detach_device(int cgroup_fd, int program_fd, struct err *e)
{
	union bpf_attr attr = { 0 };
	attr.target_fd = (uint32_t)cgroup_fd;
	attr.attach_bpf_fd = (uint32_t)program_fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	return bpf(BPF_PROG_DETACH, &attr) < 0 ? err_sys(e, "bpf BPF_PROG_DETACH BPF_CGROUP_DEVICE") : 0;
}

int bpf_query_device(int cgroup_fd, uint32_t *ids, size_t *n, struct err *e)
{
	union bpf_attr attr = { 0 };
	attr.query.target_fd = (uint32_t)cgroup_fd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uintptr_t)ids;
	attr.query.prog_cnt = (uint32_t)*n;
	if (bpf(BPF_PROG_QUERY, &attr) < 0)
		return err_sys(e, "bpf BPF_PROG_QUERY BPF_CGROUP_DEVICE");
	*n = attr.query.prog_cnt;
	return 0;
}

int bpf_open_program(uint32_t id, struct err *e)
{
	union bpf_attr attr = { 0 };
	attr.prog_id = id;
	int fd = bpf(BPF_PROG_GET_FD_BY_ID, &attr);
	return fd < 0 ? err_sys(e, "bpf BPF_PROG_GET_FD_BY_ID %u", id) : fd;
}
