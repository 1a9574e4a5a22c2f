/* Device rules on v2, which has no files for them: an eBPF program at the cgroup is asked for each access;
 * cgroup-v2.rst, "Device controller", and struct bpf_cgroup_dev_ctx in linux/bpf.h. The program is one block per
 * exception, in a row:
 *
 *	type differs -> next;  major differs -> next;  minor differs -> next;  access not the exception's -> next;
 *	return */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "cgroup/device_list.h"
#include "cgroup/hierarchy.h"
#include "sys/bpf.h"
#include "sys/capable.h"

#define BLOCK_MAX 14 /* instructions of one exception */
#define FRAME 8      /* of the beginning and the end */

/* Registers: r1 is the context that the kernel passes. */
enum { TYPE = BPF_REG_2, ACCESS = BPF_REG_3, MAJOR = BPF_REG_4, MINOR = BPF_REG_5, SCRATCH = BPF_REG_6 };

struct program {
	struct bpf_insn *v;
	size_t n;
};

static void emit(struct program *p, int code, int dst, int src, int off, int imm)
{
	p->v[p->n++] = (struct bpf_insn){
		.code = (uint8_t)code, .dst_reg = dst & 15, .src_reg = src & 15, .off = (int16_t)off, .imm = imm
	};
}

static void emit_load(struct program *p, int reg, size_t offset)
{
	emit(p, BPF_LDX | BPF_MEM | BPF_W, reg, BPF_REG_1, (int)offset, 0);
}

static void emit_return(struct program *p, bool allow)
{
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, allow);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* A jump that is taken where reg is not `value`; emit_exception sets its target. The comparison is made on a copy,
 * because the verifier would remember the value of reg itself on one of the two ways on, follow each of these ways
 * through all blocks that come after, and give up at some hundred exceptions. */
static size_t emit_unless(struct program *p, int reg, int value)
{
	emit(p, BPF_ALU64 | BPF_MOV | BPF_X, SCRATCH, reg, 0, 0);
	emit(p, BPF_ALU64 | BPF_XOR | BPF_K, SCRATCH, 0, 0, value);
	emit(p, BPF_JMP | BPF_JNE | BPF_K, SCRATCH, 0, 0, 0);
	return p->n - 1;
}

static void emit_exception(struct program *p, const struct device_list *list, const struct device_exception *x)
{
	size_t jumps[4], n = 0;
	jumps[n++] = emit_unless(p, TYPE, x->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	if (x->major >= 0)
		jumps[n++] = emit_unless(p, MAJOR, (int)x->major);
	if (x->minor >= 0)
		jumps[n++] = emit_unless(p, MINOR, (int)x->minor);
	if (x->access != DEVICE_ALL) {
		/* All allowed: any access of the exception is refused. All denied: the exception must cover each
		 * access. */
		emit(p, BPF_ALU64 | BPF_MOV | BPF_X, SCRATCH, ACCESS, 0, 0);
		emit(p, BPF_ALU64 | BPF_AND | BPF_K, SCRATCH, 0, 0,
			(int)(list->allow ? x->access : DEVICE_ALL & ~x->access));
		jumps[n++] = p->n;
		emit(p, BPF_JMP | (list->allow ? BPF_JEQ : BPF_JNE) | BPF_K, SCRATCH, 0, 0, 0);
	}
	emit_return(p, !list->allow);
	for (size_t i = 0; i < n; i++)
		p->v[jumps[i]].off = (int16_t)(p->n - jumps[i] - 1);
}

size_t device_program(const struct device_list *list, struct bpf_insn **program)
{
	struct program p = { mem_alloc((list->n * BLOCK_MAX + FRAME) * sizeof *p.v), 0 };
	/* access_type: the type in the low half, the access in the high half */
	emit_load(&p, ACCESS, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit(&p, BPF_ALU64 | BPF_MOV | BPF_X, TYPE, ACCESS, 0, 0);
	emit(&p, BPF_ALU64 | BPF_AND | BPF_K, TYPE, 0, 0, 0xffff);
	emit(&p, BPF_ALU64 | BPF_RSH | BPF_K, ACCESS, 0, 0, 16);
	emit_load(&p, MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	emit_load(&p, MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	for (size_t i = 0; i < list->n; i++)
		emit_exception(&p, list, &list->v[i]);
	emit_return(&p, list->allow);
	*program = p.v;
	return p.n;
}

static int attach(int cgroup_fd, int program_fd, bool fresh, struct err *e)
{
	uint32_t ids[BPF_DEVICES_MAX];
	size_t n = fresh ? 0 : BPF_DEVICES_MAX;
	if (n && bpf_query_device(cgroup_fd, ids, &n, e) < 0)
		return -1;
	/* In one step, so that no access is ever judged by both or by none. Programs beyond the first are somebody
	 * else's mistake or an update that was cut off: all programs must allow an access, so they go. */
	for (size_t i = 0; i < n; i++) {
		cleanup_fd int old_fd = bpf_open_program(ids[i], e);
		if (old_fd < 0)
			return -1;
		if ((i == 0 ? bpf_attach_device(cgroup_fd, program_fd, old_fd, e)
			    : bpf_detach_device(cgroup_fd, old_fd, e)) < 0)
			return -1;
	}
	return n ? 0 : bpf_attach_device(cgroup_fd, program_fd, -1, e);
}

int device_attach(const struct hierarchy *h, const struct device_list *list, struct err *e)
{
	cleanup_free struct bpf_insn *program = NULL;
	size_t n = device_program(list, &program);
	cleanup_fd int cgroup_fd = open(h->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroup_fd < 0)
		return err_sys(e, "linux.resources.devices: open cgroup %s", h->dir);
	cleanup_fd int program_fd = bpf_load_device(program, n, e);
	if (program_fd < 0 && e->code == EPERM && (geteuid() != 0 || in_user_namespace())) {
		/* Who may load no program can make no device nodes either: they have the kernel's own check. */
		log_info("cgroup", "devices=not judged: a user may load no program for that");
		return 0;
	}
	if (program_fd < 0 || attach(cgroup_fd, program_fd, h->fresh, e) < 0)
		return err_wrap(e, "linux.resources.devices: cgroup %s", h->dir);
	log_info("cgroup", "file=%s value=device program of %zu instructions", h->dir, n);
	return 0;
}
