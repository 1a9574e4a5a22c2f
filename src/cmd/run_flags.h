/* The shortcut: `hind run [flags] IMAGE CMD [ARG...]` as a config.json.
 *
 * How `run` uses it:
 *
 *  1. opt_parse with run_opts: one table for both forms of `run`
 *  2. run_flags_name: flags.name is the id from here on, given or new
 *  3. image_open with run_flags_image: what IMAGE is
 *  4. run_flags_config: the config; with --dry-run it is printed, and nothing has been made
 *  5. image_prepare, once the container's directory is there
 *  6. config.json is written into that directory, which from then on is the bundle */
#ifndef HIND_RUN_FLAGS_H
#define HIND_RUN_FLAGS_H
#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/opt.h"
#include "cmd/launch_opts.h"
#include "image/image.h"
#include "oci.h"

struct run_flags {
	/* both forms of `run` */
	struct launch_opts launch;
	/* the shortcut's own */
	bool interactive, tty, rm, dry_run;
	const char *name, *hostname, *domainname, *cgroup_parent;
	/* process */
	struct opt_list env, env_file, group_add, label, annotation;
	const char *workdir, *user, *entrypoint, *umask, *oom_score_adj;
	/* file systems */
	bool no_overlay, read_only;
	struct opt_list volume, mount, tmpfs, device;
	const char *shm_size;
	/* limits */
	const char *memory_limit_bytes, *memory, *memory_reservation, *memory_swap, *memory_swappiness;
	const char *cpu_quota_us, *cpu_period_us, *cpus, *cpu_shares, *cpuset_cpus, *cpuset_mems, *pids_limit;
	struct opt_list ulimit;
	/* isolation */
	const char *network, *ipc, *pid, *uts, *cgroupns;
	bool privileged;
	struct opt_list cap_add, cap_drop, security_opt, sysctl;
};

extern const struct opt run_opts[];
/* What --help says behind the options. */
extern const char run_notes[];

/* Fills flags->name where it was not given: twelve random hex digits. */
int run_flags_name(struct run_flags *, struct arena *, struct err *) must_check;
struct image_opts run_flags_image(const struct run_flags *);

/* Builds the config of argc words argv (CMD [ARG...]) in the image from hind's default config. state_dir: the
 * container's directory below --root (<root>/<id>), which need not exist. Everything is allocated in the arena; nothing
 * is changed on the system. A wrong flag is an error that names it. */
int run_flags_config(const struct run_flags *, const struct image *, const char *state_dir, int argc, char **argv,
	struct arena *, struct oci_config *, struct err *) must_check;

#endif
