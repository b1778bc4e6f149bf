/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control loop without an image, Slurm or root: the real loop, table and
 * sockets, and a service that only notes what it is asked for.
 *
 * The main test walks through every state that the server can come to, and
 * tries every event there: all messages, with a descriptor and without, from
 * the builder and from others; ends of tasks, of the host mounter, of the
 * mount, of the server.  A state is reached by replaying the events that led to
 * it; states that do not differ are visited once.  So all sequences of events
 * are covered, of any length; of up to eight with mount=host, to save time.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/deadline.h"
#include "spank/server/control_internal.h"

#define TASKS_MAX  4 /* explore() takes fewer */
#define LAYERS_MAX 2 /* that the service takes */
#define NOBODY     (-1)
#define STEPS_MAX  24
#define STATES_MAX 20000
#define KEY_SIZE   128

/* --- the service -----------------------------------------------------------
 */

#define GOOD "use=root owner=image"
#define BAD  "use=data owner=image"

static struct {
	bool has_image;
	bool is_served;
	bool is_sealed;
	bool is_elsewhere; /* a child serves */
	int layers, layer_fds[LAYERS_MAX];
	int fuse_fd;
	int event_fd; /* readable: answer() is due */
	int answer;   /* its result */
	int seals;
} stub;

static struct service service;

static void close_layers(void)
{
	while (stub.layers > 0)
		cleanup_fd(&stub.layer_fds[--stub.layers]);
}

int service_add_layer(struct service *unused, int *layer_fd, struct error *err)
{
	(void)unused;
	assert_false(stub.has_image);
	assert_true(*layer_fd >= 0);
	if (stub.layers == LAYERS_MAX)
		return error_set(err, 0, "too many layers");
	stub.layer_fds[stub.layers++] = fd_take(layer_fd);
	return 0;
}

int service_open_image(struct service *unused, const struct image_use *use,
	int *image_fd, struct error *err)
{
	(void)unused;
	assert_false(stub.has_image);
	assert_true(*image_fd >= 0);
	close_layers();
	if (use->is_data)
		return error_set(err, 0, "a bad image");
	stub.has_image = true;
	return 0;
}

void service_prefetch(struct service *unused)
{
	(void)unused;
}

bool service_is_prefetching(const struct service *unused)
{
	(void)unused;
	return false;
}

const char *service_prefetched(const struct service *unused)
{
	(void)unused;
	return "/bin/true\n";
}

int service_start(struct service *unused, const char *cpu, int *fuse_fd,
	struct error *err)
{
	(void)unused;
	(void)cpu;
	(void)err;
	assert_true(stub.has_image);
	assert_false(stub.is_served);
	assert_true(*fuse_fd >= 0);
	stub.fuse_fd = fd_take(fuse_fd);
	stub.is_served = true;
	return 0;
}

void service_seal(struct service *unused)
{
	(void)unused;
	assert_true(stub.is_served);
	assert_false(stub.is_sealed);
	stub.is_sealed = true;
	stub.seals++;
}

int service_fd(const struct service *unused)
{
	(void)unused;
	return stub.is_served && !stub.is_elsewhere ? stub.event_fd : -1;
}

int service_answer(struct service *unused, struct error *err)
{
	uint64_t count;

	(void)unused;
	assert_true(stub.is_served);
	assert_int_equal(read(stub.event_fd, &count, sizeof(count)), 8);
	if (stub.answer < 0)
		return error_set(err, EIO, "cannot read requests");
	return stub.answer;
}

void service_stop(struct service *unused)
{
	(void)unused;
	cleanup_fd(&stub.fuse_fd);
	close_layers();
	stub.has_image = stub.is_served = stub.is_sealed = stub.is_elsewhere =
		false;
}

void service_abandon(struct service *unused)
{
	service_stop(unused);
}

/* --- the world around the loop ---------------------------------------------
 */

/* A task, as it sees itself. */
struct task {
	int fd; /* -1: not there yet, or ended */
	bool has_started;
	bool is_hung_up;
	int build, ready, prefetch, shared, enter, failed;
};

