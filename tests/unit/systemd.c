/* What systemd is told, without a systemd: bodies and messages of D-Bus by their bytes, an answering service of our own,
 * names of units, annotations and resources. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "cgroup/cgroup.h"
#include "cgroup/systemd.h"
#include "check.h"
#include "sys/dbus.h"

static struct arena *arena;

static bool bytes_are(struct text *t, const char *want, size_t len)
{
	bool same = t->len == len && !memcmp(t->p, want, len);
	free(t->p);
	*t = (struct text){ 0 };
	return same;
}
#define BYTES(t, literal) bytes_are(t, literal, sizeof(literal) - 1)

static void test_bodies(void)
{
	struct text t = { 0 };
	dbus_put_byte(&t, 7);
	dbus_put_u32(&t, 1);
	dbus_put_string(&t, "ab");
	dbus_put_u64(&t, 2);
	CHECK("alignment", BYTES(&t, "\7\0\0\0\1\0\0\0\2\0\0\0ab\0\0\2\0\0\0\0\0\0\0"));
	dbus_put_signature(&t, "t");
	dbus_end_array(&t, dbus_put_array(&t, "(sv)"));
	dbus_put_byte(&t, 9);
	CHECK("an empty array is padded to its elements", BYTES(&t, "\1t\0\0\0\0\0\0\11"));
	size_t begin = dbus_put_array(&t, "(ss)");
	dbus_put_struct(&t);
	dbus_put_string(&t, "");
	dbus_end_array(&t, begin);
	CHECK("the length of an array leaves out the padding before it", BYTES(&t, "\5\0\0\0\0\0\0\0\0\0\0\0\0"));
}

static void test_broken_messages(void)
{
	static const unsigned char cut[] = { 200, 0, 0, 0, 'a', 0 }, hidden[] = { 3, 0, 0, 0, 'a', 0, 'b', 0 };
	struct dbus_message m = { .body = cut, .len = sizeof cut };
	CHECK("a string beyond the end", !*dbus_get_string(&m) && m.broken && dbus_get_u32(&m) == 0);
	m = (struct dbus_message){ .body = hidden, .len = sizeof hidden };
	CHECK("a string with a NUL inside", !*dbus_get_string(&m) && m.broken);
	m = (struct dbus_message){ .body = cut, .len = 2 };
	CHECK("half a number", dbus_get_u32(&m) == 0 && m.broken);
}

/* --- a service: greets, and answers each call with the next of these messages, then hangs up --- */

struct service {
	int fd;
	const char *answer;
	size_t len;
};

static void *serve(void *arg)
{
	struct service *s = arg;
	char in[4096];
	int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);
	ssize_t n = read(fd, in, sizeof in);
	n += write(fd, "DATA\r\nOK 0123456789abcdef\r\n", 27);
	if (s->len) {
		n += read(fd, in, sizeof in);
		n += write(fd, s->answer, s->len);
	} else {
		n += read(fd, in, sizeof in) + read(fd, in, sizeof in);
	}
	close(fd);
	return n < 0 ? arg : NULL;
}

/* One call to a service that answers so; what came of it is in *reply or *e. */
static int ask(const char *answer, size_t len, struct dbus_message **reply, char *error, struct err *e)
{
	char dir[] = "/tmp/hind-dbus-XXXXXX";
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct service s = { socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), answer, len };
	const struct dbus_call call = { "a.b", "/a", "a.b", "Do", "", NULL };
	pthread_t thread;
	int rc = -1;
	if (!mkdtemp(dir))
		abort();
	snprintf(address.sun_path, sizeof address.sun_path, "%s/s", dir);
	if (bind(s.fd, (struct sockaddr *)&address, sizeof address) || listen(s.fd, 1) ||
		pthread_create(&thread, NULL, serve, &s))
		abort();
	struct dbus *bus = dbus_open(address.sun_path, false, e);
	if (bus)
		rc = dbus_call(bus, &call, len ? 10000 : 50, reply, error, e);
	dbus_close(bus);
	pthread_join(thread, NULL);
	close(s.fd);
	unlink(address.sun_path);
	rmdir(dir);
	return rc;
}

