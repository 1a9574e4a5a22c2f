/* Requests to the kernel's network configuration over NETLINK_ROUTE. netlink(7), rtnetlink(7). Without policy. */
#ifndef HIND_NETLINK_H
#define HIND_NETLINK_H
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* A request that is being written. Everything that we ask for is far shorter. */
struct netlink_request {
	_Alignas(struct nlmsghdr) char data[512];
};

/* A socket of the network namespace that the caller is in, and of that one for good. */
int netlink_open(struct err *) must_check;
/* header: what the type of message begins with (struct ifinfomsg, ...). flags: NLM_F_* beyond request and ack. */
void netlink_begin(struct netlink_request *, uint16_t type, uint16_t flags, const void *header, size_t len);
void netlink_add(struct netlink_request *, uint16_t attribute, const void *value, size_t len);
/* Sends it and takes every answer: `each` (may be NULL) gets those that hold data. Returns when the kernel has said that
 * all is done, or with its error: e->code is the errno. */
int netlink_call(int fd, struct netlink_request *, void (*each)(const struct nlmsghdr *, void *), void *data,
	struct err *e) must_check;
/* The attribute among those behind a header of len bytes, or NULL. */
const struct rtattr *netlink_find(const struct nlmsghdr *, size_t len, uint16_t attribute);

#endif
