/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Completes values where the user gives them: what they mean in this directory
 * and this environment, written so that it means the same elsewhere.  Runs as
 * the user.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spank/plugin/settings/expand.h"
#include "spank/plugin/settings/path.h"
#include "spank/plugin/settings/setting_complete.h"

static int replace_text(char **place, const char *text, struct error *err)
{
	char *copy = strdup(text);

	if (!copy)
		return error_set(err, 0, "cannot allocate memory");
	free(*place);
	*place = copy;
	return 0;
}

static bool is_same_text(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/*
 * A name without '/' is a file of the working directory, if there is one; or
 * else it may be one of the site's, which the nodes look up.
 */
static int complete_image_path(char **image, bool site_has_images,
	struct error *err)
{
	bool is_bare = !strchr(*image, '/') && site_has_images;
	char path[PATH_MAX];

	if (expand_path(*image, path, err) < 0)
		return -1;
	if (is_bare && access(path, F_OK) < 0)
		return 0;
	return replace_text(image, path, err);
}

static int complete_directory(char **place, struct error *err)
{
	char path[PATH_MAX];

	if (expand_absolute(*place, environ, path, err) < 0)
		return -1;
	path_normalize(path);
	return replace_text(place, path, err);
}

int setting_complete_image(struct setting_value *value,
	const struct setting_value *inherited, bool site_has_images,
	struct error *err)
{
	if (!value->path || is_same_text(value->path, inherited->path))
		return 0;
	return complete_image_path(&value->path, site_has_images, err);
}

int setting_complete_directory(struct setting_value *value,
	const struct setting_value *inherited, bool site_has_images,
	struct error *err)
{
	(void)site_has_images;
	if (!value->path || is_same_text(value->path, inherited->path))
		return 0;
	return complete_directory(&value->path, err);
}

/* --- lists ---------------------------------------------------------------- */

static bool is_inherited(const struct bind_spec *spec,
	const struct bind_list *inherited)
{
	const struct bind_spec *other = inherited->items;
	size_t i;

	for (i = 0; i < inherited->count; i++, other++)
		if (is_same_text(spec->target, other->target) &&
			(is_same_text(spec->source, other->source) ||
				(!spec->source && !other->source)))
			return true;
	return false;
}

static int complete_source(struct bind_spec *spec, enum bind_spec_kind kind,
	bool site_has_images, struct error *err)
{
	char path[PATH_MAX];

	if (kind == BIND_SPEC_IMAGES || spec->image_path)
		return complete_image_path(&spec->source, site_has_images, err);
	if (expand_path(spec->source, path, err) < 0)
		return -1;
	return replace_text(&spec->source, path, err);
}

static int complete_spec(struct bind_spec *spec, enum bind_spec_kind kind,
	bool site_has_images, struct error *err)
{
	bool same = is_same_text(spec->source, spec->target);

	if (spec->source &&
		complete_source(spec, kind, site_has_images, err) < 0)
		return -1;
	if (same && replace_text(&spec->target, spec->source, err) < 0)
		return -1;
	if (complete_directory(&spec->target, err) < 0)
		return -1;
	if (strcmp(spec->target, "/") == 0)
		return error_set(err, 0,
			"nothing can be bound at '/', the root of the image");
	return 0;
}

static int complete_list(struct bind_list *list, enum bind_spec_kind kind,
	const struct bind_list *inherited, bool site_has_images,
	struct error *err)
{
	struct bind_spec *spec = list->items;
	size_t i;

	for (i = 0; i < list->count; i++, spec++) {
		if (!spec->is_complete && !is_inherited(spec, inherited) &&
			complete_spec(spec, kind, site_has_images, err) < 0)
			return -1;
		spec->is_complete = true;
	}
	return 0;
}

int setting_complete_binds(struct setting_value *value,
	const struct setting_value *inherited, bool site_has_images,
	struct error *err)
{
	return complete_list(&value->binds, BIND_SPEC_USER, &inherited->binds,
		site_has_images, err);
}

int setting_complete_mounts(struct setting_value *value,
	const struct setting_value *inherited, bool site_has_images,
	struct error *err)
{
	return complete_list(&value->binds, BIND_SPEC_IMAGES, &inherited->binds,
		site_has_images, err);
}

static bool is_inherited_overlay(const struct overlay *overlay,
	const struct overlay_list *inherited)
{
	size_t i;

	for (i = 0; i < inherited->count; i++)
		if (is_same_text(overlay->path, inherited->items[i].path))
			return true;
	return false;
}

/* A script may name for its sruns what it has named for sbatch. */
int setting_complete_overlays(struct setting_value *value,
	const struct setting_value *inherited, bool site_has_images,
	struct error *err)
{
	struct overlay *overlay = value->overlays.items;
	size_t i;

	for (i = 0; i < value->overlays.count; i++, overlay++) {
		if (!overlay->is_complete &&
			!is_inherited_overlay(overlay, &inherited->overlays) &&
			complete_image_path(&overlay->path, site_has_images,
				err) < 0)
			return -1;
		overlay->is_complete = true;
	}
	overlay_list_merge(&value->overlays);
	return 0;
}
