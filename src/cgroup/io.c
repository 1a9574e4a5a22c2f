/* io, which v1 calls blkio: config-linux.md, "Block IO"; cgroup-v1/blkio-controller.rst, cgroup-v2.rst "IO",
 * bfq-iosched.rst.
 *
 * Weights are the work of an I/O scheduler: BFQ where the kernel has it, on both versions; on v2 also the cost model of
 * io.weight, whose scale is ten times as long. Leaf weights are v1's, and went with the CFQ scheduler in Linux 5.0: a
 * kernel that has the files still gets them. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "cgroup/controller.h"

#define WEIGHT_MIN 10
#define WEIGHT_MAX 1000

static const char *weight_advice(int errnum)
{
	return errnum == ENOENT ? "weights need the BFQ I/O scheduler or, on cgroup v2, the kernel's io.cost; this "
				  "host has neither"
				: NULL;
}

static const char *leaf_advice(int errnum)
{
	return errnum == ENOENT ? "Linux has no leaf weights since 5.0; remove it" : NULL;
}

static const char *device_advice(int errnum)
{
	return errnum == ENODEV
		       ? "there is no such block device; partitions have no limits of their own, take the whole disk"
	       : errnum == EINVAL ? "the device takes no such value"
				  : NULL;
}

enum { WEIGHT, WEIGHT_DEVICE, LEAF, LEAF_DEVICE, READ_BPS, WRITE_BPS, READ_IOPS, WRITE_IOPS };

static const struct limit limits[] = {
	[WEIGHT] = { "blockIO.weight", "blkio.bfq.weight", "io.bfq.weight", NULL, weight_advice },
	[WEIGHT_DEVICE] = { "blockIO.weightDevice", "blkio.bfq.weight_device", "io.bfq.weight", NULL, weight_advice },
	[LEAF] = { "blockIO.leafWeight", "blkio.leaf_weight", NULL, NULL, leaf_advice },
	[LEAF_DEVICE] = { "blockIO.weightDevice", "blkio.leaf_weight_device", NULL, NULL, leaf_advice },
	[READ_BPS] = { "blockIO.throttleReadBpsDevice", "blkio.throttle.read_bps_device", "io.max", NULL,
		device_advice },
	[WRITE_BPS] = { "blockIO.throttleWriteBpsDevice", "blkio.throttle.write_bps_device", "io.max", NULL,
		device_advice },
	[READ_IOPS] = { "blockIO.throttleReadIOPSDevice", "blkio.throttle.read_iops_device", "io.max", NULL,
		device_advice },
	[WRITE_IOPS] = { "blockIO.throttleWriteIOPSDevice", "blkio.throttle.write_iops_device", "io.max", NULL,
		device_advice },
	{ 0 },
};
/* The keys of io.max. */
static const char *const max_keys[] = {
	[READ_BPS] = "rbps", [WRITE_BPS] = "wbps", [READ_IOPS] = "riops", [WRITE_IOPS] = "wiops"
};

/* --- config.json --- */

/* 0 is how engines say that they have no wish. */
static const char *asked(const struct oci_resources *r)
{
	const struct oci_block_io *io = r->block_io;
	if (!io)
		return NULL;
	if (io->has_weight && io->weight)
		return "blockIO.weight";
	if (io->has_leaf_weight && io->leaf_weight)
		return "blockIO.leafWeight";
	return io->n_weight_device                ? "blockIO.weightDevice"
	       : io->n_throttle_read_bps_device   ? "blockIO.throttleReadBpsDevice"
	       : io->n_throttle_write_bps_device  ? "blockIO.throttleWriteBpsDevice"
	       : io->n_throttle_read_iops_device  ? "blockIO.throttleReadIOPSDevice"
	       : io->n_throttle_write_iops_device ? "blockIO.throttleWriteIOPSDevice"
						  : NULL;
}

static void validate_weight(const char *path, unsigned weight, struct problems *problems)
{
	if (weight && (weight < WEIGHT_MIN || weight > WEIGHT_MAX))
		problem_add(problems, path, "%u is not between %d and %d", weight, WEIGHT_MIN, WEIGHT_MAX);
}

static void validate(const struct oci_resources *r, bool update, struct problems *problems)
{
	(void)update;
	const struct oci_block_io *io = r->block_io;
	if (!io)
		return;
	if (io->has_weight)
		validate_weight("linux.resources.blockIO.weight", io->weight, problems);
	if (io->has_leaf_weight)
		validate_weight("linux.resources.blockIO.leafWeight", io->leaf_weight, problems);
	for (size_t i = 0; i < io->n_weight_device; i++) {
		const struct oci_weight_device *d = &io->weight_device[i];
		if (d->has_weight)
			validate_weight(AT("linux.resources.blockIO.weightDevice[%zu].weight", i), d->weight, problems);
		if (!d->has_weight && !d->has_leaf_weight)
			problem_add(problems, AT("linux.resources.blockIO.weightDevice[%zu]", i),
				"neither weight nor leafWeight is set");
		if (d->has_leaf_weight)
			validate_weight(AT("linux.resources.blockIO.weightDevice[%zu].leafWeight", i), d->leaf_weight,
				problems);
	}
}

