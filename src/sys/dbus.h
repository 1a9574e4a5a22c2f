/* The D-Bus protocol, as far as a client of one service needs it: connect, call a method, wait for a signal. */
#ifndef HIND_DBUS_H
#define HIND_DBUS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct dbus;

/* Connects to the UNIX socket `path`, and takes its greeting. bus: a bus daemon is behind it, which wants a name for us;
 * otherwise the service itself. The caller closes it. */
struct dbus *dbus_open(const char *path, bool bus, struct err *) must_check;
void dbus_close(struct dbus *);

/* --- a body, in the order of its signature; alignment is taken care of --- */

void dbus_put_byte(struct text *, uint8_t);
void dbus_put_i16(struct text *, int16_t);
void dbus_put_u16(struct text *, uint16_t);
void dbus_put_i32(struct text *, int32_t);
void dbus_put_u32(struct text *, uint32_t); /* also "b", a boolean */
void dbus_put_i64(struct text *, int64_t);
void dbus_put_u64(struct text *, uint64_t);
void dbus_put_double(struct text *, double);
void dbus_put_string(struct text *, const char *); /* also "o", an object path */
void dbus_put_signature(struct text *, const char *);
void dbus_put_struct(struct text *); /* where one begins; also a dictionary's entry */
/* element: the signature of one; the begin's result goes to the end. */
size_t dbus_put_array(struct text *, const char *element);
void dbus_end_array(struct text *, size_t begin);

/* --- a message that came --- */

enum dbus_type { DBUS_CALL = 1, DBUS_RETURN, DBUS_ERROR, DBUS_SIGNAL };
struct dbus_message {
	enum dbus_type type;
	uint32_t reply_to;         /* the serial of the call that it answers */
	const char *path, *member; /* of a signal; strings live as long as the message */
	const char *error;         /* "org.freedesktop.systemd1.NoSuchUnit" */
	const char *signature;     /* of the body */
	const unsigned char *body; /* dbus_get_... go through it */
	size_t len, at;
	bool broken; /* something was asked for that is not there: it reads as 0 or "" from then on */
	unsigned char *data;
	struct dbus_message *next;
};
void dbus_free(struct dbus_message *);
uint32_t dbus_get_u32(struct dbus_message *);
const char *dbus_get_string(struct dbus_message *); /* also "o" */
/* Steps over a variant's signature and says whether it is this one. */
bool dbus_get_variant(struct dbus_message *, const char *signature);

struct dbus_call {
	const char *service, *path, *interface, *member;
	const char *signature; /* of the body, "" where there is none */
	const struct text *body;
};
/* Sends the call and waits for its reply, at most limit_ms; the caller frees it. A reply that is an error fails: then the
 * name of it is in error_name (which may be NULL), and its text in the message. */
#define DBUS_ERROR_NAME 128
int dbus_call(struct dbus *, const struct dbus_call *, int limit_ms, struct dbus_message **,
	char error_name[DBUS_ERROR_NAME], struct err *) must_check;
/* The next signal, one that came in between the calls first; NULL with code ETIMEDOUT after limit_ms. */
struct dbus_message *dbus_signal(struct dbus *, int limit_ms, struct err *) must_check;

#endif
