/* --cgroup-manager systemd: the container's cgroup is that of a scope unit, which systemd makes, knows and shows;
 * org.freedesktop.systemd1(5), systemd.scope(5), and systemd.io, "Control Group APIs and Delegation".
 *
 * systemd makes a scope around a process that is there already, so init is born outside and moved in while it mounts.
 * The scope is delegated: below it, and in what systemd does not know, the container's cgroup is ours, by the files.
 *
 * It is asked by its own socket, which needs no bus daemon, and by the bus where that socket is not to be had. */
#include "cgroup/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "cgroup/controller.h"
#include "sys/capable.h"
#include "sys/dbus.h"

#define SERVICE "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER SERVICE ".Manager"
#define ANSWER_MS 30000 /* a manager that goes over all its units is away for seconds */
#define IDLE_WEIGHT_SINCE 252

/* --- the connection --- */

/* uid 0 of a user namespace is a user of the host, whose manager is its own. */
static bool is_user(void)
{
	return geteuid() != 0 || in_user_namespace();
}

static int call_on(struct dbus *bus, const char *service, const char *path, const char *interface, const char *member,
	const char *signature, struct text *body, struct dbus_message **reply, char *error_name, struct err *e)
{
	const struct dbus_call call = { service, path, interface, member, signature, body };
	int rc = dbus_call(bus, &call, ANSWER_MS, reply, error_name, e);
	if (body)
		free(body->p);
	return rc;
}

static int call(struct systemd *s, const char *member, const char *signature, struct text *body,
	struct dbus_message **reply, char *error_name, struct err *e)
{
	return call_on(s->bus, SERVICE, MANAGER_PATH, MANAGER, member, signature, body, reply, error_name, e);
}

/* The bus hands on only what was asked for, and systemd sends it no signals before somebody subscribes. */
static int subscribe(struct dbus *bus, struct err *e)
{
	struct text rule = { 0 };
	struct dbus_message *reply;
	dbus_put_string(&rule, "type='signal',sender='" SERVICE "',interface='" MANAGER "',member='JobRemoved'");
	if (call_on(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch", "s",
		    &rule, &reply, NULL, e) < 0)
		return -1;
	dbus_free(reply);
	if (call_on(bus, SERVICE, MANAGER_PATH, MANAGER, "Subscribe", "", NULL, &reply, NULL, e) < 0)
		return -1;
	dbus_free(reply);
	return 0;
}

/* "unix:path=/run/user/1000/bus,guid=..." */
static char *bus_path(const char *variable, const char *usual)
{
	const char *address = getenv(variable);
	if (address && str_starts(address, "unix:path="))
		return mem_printf(
			"%.*s", (int)strcspn(address + strlen("unix:path="), ",;"), address + strlen("unix:path="));
	return mem_strdup(usual);
}

/* Nobody stays connected: systemd would go on telling of every unit and job. Hands rc through. */
static int disconnect(struct systemd *s, int rc)
{
	dbus_close(s->bus);
	s->bus = NULL;
	return rc;
}

static int connect_to(struct systemd *s, const char *own, const char *bus, struct err *e)
{
	struct err directly, by_bus;
	if ((s->bus = dbus_open(own, false, &directly)))
		return 0;
	if ((s->bus = dbus_open(bus, true, &by_bus)) && subscribe(s->bus, &by_bus) == 0)
		return 0;
	disconnect(s, 0);
	return err_set(e, "%s cannot be reached (%.300s; %.300s); use --cgroup-manager cgroupfs where there is none",
		s->user ? "the user's systemd" : "systemd", directly.msg, by_bus.msg);
}

static int need_bus(struct systemd *s, struct err *e)
{
	if (s->bus)
		return 0;
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");
	if (s->user && (!runtime_dir || *runtime_dir != '/'))
		return err_set(e,
			"the user's systemd is found by XDG_RUNTIME_DIR, which is not set; log in with a session, "
			"or use --cgroup-manager cgroupfs");
	cleanup_free char *own =
		s->user ? mem_printf("%s/systemd/private", runtime_dir) : mem_strdup("/run/systemd/private");
	cleanup_free char *usual =
		s->user ? mem_printf("%s/bus", runtime_dir) : mem_strdup("/run/dbus/system_bus_socket");
	cleanup_free char *bus = bus_path(s->user ? "DBUS_SESSION_BUS_ADDRESS" : "DBUS_SYSTEM_BUS_ADDRESS", usual);
	return connect_to(s, own, bus, e);
}

