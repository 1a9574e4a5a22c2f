#include "sys/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/mem.h"

#define ANSWER_SIZE 32768 /* the kernel puts no more into one message of a dump */

int netlink_open(struct err *e)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	return fd < 0 ? err_sys(e, "netlink socket") : fd;
}

void netlink_begin(struct netlink_request *r, uint16_t type, uint16_t flags, const void *header, size_t len)
{
	struct nlmsghdr *h = (struct nlmsghdr *)r->data;

	memset(r, 0, sizeof *r);
	h->nlmsg_len = NLMSG_LENGTH(len);
	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	memcpy(NLMSG_DATA(h), header, len);
}

void netlink_add(struct netlink_request *r, uint16_t attribute, const void *value, size_t len)
{
	struct nlmsghdr *h = (struct nlmsghdr *)r->data;
	struct rtattr *a = (struct rtattr *)(r->data + NLMSG_ALIGN(h->nlmsg_len));

	if (NLMSG_ALIGN(h->nlmsg_len) + RTA_SPACE(len) > sizeof r->data)
		abort(); /* a mistake of the caller's: all of ours fit */
	a->rta_type = attribute;
	a->rta_len = RTA_LENGTH(len);
	memcpy(RTA_DATA(a), value, len);
	h->nlmsg_len = NLMSG_ALIGN(h->nlmsg_len) + RTA_LENGTH(len);
}

/* The kernel's messages come from port 0. Who has CAP_NET_ADMIN in a network namespace that is joined could send others,
 * and have us believe them. */
static ssize_t receive(int fd, char *answer, struct err *e)
{
	struct sockaddr_nl from;
	socklen_t len;
	ssize_t n;

	do {
		len = sizeof from;
		n = recvfrom(fd, answer, ANSWER_SIZE, MSG_TRUNC, (struct sockaddr *)&from, &len);
	} while (n < 0 ? errno == EINTR : len != sizeof from || from.nl_pid != 0);
	if (n < 0)
		return err_sys(e, "netlink: receive");
	return n > ANSWER_SIZE ? err_set(e, "netlink: an answer of %zd bytes", n) : n;
}

/* 1: more is to come, 0: done. */
static int take(const struct nlmsghdr *h, void (*each)(const struct nlmsghdr *, void *), void *data, struct err *e)
{
	int code;

	if (h->nlmsg_type != NLMSG_ERROR && h->nlmsg_type != NLMSG_DONE) {
		if (each)
			each(h, data);
		return 1;
	}
	/* Both begin with minus the errno; a dump may end without. */
	if (h->nlmsg_len < NLMSG_LENGTH(sizeof code))
		return 0;
	memcpy(&code, NLMSG_DATA(h), sizeof code);
	if (code == 0)
		return 0;
	errno = -code;
	return err_sys(e, "netlink");
}

int netlink_call(
	int fd, struct netlink_request *r, void (*each)(const struct nlmsghdr *, void *), void *data, struct err *e)
{
	struct nlmsghdr *h = (struct nlmsghdr *)r->data;
	cleanup_free char *answer = NULL;

	if (send(fd, r->data, h->nlmsg_len, 0) < 0)
		return err_sys(e, "netlink: send");
	answer = mem_alloc(ANSWER_SIZE);
	for (;;) {
		ssize_t n = receive(fd, answer, e);

		if (n < 0)
			return -1;
		for (h = (struct nlmsghdr *)answer; NLMSG_OK(h, (size_t)n); h = NLMSG_NEXT(h, n)) {
			int more = take(h, each, data, e);

			if (more <= 0)
				return more;
		}
	}
}

const struct rtattr *netlink_find(const struct nlmsghdr *h, size_t len, uint16_t attribute)
{
	int left = (int)h->nlmsg_len - (int)NLMSG_SPACE(len);
	const struct rtattr *a = (const struct rtattr *)((const char *)h + NLMSG_SPACE(len));

	for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
		if ((a->rta_type & NLA_TYPE_MASK) == attribute)
			return a;
	return NULL;
}
