/* One container's cgroup: the calls of cgroup.h, over the manager that was chosen. */
#include "cgroup/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "cgroup/controller.h"
#include "cgroup/systemd.h"

/* --- where --- */

static struct cgroup *cgroup_new(struct arena *arena)
{
	struct cgroup *cg = arena_alloc(arena, sizeof *cg);
	cg->dir_fd = -1;
	return cg;
}

static const struct oci_resources *resources_of(const struct oci_config *config)
{
	return config->linux ? config->linux->resources : NULL;
}

int cgroup_locate(const struct oci_config *config, const char *id, const char *manager, bool wants_named,
	struct arena *arena, struct cgroup **out, struct err *e)
{
	struct cgroup *cg = *out = cgroup_new(arena);
	if (!str_eq(manager, cgroup_systemd.name))
		subgroup_ignored(config, manager);
	if (str_eq(manager, cgroup_none.name)) {
		cg->manager = &cgroup_none;
		return wants_named ? locate_hierarchies(cg, NULL, id, true, 0, arena, e) : 0;
	}
	if (str_eq(manager, cgroup_systemd.name)) {
		cg->manager = &cgroup_systemd;
		return systemd_locate(cg, config, id, arena, e);
	}
	if (!str_eq(manager, cgroup_fs_v1.name))
		return err_set(e, "--cgroup-manager %s: not one of cgroupfs, systemd, disabled", manager);
	const char *path = config->linux ? config->linux->cgroups_path : NULL;
	if (locate_hierarchies(cg, path, id, wants_named, controllers_asked(resources_of(config)), arena, e) < 0)
		return -1;
	cg->manager = cg->v2 ? &cgroup_fs_v2 : &cgroup_fs_v1;
	return 0;
}

static int not_permitted(unsigned controller, const struct hierarchy *h, const struct oci_resources *r, struct err *e)
{
	return err_set(e,
		"linux.resources.%s: user %u may not make the cgroup %s; have the cgroup above it delegated to this "
		"user "
		"(systemd: Delegate=yes), or leave the limit out",
		controller_asked(controllers[controller], r), geteuid(), h->dir);
}

/* Without any of its own, the container sees the caller's. */
static int borrow(struct cgroup *cg, struct arena *arena, struct err *e)
{
	cg->manager = &cgroup_none;
	if (locate_hierarchies(cg, NULL, NULL, true, 0, arena, e) < 0)
		return -1;
	cg->undelegated = true;
	return 0;
}

int cgroup_forgo(struct cgroup *cg, const struct oci_resources *resources, struct arena *arena, struct err *e)
{
	unsigned asked = controllers_asked(resources) & ~(1u << CONTROLLER_DEVICES);
	size_t kept = 0;

	/* systemd decides for itself. */
	if (cg->manager == &cgroup_systemd)
		return 0;
	for (size_t i = 0; i < cg->n; i++) {
		struct hierarchy *h = &cg->hierarchies[i];

		if (hierarchy_permitted(h)) {
			cg->hierarchies[kept++] = *h;
			continue;
		}
		for (unsigned k = 0; k < CONTROLLERS; k++)
			if (asked & h->controllers & 1u << k)
				return not_permitted(k, h, resources, e);
		log_info("cgroup", "left out dir=%s: not permitted", h->dir);
		cg->forgone = true;
	}
	if (cg->n && !kept) {
		cg->n = 0;
		return borrow(cg, arena, e);
	}
	cg->n = kept;
	cg->hybrid = cg->hybrid && kept > 1 && cg->hierarchies[kept - 1].v2;
	return 0;
}

static int record_path_is_sane(const char *path)
{
	return path && path[0] == '/' && !strstr(path, "/../") && !strstr(path, "//") && path[1];
}

