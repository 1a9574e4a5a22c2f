/* linux.netDevices: interfaces of the host that go into the container. runtime-spec config-linux.md "Network devices";
 * rtnetlink(7), network_namespaces(7).
 *
 * The parent moves them, as they are the host's, directly after the fork; the child waits for them, because sysctls and
 * hooks may be about them. The kernel keeps an interface's MTU and hardware address, but takes it down and its IP
 * addresses away: those that were permanent and global are given back, and it is brought up. When a later step fails,
 * everything is put back where it was: a virtual interface would go under with its namespace otherwise. At the
 * container's end the kernel returns physical ones by itself. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "linux/linux.h"
#include "step/init.h"
#include "step/launch.h"
#include "step/ns.h"
#include "sys/netlink.h"

struct value {
	unsigned char bytes[16];
	size_t len; /* 0: there is none */
};
struct address {
	struct ifaddrmsg header;
	struct value local, address, broadcast;
	uint32_t flags;
};
struct device {
	int index;
	unsigned flags; /* IFF_*, as it was on the host */
	struct address *addresses;
	size_t n_addresses;
	struct arena *arena;
};
/* What was done, for the undo. The sockets belong to the two network namespaces. */
struct netdev_moves {
	int host_ns_fd, inside_ns_fd, host_fd, inside_fd;
	struct device *devices; /* as many as linux.netDevices has */
	size_t n;               /* so many of them have been moved */
};

/* ---- validation ---- */

static const char *name_inside(const struct oci_net_device_entry *d)
{
	return d->value.name && *d->value.name ? d->value.name : d->key;
}

/* As the kernel's dev_valid_name(), which also knows no '%' pattern here: one name is one interface. */
static bool is_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len < IFNAMSIZ && !str_eq(name, ".") && !str_eq(name, "..") &&
	       strcspn(name, "/:% \t\n\v\f\r") == len;
}

static void validate(const struct oci_config *config, struct problems *problems)
{
	const struct oci_linux *l = config->linux;

	if (!l || !l->n_net_devices)
		return;
	if (!ns_find(config, NS_NET))
		problem_add(problems, "linux.netDevices",
			"needs a network namespace in linux.namespaces, into which they could go");
	for (size_t i = 0; i < l->n_net_devices; i++) {
		const struct oci_net_device_entry *d = &l->net_devices[i];

		if (!is_name(d->key) || !is_name(name_inside(d)))
			problem_add(problems, AT("linux.netDevices.%s", d->key),
				"\"%s\" is no name that a network interface can have",
				is_name(d->key) ? name_inside(d) : d->key);
		for (size_t j = 0; j < i; j++)
			if (str_eq(name_inside(d), name_inside(&l->net_devices[j])))
				problem_add(problems, AT("linux.netDevices.%s", d->key),
					"would be called %s inside, as linux.netDevices.%s", name_inside(d),
					l->net_devices[j].key);
	}
}

static void report(struct json_out *out)
{
	json_key(out, "netDevices");
	json_open_object(out);
	json_key(out, "enabled");
	json_bool(out, true);
	json_close_object(out);
}

/* ---- one interface ---- */

static void note_link(const struct nlmsghdr *h, void *data)
{
	const struct ifinfomsg *info = NLMSG_DATA(h);
	struct device *d = data;

	d->index = info->ifi_index;
	d->flags = info->ifi_flags;
}

static int link_find(int fd, const char *name, struct device *d, struct err *e)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct netlink_request r;

	netlink_begin(&r, RTM_GETLINK, 0, &info, sizeof info);
	netlink_add(&r, IFLA_IFNAME, name, strlen(name) + 1);
	return netlink_call(fd, &r, note_link, d, e);
}