/* A property of the manager that is a string. */
static int manager_property(struct systemd *s, const char *name, struct arena *arena, char **value, struct err *e)
{
	struct text body = { 0 };
	struct dbus_message *reply;
	dbus_put_string(&body, MANAGER);
	dbus_put_string(&body, name);
	if (call_on(s->bus, SERVICE, MANAGER_PATH, "org.freedesktop.DBus.Properties", "Get", "ss", &body, &reply, NULL,
		    e) < 0)
		return err_wrap(e, "systemd: %s", name);
	int rc = dbus_get_variant(reply, "s") ? 0 : err_set(e, "systemd: %s is no string", name);
	*value = arena_strdup(arena, rc ? "" : dbus_get_string(reply));
	dbus_free(reply);
	return rc;
}

/* --- jobs --- */

/* Until the job whose path the reply holds is done. */
static int job_wait(struct systemd *s, struct dbus_message *reply, const char *what, struct err *e)
{
	cleanup_free char *job = mem_strdup(dbus_get_string(reply));
	long long deadline = clock_ms() + ANSWER_MS;
	dbus_free(reply);
	for (;;) {
		long long left = deadline - clock_ms();
		struct dbus_message *m = dbus_signal(s->bus, left > 0 ? (int)left : 0, e);
		if (!m && e->code == ETIMEDOUT)
			return err_set(e, "systemd has not %s %s within %d s; see systemctl list-jobs", what, s->unit,
				ANSWER_MS / 1000);
		if (!m)
			return err_wrap(e, "systemd, while %s is %s", s->unit, what);
		char result[32] = "";
		if (str_eq(m->member, "JobRemoved") && str_eq(m->signature, "uoss")) {
			(void)dbus_get_u32(m);
			if (str_eq(dbus_get_string(m), job)) {
				(void)dbus_get_string(m);
				snprintf(result, sizeof result, "%s", dbus_get_string(m));
			}
		}
		dbus_free(m);
		if (str_eq(result, "done"))
			return 0;
		if (*result)
			return err_set(e, "systemd has not %s %s: the job's result is \"%s\"; see journalctl -u %s",
				what, s->unit, result, s->unit);
	}
}

/* Nothing where there is no such unit. */
static int unit_stop(struct systemd *s, struct err *e)
{
	struct text body = { 0 };
	struct dbus_message *reply;
	char error[DBUS_ERROR_NAME] = "";
	dbus_put_string(&body, s->unit);
	dbus_put_string(&body, "replace");
	if (call(s, "StopUnit", "ss", &body, &reply, error, e) == 0) {
		if (job_wait(s, reply, "stopped", e) < 0)
			return -1;
	} else if (!str_eq(error, SERVICE ".NoSuchUnit")) {
		return err_wrap(e, "systemd: unit %s", s->unit);
	}
	/* One that failed stays, and with it its name, until somebody has taken note. */
	struct text name = { 0 };
	struct err ignored;
	dbus_put_string(&name, s->unit);
	if (call(s, "ResetFailedUnit", "s", &name, &reply, NULL, &ignored) == 0)
		dbus_free(reply);
	return 0;
}

/* --- the scope --- */

static const struct oci_resources *resources_of(const struct oci_config *config)
{
	return config->linux ? config->linux->resources : NULL;
}

static void put_properties(struct text *t, const struct systemd *s, pid_t pid)
{
	char description[512];
	size_t begin = dbus_put_array(t, "(sv)");
	snprintf(description, sizeof description, "container %.400s", s->unit);
	property_string(t, "Description", description);
	property_string(t, "Slice", s->slice);
	property_bool(t, "Delegate", true);
	/* It has nothing to do with shutdown's order: whoever runs the engine stops it. */
	property_bool(t, "DefaultDependencies", false);
	property_string(t, "CollectMode", "inactive-or-failed");
	property_bool(t, "MemoryAccounting", true);
	property_bool(t, "CPUAccounting", true);
	property_bool(t, "IOAccounting", true);
	property_bool(t, "TasksAccounting", true);
	dbus_put_struct(t);
	dbus_put_string(t, "PIDs");
	dbus_put_signature(t, "au");
	size_t pids = dbus_put_array(t, "u");
	dbus_put_u32(t, (uint32_t)pid);
	dbus_end_array(t, pids);
	if (resources_of(s->config))
		property_resources(t, resources_of(s->config), s->user, NULL);
	/* Last, as of two that set the same the later one counts. */
	property_annotations(t, s->config);
	dbus_end_array(t, begin);
}

static int unit_start(
	struct systemd *s, pid_t pid, char error[DBUS_ERROR_NAME], struct dbus_message **reply, struct err *e)
{
	struct text body = { 0 };
	dbus_put_string(&body, s->unit);
	dbus_put_string(&body, "fail");
	put_properties(&body, s, pid);
	dbus_end_array(&body, dbus_put_array(&body, "(sa(sv))"));
	return call(s, "StartTransientUnit", "ssa(sv)a(sa(sv))", &body, reply, error, e);
}

