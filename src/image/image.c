#include "image/image.h"

#include "base/fd.h"
#include "base/log.h"
#include "image/overlay.h"

/* The first that claims a name has it; a directory is what is left. */
static const struct image_kind *const kinds[] = { &image_host, &image_directory };

int image_open(const char *name, const struct image_opts *opts, struct arena *arena, struct image *image, struct err *e)
{
	*image = (struct image){ .opts = *opts, .root_fd = -1 };
	for (size_t i = 0; i < ARRAY_LEN(kinds) && !image->kind; i++)
		if (kinds[i]->claims(name))
			image->kind = kinds[i];
	if (image->kind->open(image, name, arena, e))
		return err_wrap(e, "image \"%s\"", name);
	if (!opts->no_overlay) {
		int in_pieces = overlay_check(image, e) ? -1 : pieces_wanted(image, arena, e);

		if (in_pieces < 0)
			return err_wrap(e, "image \"%s\"", name);
		image->in_pieces = in_pieces;
	}
	log_debug("image", "opened kind=%s path=%s", image->kind->name, image->path);
	return 0;
}

void image_close(struct image *image)
{
	fd_close(&image->root_fd);
}

int image_config(const struct image *image, const char *state_dir, struct mount_list *list, struct oci_config *config,
	struct err *e)
{
	config->root = arena_alloc(list->arena, sizeof *config->root);
	config->root->readonly = config->root->has_readonly = image->opts.read_only;
	if (image->opts.no_overlay)
		config->root->path = image->path;
	else if (image->in_pieces && pieces_config(image, state_dir, list, config, e))
		return err_wrap(e, "image \"%s\"", image->path);
	else if (!image->in_pieces)
		overlay_config(image, state_dir, list, config);
	return image->kind->mounts(image, state_dir, list, config, e);
}

int image_prepare(const struct image *image, int state_dir_fd, struct err *e)
{
	return image->opts.no_overlay ? 0 : overlay_prepare(state_dir_fd, e);
}
