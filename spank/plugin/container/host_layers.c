/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Directories of the host over the image.  The image server cannot open them,
 * so the kernel's overlay makes one tree of them and of the image's mount:
 *
 *   find     the directories in the list, with the user's rights alone
 *   prepare  a user namespace, whose capabilities the overlay has later
 *   mount    the overlay, see common/privileged/overlay.c
 *
 * disk_layer.c has what is special about the one that steps write to.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/plugin/container/disk_layer.h"
#include "spank/plugin/container/host_layers.h"
#include "spank/plugin/container/scaffold.h"
#include "spank/plugin/container/user_namespace.h"
#include "spank/plugin/settings/envp.h"
#include "spank/plugin/settings/step_id.h"

/* --- find ----------------------------------------------------------------- */

/* 1 if the layer is a directory, 0 if not, -1 if there is nothing.  A name
 * without '/' is that of a file in a directory of path=. */
static int is_directory(const char *path, struct error *err)
{
	struct stat status;

	if (path[0] != '/')
		return 0;
	if (stat(path, &status) == 0)
		return S_ISDIR(status.st_mode);
	if (errno != ENOENT)
		return error_set(err, 0,
			"cannot use '%s' on this node: %s; check that each "
			"directory of the path is there, and that you may "
			"enter it",
			path, strerror(errno));
	return error_set(err, 0,
		"cannot use '%s' on this node: %s; if it is a directory, make "
		"it on each node first, as with 'srun --ntasks-per-node=1 "
		"mkdir %s'",
		path, strerror(errno), path);
}

/* Singularity keeps in "upper" what was written. */
static const char *layer_name(int dir_fd)
{
	struct stat status;

	return fstatat(dir_fd, "upper", &status, AT_SYMLINK_NOFOLLOW) == 0 &&
			       S_ISDIR(status.st_mode)
		       ? "upper"
		       : NULL;
}

static int check_lower(const char *path, int dir_fd, struct error *err)
{
	struct statvfs status;

	if (fstatvfs(dir_fd, &status) < 0)
		return error_set(err, errno, "cannot inspect '%s'", path);
	if (!(status.f_flag & ST_NOEXEC))
		return 0;
	error_set(err, 0,
		"'%s' is on a file system from which nothing can be executed "
		"(noexec), and a layer would get around that",
		path);
	return error_hint(err, "use a directory elsewhere");
}

static int add_layer(struct host_layers *layers, const char *path, int dir_fd,
	const char *name, struct error *err)
{
	struct stat status;

	if (layers->count == HOST_LAYERS_MAX)
		return error_set(err, 0,
			"a step can have %d directories as layers, not more: "
			"copy some of them into one",
			HOST_LAYERS_MAX);
	if (fstat(dir_fd, &status) < 0)
		return error_set(err, errno, "cannot inspect '%s'", path);
	layers->layers[layers->count++] = (struct priv_layer){
		.path = path,
		.name = name,
		.device = status.st_dev,
		.number = status.st_ino,
	};
	return 0;
}

static int add_lower(struct host_layers *layers, const char *path,
	struct error *err)
{
	CLEANUP_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_set(err, 0,
			"cannot open '%s': %s; a layer has to be readable for "
			"you",
			path, strerror(errno));
	if (check_lower(path, fd, err) < 0)
		return -1;
	return add_layer(layers, path, fd, layer_name(fd), err);
}

static int add_writable(struct host_layers *layers, const char *path,
	bool has_writable_tmpfs, struct report *report, struct error *err)
{
	if (has_writable_tmpfs)
		return error_set(err, 0,
			"'%s' and --sif-writable-tmpfs are two writable "
			"layers, and a step can have one: leave out the "
			"latter, or write '%s:ro'",
			path, path);
	layers->writable_fd = disk_layer_open(path, report, err);
	if (layers->writable_fd < 0)
		return -1;
	return add_layer(layers, path, layers->writable_fd, NULL, err);
}

/* Check what the list has above the directory at `i`. */
static int check_next(const struct overlay_list *list, size_t i,
	struct error *err)
{
	const char *path = list->items[i].path;
	int found;

	if (i + 1 == list->count)
		return 0;
	if (!list->items[i].is_read_only)
		return error_set(err, 0,
			"'%s' is under another layer, so nothing is written to "
			"it: list it last, or write '%s:ro'",
			path, path);
	found = is_directory(list->items[i + 1].path, err);
	if (found != 0)
		return found < 0 ? -1 : 0;
	return error_set(err, 0,
		"'%s' cannot be over the directory '%s': list directories "
		"last",
		list->items[i + 1].path, path);
}

