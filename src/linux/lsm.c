/* process.apparmorProfile, process.selinuxLabel, linux.mountLabel: what the security modules think the container is.
 * runtime-spec config.md "Linux Process", config-linux.md "Mount Label"; apparmor(7), selinux(8), proc(5) "attr".
 *
 * A label that nobody enforces is a promise that nobody keeps, so that the module is there is checked before anything is
 * made. Labels of the process are written through a procfs of our own (CVE-2019-16884, CVE-2025-52881), as the last
 * thing before its descriptor is closed; they come into force at the next execve. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "linux/lsm.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "linux/linux.h"
#include "step/init.h"
#include "step/launch.h"
#include "sys/mountfd.h"

#define MOUNT_CONTEXT_ANNOTATION "run.oci.mount_context_type"

static const char *const contexts[] = { "context", "fscontext", "defcontext", "rootcontext" };
static const char *const annotations[] = { MOUNT_CONTEXT_ANNOTATION, NULL };

/* ---- what is asked for ---- */

static const char *text_or_null(const char *s)
{
	return s && *s ? s : NULL;
}

static const char *selinux_label(const struct oci_config *config)
{
	return config->process ? text_or_null(config->process->selinux_label) : NULL;
}

static const char *mount_label(const struct oci_config *config)
{
	return config->linux ? text_or_null(config->linux->mount_label) : NULL;
}

static const char *apparmor_profile(const struct oci_config *config)
{
	return config->process ? text_or_null(config->process->apparmor_profile) : NULL;
}

/* That is what a process is without AppArmor. */
static bool is_unconfined(const char *profile)
{
	return str_eq(profile, "unconfined");
}

static const char *mount_context(const struct oci_config *config)
{
	const char *context = config_annotation(config, MOUNT_CONTEXT_ANNOTATION);

	return context ? context : contexts[0];
}

static void validate_line(const char *path, const char *text, struct problems *problems)
{
	if (text && strchr(text, '\n'))
		problem_add(problems, path, "holds a newline");
}

static void validate(const struct oci_config *config, struct problems *problems)
{
	const char *context = mount_context(config);
	bool known = false;

	validate_line("process.apparmorProfile", apparmor_profile(config), problems);
	validate_line("process.selinuxLabel", selinux_label(config), problems);
	validate_line("linux.mountLabel", mount_label(config), problems);
	for (size_t i = 0; i < ARRAY_LEN(contexts); i++)
		known = known || str_eq(context, contexts[i]);
	if (!known)
		problem_add(problems, "annotations." MOUNT_CONTEXT_ANNOTATION,
			"\"%s\" is none of context, fscontext, defcontext and rootcontext", context);
}

static void report_enabled(struct json_out *out, const char *key)
{
	json_key(out, key);
	json_open_object(out);
	json_key(out, "enabled");
	json_bool(out, true);
	json_close_object(out);
}

static void report(struct json_out *out)
{
	report_enabled(out, "apparmor");
	report_enabled(out, "selinux");
}

/* ---- host: is it there? ---- */

static bool wanted(const struct oci_config *config)
{
	return apparmor_profile(config) || selinux_label(config) || mount_label(config);
}