struct world {
	struct control *control;
	bool is_host, forks;
	int expected; /* tasks */
	int hello_fd, host_fd;
	struct task tasks[TASKS_MAX];
	int count;
	int builder; /* which task has had BUILD, and lives */
	bool is_mounted_on_host, has_shared, has_failed, is_over;
	bool is_built;     /* BUILT was taken */
	int reasons;       /* FAILED */
	int refusals;      /* FAILED and TOLD */
	int seals;         /* CONTROL_SEALED */
	uint64_t open_fds; /* before */
};

static int any_fd(void)
{
	return fcntl(stub.event_fd, F_DUPFD_CLOEXEC, 0);
}

/* One bit for each descriptor below 64. */
static uint64_t open_fds(void)
{
	struct pollfd fds[64];
	uint64_t bits = 0;
	int fd;

	for (fd = 0; fd < 64; fd++)
		fds[fd] = (struct pollfd){ .fd = fd };
	poll(fds, 64, 0);
	for (fd = 0; fd < 64; fd++)
		bits |= (uint64_t) !(fds[fd].revents & POLLNVAL) << fd;
	return bits;
}

static void open_world(struct world *world, int tasks, bool is_host, bool forks)
{
	struct control_request request = {
		.host_mounter_fd = -1,
		.tasks = tasks,
		.timeout_s = 30,
	};
	int ends[2], i;

	memset(world, 0, sizeof(*world));
	world->open_fds = open_fds();
	world->expected = tasks;
	world->is_host = is_host;
	world->forks = forks;
	world->builder = NOBODY;
	world->host_fd = -1;
	for (i = 0; i < TASKS_MAX; i++)
		world->tasks[i].fd = -1;
	stub.seals = 0;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	world->hello_fd = ends[0];
	request.hello_fd = ends[1];
	if (is_host) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends),
			0);
		world->host_fd = ends[0];
		request.host_mounter_fd = ends[1];
	}
	world->control = control_open(&request, &service);
	assert_non_null(world->control);
}

static enum phase phase_of(const struct world *world)
{
	return world->control->phases.phase;
}

static bool is_building(enum phase phase)
{
	return phase != WANTED && phase != BUILT && phase != REFUSED;
}

/* What a task may be told, and when. */
static void note(struct world *world, int task, const struct message *message,
	int fd)
{
	struct task *self = &world->tasks[task];

	switch (message->type) {
	case MESSAGE_BUILD:
		/* Never two builders, none that has been told anything. */
		assert_int_equal(world->builder, NOBODY);
		assert_int_equal(self->build + self->enter + self->failed, 0);
		assert_false(world->is_built);
		assert_true(atoll(message->text) > 0);
		world->builder = task;
		self->build++;
		break;
	case MESSAGE_READY:
		assert_int_equal(world->builder, task);
		assert_int_equal(self->ready++, 0);
		assert_true(!world->is_host || world->is_mounted_on_host);
		assert_string_equal(message->text, "info=1");
		break;
	case MESSAGE_PREFETCH:
		assert_int_equal(world->builder, task);
		assert_int_equal(self->ready, 1);
		assert_int_equal(self->prefetch++, 0);
		assert_string_equal(message->text, "/bin/true\n");
		break;
	case MESSAGE_SHARED:
		assert_int_equal(self->build + self->enter, 0);
		assert_int_equal(self->shared++, 0);
		assert_true(fd >= 0 && world->has_shared);
		break;
	case MESSAGE_ENTER:
		/* Never before BUILT. */
		assert_true(world->is_built && fd >= 0);
		assert_int_equal(self->build + self->enter + self->failed, 0);
		assert_int_equal(self->shared, world->has_shared);
		self->enter++;
		break;
	case MESSAGE_FAILED:
	case MESSAGE_TOLD:
		assert_int_equal(self->enter + self->failed, 0);
		self->failed++;
		world->refusals++;
		world->reasons += message->type == MESSAGE_FAILED;
		break;
	default:
		fail_msg("task %d was sent %d", task, message->type);
	}
}

static void receive_answers(struct world *world)
{
	struct message message;
	int i, fd, got;

	for (i = 0; i < world->count; i++) {
		struct task *task = &world->tasks[i];

		if (task->fd < 0 || task->is_hung_up)
			continue;
		while ((got = message_receive(task->fd, deadline_in_ms(0),
				&message, &fd)) == 1) {
			note(world, i, &message, fd);
			cleanup_fd(&fd);
		}
		task->is_hung_up = got == 0;
		if (task->is_hung_up && world->builder == i)
			world->builder = NOBODY;
	}
}