/* In the whole of the unit, as it is the unit that would be stopped, and not only where the container is to be in it. */
static int no_process_inside(const struct systemd *s, const struct hierarchy *h, struct err *e)
{
	cleanup_free char *dir = mem_printf("%s%s", h->mount_dir, s->path);
	cleanup_free pid_t *pids = NULL;
	struct hierarchy unit = *h;
	size_t n;
	unit.dir = dir;
	if (hierarchy_pids(&unit, &pids, &n, e) < 0)
		return -1;
	return n ? err_set(e,
			   "cgroup %s exists already and process %d lives in it; give this container a "
			   "linux.cgroupsPath of its own",
			   dir, pids[0])
		 : 0;
}

/* systemd moves what it may; whether it did is seen where the process is. */
static int check_place(const struct cgroup *cg, pid_t pid, struct err *e)
{
	char file[32];
	cleanup_free char *text = NULL, *line = mem_printf("0::%s\n", cg->systemd->path);
	size_t len;
	snprintf(file, sizeof file, "/proc/%d/cgroup", pid);
	if (file_read(AT_FDCWD, file, 1 << 16, &text, &len, e) < 0)
		return -1;
	/* Below a cgroup namespace's root the mount is that root, and its path is shown the same way. */
	if (strstr(text, line))
		return 0;
	const char *where = str_starts(text, "0::") ? text + 3 : text;
	err_set(e, "systemd has put process %d not into %s but into %.*s", pid, cg->systemd->path,
		(int)strcspn(where, "\n"), where);
	e->code = ESRCH; /* one that has ended is not moved: what it had to say comes first */
	return -1;
}

static int make_scope(struct cgroup *cg, pid_t pid, struct err *e)
{
	struct systemd *s = cg->systemd;
	struct hierarchy *h = &cg->hierarchies[0];
	struct dbus_message *reply;
	char error[DBUS_ERROR_NAME] = "";
	if (no_process_inside(s, h, e) < 0 || need_bus(s, e) < 0)
		return -1;
	int rc = unit_start(s, pid, error, &reply, e);
	if (rc < 0 && str_eq(error, SERVICE ".UnitExists")) {
		/* Nobody lives in it: what an earlier container has left. */
		if (unit_stop(s, e) < 0)
			return -1;
		rc = unit_start(s, pid, error, &reply, e);
	}
	if (rc < 0)
		return err_wrap(e, "systemd: unit %s", s->unit);
	h->ours = true;
	if (job_wait(s, reply, "started", e) < 0 || check_place(cg, pid, e) < 0 || subgroup_make(cg, pid, e) < 0)
		return -1;
	log_info("cgroup", "unit=%s slice=%s", s->unit, s->slice);
	return 0;
}

static int make(struct cgroup *cg, pid_t pid, struct err *e)
{
	return disconnect(cg->systemd, make_scope(cg, pid, e));
}

/* systemd answers before it writes the control files, and takes the next question after it: what its answer comes after is
 * not overwritten any more. */
static int written(struct systemd *s, struct err *e)
{
	struct arena *arena = arena_new();
	char *version;
	int rc = manager_property(s, "Version", arena, &version, e);
	arena_free(arena);
	return rc;
}

static int set(struct cgroup *cg, const struct oci_resources *r, struct err *e)
{
	struct systemd *s = cg->systemd;
	struct text body = { 0 };
	struct dbus_message *reply;
	if (need_bus(s, e) < 0)
		return -1;
	dbus_put_string(&body, s->unit);
	dbus_put_u32(&body, true); /* for this boot: the unit is gone after it */
	size_t begin = dbus_put_array(&body, "(sv)");
	property_resources(&body, r, s->user, cg->hierarchies[0].dir);
	dbus_end_array(&body, begin);
	int rc = call(s, "SetUnitProperties", "sba(sv)", &body, &reply, NULL, e);
	if (rc == 0) {
		dbus_free(reply);
		rc = written(s, e);
	}
	return disconnect(s, rc) < 0 ? err_wrap(e, "systemd: unit %s", s->unit) : 0;
}

/* --- what is inside --- */

static const struct cgroup_manager *files(const struct cgroup *cg)
{
	return cg->v2 ? &cgroup_fs_v2 : &cgroup_fs_v1;
}

