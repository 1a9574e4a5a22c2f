/* The loopback interface of a new network namespace. The spec asks for nothing here, but a new namespace has `lo` down,
 * and every runtime brings it up, so programs rely on 127.0.0.1. netdevice(7).
 *
 * After the namespaces are entered, before the hooks, which may find it up. The kernel gives 127.0.0.1 and ::1 by
 * itself. */
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "linux/linux.h"
#include "step/init.h"
#include "step/ns.h"

static bool is_new(const struct oci_config *config)
{
	return ns_is_new(ns_find(config, NS_NET));
}

static int bring_up(struct init *init, struct err *e)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	cleanup_fd int fd = -1;

	if (!init->new_ns[NS_NET])
		return 0;
	/* Interfaces are asked through any socket; this family is the one that every kernel has. */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(e, "socket");
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return err_sys(e, "bring up the interface lo");
	return 0;
}

const struct init_step init_loopback = { "loopback", is_new, bring_up };