static int link_up(int fd, int index, struct err *e)
{
	struct ifinfomsg info = { .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	struct netlink_request r;

	netlink_begin(&r, RTM_NEWLINK, 0, &info, sizeof info);
	return netlink_call(fd, &r, NULL, NULL, e);
}

/* Into the other namespace, under its new name. */
static int link_move(int fd, int index, int ns_fd, const char *name, struct err *e)
{
	struct ifinfomsg info = { .ifi_index = index };
	struct netlink_request r;
	uint32_t ns = ns_fd;

	netlink_begin(&r, RTM_NEWLINK, 0, &info, sizeof info);
	netlink_add(&r, IFLA_NET_NS_FD, &ns, sizeof ns);
	netlink_add(&r, IFLA_IFNAME, name, strlen(name) + 1);
	return netlink_call(fd, &r, NULL, NULL, e);
}

static struct value value_of(const struct nlmsghdr *h, uint16_t attribute)
{
	const struct rtattr *a = netlink_find(h, sizeof(struct ifaddrmsg), attribute);
	struct value v = { 0 };

	if (a && RTA_PAYLOAD(a) <= sizeof v.bytes) {
		v.len = RTA_PAYLOAD(a);
		memcpy(v.bytes, RTA_DATA(a), v.len);
	}
	return v;
}

/* Link-local addresses are the kernel's to make, and those with a lifetime somebody else's to renew. */
static void note_address(const struct nlmsghdr *h, void *data)
{
	const struct ifaddrmsg *header = NLMSG_DATA(h);
	const struct rtattr *flags = netlink_find(h, sizeof *header, IFA_FLAGS);
	struct device *d = data;
	struct address a = { .header = *header, .flags = header->ifa_flags };
	struct address *all;

	if (flags && RTA_PAYLOAD(flags) == sizeof a.flags)
		memcpy(&a.flags, RTA_DATA(flags), sizeof a.flags);
	if ((int)header->ifa_index != d->index || header->ifa_scope != RT_SCOPE_UNIVERSE ||
		!(a.flags & IFA_F_PERMANENT))
		return;
	a.local = value_of(h, IFA_LOCAL);
	a.address = value_of(h, IFA_ADDRESS);
	a.broadcast = value_of(h, IFA_BROADCAST);
	all = arena_alloc(d->arena, (d->n_addresses + 1) * sizeof *all);
	if (d->n_addresses)
		memcpy(all, d->addresses, d->n_addresses * sizeof *all);
	all[d->n_addresses++] = a;
	d->addresses = all;
}

static int addresses_find(int fd, struct device *d, struct err *e)
{
	struct ifaddrmsg header = { .ifa_family = AF_UNSPEC };
	struct netlink_request r;

	netlink_begin(&r, RTM_GETADDR, NLM_F_DUMP, &header, sizeof header);
	return netlink_call(fd, &r, note_address, d, e);
}

static int address_add(int fd, int index, const struct address *a, struct err *e)
{
	struct ifaddrmsg header = a->header;
	uint32_t flags = a->flags & (IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE);
	struct netlink_request r;

	header.ifa_index = index;
	header.ifa_flags = flags;
	netlink_begin(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &header, sizeof header);
	netlink_add(&r, IFA_FLAGS, &flags, sizeof flags);
	if (a->local.len)
		netlink_add(&r, IFA_LOCAL, a->local.bytes, a->local.len);
	if (a->address.len)
		netlink_add(&r, IFA_ADDRESS, a->address.bytes, a->address.len);
	if (a->broadcast.len)
		netlink_add(&r, IFA_BROADCAST, a->broadcast.bytes, a->broadcast.len);
	return netlink_call(fd, &r, NULL, NULL, e);
}

/* In its new namespace, where its index may be another. */
static int settle(int fd, const char *name, const struct device *d, bool up, struct err *e)
{
	struct device there = { 0 };

	if (link_find(fd, name, &there, e))
		return err_wrap(e, "find it again");
	for (size_t i = 0; i < d->n_addresses; i++)
		if (address_add(fd, there.index, &d->addresses[i], e))
			return err_wrap(e, "give it back its address");
	return up && link_up(fd, there.index, e) ? err_wrap(e, "bring it up") : 0;
}

/* ---- all of them ---- */

/* A socket belongs to the namespace where it was made, so one visit is enough. */
static int open_inside(struct netdev_moves *m, struct err *e)
{
	struct err back;

	if (setns(m->inside_ns_fd, CLONE_NEWNET) < 0)
		return err_sys(e, "enter the container's network namespace");
	m->inside_fd = netlink_open(e);
	if (setns(m->host_ns_fd, CLONE_NEWNET) < 0)
		return err_sys(&back, "return to the own network namespace"), *e = back, -1;
	return m->inside_fd < 0 ? -1 : 0;
}

static int open_namespaces(struct launch *l, struct netdev_moves *m, struct err *e)
{
	struct stat host, inside;
	char path[32];

	snprintf(path, sizeof path, "%d/ns/net", (int)l->pid);
	m->host_ns_fd = openat(l->kit.host_proc_fd, "self/ns/net", O_RDONLY | O_CLOEXEC);
	if (m->host_ns_fd < 0)
		return err_sys(e, "open the own network namespace");
	m->inside_ns_fd = l->join_ns[NS_NET] ? fcntl(l->kit.ns_fd[NS_NET], F_DUPFD_CLOEXEC, 3)
					     : openat(l->kit.host_proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (m->inside_ns_fd < 0)
		return err_sys(e, "open the container's network namespace");
	if (fstat(m->host_ns_fd, &host) < 0 || fstat(m->inside_ns_fd, &inside) < 0)
		return err_sys(e, "fstat");
	if (host.st_ino == inside.st_ino)
		return err_set(e, "the container's network namespace is the one that hind runs in");
	m->host_fd = netlink_open(e);
	return m->host_fd < 0 ? -1 : open_inside(m, e);
}

static int move_one(struct netdev_moves *m, const struct oci_net_device_entry *entry, struct err *e)
{
	struct device *d = &m->devices[m->n], other = { 0 };
	const char *inside = name_inside(entry);

	if (link_find(m->host_fd, entry->key, d, e))
		return e->code == ENODEV ? err_set(e, "the host has no such network interface") : -1;
	if (link_find(m->inside_fd, inside, &other, e) == 0)
		return err_set(e, "the container's network namespace has an interface %s already", inside);
	if (addresses_find(m->host_fd, d, e))
		return err_wrap(e, "its addresses");
	if (link_move(m->host_fd, d->index, m->inside_ns_fd, inside, e)) {
		if (e->code == EPERM)
			return err_wrap(e, "moving it takes CAP_NET_ADMIN over the host's network namespace");
		if (e->code == EINVAL)
			return err_wrap(e, "an interface of its kind cannot be moved");
		return err_wrap(e, "move it");
	}
	m->n++;
	if (settle(m->inside_fd, inside, d, true, e))
		return -1;
	log_info("netdev", "moved host=%s inside=%s addresses=%zu", entry->key, inside, d->n_addresses);
	return 0;
}

static int move_all(struct launch *l, struct err *e)
{
	const struct oci_linux *config = l->config->linux;
	struct netdev_moves *m = arena_alloc(l->arena, sizeof *m);

	*m = (struct netdev_moves){ -1, -1, -1, -1, NULL, 0 };
	m->devices = arena_alloc(l->arena, config->n_net_devices * sizeof *m->devices);
	l->netdev_moves = m;
	if (open_namespaces(l, m, e))
		return err_wrap(e, "linux.netDevices");
	for (size_t i = 0; i < config->n_net_devices; i++) {
		m->devices[m->n].arena = l->arena;
		if (move_one(m, &config->net_devices[i], e))
			return err_wrap(e, "linux.netDevices.%s", config->net_devices[i].key);
	}
	/* On a restore no child of ours waits for it. */
	return l->sync_fd < 0 ? 0 : sync_send(l->sync_fd, SYNC_NETDEV, -1, e);
}

static void close_all(struct launch *l)
{
	struct netdev_moves *m = l->netdev_moves;

	if (!m)
		return;
	fd_close(&m->inside_fd);
	fd_close(&m->host_fd);
	fd_close(&m->inside_ns_fd);
	fd_close(&m->host_ns_fd);
	l->netdev_moves = NULL;
}

static void move_back(struct launch *l)
{
	struct netdev_moves *m = l->netdev_moves;

	while (m && m->n) {
		const struct oci_net_device_entry *entry = &l->config->linux->net_devices[--m->n];
		const struct device *d = &m->devices[m->n];
		struct device there = { 0 };
		struct err e;

		if (link_find(m->inside_fd, name_inside(entry), &there, &e) ||
			link_move(m->inside_fd, there.index, m->host_ns_fd, entry->key, &e) ||
			settle(m->host_fd, entry->key, d, d->flags & IFF_UP, &e))
			log_warn("netdev", "linux.netDevices.%s: put it back: %s", entry->key, e.msg);
	}
	close_all(l);
}

static bool wanted(const struct oci_config *config)
{
	return config->linux && config->linux->n_net_devices;
}

static int keep(struct launch *l, struct err *e)
{
	(void)e;
	close_all(l);
	return 0;
}

static int await(struct init *init, struct err *e)
{
	return sync_expect(init->sync_fd, SYNC_NETDEV, NULL, e);
}

const struct feature feature_netdev = { "netdev", "linux.netDevices", validate, report, NULL };
const struct host_step host_netdev = { "netdev", wanted, move_all, move_back };
const struct host_step host_netdev_keep = { "netdev", wanted, keep, NULL };
const struct init_step init_netdev = { "netdev", wanted, await };
