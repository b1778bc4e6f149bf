/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The FUSE side of the server: its memory, its descriptor, its threads.  What
 * is answered is in requests.c and readdir.c.
 *
 * The protocol is spoken without libfuse: it is small for a file system that
 * nobody writes to; each thread needs a page of memory for requests, not a
 * megabyte; answers go out from where they lie in the cache; and a program that
 * is linked with less starts sooner.
 *
 * Threads: one of them leads, that is, reads requests.  What is answered in
 * microseconds it answers itself, so that a program which walks through a tree
 * meets a thread that is awake.  When a request may take longer, or is to wait
 * for storage, another thread takes the lead first.  Where the kernel offers
 * rings of io_uring others answer: rings.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/server/fuse/internal.h"
#include "spank/server/fuse/polling.h"
#include "spank/server/fuse/workers.h"

/* Decompression is what scales; past these its results are waited for. */
#define THREADS_MIN 2
#define THREADS_MAX 8
#define AHEAD_MAX   4

struct fs_threads {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool go; /* fs_serve() has been called */
	bool has_leader;
	bool ended;
	int result; /* of fs_serve(), and its errno */
	int failure;
	struct fs_wait wait; /* the leader's, */
	struct fs_pipe pipe; /* as this is */
};

/*
 * Between poll and read a request may vanish, with a task that is killed: the
 * control loop must not wait for the next one.
 */
static int set_blocking(int fd, bool blocking)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -1;
	flags = blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
	return fcntl(fd, F_SETFL, flags);
}

