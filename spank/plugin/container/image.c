/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds an image file, opens it with the user's permissions, has the server
 * check it, and mounts it.  The file is never read here: all that is known
 * about it is what the server reports.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/image_file.h"
#include "common/message.h"
#include "common/privileged/fuse_abort.h"
#include "common/privileged/mount.h"
#include "spank/plugin/container/image.h"
#include "spank/plugin/container/image_directories.h"
#include "spank/plugin/io/printable.h"
#include "spank/plugin/io/server_client.h"
#include "spank/plugin/settings/admin_variables.h"
#include "spank/plugin/settings/envp.h"
#include "spank/plugin/settings/expand.h"

/* Missing in <linux/magic.h> of some distributions. */
#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
#endif

/* Look for DIR/NAME, then for DIR/NAME.sif. */
static bool is_in_directory(const char *directory, const char *name,
	char ret_path[PATH_MAX])
{
	static const char *const endings[] = { "", ".sif" };
	size_t i;

	for (i = 0; i < sizeof(endings) / sizeof(*endings); i++)
		if (snprintf(ret_path, PATH_MAX, "%s/%s%s", directory, name,
			    endings[i]) < PATH_MAX &&
			access(ret_path, F_OK) == 0)
			return true;
	return false;
}

int image_find(const char *image, const char *path, uint32_t job,
	char ret_path[PATH_MAX], struct error *err)
{
	if (strchr(image, '/') || !path) {
		snprintf(ret_path, PATH_MAX, "%s", image);
		return 0;
	}
	if (image_directories_find(path, job, image, is_in_directory, ret_path))
		return 0;
	return error_set(err, 0,
		"there is no image '%s' in the image directories of this site "
		"(%s); for a file of your own give a path with a '/'",
		image, path);
}

static int parse_image_info(const char *path, const char *text,
	struct image_info *ret_info, struct error *err)
{
	if (image_info_parse(text, ret_info))
		return 0;
	return error_set(err, 0,
		"cannot use the image '%s': the image server describes it in "
		"words that this plugin does not know; please tell the "
		"administrator to install plugin and server of one release",
		path);
}

/* "layer N: ", see common/message.h.  The server may say anything. */
static const struct overlay *find_layer(const struct image_request *request,
	const char *reason, int *ret_length)
{
	const struct overlay_list *overlays = request->overlays;
	size_t number;

	*ret_length = 0;
	if (!overlays ||
		sscanf(reason, "layer %zu: %n", &number, ret_length) != 1 ||
		*ret_length == 0 || number < 1 || number > overlays->count)
		return NULL;
	return &overlays->items[number - 1];
}

static int explain_refusal(const struct image_request *request,
	const char *path, const char *reason, struct error *err)
{
	int length;
	const struct overlay *layer = find_layer(request, reason, &length);

	if (layer) {
		error_set(err, 0, "cannot use the image '%s': %s", layer->path,
			reason + length);
		return error_prefix(err, "--sif-overlay");
	}
	return error_set(err, 0, "cannot use the image '%s': %s", path, reason);
}

static int receive_image_info(const struct image_request *request,
	const char *path, struct image_info *ret_info, struct error *err)
{
	CLEANUP_FD int unexpected_fd = -1;
	struct message message;
	int got = message_receive(request->server, request->deadline, &message,
		&unexpected_fd);

	if (got == 1 && message.type == MESSAGE_READY)
		return parse_image_info(path, message.text, ret_info, err);
	if (got == 1 && message.type == MESSAGE_FAILED)
		return explain_refusal(request, path, message.text, err);
	if (got < 0 && errno == ETIMEDOUT)
		return error_set(err, 0,
			"cannot read the image '%s' in time: is its file "
			"system slow, or hung? (timeout= in plugstack.conf)",
			path);
	return error_set(err, 0,
		"cannot use the image '%s': the image server ended while it "
		"read the image",
		path);
}

/* If the path is too long, use the file's name. */
static void name_source(struct image_request *request, const char *path)
{
	char text[4 * PATH_MAX];
	const char *name = strrchr(path, '/');

	if (strlen(printable(path, text, sizeof(text))) >=
		sizeof(request->source))
		path = name ? name + 1 : path;
	printable(path, request->source, sizeof(request->source));
}

int image_send_layer(const struct image_request *request, const char *path,
	struct error *err)
{
	CLEANUP_FD int layer_fd = image_file_open(path, err);

	if (layer_fd < 0)
		return error_prefix(err, "--sif-overlay");
	return server_client_send(request->server, MESSAGE_LAYER, NULL,
		layer_fd, err);
}

int image_send_file(struct image_request *request, const char *path,
	struct image_info *ret_info, struct error *err)
{
	CLEANUP_FD int image_fd = image_file_open(path, err);
	char use[IMAGE_USE_SIZE];

	image_use_print(&request->use, use);
	if (image_fd < 0 || server_client_send(request->server, MESSAGE_IMAGE,
				    use, image_fd, err) < 0)
		return -1;
	name_source(request, path);
	if (receive_image_info(request, path, ret_info, err) < 0)
		return -1;
	request->type =
		request->use.part[0] && ret_info->is_file ? S_IFREG : S_IFDIR;
	return 0;
}

void image_explain_absent(const char *image, char *const *job,
	struct error *err)
{
	const char *absent = envp_get(job, IMAGE_ABSENT_VARIABLE);
	const char *node = envp_get(job, "SLURMD_NODENAME");
	size_t command = absent ? strcspn(absent, " ") : 0;
	char guessed[NAME_MAX + 32] = "";

