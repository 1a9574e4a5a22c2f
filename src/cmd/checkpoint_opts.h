/* What checkpoint and restore have in common. */
#ifndef HIND_CHECKPOINT_OPTS_H
#define HIND_CHECKPOINT_OPTS_H
#include <stddef.h>

#include "base/opt.h"
#include "container/criu.h"

/* The rows for the table of a struct that has a `struct criu_opts criu`. */
#define CRIU_OPTS(type)                                                                                                \
	{ "image-path", 0, OPT_STRING, offsetof(type, criu.image_path), "DIR",                                         \
		"where the files are (default: checkpoint)" },                                                         \
		{ "work-path", 0, OPT_STRING, offsetof(type, criu.work_path), "DIR",                                   \
			"where CRIU's log goes (default: --image-path)" },                                             \
		{ "tcp-established", 0, OPT_FLAG, offsetof(type, criu.tcp_established), NULL,                          \
			"save and restore established TCP connections" },                                              \
		{ "tcp-close", 0, OPT_FLAG, offsetof(type, criu.tcp_close), NULL, "close them instead" },              \
		{ "ext-unix-sk", 0, OPT_FLAG, offsetof(type, criu.ext_unix_sk), NULL,                                  \
			"allow UNIX sockets that are connected to others outside" },                                   \
		{ "shell-job", 0, OPT_FLAG, offsetof(type, criu.shell_job), NULL,                                      \
			"allow the session and terminal of a shell outside" },                                         \
		{ "file-locks", 0, OPT_FLAG, offsetof(type, criu.file_locks), NULL, "save and restore file locks" },   \
		{ "manage-cgroups-mode", 0, OPT_STRING, offsetof(type, criu.cgroups_mode), "MODE",                     \
			"soft (default; restore on v1: ignore where no cgroups are mounted), full, strict, ignore" },  \
		{ "empty-ns", 0, OPT_LIST, offsetof(type, criu.empty_ns), "network",                                   \
			"without the interfaces inside, which is so anyway" },                                         \
		{ "network-lock", 0, OPT_STRING, offsetof(type, criu.network_lock), "METHOD",                          \
			"how connections are held meanwhile: iptables, nftables or skip" },                            \
		{ "lazy-pages", 0, OPT_FLAG, offsetof(type, criu.lazy_pages), NULL,                                    \
			"the memory follows when it is needed (userfaultfd(2))" },                                     \
	{                                                                                                              \
		"auto-dedup", 0, OPT_FLAG, offsetof(type, criu.auto_dedup), NULL,                                      \
			"free what a later dump or the restore has made needless"                                      \
	}

#endif
