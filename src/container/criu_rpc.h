/* CRIU's messages: protocol buffers, of which a dozen lines suffice. The numbers are those of CRIU's rpc.proto. */
#ifndef HIND_CRIU_RPC_H
#define HIND_CRIU_RPC_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

enum rpc_type {
	RPC_DUMP = 1,
	RPC_RESTORE = 2,
	RPC_PRE_DUMP = 4,
	RPC_NOTIFY = 6,
	RPC_FEATURE_CHECK = 9,
	RPC_VERSION = 10,
};

/* Members of a request. */
enum { RPC_REQ_TYPE = 1, RPC_REQ_OPTS = 2, RPC_REQ_NOTIFY_SUCCESS = 3, RPC_REQ_KEEP_OPEN = 4, RPC_REQ_FEATURES = 5 };
enum { RPC_FEATURE_MEM_TRACK = 1, RPC_FEATURE_LAZY_PAGES = 2 };

/* Members of its opts. */
enum {
	RPC_IMAGES_DIR_FD = 1,
	RPC_PID = 2,
	RPC_LEAVE_RUNNING = 3,
	RPC_EXT_UNIX_SK = 4,
	RPC_TCP_ESTABLISHED = 5,
	RPC_EVASIVE_DEVICES = 6,
	RPC_SHELL_JOB = 7,
	RPC_FILE_LOCKS = 8,
	RPC_LOG_LEVEL = 9,
	RPC_LOG_FILE = 10,
	RPC_PAGE_SERVER = 11, /* address = 1, port = 2 */
	RPC_NOTIFY_SCRIPTS = 12,
	RPC_ROOT = 13,
	RPC_PARENT_IMAGE = 14,
	RPC_TRACK_MEM = 15,
	RPC_AUTO_DEDUP = 16,
	RPC_WORK_DIR_FD = 17,
	RPC_LINK_REMAP = 18,
	RPC_MANAGE_CGROUPS = 24,
	RPC_CGROUP_ROOT = 25, /* controller = 1, path = 2 */
	RPC_RESTORE_SIBLING = 26,
	RPC_INHERIT_FD = 27, /* key = 1, fd = 2 */
	RPC_EXT_SHARING = 29,
	RPC_EXT_MASTERS = 30,
	RPC_MANAGE_CGROUPS_MODE = 34,
	RPC_EXTERNAL = 37,
	RPC_EMPTY_NS = 38,
	RPC_JOIN_NS = 39, /* name = 1, path = 2 */
	RPC_FREEZE_CGROUP = 44,
	RPC_TCP_SKIP_IN_FLIGHT = 46,
	RPC_LAZY_PAGES = 48,
	RPC_ORPHAN_PTS_MASTER = 50,
	RPC_CONFIG_FILE = 51,
	RPC_TCP_CLOSE = 52,
	RPC_LSM_PROFILE = 53,
	RPC_CGROUP_YARD = 60,
	RPC_LSM_MOUNT_CONTEXT = 63,
	RPC_NETWORK_LOCK = 64,
	RPC_OLD_MOUNTS = 65,
};

/* Each adds a member to the message. Booleans that are false are the default of every member and left out. */
void rpc_number(struct text *, unsigned member, uint64_t value);
void rpc_bool(struct text *, unsigned member, bool value);
void rpc_string(struct text *, unsigned member, const char *value); /* NULL: left out */
void rpc_message(struct text *, unsigned member, const struct text *value);
/* A message of a string and a string, or of a string and a number, as 1 and 2. */
void rpc_pair(struct text *, unsigned member, const char *first, const char *second);
void rpc_pair_number(struct text *, unsigned member, const char *first, uint64_t second);

struct rpc_answer {
	enum rpc_type type;
	bool success;
	int code;                   /* an errno, or 0 */
	char event[32];             /* of RPC_NOTIFY: "post-restore" ... */
	pid_t pid;                  /* of RPC_NOTIFY and RPC_RESTORE */
	unsigned version;           /* of RPC_VERSION: 3.16.1 is 31601 */
	bool mem_track, lazy_pages; /* of RPC_FEATURE_CHECK */
};
/* What is not asked for above is passed over. */
int rpc_decode(const void *data, size_t len, struct rpc_answer *, struct err *) must_check;

#endif