	if (command == 0)
		return;
	if (absent[command])
		snprintf(guessed, sizeof(guessed), "did you mean '%s'?",
			absent + command + 1);
	if (err->num == ENOENT && node)
		error_set(err, 0,
			"cannot open the image '%s': No such file or "
			"directory, neither on %s nor where %.*s ran",
			image, node, (int)command, absent);
	else if (strchr(image, '/'))
		return;
	error_hint(err, guessed);
}

int image_check_overlays(const char *path, const struct image_info *info,
	const struct plugstack_args *args, struct report *report,
	struct error *err)
{
	long count = info->overlays;

	if (count == 0)
		return 0;
	if (args->refuse_overlays)
		return error_set(err, 0,
			"cannot use the image '%s': it has %ld overlay "
			"partition%s, which this site refuses "
			"(overlay-partition= in plugstack.conf); make one file "
			"of all, see spank-sif-errors(7)",
			path, count, count == 1 ? "" : "s");
	if (!args->ignore_overlays)
		return 0;
	report_note_alike(report,
		"the image '%s' has %ld overlay partition%s, which %s ignored: "
		"what was added or changed there is missing; make one file of "
		"all, see spank-sif-errors(7)",
		path, count, count == 1 ? "" : "s", count == 1 ? "is" : "are");
	return 0;
}

int image_check_layer(const struct overlay *layer, const char *kinds,
	const struct plugstack_args *args, struct report *report,
	struct error *err)
{
	if (layer->is_writable && !strstr(kinds, "ext"))
		report_note_alike(report,
			"--sif-overlay: the image '%s' is read-only, although "
			"':rw' was given: only a directory can be written to",
			layer->path);
	if (layer->is_read_only || !strstr(kinds, "ext"))
		return 0;
	if (args->refuse_writable)
		return error_set(err, 0,
			"cannot use the image '%s': it is an ext file system, "
			"which many tasks cannot write to, and this site "
			"refuses it without ':ro' (overlay-writable= in "
			"plugstack.conf); write '%s:ro' to read it",
			layer->path, layer->path);
	report_note_alike(report,
		"--sif-overlay: the image '%s' is read-only, because it is an "
		"ext file system, which many tasks cannot write to; write "
		"'%s:ro' if it is only read",
		layer->path, layer->path);
	return 0;
}

int image_check_layers(const struct image_request *request,
	const struct image_info *info, const struct plugstack_args *args,
	struct report *report, struct error *err)
{
	const struct overlay_list *overlays = request->overlays;
	char kinds[IMAGE_INFO_LAYERS_SIZE], *rest = kinds, *kind;
	size_t i;

	memcpy(kinds, info->layers, sizeof(kinds));
	for (i = 0; i < overlays->count && (kind = strsep(&rest, ",")); i++) {
		report_detail(report, "layer  %s (%s)", overlays->items[i].path,
			kind);
		if (image_check_layer(&overlays->items[i], kind, args, report,
			    err) < 0)
			return error_prefix(err, "--sif-overlay");
	}
	return 0;
}

/* slurmstepd aborts the connection if the server hangs
 * (plugin/fuse_watchdog.c), so publish it before the first request. */
static void note_connection(const struct image_request *request, int mount_fd)
{
	struct connection noted = {
		.number = priv_fuse_connection_id(mount_fd),
		.builder = getpid(),
	};

	*request->kept_fd = fcntl(mount_fd, F_DUPFD_CLOEXEC, 0);
	__atomic_store(request->connection, &noted, __ATOMIC_RELEASE);
}

void image_clear_connection(const struct image_request *request)
{
	struct connection nothing = { 0 };

	__atomic_store(request->connection, &nothing, __ATOMIC_SEQ_CST);
	cleanup_fd(request->kept_fd);
}

/* `fuse_fd` is -1 if the keeper has sent it. */
static int send_mount(const struct image_request *request, int fuse_fd,
	struct error *err)
{
	char cpu[16];

	snprintf(cpu, sizeof(cpu), "%d", request->cpu);
	return server_client_send(request->server, MESSAGE_MOUNT, cpu, fuse_fd,
		err);
}

/* Mount first, then send the descriptor: otherwise its new owner could make the
 * mount wait. */
int image_mount(const struct image_request *request, struct error *err)
{
	CLEANUP_FD int fuse_fd = fd_take(request->fuse_fd);
	CLEANUP_FD int mount_fd = priv_mount_fuse(fuse_fd, request->type,
		getuid(), getgid(), request->source, err);

	if (mount_fd < 0)
		return -1;
	note_connection(request, mount_fd);
	if (send_mount(request, fuse_fd, err) < 0)
		return -1;
	return fd_take(&mount_fd);
}

int image_clone(const struct image_request *request, const char *path,
	int namespace_fd, int own_fd, struct error *err)
{
	CLEANUP_FD int mount_fd = -1;
	struct statfs system;

	mount_fd = namespace_fd < 0 ? priv_mount_clone_single(path, err)
				    : priv_mount_clone_elsewhere(namespace_fd,
					      own_fd, path, err);
	if (mount_fd < 0)
		return -1;
	note_connection(request, mount_fd);
	/* The server has to run before fstatfs(2), which it answers. */
	if (send_mount(request, -1, err) < 0)
		return -1;
	if (fstatfs(mount_fd, &system) < 0)
		return error_set(err, errno, "cannot inspect '%s'", path);
	if (system.f_type != FUSE_SUPER_MAGIC)
		return error_set(err, 0,
			"the image that is mounted on the host does not show "
			"in this job's mount namespace: privilege=userns "
			"cannot fetch it from the host's; leave "
			"--sif-host-mount out, or tell the administrator, who "
			"chose mount=host in plugstack.conf");
	return fd_take(&mount_fd);
}
