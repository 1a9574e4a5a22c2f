/* The parts of run_flags_config: each turns the flags of one subject into its part of the config. */
#ifndef HIND_RUN_PART_H
#define HIND_RUN_PART_H
#include "cmd/run_flags.h"

struct run_build {
	const struct run_flags *flags;
	const struct image *image;
	struct arena *arena;
	struct oci_config *config; /* process, linux and linux.resources are there */
	struct mount_list mounts;  /* becomes config->mounts at the end */
};

/* run_limit.c: memory, cpu, pids, ulimits */
int run_limits(struct run_build *, struct err *) must_check;
/* run_env.c: process.env */
int run_environment(struct run_build *, struct err *) must_check;
/* run_user.c: process.user */
int run_user(struct run_build *, struct err *) must_check;
/* run_volume.c: -v, --mount, --tmpfs, --shm-size */
int run_volumes(struct run_build *, struct err *) must_check;
/* run_device.c: --device, and the devices of --privileged */
int run_devices(struct run_build *, struct err *) must_check;
/* run_isolation.c: namespaces, host name, sysctl */
int run_isolation(struct run_build *, struct err *) must_check;
/* run_security.c: capabilities, seccomp, masked paths; after process.user is known */
int run_security(struct run_build *, struct err *) must_check;

/* `--FLAG "VALUE": REASON` */
int run_wrong(struct err *, const char *flag, const char *value, const char *reason, ...)
	__attribute__((format(printf, 4, 5)));
/* Cuts the next piece off *rest at `separator`; NULL at the end. Copies it into the arena. */
char *run_piece(struct arena *, const char **rest, char separator);

#endif
