/* A session keyring of the container's own. Not in the spec; keyrings(7), keyctl_join_session_keyring(3).
 *
 * Without it the container would possess the keys of whoever started it: they are inherited and no namespace holds them
 * back.
 * --no-new-keyring keeps the old one. It is named, so that `exec` finds it again. After the user namespace is entered,
 * because the keyring belongs to the user that makes it. */
#include <errno.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "linux/linux.h"
#include "step/init.h"
#include "step/ns.h"

/* keyctl_setperm(3): a keyring is found by its name only where the searcher may search it. What the possessor and the
 * user may do otherwise is as the kernel sets it. */
#define KEY_POSSESSOR_ALL 0x3f000000u
#define KEY_USER_VIEW 0x00010000u
#define KEY_USER_READ 0x00020000u
#define KEY_USER_SEARCH 0x00080000u
#define KEY_USER_LINK 0x00100000u
#define KEY_OTHER_SEARCH 0x00000008u

static int join(struct init *init, struct err *e)
{
	cleanup_free char *name = NULL;
	unsigned permissions = KEY_POSSESSOR_ALL | KEY_USER_VIEW | KEY_USER_READ | KEY_USER_LINK;
	long key;

	if (init->no_new_keyring)
		return 0;
	name = mem_printf("_ses.%s", init->id);
	key = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name);
	if (key < 0 && errno == ENOSYS) {
		/* A kernel without keyrings has no keys that could leak. */
		log_debug("keyring", "this kernel has no keyrings");
		return 0;
	}
	if (key < 0 && errno == EDQUOT)
		return err_sys(e,
			"session keyring %s: this user has as many keys as kernel.keys.maxkeys allows "
			"(--no-new-keyring does without)",
			name);
	if (key < 0)
		return err_sys(e, "keyctl: join session keyring %s", name);
	/* Ids are looked at as the searcher's user namespace has them: across one, we are not "the user". */
	permissions |= ns_find(init->config, NS_USER) ? KEY_OTHER_SEARCH : KEY_USER_SEARCH;
	if (syscall(SYS_keyctl, KEYCTL_SETPERM, key, permissions) < 0)
		return err_sys(e, "set permissions of session keyring %s", name);
	return 0;
}

const struct init_step init_keyring = { "keyring", NULL, join };