/* Header: type, length of the body, serial; fields: reply_serial 1, and what else is given. */
#define REPLY(type, body_len, fields_len) "l" type "\0\1" body_len "\0\0\0\5\0\0\0" fields_len "\0\0\0\5\1u\0\1\0\0\0"

static void test_conversation(void)
{
	struct dbus_message *reply;
	char error[DBUS_ERROR_NAME];
	struct err e;
	static const char good[] = REPLY("\2", "\6", "\17") "\10\1g\0\1s\0"
							    "\0"
							    "\1\0\0\0x\0";
	int rc = ask(good, sizeof good - 1, &reply, NULL, &e);
	CHECK("a reply", rc == 0 && !strcmp(reply->signature, "s") && !strcmp(dbus_get_string(reply), "x"));
	if (rc == 0)
		dbus_free(reply);
	static const char bad[] = REPLY("\3", "\10", "\37") "\4\1s\0\3\0\0\0a.E\0\0\0\0\0"
							    "\10\1g\0\1s\0"
							    "\0"
							    "\3\0\0\0why\0";
	CHECK("an error",
		ask(bad, sizeof bad - 1, &reply, error, &e) < 0 && !strcmp(error, "a.E") && !strcmp(e.msg, "Do: why"));
	CHECK("no answer in time", ask("", 0, &reply, NULL, &e) < 0 && !strcmp(e.msg, "Do: no answer in time"));
	CHECK("the other side hangs up",
		ask(good, 20, &reply, NULL, &e) < 0 && strstr(e.msg, "Do: the other side has closed the connection"));
	CHECK("no D-Bus", ask("HTTP/1.1 400 Bad Request\r\n\r\n", 28, &reply, error, &e) < 0 &&
				  strstr(e.msg, "no D-Bus message that is understood"));
	static const char huge[] = REPLY("\2", "\377\377\377\177", "\17");
	CHECK("a length that nobody would send", ask(huge, sizeof huge - 1, &reply, error, &e) < 0);
}

/* --- names --- */

static bool named(const char *path, const char *unit, const char *slice, const char *cgroup)
{
	struct systemd s = { 0 };
	struct err e;
	if (scope_name(path, "id", arena, &s, &e) < 0)
		return false;
	return !strcmp(s.unit, unit) && !strcmp(s.slice, slice) && !strcmp(scope_path(&s, arena), cgroup);
}

static bool unnamed(const char *path, const char *why)
{
	struct systemd s = { 0 };
	struct err e = { 0 };
	return scope_name(path, "id", arena, &s, &e) < 0 && strstr(e.msg, why);
}

static void test_names(void)
{
	CHECK("default", named(NULL, "hind-id.scope", "system.slice", "/system.slice/hind-id.scope"));
	CHECK("podman's",
		named("machine.slice:libpod:ab", "libpod-ab.scope", "machine.slice", "/machine.slice/libpod-ab.scope"));
	CHECK("nested slices",
		named("a-b-c.slice:p:n", "p-n.scope", "a-b-c.slice", "/a.slice/a-b.slice/a-b-c.slice/p-n.scope"));
	CHECK("the root slice", named("-.slice:p:n", "p-n.scope", "-.slice", "/p-n.scope"));
	CHECK("no slice, no prefix", named("::n", "n.scope", "system.slice", "/system.slice/n.scope"));
	CHECK("a colon in the name", named("a.slice:p:n:m", "p-n:m.scope", "a.slice", "/a.slice/p-n:m.scope"));
	CHECK("letters that no unit can have",
		named("a.slice:p:n+m o", "p-n\\x2bm\\x20o.scope", "a.slice", "/a.slice/p-n\\x2bm\\x20o.scope"));
	CHECK("a path", unnamed("/a/b", "not slice:prefix:name"));
	CHECK("a slash", unnamed("a.slice:p:../n", "not slice:prefix:name"));
	CHECK("one colon", unnamed("a.slice:n", "not slice:prefix:name"));
	CHECK("no name", unnamed("a.slice:p:", "not slice:prefix:name"));
	CHECK("no slice's name", unnamed("a:p:n", "no name of a slice"));
	CHECK("two dashes", unnamed("a--b.slice:p:n", "no name of a slice"));
	CHECK("a dash at the end", unnamed("a-.slice:p:n", "no name of a slice"));
	CHECK("dots", unnamed("...slice:p:n", "no name of a slice"));
}

