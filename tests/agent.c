/* A seccomp agent, as linux.seccomp.listenerPath finds it: `agent SOCKET ERRNO` listens there, takes the notification
 * descriptor, prints the JSON that came along as a line, and answers the first system call with that errno. */
#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int check(int result, const char *what)
{
	if (result < 0) {
		fprintf(stderr, "agent: %s: %s\n", what, strerror(errno));
		exit(1);
	}
	return result;
}

static int take(int connection)
{
	union {
		char space[CMSG_SPACE(4 * sizeof(int))];
		struct cmsghdr align;
	} control;
	static char text[65536];
	struct iovec data = { text, sizeof text - 1 };
	struct msghdr m = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
	};
	struct cmsghdr *c;
	int fd;

	text[check((int)recvmsg(connection, &m, MSG_CMSG_CLOEXEC), "recvmsg")] = '\0';
	c = CMSG_FIRSTHDR(&m);
	if (!c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof fd)) {
		fprintf(stderr, "agent: not exactly one descriptor came along\n");
		exit(1);
	}
	memcpy(&fd, CMSG_DATA(c), sizeof fd);
	printf("%s\n", text);
	fflush(stdout);
	return fd;
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct seccomp_notif call = { 0 };
	struct seccomp_notif_resp answer = { 0 };
	int listener, notify;

	if (argc != 3 || strlen(argv[1]) >= sizeof address.sun_path)
		return 2;
	strcpy(address.sun_path, argv[1]);
	listener = check(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
	check(bind(listener, (struct sockaddr *)&address, sizeof address), argv[1]);
	check(listen(listener, 1), "listen");
	notify = take(check(accept(listener, NULL, NULL), "accept"));
	check(ioctl(notify, SECCOMP_IOCTL_NOTIF_RECV, &call), "receive");
	answer.id = call.id;
	answer.error = -atoi(argv[2]);
	check(ioctl(notify, SECCOMP_IOCTL_NOTIF_SEND, &answer), "send");
	return 0;
}
