/* hostname and domainname. runtime-spec config.md "Hostname" and "Domainname"; sethostname(2), setdomainname(2).
 *
 * Only in a UTS namespace of the container's own, new or joined: anywhere else it would rename the host. Before the
 * mounts and the hooks, which may look at it. */
#include <string.h>
#include <unistd.h>

#include "linux/linux.h"
#include "step/init.h"
#include "step/ns.h"

#define NAME_LIMIT 64 /* __NEW_UTS_LEN */

static void validate_name(
	const struct oci_config *config, const char *path, const char *name, struct problems *problems)
{
	if (!name || !*name)
		return;
	if (!ns_find(config, NS_UTS))
		problem_add(problems, path, "needs a uts namespace in linux.namespaces, or it would rename the host");
	if (strlen(name) > NAME_LIMIT)
		problem_add(problems, path, "%zu characters, and the kernel takes %d", strlen(name), NAME_LIMIT);
}

static void validate(const struct oci_config *config, struct problems *problems)
{
	validate_name(config, "hostname", config->hostname, problems);
	validate_name(config, "domainname", config->domainname, problems);
}

/* Engines write an empty name where none is wanted. */
static bool wanted(const struct oci_config *config)
{
	return (config->hostname && *config->hostname) || (config->domainname && *config->domainname);
}

static int set(struct init *init, struct err *e)
{
	const char *host = init->config->hostname, *domain = init->config->domainname;

	if (host && *host && sethostname(host, strlen(host)) < 0)
		return err_sys(e, "sethostname \"%s\"", host);
	if (domain && *domain && setdomainname(domain, strlen(domain)) < 0)
		return err_sys(e, "setdomainname \"%s\"", domain);
	return 0;
}

const struct feature feature_hostname = { "hostname", "hostname", validate, NULL };
const struct init_step init_hostname = { "hostname", wanted, set };
