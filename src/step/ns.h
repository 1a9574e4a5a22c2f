/* The eight namespaces, by name, flag and file; the one table of them. */
#ifndef HIND_NS_H
#define HIND_NS_H
#include "base/str.h"

enum ns { NS_USER, NS_MOUNT, NS_PID, NS_NET, NS_IPC, NS_UTS, NS_CGROUP, NS_TIME, NS_COUNT };

struct ns_kind {
	const char *name; /* as in config.json: "network" */
	const char *file; /* below /proc/PID/ns: "net" */
	int flag;         /* CLONE_NEWNET */
};
extern const struct ns_kind ns_kinds[NS_COUNT];
/* The index of a config.json name, or -1. */
int ns_index(const char *name);

#endif