/* What holds after each event. */
static void check(struct world *world)
{
	enum phase phase = phase_of(world);
	unsigned int left = alarm(0);
	int i, answers;

	if (left > 0)
		alarm(left);
	assert_int_equal(left > 0, is_building(phase));
	assert_int_equal(world->builder != NOBODY && is_building(phase),
		is_building(phase));
	for (i = 0; i < world->count; i++) {
		struct task *task = &world->tasks[i];

		if (task->fd < 0 || task->is_hung_up)
			continue;
		answers = task->enter + task->failed +
			  (task->build && !task->failed);
		/* The one answer, or the builder is still at work. */
		assert_int_equal(answers,
			is_building(phase) ? i == world->builder : 1);
	}
	/* Layers are kept for the image that comes, and for no other. */
	assert_true(stub.layers == 0 || phase == BUILDING);
	/* One task tells the user, if the builder does not by itself. */
	assert_true(world->reasons <= 1);
	if (world->refusals > 0 && !world->has_failed)
		assert_int_equal(world->reasons, 1);
	assert_int_equal(stub.is_served,
		phase == SERVING || phase == SEALED || phase == SHARED ||
			(phase == BUILT && stub.is_served));
	assert_int_equal(world->seals, stub.seals);
	/* No more HELLOs are awaited than there are tasks. */
	assert_int_equal(world->control->tasks.polled[POLL_HELLO].fd >= 0,
		world->hello_fd >= 0 && world->count < world->expected);
}

/* Let the loop handle what has happened. */
static void run_loop(struct world *world)
{
	enum control_status status;
	struct error err;
	int round;

	for (round = 0; round < 2; round++) {
		status = control_poll(world->control, false, &err);
		if (status == CONTROL_SEALED) {
			world->seals++;
			stub.is_elsewhere = world->forks;
		} else {
			assert_int_equal(status, CONTROL_RUNNING);
		}
	}
	world->is_built |= phase_of(world) == BUILT;
	receive_answers(world);
}

/* --- events ----------------------------------------------------------------
 */

/* After the messages of the builder, without a descriptor and with one. */
enum {
	MESSAGES = MESSAGE_LAST - MESSAGE_HELLO + 1,
	BAD_IMAGE = 2 * MESSAGES,
	MALFORMED,
	BUILDER_ENDS,
	TASK_SAYS_HELLO,
	HELLO_WITHOUT_FD,
	HELLO_OF_WRONG_TYPE,
	HELLO_CLOSES,
	DEAD_TASK_SAID_HELLO,
	OTHER_SPEAKS,
	OTHER_ENDS,
	HOST_MOUNTED,
	HOST_MOUNTED_WITHOUT_FD,
	HOST_FAILED,
	HOST_FAILED_BUILDER_ENDED,
	HOST_CLOSES,
	REQUEST,
	UNMOUNTED,
	REQUESTS_FAIL,
	SERVER_ENDS,
	EVENTS_OF_TEST,
};

static void send_some(int socket, enum message_type type, const char *text,
	bool with_fd)
{
	int fd = with_fd ? any_fd() : -1;

	/* The peer may have hung up. */
	message_send(socket, type, text, fd);
	if (with_fd)
		close(fd);
}

static int find_other(const struct world *world)
{
	int i;

	for (i = 0; i < world->count; i++)
		if (i != world->builder && world->tasks[i].fd >= 0)
			return i;
	return NOBODY;
}

static void say_hello(struct world *world)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	world->tasks[world->count++].fd = ends[0];
	message_send(world->hello_fd, MESSAGE_HELLO, NULL, ends[1]);
	close(ends[1]);
}

static void end_task(struct world *world, int task)
{
	cleanup_fd(&world->tasks[task].fd);
	if (world->builder == task)
		world->builder = NOBODY;
}

static void serve(int answer)
{
	const uint64_t one = 1;

	stub.answer = answer;
	assert_int_equal(write(stub.event_fd, &one, sizeof(one)), 8);
}

