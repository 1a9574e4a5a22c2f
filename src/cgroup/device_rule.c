/* devices: config-linux.md, "Allowed Device list"; cgroup-v1/devices.rst, security/device_cgroup.c.
 *
 * The rules are first reduced to the list that v1's kernel code would hold after them: then duplicates (Docker repeats
 * the default devices) cost no write, and the program for v2 decides exactly alike.
 *  - A rule for all devices sets the behaviour and forgets all exceptions.
 *  - A rule against the behaviour adds its access to the exception of the same type and numbers.
 *  - A rule with the behaviour takes its access from the exception of the very same type and numbers: "allow c 1:3"
 * does not pierce "deny c 1:*".
 *  - Where all is denied, one exception must cover the whole access; where all is allowed, each access in an exception
 * is denied. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "cgroup/controller.h"
#include "cgroup/device_list.h"

#define LIST_MAX (1u << 20) /* bytes of devices.list */

/* config-linux.md, "Default Devices", and the making of device files as such, which opens none. */
static const struct device_exception default_devices[] = {
	{ 'c', -1, -1, DEVICE_MKNOD, true }, { 'b', -1, -1, DEVICE_MKNOD, true },
	{ 'c', 1, 3, DEVICE_ALL, true },    /* null */
	{ 'c', 1, 5, DEVICE_ALL, true },    /* zero */
	{ 'c', 1, 7, DEVICE_ALL, true },    /* full */
	{ 'c', 1, 8, DEVICE_ALL, true },    /* random */
	{ 'c', 1, 9, DEVICE_ALL, true },    /* urandom */
	{ 'c', 5, 0, DEVICE_ALL, true },    /* tty */
	{ 'c', 5, 1, DEVICE_ALL, true },    /* console */
	{ 'c', 5, 2, DEVICE_ALL, true },    /* ptmx */
	{ 'c', 136, -1, DEVICE_ALL, true }, /* pts */
};

/* --- the list --- */

static void list_set(struct device_list *list, bool allow)
{
	list->allow = allow;
	list->reset = true;
	list->n = 0;
}

static void list_put(struct device_list *list, bool allow, const struct device_exception *x)
{
	struct device_exception *same = NULL;
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].type == x->type && list->v[i].major == x->major && list->v[i].minor == x->minor)
			same = &list->v[i];
	if (allow == list->allow) {
		if (same && !(same->access &= ~x->access))
			*same = list->v[--list->n];
		return;
	}
	if (!same) {
		list->v = mem_grow(list->v, (list->n + 1) * sizeof *list->v);
		list->v[list->n++] = *x;
		return;
	}
	same->by_default &= x->by_default;
	same->access |= x->access;
}

static unsigned access_bits(const char *access)
{
	if (!access || !*access)
		return DEVICE_ALL;
	return (strchr(access, 'm') ? DEVICE_MKNOD : 0) | (strchr(access, 'r') ? DEVICE_READ : 0) |
	       (strchr(access, 'w') ? DEVICE_WRITE : 0);
}

/* Block and character devices that a rule is for: "a" is both, "u" is another name of "c". */
static const char *rule_types(const struct oci_device_rule *rule)
{
	if (!rule->type || !*rule->type || *rule->type == 'a')
		return "bc";
	return *rule->type == 'b' ? "b" : "c";
}

static struct device_exception rule_exception(const struct oci_device_rule *rule, char type)
{
	return (struct device_exception){
		.type = type,
		.major = rule->has_major && rule->major >= 0 ? rule->major : -1,
		.minor = rule->has_minor && rule->minor >= 0 ? rule->minor : -1,
		.access = access_bits(rule->access),
	};
}

/* A rule of type "a" with numbers or with less than all access is for that alone: the kernel's files would take it for
 * all. */
static bool rule_is_for_all(const struct oci_device_rule *rule)
{
	struct device_exception x = rule_exception(rule, 'c');
	return rule_types(rule)[1] && x.major < 0 && x.minor < 0 && x.access == DEVICE_ALL;
}

void device_list_add(struct device_list *list, const struct oci_device_rule *rule)
{
	if (rule_is_for_all(rule)) {
		list_set(list, rule->allow);
		return;
	}
	for (const char *type = rule_types(rule); *type; type++) {
		struct device_exception x = rule_exception(rule, *type);
		list_put(list, rule->allow, &x);
	}
}

static void list_add_rules(struct device_list *list, const struct oci_resources *r)
{
	for (size_t i = 0; i < r->n_devices; i++)
		device_list_add(list, &r->devices[i]);
	for (size_t i = 0; i < ARRAY_LEN(default_devices); i++)
		list_put(list, true, &default_devices[i]);
}

