/* linux.memoryPolicy: from which memory nodes the process allocates. runtime-spec config-linux.md "Memory policy";
 * set_mempolicy(2), numa(7).
 *
 * A policy is a task's own, set by itself, and stays over execve. After the cgroup was entered: the nodes are cut down
 * to those of its cpuset, and where none is left the call fails. */
#include <errno.h>
#include <linux/mempolicy.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bitset.h"
#include "base/str.h"
#include "linux/linux.h"
#include "step/init.h"

#define NODE_MAX 1023              /* MAX_NUMNODES is 1024 at most */
#define MODE_WEIGHTED_INTERLEAVE 6 /* MPOL_WEIGHTED_INTERLEAVE, Linux 6.9 */

static const struct name_value modes[] = {
	{ "MPOL_DEFAULT", MPOL_DEFAULT },
	{ "MPOL_BIND", MPOL_BIND },
	{ "MPOL_INTERLEAVE", MPOL_INTERLEAVE },
	{ "MPOL_WEIGHTED_INTERLEAVE", MODE_WEIGHTED_INTERLEAVE },
	{ "MPOL_PREFERRED", MPOL_PREFERRED },
	{ "MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY },
	{ "MPOL_LOCAL", MPOL_LOCAL },
	{ NULL, 0 },
};

static const struct name_value flags[] = {
	{ "MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING },
	{ "MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES },
	{ "MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES },
	{ NULL, 0 },
};

static const struct oci_memory_policy *asked(const struct oci_config *config)
{
	return config->linux ? config->linux->memory_policy : NULL;
}

/* 0 for what is no flag: validate has told. */
static uint64_t flags_of(const struct oci_memory_policy *p)
{
	uint64_t all = 0;

	for (size_t i = 0; i < p->n_flags; i++) {
		const struct name_value *flag = name_find(flags, p->flags[i]);

		all |= flag ? flag->value : 0;
	}
	return all;
}

static void validate_nodes(const struct oci_memory_policy *p, uint64_t mode, size_t n, struct problems *problems)
{
	static const char path[] = "linux.memoryPolicy.nodes";

	if (n && (mode == MPOL_DEFAULT || mode == MPOL_LOCAL))
		problem_add(problems, path, "%s takes no nodes", p->mode);
	/* MPOL_PREFERRED without any is MPOL_LOCAL. */
	if (!n && mode != MPOL_DEFAULT && mode != MPOL_LOCAL && mode != MPOL_PREFERRED)
		problem_add(problems, path, "%s needs nodes", p->mode);
}

static void validate_flags(const struct oci_memory_policy *p, uint64_t mode, size_t n, struct problems *problems)
{
	static const char path[] = "linux.memoryPolicy.flags";
	uint64_t all = flags_of(p), about_nodes = all & (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES);

	if (about_nodes == (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES))
		problem_add(problems, path, "MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other");
	if (about_nodes && (mode == MPOL_LOCAL || (mode == MPOL_PREFERRED && !n)))
		problem_add(problems, path, "are about nodes, and there are none");
	if (all & MPOL_F_NUMA_BALANCING && mode != MPOL_BIND && mode != MPOL_PREFERRED_MANY)
		problem_add(problems, path, "MPOL_F_NUMA_BALANCING is for MPOL_BIND and MPOL_PREFERRED_MANY");
}

static void validate(const struct oci_config *config, struct problems *problems)
{
	const struct oci_memory_policy *p = asked(config);
	const struct name_value *mode = p && p->mode ? name_find(modes, p->mode) : NULL;
	struct bitset nodes;
	struct err e;

	if (!p)
		return;
	if (!mode)
		problem_add(problems, "linux.memoryPolicy.mode", "\"%s\" is no memory policy", p->mode ? p->mode : "");
	if (bitset_parse(p->nodes ? p->nodes : "", NODE_MAX, &nodes, &e)) {
		problem_add(problems, "linux.memoryPolicy.nodes", "%s", e.msg);
		return;
	}
	if (mode) {
		validate_nodes(p, mode->value, nodes.n, problems);
		validate_flags(p, mode->value, nodes.n, problems);
	}
	bitset_free(&nodes);
}

static void report_names(struct json_out *out, const char *key, const struct name_value *names)
{
	json_key(out, key);
	json_open_array(out);
	for (; names->name; names++)
		json_string(out, names->name);
	json_close_array(out);
}

static void report(struct json_out *out)
{
	json_key(out, "memoryPolicy");
	json_open_object(out);
	report_names(out, "modes", modes);
	report_names(out, "flags", flags);
	json_close_object(out);
}

static bool wanted(const struct oci_config *config)
{
	return asked(config);
}

static int refused(const struct oci_memory_policy *p, struct err *e)
{
	if (errno == ENOSYS)
		return err_sys(e, "linux.memoryPolicy: this kernel knows nothing of memory nodes (CONFIG_NUMA)");
	if (errno == EINVAL)
		return err_sys(e,
			"linux.memoryPolicy: %s with nodes \"%s\": none of them has memory that the container's cpuset "
			"allows, or this kernel does not have the mode or a flag",
			p->mode, p->nodes ? p->nodes : "");
	return err_sys(e, "linux.memoryPolicy: set_mempolicy %s", p->mode);
}

static int set(struct init *init, struct err *e)
{
	const struct oci_memory_policy *p = asked(init->config);
	struct bitset nodes;
	long status;

	if (bitset_parse(p->nodes ? p->nodes : "", NODE_MAX, &nodes, e))
		return err_wrap(e, "linux.memoryPolicy.nodes");
	/* The kernel reads one bit less than it is told. */
	status = syscall(SYS_set_mempolicy, name_find(modes, p->mode)->value | flags_of(p), nodes.words,
		nodes.n ? nodes.bytes * 8 + 1 : 0);
	if (status < 0)
		refused(p, e);
	bitset_free(&nodes);
	return status < 0 ? -1 : 0;
}

const struct feature feature_mempolicy = { "mempolicy", "linux.memoryPolicy", validate, report, NULL };
const struct init_step init_mempolicy = { "mempolicy", wanted, set };
