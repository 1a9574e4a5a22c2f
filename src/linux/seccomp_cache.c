/* Compiled seccomp filters, kept from one container to the next: libseccomp needs milliseconds for a profile of usual
 * length, which is more than the rest of a start takes.
 *
 * A file for each filter, named after the SHA-256 of everything that it was made of, in the directory `.seccomp` of the
 * state root (no id of a container begins with a dot). A filter from there decides what a container may do, so nothing
 * is taken that anybody but us could have written: directory and file must be ours and closed to others. What does not
 * pass is compiled anew; the cache never makes a start fail. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "linux/syscall_filter.h"

#define DIRECTORY ".seccomp"
#define ENTRIES_MAX 64
/* Part of the key: raise it with every change of what seccomp_compile.c and seccomp_number.c make of the same rules. */
#define COMPILER "hind seccomp 2"

struct header {
	char magic[8];
	uint8_t key[SHA256_SIZE];
	uint32_t len; /* instructions */
	uint32_t reserved;
};
static const char magic[8] = "hindbpf1";

struct entry {
	struct header header;
	struct sock_filter filter[BPF_MAXINSNS];
	uint64_t checksum_room; /* the checksum follows the last instruction */
};

/* ---- the key ---- */

/* Lengths stand before contents, so that no two profiles give the same bytes. */
static void add_number(struct sha256 *h, uint64_t n)
{
	sha256_add(h, &n, sizeof n);
}

static void add_string(struct sha256 *h, const char *s)
{
	add_number(h, s ? strlen(s) : UINT64_MAX);
	if (s)
		sha256_add(h, s, strlen(s));
}

static void add_optional(struct sha256 *h, bool given, uint64_t n)
{
	add_number(h, given);
	add_number(h, given ? n : 0);
}

static void add_strings(struct sha256 *h, char *const *v, size_t n)
{
	add_number(h, n);
	for (size_t i = 0; i < n; i++)
		add_string(h, v[i]);
}

void filter_cache_key(const struct oci_seccomp *s, bool strict, uint8_t key[SHA256_SIZE])
{
	const struct scmp_version *version = seccomp_version(); /* of the library that runs, not of the header */
	struct sha256 h;

	sha256_begin(&h);
	add_string(&h, COMPILER);
	add_number(&h, (uint64_t)version->major << 32 | version->minor << 16 | version->micro);
	add_number(&h, seccomp_arch_native());
	add_number(&h, strict);
	add_string(&h, s->default_action);
	add_optional(&h, s->has_default_errno_ret, s->default_errno_ret);
	add_strings(&h, s->architectures, s->n_architectures);
	add_number(&h, s->n_syscalls);
	for (size_t i = 0; i < s->n_syscalls; i++) {
		const struct oci_syscall *rule = &s->syscalls[i];

		add_strings(&h, rule->names, rule->n_names);
		add_string(&h, rule->action);
		add_optional(&h, rule->has_errno_ret, rule->errno_ret);
		add_number(&h, rule->n_args);
		for (size_t j = 0; j < rule->n_args; j++) {
			add_number(&h, rule->args[j].index);
			add_number(&h, rule->args[j].value);
			add_optional(&h, rule->args[j].has_value_two, rule->args[j].value_two);
			add_string(&h, rule->args[j].op);
		}
	}
	sha256_end(&h, key);
}

/* ---- the directory ---- */

static const char *file_name(const uint8_t key[SHA256_SIZE], char name[2 * SHA256_SIZE + 1])
{
	for (int i = 0; i < SHA256_SIZE; i++)
		snprintf(name + 2 * i, 3, "%02x", key[i]);
	return name;
}

static bool ours(int fd, mode_t type)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type && st.st_uid == geteuid() && !(st.st_mode & 077) &&
	       (type == S_IFDIR || st.st_nlink == 1);
}

static int open_directory(int root_fd, bool make)
{
	cleanup_fd int fd = -1;

	if (root_fd < 0 || (make && mkdirat(root_fd, DIRECTORY, 0700) < 0 && errno != EEXIST))
		return -1;
	fd = openat(root_fd, DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && !ours(fd, S_IFDIR)) {
		log_warn("seccomp", "%s in the state root is not ours alone, so no compiled filter is taken from it",
			DIRECTORY);
		return -1;
	}
	return take_fd(&fd);
}