/* A user may not move a process out of a session into the scope, but its systemd can have it moved. */
static int join(struct cgroup *cg, pid_t pid, struct err *e)
{
	struct systemd *s = cg->systemd;
	const char *unit = strstr(cg->hierarchies[0].path, s->unit);
	struct text body = { 0 };
	struct dbus_message *reply;
	if (files(cg)->join(cg, pid, e) == 0)
		return 0;
	if (!s->user || (e->code != EACCES && e->code != EPERM) || need_bus(s, e) < 0)
		return -1;
	dbus_put_string(&body, s->unit);
	/* Where below the unit's own: "/sub". */
	dbus_put_string(&body, unit ? unit + strlen(s->unit) : "");
	size_t begin = dbus_put_array(&body, "u");
	dbus_put_u32(&body, (uint32_t)pid);
	dbus_end_array(&body, begin);
	if (disconnect(s, call(s, "AttachProcessesToUnit", "ssau", &body, &reply, NULL, e)) < 0)
		return err_wrap(e, "systemd: unit %s", s->unit);
	dbus_free(reply);
	return 0;
}

static int entrances(struct cgroup *cg, pid_t pid, int *fds, size_t room, size_t *n, struct err *e)
{
	(void)fds;
	(void)room;
	(void)n;
	(void)e;
	/* Init was moved when the scope was made; anybody else comes later. */
	return cg->systemd->config || cg->dir_fd >= 0 ? 0 : join(cg, pid, e);
}

static int kill_all(struct cgroup *cg, struct err *e)
{
	return files(cg)->kill(cg, e);
}

static int freeze(struct cgroup *cg, bool frozen, struct err *e)
{
	return files(cg)->freeze(cg, frozen, e);
}

static int frozen(struct cgroup *cg)
{
	return files(cg)->frozen(cg);
}

static void oom(struct cgroup *cg, struct cgroup_oom *oom)
{
	files(cg)->oom(cg, oom);
}

/* Killed by the kernel first: systemd would wait for each process to take its SIGTERM. */
static int stop(struct cgroup *cg, struct err *e)
{
	struct systemd *s = cg->systemd;
	if (!cg->hierarchies[0].ours)
		return 0;
	if (files(cg)->kill(cg, e) < 0)
		return -1;
	if (need_bus(s, e) < 0 || unit_stop(s, e) < 0)
		log_warn("cgroup", "%s", e->msg); /* the directory can be removed without systemd */
	return disconnect(s, 0);
}

/* --- where --- */

int systemd_locate(
	struct cgroup *cg, const struct oci_config *config, const char *id, struct arena *arena, struct err *e)
{
	struct systemd *s = cg->systemd = arena_alloc(arena, sizeof *s);
	char *own, *version;
	s->user = is_user();
	s->config = config;
	if (scope_name(config->linux ? config->linux->cgroups_path : NULL, id, arena, s, e) < 0 || need_bus(s, e) < 0 ||
		manager_property(s, "ControlGroup", arena, &own, e) < 0)
		return -1;
	const struct oci_resources *r = resources_of(config);
	if (r && r->cpu && r->cpu->has_idle && r->cpu->idle) {
		if (manager_property(s, "Version", arena, &version, e) < 0)
			return -1;
		if (atoi(version + strspn(version, "v")) < IDLE_WEIGHT_SINCE)
			return err_set(e,
				"linux.resources.cpu.idle: systemd %s does not know it and would take it back; it "
				"needs systemd %d",
				version, IDLE_WEIGHT_SINCE);
	}
	/* "/" where systemd is pid 1. */
	s->path = arena_printf(arena, "%s%s", str_eq(own, "/") ? "" : own, scope_path(s, arena));
	char *path = arena_printf(arena, "%s%s", s->path, subgroup_path(config, arena));
	if (locate_hierarchies(cg, path, id, false, 0, arena, e) < 0)
		return -1;
	if (!cg->v2)
		return err_set(e,
			"--cgroup-manager systemd needs cgroup v2 alone, and this host has cgroup v1 hierarchies; "
			"use --cgroup-manager cgroupfs");
	/* Slices are systemd's to remove. */
	cg->hierarchies[0].made_parents = 0;
	return 0;
}

void systemd_from_record(struct cgroup *cg, const struct oci_hind_cgroup *record, struct arena *arena)
{
	cg->systemd = arena_alloc(arena, sizeof *cg->systemd);
	cg->systemd->unit = arena_strdup(arena, record->unit);
	cg->systemd->user = record->has_user && record->user;
}

const struct cgroup_manager cgroup_systemd = { .name = "systemd",
	.around_init = true,
	.make = make,
	.set = set,
	.stop = stop,
	.join = join,
	.entrances = entrances,
	.kill = kill_all,
	.freeze = freeze,
	.frozen = frozen,
	.oom = oom };
