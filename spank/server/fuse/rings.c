/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * FUSE over io_uring (Linux 6.14): another transport for the requests and
 * replies of the session.  The kernel has a queue for each CPU and puts into it
 * the requests of programs that run there.  An answer and the wait for the next
 * request are one system call, and no other CPU has to be woken: that makes a
 * walk through a tree faster.
 *
 * A thread is bound to its CPU.  It has a ring with one entry: room for one
 * request and its answer.  There is deliberately only one.  If a thread hangs
 * in a read of the image, nobody can answer further requests that it was given,
 * and not even an abort of the connection ends them.  The kernel wants an entry
 * in every queue, so the queues of CPUs that are not ours get theirs from any
 * ring.
 *
 *   1. rings_create(): rings that cannot do anything yet
 *   2. rings_start(): threads; one checks that the kernel accepts commands
 *   3. INIT is answered
 *   4. rings_begin(): the threads register, and serve until the mount is gone
 *
 * FORGET and INTERRUPT still come by /dev/fuse.
 *
 * Reference: Documentation/filesystems/fuse/fuse-io-uring.rst and
 * fs/fuse/dev_uring.c in the kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/affinity.h"
#include "common/cleanup.h"
#include "spank/server/fuse/rings_internal.h"
#include "spank/server/fuse/thread.h"

#define ENABLED  "/sys/module/fuse/parameters/enable_uring"
#define POSSIBLE "/sys/devices/system/cpu/possible"

/* Each needs 1 MiB of address space, and the sandbox allows 1 GiB. */
#define QUEUES_MAX 256

static void await_reports(struct rings *rings, int count)
{
	while (count-- > 0)
		thread_wait(&rings->reported);
}

/* Whether the kernel refused none of the first `count` threads. */
static bool none_refused(struct rings *rings, int count)
{
	bool well = true;
	int i;

	await_reports(rings, count);
	for (i = 0; i < count; i++)
		well = well && rings->rings[i].refused == 0;
	return well;
}

static void announce(struct rings *rings, int count, bool begin)
{
	int i;

	rings->begin = begin;
	for (i = 0; i < count; i++)
		sem_post(&rings->rings[i].decided);
}

/* A line of /sys without its newline; "" if it is too long or unreadable. */
static void read_line(const char *path, char *line, size_t size)
{
	CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, line, size);

	line[got > 0 && line[got - 1] == '\n' ? got - 1 : 0] = '\0';
}

/* "0-3,8-11" gives 8; 0 if the list is not understood. */
static unsigned int count_list(const char *list)
{
	unsigned int first, last, count = 0;
	int length;

	for (;; list++) {
		if (sscanf(list, "%u%n", &first, &length) != 1)
			return 0;
		list += length;
		last = first;
		if (*list == '-') {
			if (sscanf(list, "-%u%n", &last, &length) != 1)
				return 0;
			list += length;
		}
		count += last - first + 1;
		if (*list != ',')
			return *list ? 0 : count;
	}
}

static struct rings *make_rings(unsigned int queues, int wanted)
{
	struct rings *rings = calloc(1, sizeof(*rings));

	if (!rings)
		return NULL;
	rings->queues = queues;
	while (rings->count < wanted &&
		uring_open(queues, &rings->rings[rings->count].uring) == 0)
		rings->count++;
	return rings;
}

struct rings *rings_create(void)
{
	char enabled[8], possible[256];
	unsigned int queues;

	read_line(ENABLED, enabled, sizeof(enabled));
	if (strcmp(enabled, "Y") != 0 || !session_can_have_rings())
		return NULL;
	/* If a queue were missing the kernel would wait for it forever. */
	read_line(POSSIBLE, possible, sizeof(possible));
	queues = count_list(possible);
	if (queues == 0 || queues > QUEUES_MAX)
		return NULL;
	/* The number of CPUs of the step is not known yet. */
	return make_rings(queues, queues < RINGS_MAX ? queues : RINGS_MAX);
}

int rings_count(const struct rings *rings)
{
	cpu_set_t cpus;
	int count = affinity_cpus(&cpus);

	return rings && count <= rings->count ? count : 0;
}

static void close_from(struct rings *rings, int first)
{
	struct ring *ring;

	while (rings->count > first) {
		ring = &rings->rings[--rings->count];
		uring_close(&ring->uring);
		free(ring->worker.request);
	}
}

static size_t entry_size(void)
{
	return getpagesize() + FS_READ_MAX;
}

void rings_close(struct rings *rings)
{
	if (!rings)
		return;
	close_from(rings, 0);
	if (rings->entries)
		munmap(rings->entries[0].header, rings->queues * entry_size());
	free(rings->entries);
	free(rings);
}

/* Only the pages that are used are ever touched. */
static char *map_entries(unsigned int count)
{
	char *memory = mmap(NULL, count * entry_size(), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static int make_entries(struct rings *rings)
{
	struct entry *entries = calloc(rings->queues, sizeof(*entries));
	char *memory = entries ? map_entries(rings->queues) : NULL;
	size_t page = getpagesize();
	unsigned int i;

	if (!memory) {
		free(entries);
		return -1;
	}
	for (i = 0; i < rings->queues; i++, memory += entry_size())
		entries[i] = (struct entry){
			.queue = i,
			.ring = &rings->rings[i % rings->count],
			.header = (void *)memory,
			.parts = { { memory, sizeof(struct request_header) },
				{ memory + page, FS_READ_MAX } },
		};
	rings->entries = entries;
	return 0;
}

/* In order, so that each ring gets the queue of its CPU. */
static int prepare_rings(struct rings *rings, struct session *session,
	const cpu_set_t *cpus)
{
	struct ring *ring = rings->rings;
	int cpu;

	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, cpus))
			continue;
		ring->all = rings;
		ring->cpu = cpu;
		if ((unsigned int)cpu < rings->queues)
			rings->entries[cpu].ring = ring;
		ring->worker.session = session;
		ring->worker.request = malloc(REQUEST_SIZE);
		sem_init(&ring->decided, 0, 0);
		if (!ring->worker.request ||
			uring_attach(&ring->uring, session->fd) < 0)
			return -1;
		ring++;
	}
	return 0;
}

int rings_start(struct rings *rings, struct session *session)
{
	cpu_set_t cpus;
	int count = affinity_cpus(&cpus), started = 0;

	if (count == 0 || count > rings->count)
		return -1;
	close_from(rings, count);
	sem_init(&rings->reported, 0, 0);
	if (make_entries(rings) < 0 || prepare_rings(rings, session, &cpus) < 0)
		return -1;
	while (started < count &&
		thread_start(ring_thread_run, &rings->rings[started]) == 0)
		started++;
	if (none_refused(rings, started) && started == count)
		return 0;
	announce(rings, started, false);
	await_reports(rings, started);
	return -1;
}

void rings_begin(struct rings *rings)
{
	announce(rings, rings->count, true);
	await_reports(rings, rings->count);
}