static void say_as_builder(struct world *world, int event)
{
	enum message_type type = MESSAGE_HELLO + event % MESSAGES;
	bool with_fd = event >= MESSAGES;
	enum phase phase = phase_of(world);

	if (type == MESSAGE_TOLD && is_building(phase))
		world->has_failed = true;
	if (type == MESSAGE_SHARED && with_fd && phase == SEALED)
		world->has_shared = true;
	send_some(world->tasks[world->builder].fd, type,
		type == MESSAGE_IMAGE ? GOOD : "text", with_fd);
}

/* The loop runs until then. */
static bool is_awaited(const struct world *world)
{
	const struct tasks *tasks = &world->control->tasks;

	return tasks->polled[POLL_HELLO].fd >= 0 || tasks_are_left(tasks);
}

static bool is_possible(const struct world *world, int event)
{
	if (world->is_over || !is_awaited(world))
		return false;
	if (event <= BUILDER_ENDS)
		return world->builder != NOBODY;
	switch (event) {
	case TASK_SAYS_HELLO:
	case DEAD_TASK_SAID_HELLO:
		return world->hello_fd >= 0 && world->count < world->expected;
	case HELLO_WITHOUT_FD:
	case HELLO_OF_WRONG_TYPE:
	case HELLO_CLOSES:
		return world->hello_fd >= 0;
	case OTHER_SPEAKS:
	case OTHER_ENDS:
		return find_other(world) != NOBODY;
	case HOST_MOUNTED:
	case HOST_MOUNTED_WITHOUT_FD:
	case HOST_FAILED:
	case HOST_CLOSES:
		return world->host_fd >= 0;
	case HOST_FAILED_BUILDER_ENDED:
		return world->host_fd >= 0 && world->builder != NOBODY;
	case SERVER_ENDS:
		return stub.is_elsewhere;
	default:
		return service_fd(&service) >= 0;
	}
}

static void apply(struct world *world, int event)
{
	struct error err;

	switch (event) {
	case BAD_IMAGE:
		send_some(world->tasks[world->builder].fd, MESSAGE_IMAGE, BAD,
			true);
		break;
	case MALFORMED:
		send(world->tasks[world->builder].fd, "\xff", 1, MSG_NOSIGNAL);
		break;
	case BUILDER_ENDS:
		end_task(world, world->builder);
		break;
	case TASK_SAYS_HELLO:
		say_hello(world);
		break;
	case HELLO_WITHOUT_FD:
		send_some(world->hello_fd, MESSAGE_HELLO, NULL, false);
		break;
	case HELLO_OF_WRONG_TYPE:
		send_some(world->hello_fd, MESSAGE_ENTER, NULL, true);
		break;
	case HELLO_CLOSES:
		cleanup_fd(&world->hello_fd);
		break;
	case DEAD_TASK_SAID_HELLO:
		say_hello(world);
		end_task(world, world->count - 1);
		break;
	case OTHER_SPEAKS:
		send_some(world->tasks[find_other(world)].fd, MESSAGE_BUILT, "",
			true);
		break;
	case OTHER_ENDS:
		end_task(world, find_other(world));
		break;
	case HOST_MOUNTED:
		world->is_mounted_on_host = true;
		send_some(world->host_fd, MESSAGE_MOUNT, NULL, true);
		break;
	case HOST_MOUNTED_WITHOUT_FD:
		send_some(world->host_fd, MESSAGE_MOUNT, NULL, false);
		break;
	case HOST_FAILED:
		send_some(world->host_fd, MESSAGE_FAILED, "no mount", false);
		break;
	case HOST_FAILED_BUILDER_ENDED:
		/* Of both, the loop reads the failure first. */
		end_task(world, world->builder);
		send_some(world->host_fd, MESSAGE_FAILED, "no mount", false);
		break;
	case HOST_CLOSES:
		cleanup_fd(&world->host_fd);
		break;
	case REQUEST:
		serve(1);
		break;
	case UNMOUNTED:
		serve(0);
		break;
	case REQUESTS_FAIL:
		serve(-1);
		assert_int_equal(control_run(world->control, &err),
			CONTROL_FAILED);
		world->is_over = true;
		break;
	case SERVER_ENDS:
		stub.is_elsewhere = false;
		control_server_ended(world->control);
		break;
	default:
		say_as_builder(world, event);
	}
	run_loop(world);
}

