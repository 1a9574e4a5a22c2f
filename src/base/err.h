/* One error, by value: it crosses the socket between the two halves unchanged. */
#ifndef HIND_ERR_H
#define HIND_ERR_H

#define must_check __attribute__((warn_unused_result))
#define printf_like(f, a) __attribute__((format(printf, f, a)))

struct err {
	int code; /* errno, or 0 where no system call failed */
	char msg[1020];
};

/* All return -1, so that a failing function ends with `return err_set(e, ...)`. */
int err_set(struct err *e, const char *fmt, ...) printf_like(2, 3);
/* Appends ": strerror(errno)" in lower case and keeps errno in code. */
int err_sys(struct err *e, const char *fmt, ...) printf_like(2, 3);
/* Puts "context: " before the message; a message that grows too long loses its left end, never its cause. */
int err_wrap(struct err *e, const char *fmt, ...) printf_like(2, 3);
/* strerror(3) with a lower-case first letter, as engines match it ("no such file or directory"). Static storage. */
const char *err_text(int errnum);

#endif
