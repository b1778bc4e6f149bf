/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The workloads of the benchmark.  Each is timed from its first system call to
 * its last, without the start of a process or a shell:
 *
 *	workload [-c] seq FILE...          read each file in its own thread
 *	workload [-c] mmap FILE            read every page of a mapping in order
 *	workload [-c] random N T FILE      N reads of 4 KiB in each of T threads
 *	workload [-c] walk DIRECTORY       list it, and stat all entries
 *	workload [-c] small DIRECTORY      the same, and read all files
 *	workload [-c] ask N FILE           N requests that FUSE refuses
 *
 * Prints the seconds.  With -c it prints a sum of all data instead, which does
 * not depend on the order of threads or directories.
 */
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BUFFER_SIZE (128 * 1024)
#define RANDOM_SIZE 4096
#define READERS_MAX 64

static bool check;

struct reader {
	pthread_t thread;
	const char *path;
	long count;
	uint64_t seed;
	uint64_t sum;
};

static void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static uint64_t hash(uint64_t seed, const void *data, size_t size)
{
	const unsigned char *bytes = data;
	uint64_t sum = 14695981039346656037ULL ^ seed, word;
	size_t i;

	if (!check)
		return 0;
	for (i = 0; i + sizeof(word) <= size; i += sizeof(word)) {
		memcpy(&word, bytes + i, sizeof(word));
		sum = (sum ^ word) * 1099511628211ULL;
		sum ^= sum >> 29;
	}
	for (; i < size; i++)
		sum = (sum ^ bytes[i]) * 1099511628211ULL;
	return sum;
}

static uint64_t read_whole(const char *path)
{
	static _Thread_local char buffer[BUFFER_SIZE];
	uint64_t sum = 0, offset = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		die(path);
	while ((got = read(fd, buffer, sizeof(buffer))) > 0) {
		sum += hash(offset, buffer, got);
		offset += got;
	}
	if (got < 0)
		die(path);
	close(fd);
	return sum;
}

static void *read_file(void *arg)
{
	struct reader *reader = arg;

	reader->sum = read_whole(reader->path);
	return NULL;
}

static void *read_randomly(void *arg)
{
	struct reader *reader = arg;
	char buffer[RANDOM_SIZE];
	int fd = open(reader->path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	off_t offset;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size < RANDOM_SIZE)
		die(reader->path);
	for (; reader->count > 0; reader->count--) {
		reader->seed = reader->seed * 6364136223846793005ULL + 1442695;
		offset = (reader->seed >> 20) % (st.st_size / RANDOM_SIZE) *
			 RANDOM_SIZE;
		if (pread(fd, buffer, sizeof(buffer), offset) != sizeof(buffer))
			die(reader->path);
		reader->sum += hash(offset, buffer, sizeof(buffer));
	}
	close(fd);
	return NULL;
}

static uint64_t run_readers(struct reader *readers, int count,
	void *(*start)(void *))
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < count; i++)
		if (pthread_create(&readers[i].thread, NULL, start,
			    &readers[i]))
			die("pthread_create");
	for (i = 0; i < count; i++) {
		pthread_join(readers[i].thread, NULL);
		sum += readers[i].sum;
	}
	return sum;
}

static uint64_t map_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	volatile unsigned char touched;
	const unsigned char *data;
	struct stat st;
	off_t i;

	if (fd < 0 || fstat(fd, &st) < 0)
		die(path);
	data = mmap(NULL, st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (data == MAP_FAILED)
		die(path);
	for (i = 0; i < st.st_size; i += 4096)
		touched = data[i];
	(void)touched;
	return hash(0, data, st.st_size);
}

static uint64_t tree_sum;

static int visit(const char *path, const struct stat *st, int type,
	struct FTW *ftw)
{
	(void)type;
	(void)ftw;
	tree_sum += hash(st->st_mode, path, strlen(path)) +
		    (S_ISDIR(st->st_mode) ? 0 : st->st_size);
	return 0;
}

static int visit_and_read(const char *path, const struct stat *st, int type,
	struct FTW *ftw)
{
	visit(path, st, type, ftw);
	if (S_ISREG(st->st_mode))
		tree_sum += read_whole(path);
	return 0;
}

static uint64_t walk(const char *path, __nftw_func_t function)
{
	if (nftw(path, function, 32, FTW_PHYS) != 0)
		die(path);
	return tree_sum;
}

/* The kernel does not know that the file is not a terminal, so each request
 * goes to the server, which has nothing to do for it. */
static uint64_t ask(long count, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die(path);
	for (; count > 0; count--)
		if (isatty(fd))
			die(path);
	close(fd);
	return 0;
}

static uint64_t run(int argc, char *argv[])
{
	static struct reader readers[READERS_MAX];
	int i, count;

	if (!strcmp(argv[0], "mmap"))
		return map_file(argv[1]);
	if (!strcmp(argv[0], "walk"))
		return walk(argv[1], visit);
	if (!strcmp(argv[0], "small"))
		return walk(argv[1], visit_and_read);
	if (!strcmp(argv[0], "ask") && argc == 3)
		return ask(atol(argv[1]), argv[2]);
	if (!strcmp(argv[0], "seq")) {
		count = argc - 1;
		for (i = 0; i < count && i < READERS_MAX; i++)
			readers[i].path = argv[1 + i];
		return run_readers(readers, i, read_file);
	}
	if (strcmp(argv[0], "random") || argc != 4)
		exit(EXIT_FAILURE);
	count = atoi(argv[2]);
	for (i = 0; i < count && i < READERS_MAX; i++)
		readers[i] = (struct reader){ .path = argv[3],
			.count = atol(argv[1]),
			.seed = i };
	return run_readers(readers, i, read_randomly);
}

int main(int argc, char *argv[])
{
	struct timespec start, end;
	uint64_t sum;

	check = argc > 1 && !strcmp(argv[1], "-c");
	argc -= 1 + check;
	argv += 1 + check;
	if (argc < 2)
		return EXIT_FAILURE;
	clock_gettime(CLOCK_MONOTONIC, &start);
	sum = run(argc, argv);
	clock_gettime(CLOCK_MONOTONIC, &end);
	if (check)
		printf("%016llx\n", (unsigned long long)sum);
	else
		printf("%.6f\n", (end.tv_sec - start.tv_sec) +
					 (end.tv_nsec - start.tv_nsec) / 1e9);
	return EXIT_SUCCESS;
}