/* Everybody goes.  The loop ends, and no descriptor is left. */
static void close_world(struct world *world)
{
	struct error err;
	int i;

	cleanup_fd(&world->hello_fd);
	cleanup_fd(&world->host_fd);
	for (i = 0; i < TASKS_MAX; i++)
		cleanup_fd(&world->tasks[i].fd);
	for (i = 0; i < 2 * TASKS_MAX; i++)
		control_poll(world->control, false, &err);
	assert_int_equal(control_run(world->control, &err), CONTROL_DONE);
	assert_int_equal(world->control->phases.phase == BUILT,
		world->is_built);
	assert_int_equal(alarm(0), 0);
	assert_true(world->is_built || !stub.is_served);
	control_close(world->control);
	service_stop(&service);
	assert_int_equal(open_fds(), world->open_fds);
	signal(SIGALRM, SIG_DFL);
}

/* --- every state -----------------------------------------------------------
 */

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* What the future depends on, and what the checks look at.  It does not matter
 * which task is which, nor what one was told that has ended. */
static void print_state(const struct world *world, char key[KEY_SIZE])
{
	const struct phases *phases = &world->control->phases;
	const struct tasks *tasks = &world->control->tasks;
	char each[TASKS_MAX][16] = { "" };
	int i, used;

	used = sprintf(key, "%d %d %d%d%d%d %d%d %ld %d%d%d%d%d %d%d%d%d%d%d",
		phases->phase, phases->host_mount, phases->host_mounted_fd >= 0,
		phases->namespace_fd >= 0, phases->shared_fd >= 0,
		phases->is_told, tasks->polled[POLL_HELLO].fd >= 0,
		tasks->polled[POLL_HOST_MOUNTER].fd >= 0,
		world->control->expected, stub.has_image, stub.layers,
		stub.is_served, stub.is_sealed, stub.is_elsewhere,
		world->hello_fd >= 0, world->host_fd >= 0, world->is_built,
		world->has_failed, world->is_over, world->reasons);
	for (i = 0; i < world->count; i++) {
		const struct task *task = &world->tasks[i];

		if (task->fd >= 0)
			snprintf(each[i], sizeof(each[i]), "%d%d%d%d%d%d%d%d",
				i == world->builder, task->is_hung_up,
				tasks_has(tasks, POLL_TASKS + i),
				tasks->is_waiting[POLL_TASKS + i], task->build,
				task->ready, task->enter, task->failed);
	}
	qsort(each, TASKS_MAX, sizeof(each[0]), compare);
	for (i = 0; i < TASKS_MAX; i++)
		used += sprintf(key + used, " %s", each[i]);
}

struct state {
	char key[KEY_SIZE];
	unsigned char events[STEPS_MAX]; /* that lead here */
	int count;
	uint64_t possible; /* events, a bit for each */
};

static struct state *states;
static int states_count;
static bool phases_seen[PHASES];

static bool is_known(const char *key)
{
	int i;

	for (i = states_count - 1; i >= 0; i--)
		if (strcmp(states[i].key, key) == 0)
			return true;
	return false;
}

static void add_state(const struct world *world, const struct state *before,
	int event)
{
	struct state next = { .count = 0 };
	int i;

	print_state(world, next.key);
	if (is_known(next.key))
		return;
	if (before) {
		memcpy(next.events, before->events, sizeof(next.events));
		next.count = before->count;
		next.events[next.count++] = event;
	}
	for (i = 0; i < EVENTS_OF_TEST; i++)
		next.possible |= (uint64_t)is_possible(world, i) << i;
	assert_true(states_count < STATES_MAX && next.count < STEPS_MAX);
	states[states_count++] = next;
}

/* Replay what leads to a state, and then one event more. */
static void try(int from, int event, int tasks, bool is_host, bool forks)
{
	const struct state *before = &states[from];
	struct world world;
	int i;

	open_world(&world, tasks, is_host, forks);
	for (i = 0; i < before->count; i++)
		apply(&world, before->events[i]);
	apply(&world, event);
	check(&world);
	phases_seen[phase_of(&world)] = true;
	add_state(&world, before, event);
	close_world(&world);
}