static bool has_apparmor(void)
{
	cleanup_free char *text = NULL;
	struct err ignored;
	size_t len;

	return file_read(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", 16, &text, &len, &ignored) == 0 &&
	       text[0] == 'Y';
}

/* The kernel has selinuxfs only while SELinux is on. */
static bool has_selinux(int proc_fd)
{
	cleanup_free char *text = NULL;
	struct err ignored;
	size_t len;

	return file_read(proc_fd, "filesystems", 65536, &text, &len, &ignored) == 0 && strstr(text, "\tselinuxfs\n");
}

static int check(struct launch *l, struct err *e)
{
	const struct oci_config *c = l->config;
	const char *selinux = selinux_label(c) ? "process.selinuxLabel" : mount_label(c) ? "linux.mountLabel" : NULL;

	l->kit.apparmor = apparmor_profile(c) && has_apparmor();
	if (apparmor_profile(c) && !is_unconfined(apparmor_profile(c)) && !l->kit.apparmor)
		return err_set(e,
			"process.apparmorProfile: \"%s\" cannot be enforced: AppArmor is not enabled on this host",
			apparmor_profile(c));
	if (selinux && !has_selinux(l->kit.host_proc_fd))
		return err_set(e, "%s: \"%s\" cannot be enforced: SELinux is not enabled on this host", selinux,
			selinux_label(c) ? selinux_label(c) : mount_label(c));
	return 0;
}

/* ---- child ---- */

static int write_attribute(const struct init *init, const char *path, const char *text, struct err *e)
{
	cleanup_fd int fd = path_open_proc(init->proc_fd, path, O_WRONLY, e);

	if (fd < 0)
		return -1;
	return write(fd, text, strlen(text)) < 0 ? err_sys(e, "write %s", path) : 0;
}

/* Not attr/exec: where several modules are stacked, that may be another one's. */
static int set_apparmor(const struct init *init, const char *profile, struct err *e)
{
	cleanup_free char *text = mem_printf("exec %s", profile);

	if (is_unconfined(profile) && !init->kit->apparmor)
		return 0;
	if (write_attribute(init, "self/attr/apparmor/exec", text, e) == 0)
		return 0;
	if (e->code == ENOENT)
		return err_wrap(e, "process.apparmorProfile: \"%s\" is not loaded (apparmor_parser)", profile);
	return err_wrap(e, "process.apparmorProfile: \"%s\"", profile);
}

static int set_selinux(const struct init *init, const char *label, struct err *e)
{
	if (write_attribute(init, "self/attr/exec", label, e) == 0)
		return 0;
	if (e->code == EINVAL)
		return err_wrap(e, "process.selinuxLabel: \"%s\" is no label of the policy that is loaded", label);
	return err_wrap(e, "process.selinuxLabel: \"%s\"", label);
}

static int label_process(struct init *init, struct err *e)
{
	const char *profile = apparmor_profile(init->config), *label = selinux_label(init->config);

	if (profile && set_apparmor(init, profile, e))
		return -1;
	return label ? set_selinux(init, label, e) : 0;
}

/* The session keyring would get our label, and the container could not use it. */
static bool wants_key_label(const struct oci_config *config)
{
	return selinux_label(config);
}

static int label_keys(struct init *init, struct err *e)
{
	return write_attribute(init, "self/attr/keycreate", selinux_label(init->config), e)
		       ? err_wrap(e, "process.selinuxLabel: for keys")
		       : 0;
}

/* A newline alone takes it back: later keys are ours again. */
static int unlabel_keys(struct init *init, struct err *e)
{
	return write_attribute(init, "self/attr/keycreate", "\n", e);
}

/* ---- mounts ---- */

int lsm_label_mount(const struct oci_config *config, int fs_fd, const char *type, struct err *e)
{
	static const char *const unlabelled[] = { "proc", "sysfs", "mqueue", "cgroup", "cgroup2" };
	const char *label = mount_label(config);

	for (size_t i = 0; i < ARRAY_LEN(unlabelled); i++)
		if (str_eq(type, unlabelled[i]))
			return 0; /* their files get labels by the policy */
	if (!label || mountfd_config(fs_fd, mount_context(config), label, e) == 0)
		return 0;
	return err_wrap(e, "linux.mountLabel: \"%s\"", label);
}

const struct feature feature_lsm = { "lsm", "process.selinuxLabel", validate, report, .annotations = annotations };
const struct host_step host_lsm = { "lsm", wanted, check, NULL };
const struct init_step init_lsm_keys = { "lsm", wants_key_label, label_keys };
const struct init_step init_lsm_keys_end = { "lsm", wants_key_label, unlabel_keys };
const struct init_step init_lsm = { "lsm", wanted, label_process };
