/* `racer A B` exchanges two names as fast as it can (renameat2, RENAME_EXCHANGE), until it is killed: whoever checks a
 * path and then uses it meets the other one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: racer A B\n");
		return 2;
	}
	for (;;) {
		if (renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE) < 0 && errno != ENOENT &&
			errno != EBUSY) {
			fprintf(stderr, "racer: %s\n", strerror(errno));
			return 1;
		}
	}
}
