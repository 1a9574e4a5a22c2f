/* The shortcut: `hind run [flags] IMAGE CMD [ARG...]` as a config.json.
 *
 * How `run` uses it:
 *	opt_parse(run_flag_table(launch_opt_table, arena), &flags, argc, argv, true, e)	one table for both forms of `run`
 *	run_flags_name(&flags, arena, e)			flags.launch.id from --name, or a new one
 *	image_open(IMAGE, &opts from run_flags_image, ...)
 *	run_flags_config(&flags, &image, state_dir, n, CMD, arena, &config, e)
 *	--dry-run: json_struct(out, &json_oci_config, &config), and stop: nothing has been made
 *	image_prepare(&image, store_fd, e)			once the container's directory is there
 *	config.json is written into it, which from then on is the bundle
 */
#ifndef HIND_RUN_FLAGS_H
#define HIND_RUN_FLAGS_H
#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/opt.h"
#include "image/image.h"
#include "oci.h"
#include "step/launch.h"

struct run_flags {
	struct launch_opts launch; /* first: the options of create and run keep their offsets */
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

/* The shortcut's own options, offsets in struct run_flags. */
extern const struct opt run_flag_opts[];
/* The options of create and run (offsets in struct launch_opts) and the shortcut's in one table; where a name or a letter is in
 * both, that of `launch` stays. */
const struct opt *run_flag_table(const struct opt *launch, struct arena *);

/* Fills flags->launch.id: --name, or twelve random hex digits. */
int run_flags_name(struct run_flags *, struct arena *, struct err *) must_check;
struct image_opts run_flags_image(const struct run_flags *);

/* Builds the config of argc words argv (CMD [ARG...]) in the image from hind's default config. state_dir: the container's
 * directory below --root (<root>/<id>), which need not exist. Everything is allocated in the arena; nothing is changed on the
 * system. A wrong flag is an error that names it. */
int run_flags_config(const struct run_flags *, const struct image *, const char *state_dir, int argc, char **argv,
        struct arena *, struct oci_config *, struct err *) must_check;

#endif
