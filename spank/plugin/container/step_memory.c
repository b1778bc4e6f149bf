/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The directories that a container has in memory: a private /tmp, a private
 * home, the writable layer.  What is written there counts towards the step's
 * memory until it is deleted.  A step that fills its memory in this way is
 * killed; in Slurm 22.05 with cgroup v1 slurmstepd dies, and srun hangs.  The
 * limit here must therefore be hit first ("No space left on device").
 *
 * All of them are directories of one tmpfs.  Its size is half of the memory
 * that the image servers leave to the step.  Only a writable layer with a SIZE
 * has a tmpfs of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/privileged/caps.h"
#include "common/privileged/mount.h"
#include "spank/plugin/container/scaffold.h"
#include "spank/plugin/container/step_memory.h"

#define MIB ((uint64_t)1 << 20)
/* For an image server, in addition to its cache. */
#define SERVER_MIB 8
/* For slurmstepd, and a task that only writes files. */
#define REST_MIB 16
/* Never 0, which means no limit for a tmpfs. */
#define SHARED_MIN MIB

void step_memory_share(const struct settings *settings,
	const struct plugstack_args *args, size_t servers, uint64_t limit,
	struct step_memory *ret_memory, struct report *report)
{
	uint64_t servers_need = servers * (args->cache_mib + SERVER_MIB) * MIB;
	uint64_t need = servers_need + REST_MIB * MIB;
	uint64_t room = need < limit / 4 * 3 ? limit - need : limit / 4;
	const struct memory_size *size =
		&settings_get(settings, SETTING_WRITABLE_TMPFS)->size;
	uint64_t layer = memory_size_bytes(size, limit);
	char text[MEMORY_SIZE_TEXT];
	bool fits = layer <= room;

	*ret_memory = (struct step_memory){
		.layer = fits ? layer : 0,
		.shared = (room - (fits ? layer : 0)) / 2,
		.shared_fd = -1,
	};
	if (ret_memory->shared < SHARED_MIN)
		ret_memory->shared = SHARED_MIN;
	if (fits)
		return;
	memory_size_print(size, text);
	report_note(report,
		"--sif-writable-tmpfs has %ju MiB here, not %s: the "
		"step may use %ju MiB of memory on this node, image "
		"servers and tasks included; ask for more with --mem",
		(uintmax_t)(ret_memory->shared / MIB), text,
		(uintmax_t)(limit / MIB));
}

static int make_directory(int memory_fd, size_t number, struct bind *bind,
	struct error *err)
{
	mode_t mode = bind->flags & BIND_PUBLIC ? 01777 : 0700;
	char name[32];

	snprintf(name, sizeof(name), "%zu", number);
	if (mkdirat(memory_fd, name, 0700) < 0 ||
		fchmodat(memory_fd, name, mode, 0) < 0)
		return error_set(err, errno, "cannot make an empty '%s'",
			bind->target);
	bind->is_directory = true;
	bind->mount_fd = priv_mount_clone(memory_fd, name, 0, err);
	return bind->mount_fd < 0 ? -1 : 0;
}

static bool has_empty(const struct binds *binds)
{
	size_t i;

	for (i = 0; i < binds->count; i++)
		if (binds->list[i].flags & BIND_EMPTY)
			return true;
	return false;
}

static int mount_attached(uint64_t bytes, struct error *err)
{
	CLEANUP_FD int fd = priv_mount_tmpfs(bytes, "0755", true, err);

	if (fd < 0 || scaffold_attach(MEMORY_SCAFFOLD, fd, err) < 0)
		return -1;
	return fd_take(&fd);
}

int step_memory_mount(struct step_memory *memory, bool has_layer,
	struct binds *binds, struct error *err)
{
	size_t i;

	if (!has_empty(binds) && (!has_layer || memory->layer))
		return 0;
	memory->shared_fd = mount_attached(memory->shared, err);
	if (memory->shared_fd < 0)
		return -1;
	for (i = 0; i < binds->count; i++)
		if (binds->list[i].flags & BIND_EMPTY &&
			make_directory(memory->shared_fd, i, &binds->list[i],
				err) < 0)
			return -1;
	return 0;
}

static int mount_overlay(bool in_userns, struct error *err)
{
	CLEANUP_FD int fd = -1;

	if (priv_caps_raise_overlay(err) < 0)
		return -1;
	/* Safe: our own paths, in the step's own namespace. */
	fd = priv_mount_overlay(SCAFFOLD, MEMORY_SCAFFOLD "/upper",
		MEMORY_SCAFFOLD "/work",
		in_userns ? PRIV_OVERLAY_USER_XATTRS : 0, err);
	return priv_caps_raise(err) < 0 ? -1 : fd_take(&fd);
}

int step_memory_mount_layer(struct step_memory *memory, bool in_userns,
	struct error *err)
{
	CLEANUP_FD int layer_fd = memory->layer
					  ? mount_attached(memory->layer, err)
					  : fd_take(&memory->shared_fd);
	CLEANUP_FD int root_fd = -1;

	if (layer_fd < 0)
		return -1;
	if (mkdirat(layer_fd, "upper", 0755) < 0 ||
		mkdirat(layer_fd, "work", 0755) < 0 ||
		fchmodat(layer_fd, "upper", 0755, 0) < 0)
		return error_set(err, errno, "cannot make a writable layer");
	root_fd = mount_overlay(in_userns, err);
	if (root_fd < 0 || scaffold_attach(SCAFFOLD, root_fd, err) < 0)
		return -1;
	return fd_take(&root_fd);
}

void step_memory_free(struct step_memory *memory)
{
	cleanup_fd(&memory->shared_fd);
}