int host_layers_check_order(const struct overlay_list *list, struct error *err)
{
	struct error ignored;
	size_t i;

	for (i = 0; i + 1 < list->count; i++)
		if (is_directory(list->items[i].path, &ignored) > 0 &&
			is_directory(list->items[i + 1].path, &ignored) >= 0 &&
			check_next(list, i, err) < 0)
			return error_prefix(err, "--sif-overlay");
	return 0;
}

static int find_layer(const struct overlay_list *list, size_t i,
	bool has_writable_tmpfs, struct host_layers *layers,
	struct report *report, struct error *err)
{
	const struct overlay *item = &list->items[i];
	int found = is_directory(item->path, err);

	if (found <= 0)
		return found;
	if (check_next(list, i, err) < 0)
		return -1;
	if (item->is_read_only)
		return add_lower(layers, item->path, err);
	return add_writable(layers, item->path, has_writable_tmpfs, report,
		err);
}

int host_layers_find(const struct overlay_list *list, bool has_writable_tmpfs,
	struct host_layers *ret_layers, struct report *report,
	struct error *err)
{
	struct host_layers layers = HOST_LAYERS_NONE;
	size_t i;

	for (i = 0; i < list->count; i++)
		if (find_layer(list, i, has_writable_tmpfs, &layers, report,
			    err) < 0) {
			host_layers_free(&layers);
			return error_prefix(err, "--sif-overlay");
		}
	*ret_layers = layers;
	return 0;
}

/* --- prepare -------------------------------------------------------------- */

int host_layers_prepare(struct host_layers *layers, bool has_userns,
	struct deadline deadline, struct error *err)
{
	if (layers->count == 0)
		return 0;
	layers->proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (layers->proc_fd < 0)
		return error_set(err, errno, "cannot open '%s'", "/proc");
	if (has_userns)
		return 0;
	layers->userns_fd = user_namespace_make(deadline, err);
	if (layers->userns_fd < 0)
		return error_prefix(err,
			"--sif-overlay: directories as layers need a user "
			"namespace");
	return 0;
}

/* --- mount ---------------------------------------------------------------- */

static void note_step(const struct host_layers *layers,
	const struct plan_request *plan)
{
	const char *number = envp_get(plan->job, "SLURM_STEP_ID");
	struct step_id id = { .has_job = true,
		.job = plan->job_id,
		.step = STEP_BATCH };
	char text[STEP_ID_TEXT];

	if (number)
		step_id_parse_variable(number, &id.step);
	step_id_print(&id, text);
	disk_layer_note_step(layers->writable_fd, text);
}

/* The kernel has refused a layer: say what its error number means. */
static int explain(const struct host_layers *layers, struct error *err)
{
	const char *top = layers->layers[layers->count - 1].path;

	if (layers->writable_fd >= 0)
		disk_layer_explain(top, layers->writable_fd, err);
	else if (err->num == EINVAL)
		error_set(err, 0,
			"the kernel cannot use '%s' as a layer: its file "
			"system is not suitable, or something is mounted in "
			"it; use another directory",
			top);
	if (err->num == ELOOP)
		error_set(err, 0,
			"one of the directories is in another one, or is "
			"listed twice: leave one of them out");
	return error_prefix(err, "--sif-overlay");
}

static void report_layers(const struct host_layers *layers,
	struct report *report)
{
	size_t i;

	for (i = 0; i < layers->count; i++)
		report_detail(report, "layer  %s%s%s (directory%s)",
			layers->layers[i].path,
			layers->layers[i].name ? "/" : "",
			layers->layers[i].name ? layers->layers[i].name : "",
			layers->writable_fd >= 0 && i + 1 == layers->count
				? ", writable"
				: "");
}

int host_layers_mount(const struct host_layers *layers,
	const struct plan_request *plan, struct deadline deadline,
	struct report *report, struct error *err)
{
	const struct priv_overlay overlay = {
		.userns_fd = layers->userns_fd,
		.proc_fd = layers->proc_fd,
		.image = SCAFFOLD,
		.layers = layers->layers,
		.count = layers->count,
		.is_writable = layers->writable_fd >= 0,
	};
	CLEANUP_FD int fd = priv_overlay_mount(&overlay, deadline, err);

	if (fd < 0)
		return explain(layers, err);
	if (overlay.is_writable) {
		if (disk_layer_check(layers->layers[layers->count - 1].path, fd,
			    err) < 0)
			return error_prefix(err, "--sif-overlay");
		note_step(layers, plan);
	}
	if (scaffold_attach(SCAFFOLD, fd, err) < 0)
		return -1;
	report_layers(layers, report);
	return fd_take(&fd);
}

void host_layers_free(struct host_layers *layers)
{
	cleanup_fd(&layers->writable_fd);
	cleanup_fd(&layers->userns_fd);
	cleanup_fd(&layers->proc_fd);
	layers->count = 0;
}