/* --- the files --- */

static bool has_file(const struct hierarchy *h, const char *file)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/%s", h->dir, file);
	return access(path, F_OK) == 0;
}

unsigned io_weight(unsigned weight)
{
	return 1 + (weight - WEIGHT_MIN) * 9999 / (WEIGHT_MAX - WEIGHT_MIN);
}

static int write_leaf(struct hierarchy *h, const struct controller *c, const struct limit *l, const char *device,
	unsigned weight, struct err *e)
{
	char text[LIMIT_TEXT];
	if (h->v2)
		return err_set(
			e, "linux.resources.%s: cgroup v2 has no leaf weights, and this host has cgroup v2", l->member);
	snprintf(text, sizeof text, "%s%u", device, weight);
	return limit_write(h, c, l, l->v1, text, e);
}

/* device: "8:0 ", or "" for all devices without a weight of their own. */
static int write_weight(struct hierarchy *h, const struct controller *c, const struct limit *l, const char *device,
	unsigned weight, struct err *e)
{
	char text[LIMIT_TEXT];
	/* io.bfq.weight and io.weight are there from the start or, on v2, once the controller is enabled. */
	bool cost = h->v2 && !has_file(h, l->v2) && (has_file(h, "io.weight") || !has_file(h, "io.max"));
	snprintf(text, sizeof text, "%s%u", device, cost ? io_weight(weight) : weight);
	return limit_write(h, c, l, cost ? "io.weight" : h->v2 ? l->v2 : l->v1, text, e);
}

static int write_device_weight(
	struct hierarchy *h, const struct controller *c, const struct oci_weight_device *d, size_t i, struct err *e)
{
	char device[48], member[64];
	struct limit weight = limits[WEIGHT_DEVICE], leaf = limits[LEAF_DEVICE];
	snprintf(device, sizeof device, "%lld:%lld ", (long long)d->major, (long long)d->minor);
	snprintf(member, sizeof member, "%s[%zu]", limits[WEIGHT_DEVICE].member, i);
	weight.member = leaf.member = member;
	if (d->has_weight && d->weight && write_weight(h, c, &weight, device, d->weight, e) < 0)
		return -1;
	if (d->has_leaf_weight && d->leaf_weight)
		return write_leaf(h, c, &leaf, device, d->leaf_weight, e);
	return 0;
}

static int write_weights(struct hierarchy *h, const struct controller *c, const struct oci_block_io *io, struct err *e)
{
	if (io->has_weight && io->weight && write_weight(h, c, &limits[WEIGHT], "", io->weight, e) < 0)
		return -1;
	if (io->has_leaf_weight && io->leaf_weight && write_leaf(h, c, &limits[LEAF], "", io->leaf_weight, e) < 0)
		return -1;
	for (size_t i = 0; i < io->n_weight_device; i++)
		if (write_device_weight(h, c, &io->weight_device[i], i, e) < 0)
			return -1;
	return 0;
}

static int write_throttles(struct hierarchy *h, const struct controller *c, int which,
	const struct oci_throttle_device *v, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		char text[LIMIT_TEXT + 32], rate[24], member[64];
		/* v1 lifts a limit by 0. */
		snprintf(rate, sizeof rate, h->v2 && !v[i].rate ? "max" : "%llu", (unsigned long long)v[i].rate);
		if (h->v2)
			snprintf(text, sizeof text, "%lld:%lld %s=%s", (long long)v[i].major, (long long)v[i].minor,
				max_keys[which], rate);
		else
			snprintf(text, sizeof text, "%lld:%lld %s", (long long)v[i].major, (long long)v[i].minor, rate);
		snprintf(member, sizeof member, "%s[%zu]", limits[which].member, i);
		struct limit one = limits[which];
		one.member = member;
		if (limit_write(h, c, &one, h->v2 ? one.v2 : one.v1, text, e) < 0)
			return -1;
	}
	return 0;
}

static int apply(struct hierarchy *h, const struct controller *c, const struct oci_resources *r, struct err *e)
{
	const struct oci_block_io *io = r->block_io;
	const struct {
		const struct oci_throttle_device *v;
		size_t n;
	} throttles[] = {
		[READ_BPS] = { io->throttle_read_bps_device, io->n_throttle_read_bps_device },
		[WRITE_BPS] = { io->throttle_write_bps_device, io->n_throttle_write_bps_device },
		[READ_IOPS] = { io->throttle_read_iops_device, io->n_throttle_read_iops_device },
		[WRITE_IOPS] = { io->throttle_write_iops_device, io->n_throttle_write_iops_device },
	};
	if (write_weights(h, c, io, e) < 0)
		return -1;
	for (int which = READ_BPS; which <= WRITE_IOPS; which++)
		if (write_throttles(h, c, which, throttles[which].v, throttles[which].n, e) < 0)
			return -1;
	return 0;
}

const struct controller controller_io = {
	.v1 = "blkio", .v2 = "io", .limits = limits, .asked = asked, .validate = validate, .apply = apply
};
