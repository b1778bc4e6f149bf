/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An OCI image keeps its environment, its command and its directory in its
 * config.  Here they show as the files that an image of Apptainer or
 * Singularity has for that, so that the plugin, and users, find them in one
 * place:
 *
 *   /.singularity.d/env/10-docker2singularity.sh   Env
 *   /.singularity.d/runscript                      Entrypoint and Cmd
 *   /.singularity.d/workdir                        a link to WorkingDir
 *
 * A file that the image has wins, as it does where these tools build a SIF.
 */
#include <errno.h>

#include "spank/server/fuse/config_files.h"

static int make_directory(struct tree *tree, uint64_t parent, const char *name,
	uint64_t *ret_node)
{
	if (tree_make(tree, NULL, parent, name, S_IFDIR, ret_node) == 0)
		return 0;
	if (errno != EEXIST)
		return -1;
	return tree_lookup(tree, NULL, parent, name, ret_node);
}

/* `text` may be NULL: there is no such file. */
static int add_file(struct tree *tree, uint64_t directory, const char *name,
	mode_t mode, const char *text)
{
	uint64_t existing;

	if (!text || tree_lookup(tree, NULL, directory, name, &existing) == 0)
		return 0;
	if (errno != ENOENT)
		return -1;
	return mountpoints_add_text(&tree->mountpoints, directory, name, mode,
		text);
}

int config_files_add(struct tree *tree, const struct oci_config *config)
{
	uint64_t meta, scripts;

	if (!config->runscript)
		return 0;
	if (make_directory(tree, TREE_ROOT, ".singularity.d", &meta) < 0 ||
		make_directory(tree, meta, "env", &scripts) < 0 ||
		add_file(tree, scripts, "10-docker2singularity.sh",
			S_IFREG | 0755, config->environment) < 0 ||
		add_file(tree, meta, "runscript", S_IFREG | 0755,
			config->runscript) < 0)
		return -1;
	return add_file(tree, meta, "workdir", S_IFLNK | 0777,
		config->directory);
}
