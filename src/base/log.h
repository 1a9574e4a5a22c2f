/* What hind tells while it works: to stderr or to --log, as text or as one JSON object a line. */
#ifndef HIND_LOG_H
#define HIND_LOG_H
#include <stdbool.h>

#include "base/err.h"

enum log_level { LEVEL_ERROR, LEVEL_WARNING, LEVEL_INFO, LEVEL_DEBUG };

/* dest: NULL is stderr; a path, "file:PATH", "syslog:IDENT" or "journald:IDENT". format: "text" or "json". */
int log_open(const char *dest, const char *format, enum log_level level, struct err *e) must_check;
/* "error", "warning" (or "warn"), "info", "debug"; -1 where the name is none of them. */
int log_level_parse(const char *name);
/* The descriptor of --log, which a child that closes what is not its own has to keep; -1 where it is stderr. */
int log_fd(void);
bool log_wants(enum log_level level);
/* Nothing is written any more, and what it was written to may be closed. */
void log_end(void);

/* stage is the step or object that speaks ("cgroup", "mount"); fmt is text with key=value pairs. */
void log_info(const char *stage, const char *fmt, ...) printf_like(2, 3);
void log_debug(const char *stage, const char *fmt, ...) printf_like(2, 3);
void log_warn(const char *stage, const char *fmt, ...) printf_like(2, 3);
/* Only main.c calls this one. With --log it writes the one JSON object that engines parse, and stderr gets its line
 * too. */
void log_error(const struct err *e);

#endif
