/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What happened to the image's files while they were served.  The first place
 * that cannot be read is recorded where it is found, which may be before any
 * request for it (prefetch, readahead).  Failed requests are counted where they
 * are answered.  The server goes on in any case: the file may come back.
 *
 * An overwritten file may still make sense, and then nothing fails.  So each
 * file is compared once more at the end.
 */
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/damage.h"
#include "common/image_file.h"
#include "spank/server/filesystem/damage.h"
#include "spank/server/filesystem/stack.h"

#define FILES_MAX STACK_LAYERS_MAX

/* One for each file system. */
struct file {
	int fd;
	uint32_t number; /* see struct damage */
	struct stat before;
};

static struct damage own;
static struct damage *record = &own;
static struct file files[FILES_MAX];
static size_t count;
static uint32_t next_number;
static uint32_t is_noted;

/*
 * The C library's fstat() may call newfstatat, which the sandbox forbids
 * because it takes a path.
 */
static int inspect(const struct file *file, struct stat *ret_status)
{
#if defined(SYS_fstat) && __SIZEOF_POINTER__ == 8
	return syscall(SYS_fstat, file->fd, ret_status);
#else
	/* The kernel's structure differs from the C library's. */
	*ret_status = file->before;
	return 0;
#endif
}

void damage_share(int fd)
{
	void *memory = mmap(NULL, sizeof(*record), PROT_READ | PROT_WRITE,
		MAP_SHARED, fd, 0);

	close(fd);
	if (memory != MAP_FAILED)
		record = memory;
}

void damage_begin(void)
{
	*record = (struct damage){ .failures = 0 };
	is_noted = 0;
	count = next_number = 0;
}

void damage_set_layer(uint32_t number)
{
	next_number = number;
}

static struct file *find(int fd)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (files[i].fd == fd)
			return &files[i];
	return NULL;
}

static void choose(const struct file *file)
{
	record->file = file->number;
	record->size_before = record->size_now = file->before.st_size;
}

/* If the number of a descriptor is reused, it is that of another file. */
void damage_watch(int fd)
{
	struct file *file = find(fd);

	if (!file && count < FILES_MAX)
		file = &files[count++];
	if (!file)
		return;
	*file = (struct file){ .fd = fd, .number = next_number };
	if (fstat(fd, &file->before) < 0)
		file->fd = -1;
	if (file == files)
		choose(file);
}

void damage_note(int fd, uint64_t offset, int error)
{
	const struct file *file = find(fd);

	if (__atomic_exchange_n(&is_noted, 1, __ATOMIC_RELAXED))
		return;
	if (file)
		choose(file);
	record->offset = offset;
	record->error = error;
	__atomic_store_n(&record->has_offset, 1, __ATOMIC_RELEASE);
}

void damage_count(void)
{
	if (__atomic_fetch_add(&record->failures, 1, __ATOMIC_RELAXED) == 0)
		damage_compare();
}

static uint32_t compare(const struct file *file, struct stat *ret_now)
{
	const struct stat *before = &file->before;
	uint32_t changed = 0;

	if (file->fd < 0 || inspect(file, ret_now) < 0)
		return 0;
	if (!image_file_is_same_time(ret_now->st_ctim, before->st_ctim))
		changed |= DAMAGE_TOUCHED;
	if (ret_now->st_size != before->st_size ||
		!image_file_is_same_time(ret_now->st_mtim, before->st_mtim))
		changed |= DAMAGE_WRITTEN;
	return changed;
}

/* Compare the file that has failed, or else all of them: the one that has
 * changed most is reported. */
void damage_compare(void)
{
	bool has_failed =
		__atomic_load_n(&record->has_offset, __ATOMIC_ACQUIRE);
	uint32_t changed, most = 0;
	struct stat now;
	size_t i;

	for (i = 0; i < count; i++) {
		if (has_failed && files[i].number != record->file)
			continue;
		changed = compare(&files[i], &now);
		if (changed <= most)
			continue;
		most = changed;
		choose(&files[i]);
		record->size_now = now.st_size;
	}
	__atomic_fetch_or(&record->changed, most, __ATOMIC_RELEASE);
}