void device_list_make(struct device_list *list, const struct oci_resources *r)
{
	*list = (struct device_list){ .allow = true };
	list_add_rules(list, r);
}

bool device_list_allows(const struct device_list *list, char type, int64_t major, int64_t minor, unsigned access)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct device_exception *x = &list->v[i];
		if (x->type != type || (x->major >= 0 && x->major != major) || (x->minor >= 0 && x->minor != minor))
			continue;
		if (list->allow ? access & x->access : !(access & ~x->access))
			return !list->allow;
	}
	return list->allow;
}

/* --- v1 --- */

static void exception_text(const struct device_exception *x, char buf[LIMIT_TEXT])
{
	char major[24] = "*", minor[24] = "*";
	if (x->major >= 0)
		snprintf(major, sizeof major, "%lld", (long long)x->major);
	if (x->minor >= 0)
		snprintf(minor, sizeof minor, "%lld", (long long)x->minor);
	snprintf(buf, LIMIT_TEXT, "%c %s:%s %s%s%s", x->type, major, minor, x->access & DEVICE_READ ? "r" : "",
		x->access & DEVICE_WRITE ? "w" : "", x->access & DEVICE_MKNOD ? "m" : "");
}

static const char *advice(int errnum)
{
	return errnum == EPERM    ? "the cgroups above do not allow it"
	       : errnum == EINVAL ? "a rule for all devices can be set only while there are no cgroups below"
				  : NULL;
}

static const struct limit limits[] = {
	{ "devices", "devices.deny", NULL, NULL, advice },
	{ "devices", "devices.allow", NULL, NULL, advice },
	{ 0 },
};

/* An update that fails takes back what was written before it. */
static void note(const struct hierarchy *h, bool allow, const char *text)
{
	if (h->journal)
		journal_push(h, limits[!allow].v1, mem_strdup(text));
}

/* All exceptions go through one open file. */
static int write_exceptions(
	const struct hierarchy *h, bool allow, const struct device_exception *v, size_t n, struct err *e)
{
	const struct limit *l = &limits[allow];
	char path[PATH_MAX], text[LIMIT_TEXT];
	if (n == 0)
		return 0;
	snprintf(path, sizeof path, "%s/%s", h->dir, l->v1);
	cleanup_fd int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "linux.resources.devices: open %s", path);
	for (size_t i = 0; i < n; i++) {
		exception_text(&v[i], text);
		if (write(fd, text, strlen(text)) >= 0) {
			log_info("cgroup", "file=%s value=%s", path, text);
			note(h, allow, text);
			continue;
		}
		/* In a container that lacks one of the default devices, the containers inside lack it, too. */
		if (errno == EPERM && v[i].by_default) {
			log_debug("cgroup", "file=%s value=%s not_allowed_above", path, text);
			continue;
		}
		const char *more = l->advice(errno);
		int code = errno;
		err_set(e, "linux.resources.devices: write \"%s\" to %s: %s%s%s", text, path, err_text(code),
			more ? "; " : "", more ? more : "");
		e->code = code;
		return -1;
	}
	return 0;
}

/* Without a rule for all devices the list in force stays, whose behaviour may be either: each rule is written as it is.
 */
static int write_rules(const struct hierarchy *h, const struct oci_resources *r, struct err *e)
{
	for (size_t i = 0; i < r->n_devices; i++)
		for (const char *type = rule_types(&r->devices[i]); *type; type++) {
			struct device_exception x = rule_exception(&r->devices[i], *type);
			if (write_exceptions(h, r->devices[i].allow, &x, 1, e) < 0)
				return -1;
		}
	return write_exceptions(h, true, default_devices, ARRAY_LEN(default_devices), e);
}

/* now: what an update replaces. */
static int write_list(struct hierarchy *h, const struct controller *c, const struct device_list *list,
	const struct device_list *now, struct err *e)
{
	struct hierarchy unnoted = *h;
	unnoted.journal = NULL;
	if (limit_write(&unnoted, c, &limits[list->allow], limits[list->allow].v1, "a", e) < 0)
		return -1;
	if (now)
		note(h, !now->allow, "a");
	return write_exceptions(h, !list->allow, list->v, list->n, e);
}

/* --- v1, while the container runs --- */