int cgroup_from_record(const struct oci_hind_cgroup *record, struct arena *arena, struct cgroup **out, struct err *e)
{
	struct cgroup *cg = *out = cgroup_new(arena);
	cg->manager = str_eq(record->manager, cgroup_none.name)                      ? &cgroup_none
		      : str_eq(record->manager, cgroup_systemd.name) && record->unit ? &cgroup_systemd
		      : record->v2                                                   ? &cgroup_fs_v2
										     : &cgroup_fs_v1;
	if (!str_eq(record->manager, cg->manager->name))
		return err_set(e,
			"the container's record names the cgroup manager %s, which this build does not support",
			record->manager ? record->manager : "(none)");
	if (cg->manager == &cgroup_systemd)
		systemd_from_record(cg, record, arena);
	cg->v2 = record->v2;
	cg->hybrid = record->hybrid;
	cg->n = record->n_hierarchies;
	if (!cg->n && cg->manager != &cgroup_none)
		return err_set(e, "the container's record names no cgroup hierarchy");
	cg->hierarchies = arena_alloc(arena, (cg->n + 1) * sizeof *cg->hierarchies);
	for (size_t i = 0; i < cg->n; i++) {
		const struct oci_hind_hierarchy *from = &record->hierarchies[i];
		struct hierarchy *h = &cg->hierarchies[i];
		/* What is removed recursively must be a cgroup below a mount, whatever has become of the record. */
		if (!record_path_is_sane(from->mount_dir) || !record_path_is_sane(from->path))
			return err_set(e, "the container's record names no valid cgroup path");
		h->options = from->options ? arena_strdup(arena, from->options) : NULL;
		h->mount_dir = arena_strdup(arena, from->mount_dir);
		h->path = arena_strdup(arena, from->path);
		h->made_parents = (int)from->made_parents;
		h->v2 = !h->options;
		h->ours = true;
		hierarchy_set_dir(h, arena);
	}
	locate_controllers(cg->hierarchies, cg->n);
	return 0;
}

void cgroup_record(const struct cgroup *cg, struct arena *arena, struct oci_hind_cgroup *record)
{
	*record = (struct oci_hind_cgroup){ .v2 = cg->v2, .has_v2 = true, .hybrid = cg->hybrid, .has_hybrid = true };
	record->manager = arena_strdup(arena, cg->manager->name);
	if (cg->systemd) {
		record->unit = arena_strdup(arena, cg->systemd->unit);
		record->user = record->has_user = cg->systemd->user;
	}
	record->hierarchies = arena_alloc(arena, (cg->n + 1) * sizeof *record->hierarchies);
	record->n_hierarchies = cg->n;
	for (size_t i = 0; i < cg->n; i++) {
		const struct hierarchy *h = &cg->hierarchies[i];
		struct oci_hind_hierarchy *to = &record->hierarchies[i];
		to->options = h->options ? arena_strdup(arena, h->options) : NULL;
		to->mount_dir = arena_strdup(arena, h->mount_dir);
		to->path = arena_strdup(arena, h->path);
		to->made_parents = (uint32_t)h->made_parents;
		to->has_made_parents = h->made_parents > 0;
	}
}

void cgroup_view(const struct cgroup *cg, struct arena *arena, struct cgroup_view *view)
{
	const struct hierarchy *h = cg->n ? cg->hierarchies : cg->borrowed;

	*view = (struct cgroup_view){ .v2 = cg->v2, .hybrid = cg->hybrid, .borrowed = !cg->n };
	view->n = cg->n ? cg->n : cg->n_borrowed;
	view->hierarchies = arena_alloc(arena, (view->n + 1) * sizeof *view->hierarchies);
	for (size_t i = 0; i < view->n; i++)
		view->hierarchies[i] = (struct cgroup_hierarchy){ h[i].options, h[i].mount_dir, h[i].path };
}

/* --- life --- */

bool cgroup_around_init(const struct cgroup *cg)
{
	return cg->manager->around_init;
}

bool cgroup_moves_own(const struct cgroup *cg)
{
	return cg->systemd && cg->systemd->user;
}

int cgroup_make(struct cgroup *cg, pid_t init, struct err *e)
{
	return cg->manager->make(cg, init, e);
}

int cgroup_make_v2(struct cgroup *cg, struct err *e)
{
	struct hierarchy *h = cg->n ? &cg->hierarchies[cg->n - 1] : NULL;
	if (cg->v2)
		return cgroup_make(cg, 0, e);
	return h && h->v2 ? hierarchy_make(h, NULL, e) : 0;
}

