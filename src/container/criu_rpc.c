/* Protocol buffers as they go over the wire: a member is a varint of its number and its kind, then a varint (kind 0) or a
 * length and bytes (kind 2). protobuf.dev, "Encoding". Integers go as their 64 bits, so a negative one takes ten bytes. */
#include "container/criu_rpc.h"

#include <stdlib.h>
#include <string.h>

enum { KIND_VARINT, KIND_FIXED64, KIND_BYTES, KIND_FIXED32 = 5 };

static void add_varint(struct text *t, uint64_t value)
{
	char bytes[10];
	size_t n = 0;

	do {
		bytes[n++] = (char)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
		value >>= 7;
	} while (value);
	text_add(t, bytes, n);
}

static void add_bytes(struct text *t, unsigned member, const char *data, size_t len)
{
	add_varint(t, member << 3 | KIND_BYTES);
	add_varint(t, len);
	text_add(t, data, len);
}

void rpc_number(struct text *t, unsigned member, uint64_t value)
{
	add_varint(t, member << 3 | KIND_VARINT);
	add_varint(t, value);
}

void rpc_bool(struct text *t, unsigned member, bool value)
{
	if (value)
		rpc_number(t, member, 1);
}

void rpc_string(struct text *t, unsigned member, const char *value)
{
	if (value)
		add_bytes(t, member, value, strlen(value));
}

void rpc_message(struct text *t, unsigned member, const struct text *value)
{
	add_bytes(t, member, value->p ? value->p : "", value->len);
}

void rpc_pair(struct text *t, unsigned member, const char *first, const char *second)
{
	struct text pair = { 0 };

	rpc_string(&pair, 1, first);
	rpc_string(&pair, 2, second);
	rpc_message(t, member, &pair);
	free(pair.p);
}

void rpc_pair_number(struct text *t, unsigned member, const char *first, uint64_t second)
{
	struct text pair = { 0 };

	rpc_string(&pair, 1, first);
	rpc_number(&pair, 2, second);
	rpc_message(t, member, &pair);
	free(pair.p);
}

/* ---- decode ---- */

struct reader {
	const unsigned char *at, *end;
};
struct member {
	unsigned number;
	uint64_t value;      /* of a varint */
	struct reader bytes; /* of a string or message */
};

static int read_varint(struct reader *r, uint64_t *value)
{
	*value = 0;
	for (unsigned shift = 0; r->at < r->end && shift < 64; shift += 7) {
		unsigned char c = *r->at++;

		*value |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80))
			return 0;
	}
	return -1;
}

/* 1: a member; 0: the end; -1: not a message. */
static int read_member(struct reader *r, struct member *m)
{
	uint64_t key, len;

	*m = (struct member){ 0 };
	if (r->at == r->end)
		return 0;
	if (read_varint(r, &key))
		return -1;
	m->number = key >> 3;
	switch (key & 7) {
	case KIND_VARINT:
		return read_varint(r, &m->value) ? -1 : 1;
	case KIND_BYTES:
		if (read_varint(r, &len))
			return -1;
		break;
	case KIND_FIXED64:
		len = 8;
		break;
	case KIND_FIXED32:
		len = 4;
		break;
	default:
		return -1;
	}
	if (len > (uint64_t)(r->end - r->at))
		return -1;
	m->bytes = (struct reader){ r->at, r->at + len };
	r->at += len;
	return 1;
}

/* event = 1, pid = 2 */
static int read_notify(struct reader r, struct rpc_answer *a)
{
	struct member m;
	int status;

	while ((status = read_member(&r, &m)) > 0) {
		size_t len = m.bytes.end - m.bytes.at;

		if (m.number == 1 && len < sizeof a->event) {
			memcpy(a->event, m.bytes.at, len);
			a->event[len] = 0;
		} else if (m.number == 2) {
			a->pid = m.value;
		}
	}
	return status;
}

/* The result of a restore: pid = 1. */
static int read_restore(struct reader r, struct rpc_answer *a)
{
	struct member m;
	int status;

	while ((status = read_member(&r, &m)) > 0)
		if (m.number == 1)
			a->pid = m.value;
	return status;
}

static int read_features(struct reader r, struct rpc_answer *a)
{
	struct member m;
	int status;

	while ((status = read_member(&r, &m)) > 0) {
		if (m.number == RPC_FEATURE_MEM_TRACK)
			a->mem_track = m.value;
		else if (m.number == RPC_FEATURE_LAZY_PAGES)
			a->lazy_pages = m.value;
	}
	return status;
}

/* major = 1, minor = 2, sublevel = 4 */
static int read_version(struct reader r, struct rpc_answer *a)
{
	struct member m;
	int status;

	while ((status = read_member(&r, &m)) > 0)
		a->version += m.number == 1   ? (unsigned)m.value * 10000
			      : m.number == 2 ? (unsigned)m.value * 100
			      : m.number == 4 ? (unsigned)m.value
					      : 0;
	return status;
}

static int read_answer(const struct member *m, struct rpc_answer *a)
{
	switch (m->number) {
	case 1:
		a->type = m->value;
		return 0;
	case 2:
		a->success = m->value;
		return 0;
	case 4:
		return read_restore(m->bytes, a);
	case 5:
		return read_notify(m->bytes, a);
	case 7:
		a->code = (int)m->value;
		return 0;
	case 8:
		return read_features(m->bytes, a);
	case 10:
		return read_version(m->bytes, a);
	default:
		return 0;
	}
}

int rpc_decode(const void *data, size_t len, struct rpc_answer *a, struct err *e)
{
	struct reader r = { data, (const unsigned char *)data + len };
	struct member m;
	int status;

	*a = (struct rpc_answer){ 0 };
	while ((status = read_member(&r, &m)) > 0)
		if (read_answer(&m, a) < 0)
			return err_set(e, "CRIU's answer is no message of its protocol");
	return status < 0 ? err_set(e, "CRIU's answer is no message of its protocol") : 0;
}
