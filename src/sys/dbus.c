/* D-Bus, spoken by hand: dbus.freedesktop.org/doc/dbus-specification.html, "Authentication Protocol" and "Message
 * Protocol". A library for it would be one more to load at every start, for a protocol of which a runtime needs four
 * calls.
 *
 * Identity is proved by the socket (SASL EXTERNAL). No user id is named: in a user namespace the one that we have is not
 * the one that the other side sees, and without a name it takes what the kernel says. */
#include "sys/dbus.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"

#define GREETING_MS 10000
#define MESSAGE_MAX (1u << 20) /* what systemd says to us is short */
#define ARRAY_MAX (1u << 26)
#define HEADER 16 /* up to and with the length of the header fields */

enum { FIELD_PATH = 1, FIELD_INTERFACE, FIELD_MEMBER, FIELD_ERROR, FIELD_REPLY, FIELD_TO, FIELD_FROM, FIELD_SIGNATURE };

struct dbus {
	int fd;
	uint32_t serial;
	struct dbus_message *signals, **last; /* came while a reply was waited for */
	size_t at, end; /* of what has come already: a message at a time would be two calls each */
	unsigned char come[4096];
};

/* --- writing --- */

static void align(struct text *t, size_t to)
{
	static const char zeros[8];
	text_add(t, zeros, (to - t->len % to) % to);
}

static void put(struct text *t, const void *value, size_t size)
{
	align(t, size);
	text_add(t, value, size);
}

void dbus_put_byte(struct text *t, uint8_t v)
{
	put(t, &v, sizeof v);
}

void dbus_put_i16(struct text *t, int16_t v)
{
	put(t, &v, sizeof v);
}

void dbus_put_u16(struct text *t, uint16_t v)
{
	put(t, &v, sizeof v);
}

void dbus_put_i32(struct text *t, int32_t v)
{
	put(t, &v, sizeof v);
}

void dbus_put_u32(struct text *t, uint32_t v)
{
	put(t, &v, sizeof v);
}

void dbus_put_i64(struct text *t, int64_t v)
{
	put(t, &v, sizeof v);
}

void dbus_put_u64(struct text *t, uint64_t v)
{
	put(t, &v, sizeof v);
}

void dbus_put_double(struct text *t, double v)
{
	put(t, &v, sizeof v);
}

void dbus_put_string(struct text *t, const char *s)
{
	size_t len = strlen(s);
	dbus_put_u32(t, (uint32_t)len);
	text_add(t, s, len + 1);
}

void dbus_put_signature(struct text *t, const char *s)
{
	size_t len = strlen(s);
	dbus_put_byte(t, (uint8_t)len);
	text_add(t, s, len + 1);
}

void dbus_put_struct(struct text *t)
{
	align(t, 8);
}

static size_t alignment(char type)
{
	return strchr("ybgv", type) && type != 'b' ? 1 : strchr("nq", type) ? 2 : strchr("biusoah", type) ? 4 : 8;
}

/* The length goes where begin points; it does not count the padding before the first element. */
size_t dbus_put_array(struct text *t, const char *element)
{
	dbus_put_u32(t, 0);
	uint32_t begin = (uint32_t)t->len;
	align(t, alignment(*element));
	uint32_t padding = (uint32_t)t->len - begin;
	memcpy(t->p + begin - 4, &padding, 4);
	return begin;
}

void dbus_end_array(struct text *t, size_t begin)
{
	uint32_t padding;
	memcpy(&padding, t->p + begin - 4, 4);
	uint32_t len = (uint32_t)(t->len - begin) - padding;
	memcpy(t->p + begin - 4, &len, 4);
}

static void put_field(struct text *t, uint8_t field, const char *signature, const char *value)
{
	dbus_put_struct(t);
	dbus_put_byte(t, field);
	dbus_put_signature(t, signature);
	if (*signature == 'g')
		dbus_put_signature(t, value);
	else
		dbus_put_string(t, value);
}

static void put_call(struct text *t, const struct dbus_call *c, uint32_t serial)
{
	const uint16_t probe = 1;
	dbus_put_byte(t, *(const uint8_t *)&probe ? 'l' : 'B');
	dbus_put_byte(t, DBUS_CALL);
	dbus_put_byte(t, 0); /* flags */
	dbus_put_byte(t, 1); /* version of the protocol */
	dbus_put_u32(t, c->body ? (uint32_t)c->body->len : 0);
	dbus_put_u32(t, serial);
	size_t fields = dbus_put_array(t, "(yv)");
	put_field(t, FIELD_PATH, "o", c->path);
	put_field(t, FIELD_INTERFACE, "s", c->interface);
	put_field(t, FIELD_MEMBER, "s", c->member);
	put_field(t, FIELD_TO, "s", c->service);
	if (*c->signature)
		put_field(t, FIELD_SIGNATURE, "g", c->signature);
	dbus_end_array(t, fields);
	align(t, 8);
	if (c->body)
		text_add(t, c->body->p, c->body->len);
}