int cgroup_clone_fd(struct cgroup *cg)
{
	struct hierarchy *h = cg->n ? &cg->hierarchies[cg->n - 1] : NULL;
	if (h && h->v2 && h->ours && cg->dir_fd < 0 && !cg->no_clone)
		cg->dir_fd = open(h->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return cg->dir_fd;
}

void cgroup_no_clone(struct cgroup *cg)
{
	cg->no_clone = true;
	fd_close(&cg->dir_fd);
}

int cgroup_join(struct cgroup *cg, pid_t pid, struct err *e)
{
	return cg->manager->join(cg, pid, e);
}

int cgroup_leave(struct cgroup *cg, pid_t pid, struct arena *arena, struct err *e)
{
	struct cgroup *ours = cgroup_new(arena);
	const unsigned pids = 1u << CONTROLLER_PIDS;
	if (borrow(ours, arena, e) < 0)
		return -1;
	for (size_t i = 0; i < ours->n_borrowed; i++) {
		struct hierarchy *h = &ours->borrowed[i];
		if (h->controllers & pids && hierarchy_with(cg, CONTROLLER_PIDS) && hierarchy_join(h, pid, e) < 0)
			return -1;
	}
	return 0;
}

int cgroup_entrances(struct cgroup *cg, pid_t pid, int *fds, size_t room, size_t *n, struct err *e)
{
	*n = 0;
	return cg->manager->entrances ? cg->manager->entrances(cg, pid, fds, room, n, e) : cgroup_join(cg, pid, e);
}

int cgroup_kill(struct cgroup *cg, struct err *e)
{
	return cg->manager->kill(cg, e);
}

int cgroup_signal(struct cgroup *cg, int sig, struct err *e)
{
	struct hierarchy *h = hierarchy_main(cg);
	if (!h)
		return cg->manager->kill(cg, e);
	return hierarchy_signal(h, sig, e) < 0 ? -1 : 0;
}

int cgroup_freeze(struct cgroup *cg, bool frozen, struct err *e)
{
	return cg->manager->freeze(cg, frozen, e);
}

int cgroup_frozen(struct cgroup *cg)
{
	return cg->manager->frozen(cg);
}

bool cgroup_is_own(const struct cgroup *cg)
{
	return cg->n > 0;
}

int cgroup_pids(struct cgroup *cg, pid_t **pids, size_t *n, struct err *e)
{
	struct hierarchy *h = hierarchy_main(cg);
	*pids = NULL;
	*n = 0;
	return h ? hierarchy_pids(h, pids, n, e) : 0;
}

void cgroup_oom(struct cgroup *cg, struct cgroup_oom *oom)
{
	*oom = (struct cgroup_oom){ 0 };
	cg->manager->oom(cg, oom);
}

static bool all_ours(const struct cgroup *cg)
{
	for (size_t i = 0; i < cg->n; i++)
		if (!cg->hierarchies[i].ours)
			return false;
	return true;
}

/* Ends what keeps this one hierarchy busy: the container's processes as a whole, then those that have left the others. */
static int evict(struct cgroup *cg, struct hierarchy *h, struct err *e)
{
	cleanup_free pid_t *pids = NULL;
	size_t n;
	if (hierarchy_pids(h, &pids, &n, e) < 0)
		return -1;
	if (n == 0)
		return 0;
	/* Where making the cgroup failed half-way, some hierarchies hold another container under this path. */
	if (all_ours(cg) && cg->manager->kill(cg, e) < 0)
		return -1;
	long long deadline = clock_ms() + WAIT_LIMIT_MS;
	unsigned us = WAIT_FIRST_US;
	int left;
	while ((left = hierarchy_signal(h, SIGKILL, e)) > 0)
		if (!wait_a_moment(&us, deadline))
			return err_set(e, "%d processes in cgroup %s do not end", left, h->dir);
	return left;
}

int cgroup_remove(struct cgroup *cg, struct err *e)
{
	if (cg->manager->stop && cg->manager->stop(cg, e) < 0)
		return -1;
	for (size_t i = 0; i < cg->n; i++) {
		struct hierarchy *h = &cg->hierarchies[i];
		if (!h->ours || rmdir(h->dir) == 0 || errno == ENOENT)
			continue;
		if ((errno == EBUSY && evict(cg, h, e) < 0) || hierarchy_remove(h, e) < 0)
			return -1;
	}
	fd_close(&cg->dir_fd);
	/* All containers have a cgroup in the same hierarchies: if the parent is in use in one, it is in the others. */
	for (size_t i = 0; i < cg->n; i++)
		if (hierarchy_remove_parents(&cg->hierarchies[i]) == 1)
			break;
	return 0;
}

/* --- limits --- */

static int lacks(const struct cgroup *cg, const struct controller *c, const char *member, struct err *e)
{
	/* The cgroup2 beside v1 is joined by containers that ask for it only. */
	if (cg->n && cg->hierarchies[0].journal)
		return err_set(e,
			"linux.resources.%s: no cgroup of the container has the %s controller; where the host has it, "
			"config.json must ask for it when the container is created",
			member,
			c->v1   ? c->v1
			: c->v2 ? c->v2
				: "v2");
	if (!c->v1 && !c->v2)
		return err_set(
			e, "linux.resources.%s: these are files of cgroup v2, and this host has cgroup v1", member);
	struct text have = { 0 };
	for (size_t i = 0; i < cg->n; i++)
		if (cg->hierarchies[i].options)
			text_printf(&have, "%s%s", have.len ? " " : "", cg->hierarchies[i].options);
	err_set(e, "linux.resources.%s: the host has no %s controller (its cgroup %s hierarchies: %s)", member,
		c->v1 ? c->v1 : c->v2, cg->v2 ? "v2" : "v1", have.p ? have.p : "cgroup2");
	free(have.p);
	return -1;
}

static int unlimited(const struct cgroup *cg, unsigned controller, const char *member, struct err *e)
{
	if (!cg->undelegated)
		log_warn("cgroup", "linux.resources.%s has no effect with --cgroup-manager disabled", member);
	else if (controller != CONTROLLER_DEVICES)
		return err_set(e,
			"linux.resources.%s: this user may not make cgroups below %s, so nothing can be limited; name "
			"a "
			"cgroup that was delegated in linux.cgroupsPath, or leave the limit out",
			member, cg->borrowed[0].mount_dir);
	/* Who may make no cgroup can make no device nodes either: they have the kernel's own check. */
	return 0;
}

static int apply_one(struct cgroup *cg, unsigned controller, const struct oci_resources *resources, struct err *e)
{
	const struct controller *c = controllers[controller];
	const char *member = controller_asked(c, resources);
	if (!member)
		return 0;
	if (controller == CONTROLLER_DEVICES && cg->forgone)
		return 0;
	if (cg->manager == &cgroup_none)
		return unlimited(cg, controller, member, e);
	struct hierarchy *h = hierarchy_with(cg, controller);
	if (!h)
		return lacks(cg, c, member, e);
	return (c->apply ? c->apply : limits_apply)(h, c, resources, e);
}

int cgroup_apply(struct cgroup *cg, const struct oci_resources *resources, struct err *e)
{
	for (unsigned i = 0; i < CONTROLLERS; i++)
		if (apply_one(cg, i, resources, e) < 0)
			return -1;
	for (size_t i = 0; i < cg->n; i++)
		cg->hierarchies[i].fresh = false;
	return 0;
}

int cgroup_update(struct cgroup *cg, const struct oci_resources *resources, struct err *e)
{
	if (cg->manager == &cgroup_none)
		return err_set(
			e, "the container has no cgroup of its own (--cgroup-manager disabled), so it has no limits");
	struct journal *journal = journal_new();
	for (size_t i = 0; i < cg->n; i++)
		cg->hierarchies[i].journal = journal;
	/* What the files refuse is not told to systemd. It writes to them what it makes of it, so they come once more. */
	int rc = cgroup_apply(cg, resources, e);
	if (rc == 0 && cg->manager->set)
		rc = cg->manager->set(cg, resources, e) < 0 ? -1 : cgroup_apply(cg, resources, e);
	if (rc < 0)
		journal_undo(journal);
	for (size_t i = 0; i < cg->n; i++)
		cg->hierarchies[i].journal = NULL;
	journal_free(journal);
	return rc;
}

static void validate_path(const char *path, struct problems *problems)
{
	bool any = false;
	for (size_t len; *path; path += len) {
		path += strspn(path, "/");
		len = strcspn(path, "/");
		any |= len && !(len == 1 && *path == '.');
		if (len == 2 && !strncmp(path, "..", 2))
			problem_add(problems, "linux.cgroupsPath", "\"..\" would lead out of the place that it names");
		if (len > 255)
			problem_add(problems, "linux.cgroupsPath", "a directory name is longer than 255 bytes");
	}
	if (!any)
		problem_add(problems, "linux.cgroupsPath", "names the root cgroup, which no container can have");
}

static void validate_resources(const struct oci_resources *r, bool update, struct problems *problems)
{
	for (size_t i = 0; i < CONTROLLERS; i++)
		if (controllers[i]->validate)
			controllers[i]->validate(r, update, problems);
}

static void validate(const struct oci_config *config, struct problems *problems)
{
	const struct oci_resources *r = resources_of(config);
	if (config->linux && config->linux->cgroups_path && *config->linux->cgroups_path)
		validate_path(config->linux->cgroups_path, problems);
	subgroup_validate(config, problems);
	if (r)
		validate_resources(r, false, problems);
}

void cgroup_validate_update(const struct oci_resources *r, struct problems *problems)
{
	static const char prefix[] = "linux.resources.";
	size_t first = problems->n;
	validate_resources(r, true, problems);
	for (size_t i = first; i < problems->n; i++) {
		char *path = problems->v[i].path;
		if (str_starts(path, prefix))
			memmove(path, path + strlen(prefix), strlen(path + strlen(prefix)) + 1);
	}
}

static void report(struct json_out *out)
{
	static const struct {
		const char *key;
		bool has;
	} parts[] = { { "v1", true }, { "v2", true }, { "systemd", true }, { "systemdUser", true }, { "rdma", true } };
	json_key(out, "cgroup");
	json_open_object(out);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		json_key(out, parts[i].key);
		json_bool(out, parts[i].has);
	}
	json_close_object(out);
}

const struct feature feature_cgroup = { "cgroup", "linux.resources", validate, report,
	.annotations = subgroup_annotations };
