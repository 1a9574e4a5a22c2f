/* Answers over netlink, and others that pretend to be some. */
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "check.h"
#include "sys/netlink.h"

static void note(const struct nlmsghdr *h, void *data)
{
	*(int *)data = ((const struct ifinfomsg *)NLMSG_DATA(h))->ifi_index;
}

static int find_loopback(int fd, int *index, struct err *e)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct netlink_request r;

	netlink_begin(&r, RTM_GETLINK, 0, &info, sizeof info);
	netlink_add(&r, IFLA_IFNAME, "lo", sizeof "lo");
	return netlink_call(fd, &r, note, index, e);
}

/* "Done", said by another process before the kernel can. */
static ssize_t forge(int to_fd)
{
	struct sockaddr_nl to;
	socklen_t len = sizeof to;
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
	} done = { .header = { .nlmsg_len = sizeof done, .nlmsg_type = NLMSG_ERROR } };
	struct err e;
	cleanup_fd int fd = netlink_open(&e);

	if (fd < 0 || getsockname(to_fd, (struct sockaddr *)&to, &len) < 0)
		return -1;
	return sendto(fd, &done, sizeof done, 0, (struct sockaddr *)&to, len);
}

int main(void)
{
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	cleanup_fd int fd = -1;
	struct err e;
	int index = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	fd = netlink_open(&e);
	CHECK("a socket", fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof any) == 0);
	CHECK("the loopback interface", find_loopback(fd, &index, &e) == 0 && index == (int)if_nametoindex("lo"));
	index = 0;
	CHECK("a forged answer is sent", forge(fd) > 0);
	CHECK("and is not taken for the kernel's",
		find_loopback(fd, &index, &e) == 0 && index == (int)if_nametoindex("lo"));
	return check_end();
}