/* `longest`: no more events than that in a row. */
static void explore(int tasks, bool is_host, bool forks, int longest)
{
	int from, event, tries = 0;
	struct world world;

	states = calloc(STATES_MAX, sizeof(*states));
	assert_non_null(states);
	states_count = 0;
	open_world(&world, tasks, is_host, forks);
	add_state(&world, NULL, 0);
	close_world(&world);
	for (from = 0; from < states_count && states[from].count < longest;
		from++)
		for (event = 0; event < EVENTS_OF_TEST; event++)
			if (states[from].possible >> event & 1) {
				try(from, event, tasks, is_host, forks);
				tries++;
			}
	print_message("# %d states, %d events tried, the longest way %d\n",
		states_count, tries, states[states_count - 1].count);
	free(states);
}

static void each_state_keeps_what_is_promised(void **state)
{
	int phase;

	(void)state;
	explore(3, false, true, STEPS_MAX);
	explore(2, false, false, STEPS_MAX);
	explore(2, true, true, 8);
	for (phase = 0; phase < PHASES; phase++)
		assert_true(phases_seen[phase]);
}

/* --- examples ---------------------------------------------------------------
 */

static void assert_told(struct world *world, int task, enum message_type type,
	const char *text, bool with_fd)
{
	struct message message;
	int fd = -1;

	assert_int_equal(message_receive(world->tasks[task].fd,
				 deadline_in_ms(10000), &message, &fd),
		1);
	assert_int_equal(message.type, type);
	if (text)
		assert_string_equal(message.text, text);
	assert_int_equal(fd >= 0, with_fd);
	cleanup_fd(&fd);
}

static void assert_hung_up(struct world *world, int task)
{
	struct message message;
	int fd = -1;

	assert_int_equal(message_receive(world->tasks[task].fd,
				 deadline_in_ms(0), &message, &fd),
		0);
}

static void assert_round(struct world *world, enum control_status expected)
{
	struct error err;

	assert_int_equal(control_poll(world->control, false, &err), expected);
}

static void say(struct world *world, int task, enum message_type type,
	const char *text, bool with_fd)
{
	send_some(world->tasks[task].fd, type, text, with_fd);
}

static void a_step_from_hello_to_enter(void **state)
{
	struct world world;

	(void)state;
	open_world(&world, 2, false, true);
	say_hello(&world);
	assert_round(&world, CONTROL_RUNNING);
	assert_told(&world, 0, MESSAGE_BUILD, NULL, false);
	say_hello(&world);
	say(&world, 0, MESSAGE_LAYER, NULL, true);
	assert_round(&world, CONTROL_RUNNING);
	assert_int_equal(stub.layers, 1);
	say(&world, 0, MESSAGE_IMAGE, GOOD, true);
	assert_round(&world, CONTROL_RUNNING);
	assert_told(&world, 0, MESSAGE_READY, "info=1", false);
	say(&world, 0, MESSAGE_MOUNT, "-1", true);
	assert_round(&world, CONTROL_RUNNING);
	say(&world, 0, MESSAGE_SEALED, "", false);
	assert_round(&world, CONTROL_SEALED);
	assert_told(&world, 0, MESSAGE_PREFETCH, "/bin/true\n", false);
	stub.is_elsewhere = true;
	say(&world, 0, MESSAGE_SHARED, "", true);
	assert_round(&world, CONTROL_RUNNING);
	say(&world, 0, MESSAGE_BUILT, "", true);
	assert_round(&world, CONTROL_RUNNING);
	assert_int_equal(world.control->phases.phase, BUILT);
	assert_told(&world, 1, MESSAGE_SHARED, "", true);
	assert_told(&world, 1, MESSAGE_ENTER, "", true);
	/* The builder knows. */
	end_task(&world, 0);
	world.is_built = true;
	close_world(&world);
}

static void only_the_builder_may_speak(void **state)
{
	enum message_type type;
	struct world world;

	(void)state;
	for (type = MESSAGE_HELLO; type <= MESSAGE_LAST; type++) {
		open_world(&world, 2, false, true);
		say_hello(&world);
		say_hello(&world);
		assert_round(&world, CONTROL_RUNNING);
		assert_round(&world, CONTROL_RUNNING);
		say(&world, 1, type, "", true);
		assert_round(&world, CONTROL_RUNNING);
		assert_hung_up(&world, 1);
		/* It does not disturb the builder. */
		assert_int_equal(phase_of(&world), BUILDING);
		close_world(&world);
	}
}