/* --- reading --- */

static const unsigned char *get(struct dbus_message *m, size_t size, size_t alignment)
{
	size_t at = m->at + (alignment - m->at % alignment) % alignment;
	if (m->broken || at > m->len || m->len - at < size) {
		m->broken = true;
		return NULL;
	}
	m->at = at + size;
	return m->body + at;
}

uint32_t dbus_get_u32(struct dbus_message *m)
{
	const unsigned char *p = get(m, 4, 4);
	uint32_t v = 0;
	if (p)
		memcpy(&v, p, 4);
	return v;
}

/* len bytes and a NUL, none before it. */
static const char *get_text(struct dbus_message *m, size_t len)
{
	const char *s = (const char *)get(m, len + 1, 1);
	if (!s || s[len] || strlen(s) != len) {
		m->broken = true;
		return "";
	}
	return s;
}

const char *dbus_get_string(struct dbus_message *m)
{
	uint32_t len = dbus_get_u32(m);
	return get_text(m, len);
}

static const char *get_signature(struct dbus_message *m)
{
	const unsigned char *len = get(m, 1, 1);
	return len ? get_text(m, *len) : "";
}

bool dbus_get_variant(struct dbus_message *m, const char *signature)
{
	return str_eq(get_signature(m), signature) && !m->broken;
}

/* The header's fields, by the same readers. Every type that the specification has for them is known. */
static int read_fields(struct dbus_message *m, size_t end)
{
	while (m->at < end && !m->broken) {
		get(m, 0, 8);
		const unsigned char *field = get(m, 1, 1);
		const char *signature = get_signature(m), *text = "";
		uint32_t number = 0;
		if (str_eq(signature, "u"))
			number = dbus_get_u32(m);
		else if (str_eq(signature, "g"))
			text = get_signature(m);
		else if (str_eq(signature, "s") || str_eq(signature, "o"))
			text = dbus_get_string(m);
		else
			return -1;
		switch (field ? *field : 0) {
		case FIELD_PATH:
			m->path = text;
			break;
		case FIELD_MEMBER:
			m->member = text;
			break;
		case FIELD_ERROR:
			m->error = text;
			break;
		case FIELD_REPLY:
			m->reply_to = number;
			break;
		case FIELD_SIGNATURE:
			m->signature = text;
			break;
		}
	}
	return m->broken ? -1 : 0;
}

static long long now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* At least a byte. */
static int receive_some(struct dbus *d, long long deadline, struct err *e)
{
	for (;;) {
		ssize_t n = recv(d->fd, d->come, sizeof d->come, MSG_DONTWAIT);
		if (n > 0) {
			d->at = 0;
			d->end = (size_t)n;
			return 0;
		}
		if (n == 0) {
			err_set(e, "the other side has closed the connection");
			e->code = ECONNRESET;
			return -1;
		}
		if (errno != EINTR && errno != EAGAIN)
			return err_sys(e, "receive");
		long long left = deadline - now_ms();
		struct pollfd p = { .fd = d->fd, .events = POLLIN };
		int ready = poll(&p, 1, left > 0 ? (int)left : 0);
		if (ready == 0) {
			err_set(e, "no answer in time");
			e->code = ETIMEDOUT;
			return -1;
		}
		if (ready < 0 && errno != EINTR)
			return err_sys(e, "receive");
	}
}

static int receive(struct dbus *d, void *data, size_t len, long long deadline, struct err *e)
{
	for (size_t got = 0, n; got < len; got += n, d->at += n) {
		if (d->at == d->end && receive_some(d, deadline, e) < 0)
			return -1;
		n = d->end - d->at < len - got ? d->end - d->at : len - got;
		memcpy((char *)data + got, d->come + d->at, n);
	}
	return 0;
}

void dbus_free(struct dbus_message *m)
{
	if (m)
		free(m->data);
	free(m);
}

static int receive_rest(struct dbus *d, struct dbus_message *m, long long deadline, struct err *e)
{
	unsigned char header[HEADER];
	uint32_t body, fields;
	const uint16_t probe = 1;
	if (receive(d, header, sizeof header, deadline, e) < 0)
		return -1;
	memcpy(&body, header + 4, 4);
	memcpy(&fields, header + 12, 4);
	if (header[0] != (*(const uint8_t *)&probe ? 'l' : 'B') || header[3] != 1 || body > MESSAGE_MAX ||
		fields > MESSAGE_MAX)
		return err_set(e, "the other side sends no D-Bus message that is understood here");
	size_t start = HEADER + (fields + 7u) / 8 * 8;
	m->data = mem_alloc(start + body);
	memcpy(m->data, header, sizeof header);
	if (receive(d, m->data + HEADER, start + body - HEADER, deadline, e) < 0)
		return -1;
	m->type = header[1];
	m->path = m->member = m->error = m->signature = "";
	m->body = m->data;
	m->len = HEADER + fields;
	m->at = HEADER;
	if (read_fields(m, m->len) < 0)
		return err_set(e, "the other side sends a broken D-Bus message");
	m->body = m->data + start;
	m->len = body;
	m->at = 0;
	return 0;
}