/* --- annotations --- */

/* The body of one property, or the reason in *why (the caller frees it) where it is refused. */
static struct text annotated(const char *name, const char *value, char **why)
{
	struct oci_pair entry = { arena_printf(arena, "org.systemd.property.%s", name), (char *)value };
	struct oci_config config = { .annotations = &entry, .n_annotations = 1 };
	struct problems problems = { 0 };
	struct text t = { 0 };
	feature_systemd.validate(&config, &problems);
	*why = problems.n ? mem_strdup(problems.v[0].reason) : NULL;
	if (!problems.n)
		property_annotations(&t, &config);
	problems_free(&problems);
	return t;
}

static bool value_is(const char *name, const char *value, const char *bytes, size_t len)
{
	char *why;
	struct text t = annotated(name, value, &why), want = { 0 };
	dbus_put_string(&want, name);
	text_add(&want, bytes, len);
	bool same = t.len == want.len && !memcmp(t.p, want.p, len);
	if (!same)
		printf("# %s: %s\n", value, why ? why : "other bytes");
	free(t.p);
	free(want.p);
	free(why);
	return same;
}
/* The name "Abc" is 8 bytes with its length and its end. */
#define VALUE(value, bytes) value_is("Abc", value, bytes, sizeof(bytes) - 1)

static bool refused(const char *name, const char *value, const char *reason)
{
	char *why;
	struct text t = annotated(name, value, &why);
	bool same = why && strstr(why, reason);
	if (!same)
		printf("# %s: %s\n", value, why ? why : "accepted");
	free(t.p);
	free(why);
	return same;
}

static void test_annotations(void)
{
	CHECK("number", VALUE("-5", "\1i\0\0\373\377\377\377"));
	CHECK("typed number", VALUE(" uint64  10 ", "\1t\0\0\0\0\0\0\12\0\0\0\0\0\0\0"));
	CHECK("byte", VALUE("byte 255", "\1y\0\377"));
	CHECK("double", VALUE("0.5", "\1d\0\0\0\0\0\0\0\0\0\0\0\0\340\77"));
	CHECK("true", VALUE("true", "\1b\0\0\1\0\0\0"));
	CHECK("string", VALUE("'a\\'b'", "\1s\0\0\3\0\0\0a'b\0"));
	CHECK("list", VALUE("['a', \"b\"]", "\2as\0\16\0\0\0\1\0\0\0a\0\0\0\1\0\0\0b\0"));
	CHECK("seconds", refused("RestartSec", "'x'", "seconds are a number") &&
				 refused("RestartSec", "-1", "no number of seconds"));
	CHECK("no value", refused("Abc", "", "there is no value") && refused("Abc", "uint32", "there is no value"));
	CHECK("a bare word", refused("Abc", "hello", "neither a quoted string"));
	CHECK("too large", refused("Abc", "4294967296", "is no int32") && refused("Abc", "byte 256", "is no byte"));
	CHECK("negative", refused("Abc", "uint32 -1", "is no uint32"));
	CHECK("an open string", refused("Abc", "'abc", "no closing '") && refused("Abc", "'abc\\", "no closing '"));
	CHECK("an open list", refused("Abc", "['a'", "no closing ]") && refused("Abc", "[", "there is no value"));
	CHECK("mixed list",
		refused("Abc", "['a', 1]", "neither a quoted string") && refused("Abc", "[1, 'a']", "another type"));
	CHECK("more behind", refused("Abc", "1 2", "stands behind"));
	CHECK("nesting", refused("Abc", "[[1]]", "a list in a list"));
	CHECK("tuple", refused("Abc", "(1, 2)", "neither a quoted string"));
	CHECK("names", refused("abc", "1", "no name of a property") && refused("A-c", "1", "no name of a property") &&
			       refused("", "1", "no name of a property"));
	CHECK("hind's own", refused("PIDs", "[uint32 1]", "sets this property itself"));
}

/* --- resources --- */

/* Is the element of "a(sv)" among the properties? Each begins at a multiple of 8, so it looks alike wherever it is. */
static bool among(struct oci_resources r, bool user, struct text *want)
{
	struct text t = { 0 };
	property_resources(&t, &r, user, NULL);
	bool found = t.p && memmem(t.p, t.len, want->p, want->len);
	free(t.p);
	free(want->p);
	return found;
}

