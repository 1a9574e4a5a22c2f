/* What a list of device rules comes to, as v1's kernel code keeps it: one behaviour for all devices, and exceptions
 * from it. */
#ifndef HIND_DEVICE_LIST_H
#define HIND_DEVICE_LIST_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "oci.h"

struct hierarchy;
struct bpf_insn;

enum { DEVICE_MKNOD = 1, DEVICE_READ = 2, DEVICE_WRITE = 4, DEVICE_ALL = 7 }; /* BPF_DEVCG_ACC_* */

struct device_exception {
	char type;            /* 'b' or 'c' */
	int64_t major, minor; /* -1: any */
	unsigned access;      /* DEVICE_* */
	bool by_default;      /* comes from hind's own list, not from config.json */
};
struct device_list {
	bool allow;                 /* the behaviour: what is no exception is allowed */
	bool reset;                 /* some rule was for all devices, so what was in force before does not matter */
	struct device_exception *v; /* the caller frees */
	size_t n;
};

/* A list before any rule: all is allowed. Adds one rule with the semantics of devices.allow and devices.deny. */
void device_list_add(struct device_list *, const struct oci_device_rule *);
/* All rules of resources, and then the devices that every container has. */
void device_list_make(struct device_list *, const struct oci_resources *);
/* The same decision as the kernel's, for tests: may `type major:minor` be accessed so? */
bool device_list_allows(const struct device_list *, char type, int64_t major, int64_t minor, unsigned access);

/* device_bpf.c: the program that decides as device_list_allows does. The caller frees *program. Returns its length. */
size_t device_program(const struct device_list *, struct bpf_insn **program);
/* Puts it in force at a cgroup2 directory, in the place of what is there. */
int device_attach(const struct hierarchy *, const struct device_list *, struct err *) must_check;

#endif
