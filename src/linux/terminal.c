/* process.terminal and process.consoleSize: a pseudo-terminal from the container's own devpts. runtime-spec config.md
 * "Process"; pty(7), devpts in filesystems/devpts.rst, ioctl_tty(2) (TIOCGPTPEER, Linux 4.13).
 *
 * Made after the container's mounts, before the pivot: the slave must be of the devpts that the program sees, or
 * ttyname(3) fails there. Nothing is opened by a name that the container could have changed meanwhile: ptmx is verified
 * before it is opened, the slave comes from the master, and /dev/console is mounted from the slave's descriptor onto a
 * descriptor (CVE-2025-52565, CVE-2026-88264). The session and the controlling terminal are set late, without a
 * terminal too: a new session loses the caller's terminal, into which the program could type otherwise (CVE-2017-5226). */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/pass.h"
#include "base/path.h"
#include "linux/linux.h"
#include "step/init.h"
#include "step/launch.h"
#include "step/sync.h"

static void validate_size(const char *path, uint64_t n, struct problems *problems)
{
	if (n > UINT16_MAX)
		problem_add(
			problems, path, "%llu is more than a terminal can have, %u", (unsigned long long)n, UINT16_MAX);
}

static void validate(const struct oci_config *config, struct problems *problems)
{
	const struct oci_console_size *size = config->process ? config->process->console_size : NULL;

	if (!size)
		return;
	validate_size("process.consoleSize.height", size->height, problems);
	validate_size("process.consoleSize.width", size->width, problems);
}

static bool wanted(const struct oci_config *config)
{
	return config->process && config->process->terminal;
}

static int connect_console(struct launch *l, struct err *e)
{
	if (!l->opts->console_socket)
		return 0;
	l->kit.console_fd = fd_connect(AT_FDCWD, l->opts->console_socket, SOCK_STREAM, e);
	return l->kit.console_fd < 0 ? err_wrap(e, "--console-socket") : 0;
}

static void close_console(struct launch *l)
{
	fd_close(&l->kit.console_fd);
}

/* ---- the pseudo-terminal ---- */

static int open_master(const struct init *init, struct err *e)
{
	cleanup_fd int fd = path_open_in(init->rootfs_fd, "/dev/pts/ptmx", O_PATH | O_NOFOLLOW, e);
	struct statfs fs;
	struct stat st;

	if (fd < 0)
		return e->code == ENOENT ? err_set(e, "process.terminal: needs a mount of type devpts at /dev/pts")
					 : -1;
	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "stat /dev/pts/ptmx");
	if (fs.f_type != DEVPTS_SUPER_MAGIC || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(5, 2))
		return err_set(e, "process.terminal: /dev/pts/ptmx is not that of a devpts: there must be a mount of "
				  "type devpts at /dev/pts");
	return path_reopen(init->proc_fd, fd, O_RDWR | O_NOCTTY, S_IFCHR, e);
}

