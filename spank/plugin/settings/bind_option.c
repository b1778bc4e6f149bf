/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The options of a bind: ro, rw, and the path in an image.  Options that mounts
 * have elsewhere are known too, to say that they cannot be chosen.
 */
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "spank/plugin/settings/bind_option.h"
#include "spank/plugin/settings/list.h"

/*
 * Options that mounts and binds have elsewhere: in mount(8), Apptainer, enroot
 * (with '+' between them), Docker and Podman.
 */
static bool is_foreign_option(const char *word)
{
	static const char *const options[] = { "nosuid", "suid", "nodev", "dev",
		"noexec", "exec", "bind", "rbind", "private", "rprivate",
		"shared", "rshared", "slave", "rslave", "unbindable", "noatime",
		"relatime", "nodiratime", "z", "Z", "U", "cached", "consistent",
		"delegated", "idmap" };
	size_t i, length;

	if (strpbrk(word, ":/"))
		return false;
	for (; *word; word += length + (word[length] == '+')) {
		length = strcspn(word, "+");
		if (strncmp(word, "x-", 2) == 0)
			return true;
		for (i = 0; i < sizeof(options) / sizeof(*options); i++)
			if (strlen(options[i]) == length &&
				strncmp(word, options[i], length) == 0)
				return true;
	}
	return false;
}

/* The path of "image-src=PATH" or "src=PATH"; NULL if the word is neither. */
static const char *path_in_image(const char *word, enum bind_spec_kind kind)
{
	if (strncmp(word, "image-src=", 10) == 0)
		return word + 10;
	if (kind == BIND_SPEC_IMAGES && strncmp(word, "src=", 4) == 0)
		return word + 4;
	return NULL;
}

static bool is_image_option(const char *word, enum bind_spec_kind kind)
{
	return path_in_image(word, kind) || strncmp(word, "id=", 3) == 0;
}

static int refuse_writable(struct error *err)
{
	return error_set(err, 0, "an image is read-only: leave 'rw' out");
}

static int take_image_path(struct bind_spec *spec, enum bind_spec_kind kind,
	const char *path, struct error *err)
{
	char *copy;

	if (kind == BIND_SPEC_ADMIN)
		return error_set(err, 0,
			"an image is not a bind: write "
			"mount=IMAGE:DST:src=PATH");
	if (path[0] != '/')
		return error_set(err, 0,
			"the path in the image, '%s', is not absolute: begin "
			"it with '/'",
			path);
	if (strlen(path) >= PATH_MAX)
		return error_set(err, 0, "a path is longer than %d characters",
			PATH_MAX - 1);
	if (spec->is_optional)
		return error_set(err, 0,
			"an image is never optional: leave the '?' out");
	if (spec->has_options && !spec->is_read_only && !spec->image_path)
		return refuse_writable(err);
	copy = strdup(path);
	if (!copy)
		return error_set(err, 0, "cannot allocate memory");
	list_unescape(copy, ":,\\");
	free(spec->image_path);
	spec->image_path = copy;
	return 0;
}

static int refuse_option(const char *word, struct error *err)
{
	if (strncmp(word, "id=", 3) == 0)
		return error_set(err, 0,
			"'%s' is not supported: the partition of an image is "
			"found without it; leave it out",
			word);
	if (is_foreign_option(word))
		return error_set(err, 0,
			"'%s' cannot be chosen for a bind, but ro and rw can "
			"(all are nosuid): leave it out, or write ./%s if it "
			"is a file",
			word, word);
	return error_set(err, 0,
		"'%s' is not an option of a bind (ro, rw, image-src=PATH)",
		word);
}

int bind_option_take(struct bind_spec *spec, enum bind_spec_kind kind,
	const char *word, struct error *err)
{
	const char *path = path_in_image(word, kind);
	bool is_image = kind == BIND_SPEC_IMAGES;

	if (!spec->source)
		return error_set(err, 0,
			"'%s' follows '-%s', which takes no option", word,
			spec->target);
	if (path && take_image_path(spec, kind, path, err) < 0)
		return -1;
	if (strcmp(word, "rw") == 0 && (spec->image_path || is_image))
		return refuse_writable(err);
	if (strcmp(word, "ro") == 0)
		spec->is_read_only = true;
	else if (strcmp(word, "rw") == 0)
		spec->is_read_only = false;
	else if (!path)
		return refuse_option(word, err);
	spec->has_options = true;
	return 0;
}

static bool is_option(const char *word)
{
	return strcmp(word, "ro") == 0 || strcmp(word, "rw") == 0;
}

/* A word that is an option elsewhere continues an item only after an option:
 * "shared" may be a directory. */
bool bind_option_continues(const struct bind_spec *last,
	enum bind_spec_kind kind, const char *word)
{
	return is_option(word) ||
	       (last->has_options && (is_foreign_option(word) ||
					     is_image_option(word, kind)));
}
