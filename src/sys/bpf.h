/* bpf(2) for cgroup device programs: what libbpf would be linked for. */
#ifndef HIND_BPF_H
#define HIND_BPF_H
#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define BPF_DEVICES_MAX 64 /* the kernel's own bound of programs at one cgroup */

/* Loads a program of type BPF_PROG_TYPE_CGROUP_DEVICE; the fd is close-on-exec. Where the verifier refuses it, e has
 * its last words. */
int bpf_load_device(const struct bpf_insn *, size_t n, struct err *e) must_check;
/* Attaches the program to the cgroup (a directory fd), in the place of replaced_fd, or beside what is there where that
 * is -1. */
int bpf_attach_device(int cgroup_fd, int program_fd, int replaced_fd, struct err *e) must_check;
int bpf_detach_device(int cgroup_fd, int program_fd, struct err *e) must_check;
/* The ids of the device programs at the cgroup itself; *n: room in ids, then how many there are. */
int bpf_query_device(int cgroup_fd, uint32_t *ids, size_t *n, struct err *e) must_check;
int bpf_open_program(uint32_t id, struct err *e) must_check;

#endif