static int open_slave(int master_fd, struct err *e)
{
	int unlock = 0, fd;

	if (ioctl(master_fd, TIOCSPTLCK, &unlock) < 0)
		return err_sys(e, "unlock the pseudo-terminal");
	fd = ioctl(master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open the slave of the pseudo-terminal") : fd;
}

/* Of a new file of ours in the container: the mount may know only some ids (EINVAL, EPERM) or be read-only. Then the
 * program goes without, as it does with other runtimes. */
static int give(int fd, uid_t uid, const char *what, struct err *e)
{
	if (fchown(fd, uid, -1) == 0 || errno == EINVAL || errno == EPERM || errno == EROFS)
		return 0;
	return err_sys(e, "give %s to user %u", what, uid);
}

static uid_t user_of(const struct init *init)
{
	const struct oci_user *user = init->config->process->user;

	return user ? user->uid : 0;
}

/* Our own relay passes on what it reads, and a "\n" of the program has to arrive as one, without "\r". Who takes the master
 * by --console-socket gets a terminal as the kernel makes it: their users' terminals are raw, and the "\r" must come from
 * here, or each line begins where the last one has ended. */
static int keep_line_breaks(int slave_fd, struct err *e)
{
	struct termios t;

	if (tcgetattr(slave_fd, &t) < 0)
		return err_sys(e, "tcgetattr");
	t.c_oflag &= ~ONLCR;
	return tcsetattr(slave_fd, TCSANOW, &t) < 0 ? err_sys(e, "tcsetattr") : 0;
}

static int set_up(const struct init *init, int slave_fd, struct err *e)
{
	const struct oci_console_size *size = init->config->process->console_size;

	if (init->kit->console_fd < 0 && keep_line_breaks(slave_fd, e))
		return -1;
	if (size && (size->height || size->width)) {
		struct winsize w = { .ws_row = size->height, .ws_col = size->width };

		if (ioctl(slave_fd, TIOCSWINSZ, &w) < 0)
			return err_sys(e, "process.consoleSize: TIOCSWINSZ");
	}
	return give(slave_fd, user_of(init), "the terminal", e);
}

/* To the engine with the slave's name as the one message that terminals.md of runc describes, or to our own parent. */
static int send_master(const struct init *init, int master_fd, struct err *e)
{
	unsigned number;
	char name[32];

	if (init->kit->console_fd < 0)
		return sync_send(init->sync_fd, SYNC_PTY, master_fd, e);
	if (ioctl(master_fd, TIOCGPTN, &number) < 0)
		return err_sys(e, "TIOCGPTN");
	snprintf(name, sizeof name, "/dev/pts/%u", number);
	if (fd_send(init->kit->console_fd, name, strlen(name), &master_fd, 1, e))
		return err_wrap(e, "--console-socket");
	return 0;
}

static int open_terminal(struct init *init, struct err *e)
{
	cleanup_fd int master_fd = open_master(init, e), slave_fd = -1;

	if (master_fd < 0)
		return -1;
	slave_fd = open_slave(master_fd, e);
	if (slave_fd < 0 || set_up(init, slave_fd, e) || send_master(init, master_fd, e))
		return -1;
	init->tty_fd = take_fd(&slave_fd);
	return 0;
}

/* ---- /dev/console ---- */

/* What is there may be used if it cannot lead elsewhere: a file, or the character device of an image that brings one. */
static int open_target(int rootfs_fd, struct err *e)
{
	const char *name;
	cleanup_fd int dir_fd = path_make_parent(rootfs_fd, "/dev/console", 0755, &name, e), fd = -1;
	struct stat st;

	if (dir_fd < 0)
		return -1;
	if (mknodat(dir_fd, name, S_IFREG | 0600, 0) < 0 && errno != EEXIST)
		return err_sys(e, "create /dev/console");
	fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open /dev/console");
	if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode))
		return err_set(e, "/dev/console of the root file system is neither a file nor a character device, and "
				  "the terminal "
				  "is not mounted there");
	return take_fd(&fd);
}

static int mount_console(struct init *init, struct err *e)
{
	cleanup_fd int target_fd = open_target(init->rootfs_fd, e), tree_fd = -1;

	if (target_fd < 0)
		return -1;
	tree_fd = syscall(SYS_open_tree, init->tty_fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree_fd < 0)
		return err_sys(e, "open_tree of the terminal");
	if (syscall(SYS_move_mount, tree_fd, "", target_fd, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return err_sys(e, "mount the terminal on /dev/console");
	return 0;
}

/* ---- the session ---- */

/* What the caller gave as stdin, stdout or stderr must be the user's, or /dev/stdout cannot be opened again. Never
 * /dev/null: it may be the host's own, with which every program works; device and number decide, not the name. */
static int give_stdio(const struct init *init, struct err *e)
{
	for (int fd = 0; fd < 3; fd++) {
		struct stat st;

		if (fstat(fd, &st) < 0) {
			if (errno == EBADF)
				continue;
			return err_sys(e, "fstat of descriptor %d", fd);
		}
		if (st.st_uid == user_of(init) || (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)))
			continue;
		if (give(fd, user_of(init), "stdin, stdout or stderr", e))
			return -1;
	}
	return 0;
}

static int attach(struct init *init, struct err *e)
{
	/* In the caller's session we, and who is born of us, could open his terminal. */
	if (setsid() < 0)
		return err_sys(e, "setsid");
	if (init->tty_fd < 0)
		return give_stdio(init, e);
	for (int fd = 0; fd < 3; fd++)
		if (dup2(init->tty_fd, fd) < 0)
			return err_sys(e, "dup2 of the terminal");
	return 0;
}

/* The session of the program itself, for exec in the process that was born for it. Who leads one already may not make
 * another, and need not. */
static int lead(struct init *init, struct err *e)
{
	if (pass_call(SYS_setsid, 0, 0, 0, 0) < 0 && errno != EPERM)
		return err_sys(e, "setsid");
	if (wanted(init->config) && pass_call(SYS_ioctl, STDIN_FILENO, TIOCSCTTY, 0, 0) < 0)
		return err_sys(e, "make the terminal the controlling one");
	return 0;
}

const struct feature feature_terminal = { "terminal", "process.terminal", validate, NULL };
const struct host_step host_terminal_connect = { "terminal", wanted, connect_console, close_console };
const struct init_step init_terminal = { "terminal", wanted, open_terminal };
const struct init_step init_console = { "terminal", wanted, mount_console };
const struct init_step init_terminal_attach = { "terminal", NULL, attach };
const struct init_step init_session = { "terminal", NULL, lead };