static struct dbus_message *receive_message(struct dbus *d, long long deadline, struct err *e)
{
	struct dbus_message *m = mem_alloc(sizeof *m);
	if (receive_rest(d, m, deadline, e) == 0)
		return m;
	dbus_free(m);
	return NULL;
}

/* --- the conversation --- */

int dbus_call(struct dbus *d, const struct dbus_call *call, int limit_ms, struct dbus_message **reply,
	char error_name[DBUS_ERROR_NAME], struct err *e)
{
	struct text t = { 0 };
	long long deadline = now_ms() + limit_ms;
	uint32_t serial = ++d->serial;
	put_call(&t, call, serial);
	int rc = fd_send(d->fd, t.p, t.len, NULL, 0, e);
	free(t.p);
	if (rc < 0)
		return err_wrap(e, "%s", call->member);
	for (;;) {
		struct dbus_message *m = receive_message(d, deadline, e);
		if (!m)
			return err_wrap(e, "%s", call->member);
		if (m->type == DBUS_SIGNAL) {
			*d->last = m;
			d->last = &m->next;
			continue;
		}
		if (m->reply_to == serial && m->type == DBUS_RETURN) {
			*reply = m;
			return 0;
		}
		if (m->reply_to == serial && m->type == DBUS_ERROR) {
			const char *text = *m->signature == 's' ? dbus_get_string(m) : "";
			if (error_name)
				snprintf(error_name, DBUS_ERROR_NAME, "%s", m->error);
			err_set(e, "%s: %s", call->member, *text ? text : m->error);
			dbus_free(m);
			return -1;
		}
		dbus_free(m);
	}
}

struct dbus_message *dbus_signal(struct dbus *d, int limit_ms, struct err *e)
{
	long long deadline = now_ms() + limit_ms;
	struct dbus_message *m = d->signals;
	if (m) {
		if (!(d->signals = m->next))
			d->last = &d->signals;
		return m;
	}
	while ((m = receive_message(d, deadline, e)) && m->type != DBUS_SIGNAL)
		dbus_free(m);
	return m;
}

/* The whole conversation in one go, as the answers depend on nothing that we would say: "OK" is behind the "DATA". */
static int greet(struct dbus *d, struct err *e)
{
	static const char words[] = "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n";
	long long deadline = now_ms() + GREETING_MS;
	if (fd_send(d->fd, words, sizeof words - 1, NULL, 0, e) < 0)
		return -1;
	for (int line = 0; line < 2; line++) {
		char answer[128];
		size_t len = 0;
		do
			if (receive(d, answer + len, 1, deadline, e) < 0)
				return -1;
		while (answer[len++] != '\n' && len < sizeof answer);
		answer[len < 2 ? 0 : len - 2] = '\0';
		if (!str_starts(answer, line ? "OK" : "DATA"))
			return err_set(e, "it refuses us: %s", answer);
	}
	return 0;
}

static int hello(struct dbus *d, struct err *e)
{
	struct dbus_message *reply;
	const struct dbus_call call = { .service = "org.freedesktop.DBus",
		.path = "/org/freedesktop/DBus",
		.interface = "org.freedesktop.DBus",
		.member = "Hello",
		.signature = "" };
	if (dbus_call(d, &call, GREETING_MS, &reply, NULL, e) < 0)
		return -1;
	dbus_free(reply);
	return 0;
}

struct dbus *dbus_open(const char *path, bool bus, struct err *e)
{
	int fd = fd_connect(AT_FDCWD, path, SOCK_STREAM, e);
	if (fd < 0)
		return NULL;
	struct dbus *d = mem_alloc(sizeof *d);
	d->fd = fd;
	d->last = &d->signals;
	if (greet(d, e) == 0 && (!bus || hello(d, e) == 0))
		return d;
	err_wrap(e, "%s", path);
	dbus_close(d);
	return NULL;
}

void dbus_close(struct dbus *d)
{
	if (!d)
		return;
	for (struct dbus_message *m; (m = d->signals);) {
		d->signals = m->next;
		dbus_free(m);
	}
	fd_close(&d->fd);
	free(d);
}