/* Against a torn or rotten file; against people there are owner and mode. FNV-1a, eight bytes at a time. */
static uint64_t checksum(const void *data, size_t len)
{
	uint64_t sum = 0xcbf29ce484222325, word;

	for (size_t i = 0; i + sizeof word <= len; i += sizeof word) {
		memcpy(&word, (const char *)data + i, sizeof word);
		sum = (sum ^ word) * 0x100000001b3;
		sum ^= sum >> 32;
	}
	return sum;
}

static bool entry_valid(const struct entry *entry, size_t size, const uint8_t key[SHA256_SIZE])
{
	size_t body = sizeof entry->header + entry->header.len * sizeof *entry->filter;
	uint64_t sum;

	if (size < sizeof entry->header + sizeof sum || memcmp(entry->header.magic, magic, sizeof magic) != 0 ||
		memcmp(entry->header.key, key, SHA256_SIZE) != 0)
		return false;
	if (!entry->header.len || entry->header.len > BPF_MAXINSNS || size != body + sizeof sum)
		return false;
	memcpy(&sum, (const char *)entry + body, sizeof sum);
	return sum == checksum(entry, body);
}

bool filter_cache_get(int root_fd, const uint8_t key[SHA256_SIZE], struct arena *arena, struct filter *program)
{
	cleanup_fd int dir_fd = open_directory(root_fd, false), fd = -1;
	cleanup_free struct entry *entry = NULL;
	char name[2 * SHA256_SIZE + 1];
	ssize_t size;

	if (dir_fd < 0)
		return false;
	fd = openat(dir_fd, file_name(key, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return false;
	entry = mem_alloc(sizeof *entry);
	size = ours(fd, S_IFREG) ? read(fd, entry, sizeof *entry) : -1;
	if (size < 0 || !entry_valid(entry, size, key)) {
		log_warn("seccomp", "the compiled filter %s in %s is damaged or not ours alone, and is made anew", name,
			DIRECTORY);
		return false;
	}
	program->len = entry->header.len;
	program->code = arena_alloc(arena, program->len * sizeof *entry->filter);
	memcpy(program->code, entry->filter, program->len * sizeof *entry->filter);
	return true;
}

static bool older(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

/* Makes room: the oldest file of the directory goes while there are too many. */
static void evict(int dir_fd)
{
	for (;;) {
		struct timespec oldest_time = { 0 };
		char oldest[NAME_MAX + 1] = "";
		int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		DIR *dir = fd < 0 ? NULL : fdopendir(fd);
		size_t n = 0;

		if (!dir) {
			fd_close(&fd);
			return;
		}
		for (struct dirent *entry; (entry = readdir(dir));) {
			struct stat st;

			if (entry->d_name[0] == '.' || fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
				continue;
			n++;
			if (!oldest[0] || older(&st.st_mtim, &oldest_time)) {
				oldest_time = st.st_mtim;
				snprintf(oldest, sizeof oldest, "%s", entry->d_name);
			}
		}
		closedir(dir);
		if (n <= ENTRIES_MAX || unlinkat(dir_fd, oldest, 0) < 0)
			return;
	}
}

void filter_cache_put(int root_fd, const uint8_t key[SHA256_SIZE], const struct filter *program)
{
	cleanup_fd int dir_fd = open_directory(root_fd, true);
	size_t body = sizeof(struct header) + program->len * sizeof *program->code;
	cleanup_free struct entry *entry = NULL;
	char name[2 * SHA256_SIZE + 1];
	uint64_t sum;
	struct err e;

	if (dir_fd < 0)
		return;
	entry = mem_alloc(sizeof *entry);
	memcpy(entry->header.magic, magic, sizeof magic);
	memcpy(entry->header.key, key, SHA256_SIZE);
	entry->header.len = program->len;
	memcpy(entry->filter, program->code, program->len * sizeof *program->code);
	sum = checksum(entry, body);
	memcpy((char *)entry + body, &sum, sizeof sum);
	if (file_replace(dir_fd, file_name(key, name), entry, body + sizeof sum, 0600, &e)) {
		log_debug("seccomp", "not kept: %s", e.msg);
		return;
	}
	evict(dir_fd);
}