static bool number(struct oci_resources r, const char *name, uint64_t value)
{
	struct text want = { 0 };
	property_u64(&want, name, value);
	return among(r, false, &want);
}

static bool word(struct oci_resources r, bool user, const char *name, const char *value)
{
	struct text want = { 0 };
	property_string(&want, name, value);
	return among(r, user, &want);
}

static bool bits(const char *list, const char *bytes, size_t len)
{
	struct oci_cpu cpu = { .cpus = (char *)list };
	struct text want = { 0 };
	dbus_put_string(&want, "AllowedCPUs");
	dbus_put_signature(&want, "ay");
	size_t begin = dbus_put_array(&want, "y");
	text_add(&want, bytes, len);
	dbus_end_array(&want, begin);
	return among((struct oci_resources){ .cpu = &cpu }, false, &want);
}

static bool allowed(struct oci_device_rule *v, size_t n, const char *node, const char *access)
{
	struct text want = { 0 };
	dbus_put_string(&want, node);
	dbus_put_string(&want, access);
	return among((struct oci_resources){ .devices = v, .n_devices = n }, false, &want);
}

static void test_resources(void)
{
	struct oci_memory memory = { .limit = 4096, .has_limit = true, .swap = 8192, .has_swap = true };
	struct oci_cpu cpu = { .quota = 25501, .has_quota = true, .period = 50000, .has_period = true };
	struct oci_pids pids = { .has_limit = true };
	struct oci_resources m = { .memory = &memory }, c = { .cpu = &cpu }, p = { .pids = &pids };
	CHECK("memory", number(m, "MemoryMax", 4096) && number(m, "MemorySwapMax", 4096));
	memory.swap = memory.limit = -1;
	CHECK("no limit of memory", number(m, "MemoryMax", UINT64_MAX) && number(m, "MemorySwapMax", UINT64_MAX));
	CHECK("a quota is rounded up to percents",
		number(c, "CPUQuotaPerSecUSec", 520000) && number(c, "CPUQuotaPeriodUSec", 50000));
	cpu = (struct oci_cpu){ .quota = -1, .has_quota = true };
	CHECK("no quota", number(c, "CPUQuotaPerSecUSec", UINT64_MAX));
	cpu = (struct oci_cpu){ .idle = 1, .has_idle = true };
	CHECK("idle", number(c, "CPUWeight", 0));
	CHECK("no process but the first", number(p, "TasksMax", 1));
	CHECK("sets of CPUs",
		bits("0-1,9", "\3\2", 2) && bits("8", "\0\1", 2) && !bits("1-x", "\2", 1) && !bits("3-1", "\10", 1));
	struct oci_pair files[] = { { "memory.high", "max" }, { "cpu.max", "20000 100000" },
		{ "io.weight", "default 50" } };
	struct oci_resources u = { .unified = files, .n_unified = 3 };
	CHECK("files of v2", number(u, "MemoryHigh", UINT64_MAX) && number(u, "CPUQuotaPerSecUSec", 200000) &&
				     number(u, "IOWeight", 50));
	struct oci_device_rule rules[] = { { .allow = false },
		{ .allow = true,
			.type = "c",
			.major = 10,
			.has_major = true,
			.minor = 229,
			.has_minor = true,
			.access = "rw" },
		{ .allow = true, .type = "b", .major = 7, .has_major = true } };
	struct oci_resources d = { .devices = rules, .n_devices = 3 };
	CHECK("devices", word(d, false, "DevicePolicy", "strict") && allowed(rules, 3, "/dev/char/10:229", "rw") &&
				 allowed(rules, 3, "block-7", "rwm") && allowed(rules, 3, "char-*", "m"));
	CHECK("no devices of a user's manager", !word(d, true, "DevicePolicy", "strict"));
	d.devices = rules + 1;
	d.n_devices = 1;
	CHECK("all devices but some", word(d, false, "DevicePolicy", "auto"));
}

int main(void)
{
	arena = arena_new();
	test_bodies();
	test_broken_messages();
	test_conversation();
	test_names();
	test_annotations();
	test_resources();
	arena_free(arena);
	return check_end();
}
