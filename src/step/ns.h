/* The eight namespaces, by name, flag and file; the one table of them. */
#ifndef HIND_NS_H
#define HIND_NS_H
#include "base/str.h"
#include "oci.h"

enum ns { NS_USER, NS_MOUNT, NS_PID, NS_NET, NS_IPC, NS_UTS, NS_CGROUP, NS_TIME, NS_COUNT };

struct ns_kind {
	const char *name; /* as in config.json: "network" */
	const char *file; /* below /proc/PID/ns: "net" */
	int flag;         /* CLONE_NEWNET */
};
extern const struct ns_kind ns_kinds[NS_COUNT];
/* The index of a config.json name, or -1. */
int ns_index(const char *name);

/* The entry of linux.namespaces for this kind, or NULL. */
static inline const struct oci_namespace *ns_find(const struct oci_config *config, enum ns kind)
{
	for (size_t i = 0; config->linux && i < config->linux->n_namespaces; i++)
		if (str_eq(config->linux->namespaces[i].type, ns_kinds[kind].name))
			return &config->linux->namespaces[i];
	return NULL;
}
/* An empty path means the same as none: engines write it so. */
static inline bool ns_is_joined(const struct oci_namespace *ns)
{
	return ns && ns->path && *ns->path;
}
static inline bool ns_is_new(const struct oci_namespace *ns)
{
	return ns && !ns_is_joined(ns);
}

#endif
