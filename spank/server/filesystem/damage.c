/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What happened to the image's file while it was served.  The first place that
 * cannot be read is recorded where it is found, which may be before any request
 * for it (prefetch, readahead).  Failed requests are counted where they are
 * answered.  The server goes on in any case: the file may come back.
 *
 * A file that was overwritten may still make sense, which is worse than if it
 * did not.  It is therefore compared once more at the end.
 */
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/damage.h"
#include "common/image_file.h"
#include "spank/server/filesystem/damage.h"

static struct damage own;
static struct damage *record = &own;
static int file_fd = -1;
static struct stat before;
static uint32_t is_noted;

/*
 * The C library's fstat() may call newfstatat, which the sandbox forbids
 * because it takes a path.
 */
static int inspect(struct stat *ret_status)
{
#if defined(SYS_fstat) && __SIZEOF_POINTER__ == 8
	return syscall(SYS_fstat, file_fd, ret_status);
#else
	/* The kernel's structure differs from the C library's. */
	*ret_status = before;
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

void damage_begin(int fd)
{
	*record = (struct damage){ .failures = 0 };
	is_noted = 0;
	file_fd = fstat(fd, &before) < 0 ? -1 : fd;
	record->size_before = record->size_now = before.st_size;
}

void damage_note(uint64_t offset, int error)
{
	if (__atomic_exchange_n(&is_noted, 1, __ATOMIC_RELAXED))
		return;
	record->offset = offset;
	record->error = error;
	__atomic_store_n(&record->has_offset, 1, __ATOMIC_RELEASE);
}

void damage_count(void)
{
	if (__atomic_fetch_add(&record->failures, 1, __ATOMIC_RELAXED) == 0)
		damage_compare();
}

void damage_compare(void)
{
	struct stat now;
	uint32_t changed = 0;

	if (file_fd < 0 || inspect(&now) < 0)
		return;
	if (!image_file_is_same_time(now.st_ctim, before.st_ctim))
		changed |= DAMAGE_TOUCHED;
	if (now.st_size != before.st_size ||
		!image_file_is_same_time(now.st_mtim, before.st_mtim))
		changed |= DAMAGE_WRITTEN;
	record->size_now = now.st_size;
	__atomic_fetch_or(&record->changed, changed, __ATOMIC_RELEASE);
}