static void a_wrong_image_is_told_to_the_builder_alone(void **state)
{
	struct world world;

	(void)state;
	open_world(&world, 3, false, true);
	say_hello(&world);
	say_hello(&world);
	assert_round(&world, CONTROL_RUNNING);
	assert_round(&world, CONTROL_RUNNING);
	assert_told(&world, 0, MESSAGE_BUILD, NULL, false);
	say(&world, 0, MESSAGE_IMAGE, BAD, true);
	assert_round(&world, CONTROL_RUNNING);
	assert_told(&world, 0, MESSAGE_FAILED, "a bad image", false);
	assert_told(&world, 1, MESSAGE_TOLD, "", false);
	say_hello(&world);
	assert_round(&world, CONTROL_RUNNING);
	assert_told(&world, 2, MESSAGE_TOLD, "", false);
	close_world(&world);
}

static void words_that_are_not_known_refuse_the_image(void **state)
{
	struct world world;

	(void)state;
	open_world(&world, 1, false, true);
	say_hello(&world);
	assert_round(&world, CONTROL_RUNNING);
	assert_told(&world, 0, MESSAGE_BUILD, NULL, false);
	say(&world, 0, MESSAGE_IMAGE, GOOD " more=1", true);
	assert_round(&world, CONTROL_RUNNING);
	assert_told(&world, 0, MESSAGE_FAILED, NULL, false);
	assert_false(stub.has_image);
	close_world(&world);
}

/* Peer closed, not yet read: the reason goes to the first task that lives. */
static void a_reason_outlives_the_tasks_that_have_ended(void **state)
{
	struct world world;
	int task;

	(void)state;
	open_world(&world, 4, true, true);
	for (task = 0; task < 3; task++) {
		say_hello(&world);
		assert_round(&world, CONTROL_RUNNING);
	}
	assert_told(&world, 0, MESSAGE_BUILD, NULL, false);
	end_task(&world, 0);
	end_task(&world, 1);
	send_some(world.host_fd, MESSAGE_FAILED, "no mount", false);
	assert_round(&world, CONTROL_RUNNING);
	assert_told(&world, 2, MESSAGE_FAILED, "no mount", false);
	say_hello(&world);
	assert_round(&world, CONTROL_RUNNING);
	assert_told(&world, 3, MESSAGE_TOLD, "", false);
	close_world(&world);
}

static void ignore_signal(int number)
{
	(void)number;
}

static int block(int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	return sigprocmask(SIG_BLOCK, &set, NULL);
}

static void a_signal_ends_the_wait(void **state)
{
	struct world world;
	struct error err;

	(void)state;
	open_world(&world, 1, false, true);
	assert_int_equal(signal(SIGUSR1, ignore_signal), SIG_DFL);
	assert_int_equal(block(SIGUSR1), 0);
	raise(SIGUSR1);
	/* It was blocked, and so not missed. */
	assert_int_equal(control_run(world.control, &err), CONTROL_SIGNAL);
	signal(SIGUSR1, SIG_DFL);
	close_world(&world);
}

/* control_refuse() returns when no task is left, so a child plays the tasks. */
static void the_first_task_hears_why_there_is_no_server(void **state)
{
	struct world world = { .count = 0 };
	struct error err;
	int ends[2], status;
	pid_t pid;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(ends[1]);
		world.hello_fd = ends[0];
		say_hello(&world);
		say_hello(&world);
		assert_told(&world, 0, MESSAGE_FAILED, "no sandbox", false);
		assert_told(&world, 1, MESSAGE_TOLD, "", false);
		_exit(0);
	}
	close(ends[0]);
	assert_int_equal(control_refuse(ends[1], "no sandbox", &err), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int setup(void **state)
{
	(void)state;
	snprintf(service.image_info, sizeof(service.image_info), "info=1");
	stub.fuse_fd = -1;
	stub.event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return stub.event_fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	return close(stub.event_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_step_from_hello_to_enter),
		cmocka_unit_test(only_the_builder_may_speak),
		cmocka_unit_test(a_wrong_image_is_told_to_the_builder_alone),
		cmocka_unit_test(words_that_are_not_known_refuse_the_image),
		cmocka_unit_test(a_reason_outlives_the_tasks_that_have_ended),
		cmocka_unit_test(a_signal_ends_the_wait),
		cmocka_unit_test(the_first_task_hears_why_there_is_no_server),
		cmocka_unit_test(each_state_keeps_what_is_promised),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