static int open_worker(struct fs *fs, struct fs_worker *worker)
{
	void *memory = mmap(NULL, FS_REQUEST_SIZE + SQUASH_READ_MAX,
		PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return -1;
	worker->fs = fs;
	worker->send = fs_send;
	worker->request = memory;
	worker->reply = worker->request + FS_REQUEST_SIZE;
	return 0;
}

static void close_worker(struct fs_worker *worker)
{
	munmap(worker->request, FS_REQUEST_SIZE + SQUASH_READ_MAX);
}

int fs_open(struct squash *image, int *fuse_fd, struct fs_rings **rings,
	struct fs **ret_fs, struct error *err)
{
	CLEANUP_FREE struct fs *fs = calloc(1, sizeof(*fs));

	if (!fs || set_blocking(*fuse_fd, false) < 0 ||
		open_worker(fs, &fs->control) < 0)
		return error_set(err, errno, "cannot start to serve the image");
	fs->tree.image = image;
	pthread_mutex_init(&fs->turn, NULL);
	fs->fd = fd_take(fuse_fd);
	fs->rings = pointer_take(rings);
	*ret_fs = pointer_take(&fs);
	return 0;
}

bool fs_has_rings(const struct fs *fs)
{
	return fs && fs->over_rings;
}

int fs_fd(const struct fs *fs)
{
	return fs->fd;
}

int fs_serve_one(struct fs *fs)
{
	ssize_t got = read(fs->fd, fs->control.request, FS_REQUEST_SIZE);
	int what = fs_check_request(&fs->control, got);

	if (what == 1)
		fs_answer(&fs->control, got);
	return what == 2 ? 1 : what;
}

/* What takes long. */
static void answer_late(struct fs_worker *worker, size_t size)
{
	worker->context = (struct read_context){ READ_MAY_BLOCK, NULL, NULL };
	worker->fs->late++;
	fs_answer(worker, size);
	worker->fs->late--;
}

void fs_answer_in_turn(struct fs_worker *worker, size_t size)
{
	struct fs *fs = worker->fs;
	bool in_turn = !atomic_load(&fs->is_concurrent);

	if (in_turn)
		pthread_mutex_lock(&fs->turn);
	worker->context = (struct read_context){ READ_NOWAIT, NULL, NULL };
	if (!fs_answer(worker, size))
		answer_late(worker, size);
	if (in_turn)
		pthread_mutex_unlock(&fs->turn);
}

/* False if serving has ended. */
static bool become_leader(struct fs_threads *threads)
{
	bool is_leader;

	pthread_mutex_lock(&threads->lock);
	while (!threads->ended && (threads->has_leader || !threads->go))
		pthread_cond_wait(&threads->changed, &threads->lock);
	is_leader = !threads->ended;
	if (is_leader)
		threads->has_leader = true;
	pthread_mutex_unlock(&threads->lock);
	return is_leader;
}

static void let_another_lead(void *arg)
{
	struct fs_worker *worker = arg;
	struct fs_threads *threads = worker->fs->threads;

	worker->pipe = NULL;
	pthread_mutex_lock(&threads->lock);
	threads->has_leader = false;
	pthread_cond_signal(&threads->changed);
	pthread_mutex_unlock(&threads->lock);
}

static void end_all(struct fs_threads *threads, int result)
{
	pthread_mutex_lock(&threads->lock);
	threads->ended = true;
	threads->result = result;
	threads->failure = errno;
	pthread_cond_broadcast(&threads->changed);
	pthread_mutex_unlock(&threads->lock);
}

static void lead(struct fs_worker *worker)
{
	struct fs *fs = worker->fs;
	bool is_answered = true;
	ssize_t got;
	int what;

	/* In the middle of an answer, if its metadata is on slow storage. */
	worker->context =
		(struct read_context){ READ_NOWAIT, let_another_lead, worker };
	worker->pipe = &fs->threads->pipe;
	do {
		got = fs_wait_read(&fs->threads->wait, fs->fd, worker->request,
			FS_REQUEST_SIZE);
		what = fs_check_request(worker, got);
		if (what == 1)
			is_answered = fs_answer(worker, got);
	} while (what > 0 && is_answered && worker->pipe);
	if (what <= 0) {
		end_all(fs->threads, what);
		return;
	}
	read_context_wait(&worker->context);
	if (!is_answered)
		answer_late(worker, got);
}

static void *serve(void *arg)
{
	struct fs_worker *worker = arg;

	while (become_leader(worker->fs->threads))
		lead(worker);
	return NULL;
}

static int start_worker(struct fs *fs)
{
	CLEANUP_FREE struct fs_worker *worker = calloc(1, sizeof(*worker));

	if (!worker || open_worker(fs, worker) < 0)
		return -1;
	if (fs_thread_start(serve, worker) < 0) {
		close_worker(worker);
		return -1;
	}
	(void)pointer_take(&worker); /* it is the thread's */
	return 0;
}

static int count_cpus(void)
{
	cpu_set_t cpus;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		return THREADS_MAX; /* more than the set can name */
	return CPU_COUNT(&cpus);
}

static int clamp(int value, int least, int most)
{
	if (value < least)
		return least;
	return value < most ? value : most;
}

static int choose_cpus(const struct fs_options *options)
{
	return options->threads ? options->threads : count_cpus();
}

static int count_threads(const struct fs_options *options)
{
	return options->threads == 1
		       ? 1
		       : clamp(choose_cpus(options), THREADS_MIN, THREADS_MAX);
}

static int set_cache(struct squash *image, const struct fs_options *options)
{
	return squash_set_cache(image, options->cache_bytes,
		count_threads(options));
}

int fs_open_image(int *image_fd, const struct sif_partition *partition,
	const struct fs_options *options, struct squash **ret_image,
	struct error *err)
{
	struct squash *image;

	if (squash_open(image_fd, partition, &image, err) < 0)
		return -1;
	if (set_cache(image, options) < 0) {
		squash_close(image);
		return error_set(err, errno, "it cannot be opened");
	}
	*ret_image = image;
	return 0;
}

static int start_helpers(struct fs *fs, int cpus)
{
	return fs_helpers_start(fs->tree.image, clamp(cpus, 1, AHEAD_MAX),
		&fs->helpers);
}

static int start_workers(struct fs *fs, const struct fs_options *options)
{
	int cpus = choose_cpus(options);
	/* Mount points may be made while there is one thread only. */
	int count = fs->tree.sealed ? count_threads(options) : 1;

	if (set_cache(fs->tree.image, options) < 0)
		return -1;
	fs_wait_init(&fs->threads->wait, count_cpus());
	if (fs->tree.sealed)
		fs_pipe_open(&fs->threads->pipe);
	/* A user who may have no more processes has a slower server. */
	if (count > 1 && start_helpers(fs, cpus) == 0)
		while (--count > 0 && start_worker(fs) == 0)
			;
	return 0;
}

static int start_all(struct fs *fs, const struct fs_options *options)
{
	fs->threads = calloc(1, sizeof(*fs->threads));
	if (!fs->threads)
		return -1;
	pthread_mutex_init(&fs->threads->lock, NULL);
	pthread_cond_init(&fs->threads->changed, NULL);
	/* Rings have threads, from their beginning on. */
	if (!fs->over_rings && start_workers(fs, options) < 0)
		return -1;
	return set_blocking(fs->fd, true);
}

int fs_start(struct fs *fs, const struct fs_options *options, struct error *err)
{
	if (start_all(fs, options) < 0)
		return error_set(err, errno, "cannot start to serve the image");
	return 0;
}

int fs_serve(struct fs *fs)
{
	struct fs_threads *threads = fs->threads;

	pthread_mutex_lock(&threads->lock);
	threads->go = true;
	pthread_mutex_unlock(&threads->lock);
	serve(&fs->control);
	errno = threads->failure;
	return threads->result;
}

void fs_own(struct fs *fs)
{
	fs->tree.owned = true;
	fs->tree.uid = getuid();
	fs->tree.gid = getgid();
}

bool fs_can_resend(const struct fs *fs)
{
	return fs->can_resend;
}

int fs_resend(struct fs *fs)
{
	struct fuse_out_header header = {
		.len = sizeof(header),
		.error = FS_NOTIFY_RESEND,
	};
	const struct iovec part = { &header, sizeof(header) };

	return writev(fs->fd, &part, 1) < 0 ? -1 : 0;
}

void fs_seal(struct fs *fs)
{
	pthread_mutex_lock(&fs->turn);
	fs->tree.sealed = true;
	if (fs->over_rings && !fs->is_concurrent) {
		start_helpers(fs, fs_rings_count(fs->rings));
		atomic_store(&fs->is_concurrent, true);
	}
	pthread_mutex_unlock(&fs->turn);
}

void fs_rest(struct fs *fs)
{
	/* Without it the old one stays: it costs memory, no more. */
	squash_set_cache(fs->tree.image, 0, 0);
}

void fs_close(struct fs *fs)
{
	if (!fs)
		return;
	fs_rings_close(fs->rings); /* never started */
	close(fs->fd);
	mountpoints_free(&fs->tree.mountpoints);
	close_worker(&fs->control);
	free(fs);
}