/* devices.list: all exceptions where all else is denied; where all is allowed, the kernel shows none of them. */
static int list_read(const struct hierarchy *h, struct device_list *list, struct err *e)
{
	cleanup_free char *path = mem_printf("%s/devices.list", h->dir), *text = NULL;
	char *save;
	size_t len;
	*list = (struct device_list){ 0 };
	if (file_read(AT_FDCWD, path, LIST_MAX, &text, &len, e) < 0)
		return err_wrap(e, "linux.resources.devices");
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char type, major[12], minor[12], access[4];
		if (sscanf(line, "%c %11[0-9*]:%11[0-9*] %3[rwm]", &type, major, minor, access) != 4)
			return err_set(
				e, "linux.resources.devices: %s has the line \"%s\", which is no rule", path, line);
		if (type == 'a') {
			list->allow = true;
			continue;
		}
		struct device_exception x = { type, *major == '*' ? -1 : atoll(major),
			*minor == '*' ? -1 : atoll(minor), access_bits(access), false };
		list_put(list, true, &x);
	}
	return 0;
}

/* What of `from` is not in `other`, exception by exception. */
static int write_rest(const struct hierarchy *h, bool allow, const struct device_list *from,
	const struct device_list *other, struct err *e)
{
	for (size_t i = 0; i < from->n; i++) {
		struct device_exception x = from->v[i];
		for (size_t k = 0; k < other->n; k++)
			if (other->v[k].type == x.type && other->v[k].major == x.major && other->v[k].minor == x.minor)
				x.access &= ~other->v[k].access;
		if (x.access && write_exceptions(h, allow, &x, 1, e) < 0)
			return -1;
	}
	return 0;
}

/* A program that writes to /dev/null must not be refused for the moment between "deny all" and the exceptions, so only
 * what differs is written, the additions first. */
static int update_v1(struct hierarchy *h, const struct controller *c, const struct oci_resources *r,
	struct device_list *wanted, struct err *e)
{
	struct device_list now;
	int rc = list_read(h, &now, e);
	if (rc == 0 && !wanted->reset && now.allow) {
		rc = write_rules(h, r, e);
	} else if (rc == 0) {
		if (!wanted->reset) {
			free(wanted->v);
			*wanted = (struct device_list){ .v = mem_alloc((now.n + 1) * sizeof *now.v), .n = now.n };
			memcpy(wanted->v, now.v, now.n * sizeof *now.v);
			list_add_rules(wanted, r);
		}
		if (now.allow || wanted->allow) {
			/* In the order in which it would be taken back, so from its end. */
			for (size_t i = 0; !now.allow && i < now.n; i++) {
				char text[LIMIT_TEXT];
				exception_text(&now.v[i], text);
				note(h, false, text);
			}
			rc = write_list(h, c, wanted, &now, e);
		} else if ((rc = write_rest(h, true, wanted, &now, e)) == 0) {
			rc = write_rest(h, false, &now, wanted, e);
		}
	}
	free(now.v);
	return rc;
}

static int apply(struct hierarchy *h, const struct controller *c, const struct oci_resources *r, struct err *e)
{
	struct device_list list;
	device_list_make(&list, r);
	int rc;
	if (h->v2 && h->journal && !list.reset)
		/* The rules in force are a program, which nobody can read back. */
		rc = err_set(e,
			"linux.resources.devices: on cgroup v2 an update replaces the whole list, so it must begin "
			"with a rule for all devices, as {\"allow\": false}");
	else if (h->v2)
		rc = device_attach(h, &list, e);
	else if (h->journal)
		rc = update_v1(h, c, r, &list, e);
	else
		rc = list.reset ? write_list(h, c, &list, NULL, e) : write_rules(h, r, e);
	free(list.v);
	return rc;
}

/* --- config.json --- */

static const char *asked(const struct oci_resources *r)
{
	return r->n_devices ? "devices" : NULL;
}

static void validate(const struct oci_resources *r, bool update, struct problems *problems)
{
	(void)update;
	for (size_t i = 0; i < r->n_devices; i++) {
		const struct oci_device_rule *rule = &r->devices[i];
		if (rule->type && (!*rule->type || rule->type[1] || !strchr("abcu", *rule->type)))
			problem_add(problems, AT("linux.resources.devices[%zu].type", i), "\"%s\" is not a, b, c or u",
				rule->type);
		if (rule->access && strspn(rule->access, "rwm") != strlen(rule->access))
			problem_add(problems, AT("linux.resources.devices[%zu].access", i),
				"\"%s\" has other letters than r, w and m", rule->access);
		/* The kernel's device numbers have 12 and 20 bits. */
		if (rule->has_major && rule->major > 0xfff)
			problem_add(problems, AT("linux.resources.devices[%zu].major", i), "%lld is more than 4095",
				(long long)rule->major);
		if (rule->has_minor && rule->minor > 0xfffff)
			problem_add(problems, AT("linux.resources.devices[%zu].minor", i), "%lld is more than 1048575",
				(long long)rule->minor);
	}
}

const struct controller controller_devices = {
	.v1 = "devices", .v2_core = true, .limits = limits, .asked = asked, .validate = validate, .apply = apply
};
