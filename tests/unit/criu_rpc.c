/* CRIU's messages, byte by byte, and lines of mountinfo. */
#include "container/criu_rpc.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "check.h"
#include "sys/mountinfo.h"

static bool is(const struct text *t, const char *bytes, size_t len)
{
	return t->len == len && memcmp(t->p, bytes, len) == 0;
}
#define IS(t, bytes) is(t, bytes, sizeof bytes - 1)

static void test_encode(void)
{
	struct text t = { 0 }, inner = { 0 };

	rpc_number(&t, 1, 0);
	rpc_number(&t, 2, 127);
	rpc_number(&t, 3, 300);
	CHECK("numbers", IS(&t, "\x08\x00\x10\x7f\x18\xac\x02"));
	t.len = 0;
	rpc_number(&t, 1, UINT64_MAX);
	CHECK("the largest number", IS(&t, "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
	t.len = 0;
	rpc_number(&t, 53, 1);
	CHECK("a member above 15 takes two bytes", IS(&t, "\xa8\x03\x01"));
	t.len = 0;
	rpc_bool(&t, 1, false);
	rpc_string(&t, 1, NULL);
	CHECK("nothing", t.len == 0);
	rpc_bool(&t, 3, true);
	rpc_string(&t, 10, "log");
	CHECK("true and a string", IS(&t, "\x18\x01\x52\x03log"));
	t.len = 0;
	rpc_message(&t, 2, &inner);
	rpc_number(&inner, 1, 5);
	rpc_message(&t, 2, &inner);
	CHECK("messages, an empty one first", IS(&t, "\x12\x00\x12\x02\x08\x05"));
	t.len = 0;
	rpc_pair(&t, 25, "cpu", "/a");
	rpc_pair_number(&t, 27, "k", 3);
	CHECK("pairs", IS(&t, "\xca\x01\x09\x0a\x03"
			      "cpu\x12\x02/a\xda\x01\x05\x0a\x01k\x10\x03"));
	free(t.p);
	free(inner.p);
}

static bool decodes(const char *data, size_t len, struct rpc_answer *a)
{
	struct err e;

	return rpc_decode(data, len, a, &e) == 0;
}
#define DECODES(data, a) decodes(data, sizeof data - 1, a)

static void test_decode(void)
{
	static const char notify[] = "\x08\x06\x10\x01\x2a\x11\x0a\x0cpost-restore\x10\xb9\x60";
	struct rpc_answer a;
	size_t refused = 0;

	CHECK("an answer", DECODES("\x08\x01\x10\x01", &a) && a.type == RPC_DUMP && a.success);
	CHECK("a failure with its errno", DECODES("\x08\x02\x10\x00\x38\x02", &a) && !a.success && a.code == 2);
	CHECK("a restored pid", DECODES("\x08\x02\x10\x01\x22\x03\x08\x80\x01", &a) && a.pid == 128);
	CHECK("an event", DECODES(notify, &a) && strcmp(a.event, "post-restore") == 0 && a.pid == 12345);
	CHECK("a version", DECODES("\x08\x0a\x10\x01\x52\x06\x08\x03\x10\x10\x20\x01", &a) && a.version == 31601);
	CHECK("features", DECODES("\x08\x09\x10\x01\x42\x04\x08\x01\x10\x00", &a) && a.mem_track && !a.lazy_pages);
	CHECK("unknown members of each kind are passed over", DECODES("\x78\x05\x7a\x02xy\x79"
								      "12345678\x7d"
								      "1234\x08\x01\x10\x01",
								      &a) &&
								      a.type == RPC_DUMP && a.success);
	CHECK("a name that is too long is none", DECODES("\x08\x06\x2a\x2a\x0a\x28"
							 "0123456789012345678901234567890123456789",
							 &a) &&
							 !*a.event);
	CHECK("a kind that is no more", !DECODES("\x0b", &a));
	CHECK("a number without end", !DECODES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", &a));
	CHECK("a length beyond the end", !DECODES("\x2a\xff\xff\xff\xff\xff\xff\xff\xff\x7f", &a));
	for (size_t len = 1; len < sizeof notify - 1; len++)
		refused += !decodes(notify, len, &a);
	/* Whole members are left of it at 2 and 4 bytes. */
	CHECK("every part of a message", refused == sizeof notify - 2 - 2);
}

static void test_mountinfo(void)
{
	char text[] = "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
		      "31 23 0:28 /a\\040b /sys/c\\134d\\011e ro shared:1 master:2 - tmpfs none rw\n"
		      "no line of mountinfo\n"
		      "1 2 3:4 / / rw without a dash\n"
		      "40 31 8:1 / /mnt rw - ext4 /dev/sda1 rw";
	char empty[] = "", *next = text;
	struct mountinfo m;

	CHECK("mountinfo: a line", mountinfo_next(&next, &m) && m.id == 22 && m.parent == 27 &&
					   strcmp(m.device, "0:21") == 0 && strcmp(m.root, "/") == 0 &&
					   strcmp(m.point, "/proc") == 0 && strcmp(m.type, "proc") == 0);
	CHECK("mountinfo: escapes, and optional fields", mountinfo_next(&next, &m) && strcmp(m.root, "/a b") == 0 &&
								 strcmp(m.point, "/sys/c\\d\te") == 0 &&
								 strcmp(m.type, "tmpfs") == 0);
	CHECK("mountinfo: what is none is passed over", mountinfo_next(&next, &m) && m.id == 40);
	CHECK("mountinfo: the end", !mountinfo_next(&next, &m));
	next = empty;
	CHECK("mountinfo: nothing", !mountinfo_next(&next, &m));
}

int main(void)
{
	test_encode();
	test_decode();
	test_mountinfo();
	return check_end();
}
