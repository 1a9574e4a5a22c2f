/* linux.personality: the execution domain. runtime-spec config-linux.md "Personality"; personality(2).
 *
 * The spec defines no flag, and what it does not define is an error there. Late, because it changes what uname(2) tells
 * us, too; execve keeps it. */
#include <sys/personality.h>

#include "base/str.h"
#include "linux/linux.h"
#include "step/init.h"

static const struct name_value domains[] = {
	{ "LINUX", PER_LINUX },
	{ "LINUX32", PER_LINUX32 },
	{ NULL, 0 },
};

static void validate(const struct oci_config *config, struct problems *problems)
{
	const struct oci_personality *p = config->linux ? config->linux->personality : NULL;

	if (!p)
		return;
	if (!p->domain || !name_find(domains, p->domain))
		problem_add(problems, "linux.personality.domain", "\"%s\" is neither LINUX nor LINUX32",
			p->domain ? p->domain : "");
	for (size_t i = 0; i < p->n_flags; i++)
		problem_add(problems, AT("linux.personality.flags[%zu]", i),
			"\"%s\" is no flag: the specification defines none", p->flags[i]);
}

static bool wanted(const struct oci_config *config)
{
	return config->linux && config->linux->personality;
}

static int set(struct init *init, struct err *e)
{
	const char *domain = init->config->linux->personality->domain;

	if (personality(name_find(domains, domain)->value) < 0)
		return err_sys(e, "linux.personality: personality(%s)", domain);
	return 0;
}

const struct feature feature_personality = { "personality", "linux.personality", validate, NULL };
const struct init_step init_personality = { "personality", wanted, set };
