/* An engine's end of --console-socket: `console SOCKET` listens there, takes one terminal, prints the name that came
 * along as a line, and then everything that the terminal says, to its end. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "console: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int take(int connection, char *name, size_t size)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec data = { name, size - 1 };
	struct msghdr m = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
	};
	ssize_t n = recvmsg(connection, &m, MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
	int fd;

	if (n < 0)
		die("recvmsg");
	if (n == 0)
		exit(0); /* the container came to nothing */
	if (!c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof fd)) {
		fprintf(stderr, "console: the message has not exactly one descriptor\n");
		exit(1);
	}
	name[n] = 0;
	memcpy(&fd, CMSG_DATA(c), sizeof fd);
	return fd;
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), connection, master;
	char name[256], buf[4096];
	ssize_t n;

	if (argc != 2 || strlen(argv[1]) >= sizeof address.sun_path) {
		fprintf(stderr, "usage: console SOCKET\n");
		return 2;
	}
	strcpy(address.sun_path, argv[1]);
	if (bind(listening, (struct sockaddr *)&address, sizeof address) < 0 || listen(listening, 1) < 0)
		die(argv[1]);
	connection = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	if (connection < 0)
		die("accept");
	master = take(connection, name, sizeof name);
	printf("%s\n", name);
	fflush(stdout);
	/* A read before the slave is opened by anybody else, or after its last end, is EIO: init holds it open until
	 * then. */
	while ((n = read(master, buf, sizeof buf)) > 0)
		if (write(1, buf, n) != n)
			die("write");
	return n < 0 && errno != EIO ? 1 : 0;
}
