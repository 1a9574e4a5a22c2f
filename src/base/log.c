#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

static const char *const level_names[] = { "error", "warning", "info", "debug" };

static struct {
	int fd;
	bool json, datagram; /* datagram: the system log's socket, one message a line */
	char *ident;
	enum log_level level;
} out = { .fd = STDERR_FILENO, .level = LEVEL_WARNING };

int log_level_parse(const char *name)
{
	if (strcmp(name, "warn") == 0)
		return LEVEL_WARNING;
	for (size_t i = 0; i < ARRAY_LEN(level_names); i++)
		if (strcmp(name, level_names[i]) == 0)
			return i;
	return -1;
}

int log_fd(void)
{
	return out.fd == STDERR_FILENO ? -1 : out.fd;
}

bool log_wants(enum log_level level)
{
	return out.fd >= 0 && level <= out.level;
}

void log_end(void)
{
	out.fd = -1;
}

/* Both of journald and syslog daemons read /dev/log in the form of RFC 3164. */
static int open_system_log(const char *ident, struct err *e)
{
	out.fd = fd_connect(AT_FDCWD, "/dev/log", SOCK_DGRAM, e);
	if (out.fd < 0)
		return err_wrap(e, "--log");
	out.datagram = true;
	out.ident = mem_strdup(*ident ? ident : "hind");
	return 0;
}

int log_open(const char *dest, const char *format, enum log_level level, struct err *e)
{
	out.level = level;
	if (format && strcmp(format, "json") != 0 && strcmp(format, "text") != 0)
		return err_set(e, "--log-format: \"%s\" is neither text nor json", format);
	out.json = str_eq(format, "json");
	if (!dest || !*dest)
		return 0;
	if (str_starts(dest, "syslog:"))
		return open_system_log(dest + strlen("syslog:"), e);
	if (str_starts(dest, "journald:"))
		return open_system_log(dest + strlen("journald:"), e);
	if (str_starts(dest, "file:"))
		dest += strlen("file:");
	out.fd = open(dest, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (out.fd < 0) {
		err_sys(e, "--log: open %s", dest);
		out.fd = STDERR_FILENO;
		return -1;
	}
	return 0;
}

static void add_json_string(struct text *t, const char *s)
{
	text_add(t, "\"", 1);
	for (; *s; s++) {
		unsigned char c = *s;

		if (c == '"' || c == '\\')
			text_printf(t, "\\%c", c);
		else if (c == '\n')
			text_add(t, "\\n", 2);
		else if (c < 0x20 || c == 0x7f)
			text_printf(t, "\\u%04x", c);
		else
			text_add(t, s, 1);
	}
	text_add(t, "\"", 1);
}

static void emit(enum log_level level, const char *stage, const char *message)
{
	struct text t = { 0 };
	char stamp[TIME_TEXT_SIZE];
	int errnum = errno;
	ssize_t n;

	str_time(stamp);
	if (out.json) {
		text_printf(&t, "{\"level\":\"%s\",\"msg\":", level_names[level]);
		add_json_string(&t, message);
		if (stage) {
			text_printf(&t, ",\"stage\":");
			add_json_string(&t, stage);
		}
		text_printf(&t, ",\"time\":\"%s\"}", stamp);
	} else if (out.datagram) {
		static const int priorities[] = { 27, 28, 30, 31 }; /* facility daemon (3 << 3) | severity */

		text_printf(&t, "<%d>%s[%d]: %s%s%s", priorities[level], out.ident, (int)getpid(), stage ? stage : "",
			stage ? ": " : "", message);
	} else if (level >= LEVEL_INFO) {
		text_printf(&t, "%s %s %s", stamp, stage ? stage : "hind", message);
	} else {
		text_printf(&t, "hind: %s%s", level == LEVEL_WARNING ? "warning: " : "", message);
	}
	if (!out.datagram)
		text_add(&t, "\n", 1);
	/* One write, so that lines of the two halves do not mix. There is nobody to tell when it fails. */
	n = write(out.fd, t.p, t.len);
	(void)n;
	free(t.p);
	errno = errnum;
}

static void emit_list(enum log_level level, const char *stage, const char *fmt, va_list ap)
{
	char message[4096];

	vsnprintf(message, sizeof message, fmt, ap);
	emit(level, stage, message);
}

#define DEFINE_LOG(name, lvl)                                                                                          \
	void name(const char *stage, const char *fmt, ...)                                                             \
	{                                                                                                              \
		va_list ap;                                                                                            \
		if (!log_wants(lvl))                                                                                   \
			return;                                                                                        \
		va_start(ap, fmt);                                                                                     \
		emit_list(lvl, stage, fmt, ap);                                                                        \
		va_end(ap);                                                                                            \
	}
DEFINE_LOG(log_warn, LEVEL_WARNING)
DEFINE_LOG(log_info, LEVEL_INFO)
DEFINE_LOG(log_debug, LEVEL_DEBUG)

void log_error(const struct err *e)
{
	emit(LEVEL_ERROR, NULL, e->msg);
	/* An engine reads --log, the person or conmon reads stderr: both get it. */
	if (out.fd != STDERR_FILENO)
		dprintf(STDERR_FILENO, "hind: %s\n", e->msg);
}
