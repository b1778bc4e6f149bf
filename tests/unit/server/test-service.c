/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The image of a step before it is mounted: which file systems are opened, what
 * is said about them, and that nothing stays open.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/server/service.h"
#include "tests/unit/server/ext/fixture.h"

static const struct session_options options = { .cache_bytes = 1 << 22,
	.threads = 1 };
static const struct image_use as_root = { .is_data = 0 };

static int setup(void **state)
{
	if (fixture_make(state) < 0)
		return -1;
	fixture_run(*state, "mkdir -p usr/bin && echo base >usr/bin/tool && "
			    "ln -s tool usr/bin/link && mkfifo usr/fifo");
	fixture_pack(*state, "");
	fixture_run(*state,
		"mkdir ../over && mkdir ../over/opt && "
		"mksquashfs ../over ../layer -noappend -quiet -no-progress "
		">../log 2>&1 && echo no image >../bad");
	return 0;
}

/* `name` is the image, or a file beside it. */
static int open_file(const struct fixture *fixture, const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", fixture->directory, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static int count_fds(void)
{
	struct pollfd one = { .fd = 0 };
	int count = 0;

	for (; one.fd < 256; one.fd++) {
		poll(&one, 1, 0);
		count += !(one.revents & POLLNVAL);
	}
	return count;
}

static void add_layer(struct service *service, const struct fixture *fixture,
	const char *name)
{
	int fd = open_file(fixture, name);
	struct error err;

	assert_int_equal(service_add_layer(service, &fd, &err), 0);
	assert_int_equal(fd, -1);
}

static int open_image(struct service *service, const struct fixture *fixture,
	const struct image_use *use, struct error *err)
{
	CLEANUP_FD int fd = open_file(fixture, "image");

	return service_open_image(service, use, &fd, err);
}

static void assert_opens(struct service *service, const struct fixture *fixture,
	const struct image_use *use)
{
	struct error err = { 0 };

	if (open_image(service, fixture, use, &err) < 0)
		fail_msg("%s", err.text);
	assert_non_null(service->image);
}

static void assert_refused(struct service *service,
	const struct fixture *fixture, const struct image_use *use,
	const char *sentence)
{
	struct error err = { 0 };

	assert_int_equal(open_image(service, fixture, use, &err), -1);
	assert_string_equal(err.text, sentence);
	/* As phases.c does when it refuses the container. */
	service_stop(service);
	assert_null(service->image);
	assert_int_equal(service->layers_count, 0);
}

static void an_image_is_opened_and_described(void **state)
{
	struct service service = { .options = options };
	int before = count_fds();

	assert_opens(&service, *state, &as_root);
	assert_non_null(strstr(service.image_info, "compression=gzip"));
	assert_null(strstr(service.image_info, "layers="));
	fixture_find(service.image, "usr/bin/tool");
	/* Nobody serves it yet. */
	assert_int_equal(service_fd(&service), -1);
	assert_false(service_is_prefetching(&service));
	assert_string_equal(service_prefetched(&service), "");
	assert_false(service_has_ended(&service));
	service_stop(&service);
	assert_int_equal(count_fds(), before);
	/* Safe to call again: the builder may end later. */
	service_abandon(&service);
}

static void layers_lie_over_the_image(void **state)
{
	struct service service = { .options = options };
	int before = count_fds();

	add_layer(&service, *state, "layer");
	add_layer(&service, *state, "layer");
	assert_opens(&service, *state, &as_root);
	assert_int_equal(service.layers_count, 0);
	assert_non_null(strstr(service.image_info, "layers=squashfs,squashfs"));
	fixture_find(service.image, "usr/bin/tool");
	fixture_find(service.image, "opt");
	service_stop(&service);
	assert_int_equal(count_fds(), before);
}

static void a_layer_that_is_wrong_is_numbered(void **state)
{
	struct service service = { .options = options };
	struct error err = { 0 };
	int before = count_fds();

	add_layer(&service, *state, "layer");
	add_layer(&service, *state, "bad");
	assert_int_equal(open_image(&service, *state, &as_root, &err), -1);
	assert_int_equal(strncmp(err.text, "layer 2: it is neither", 22), 0);
	service_stop(&service);
	assert_int_equal(count_fds(), before);
}

static void there_is_a_limit_of_layers(void **state)
{
	struct service service = { .options = options };
	int i, fd, before = count_fds();
	struct error err = { 0 };

	for (i = 0; i < SERVICE_LAYERS_MAX; i++)
		add_layer(&service, *state, "layer");
	fd = open_file(*state, "layer");
	assert_int_equal(service_add_layer(&service, &fd, &err), -1);
	assert_non_null(strstr(err.text, "more than 63 layers"));
	/* Not taken. */
	assert_int_equal(close(fd), 0);
	service_stop(&service);
	assert_int_equal(count_fds(), before);
}

static void a_part_is_shown_alone(void **state)
{
	struct service service = { .options = options };
	struct image_use use = { .is_data = 1, .part = "/usr/bin" };

	assert_opens(&service, *state, &use);
	assert_null(strstr(service.image_info, "file="));
	fixture_find(service.image, "tool");
	service_stop(&service);
	strcpy(use.part, "/usr/bin/link");
	assert_opens(&service, *state, &use);
	assert_true(service.info.is_file);
	service_stop(&service);
	strcpy(use.part, "/usr/none");
	assert_refused(&service, *state, &use, "there is no '/usr/none' in it");
	strcpy(use.part, "/usr/fifo");
	assert_refused(&service, *state, &use,
		"'/usr/fifo' in it is neither a directory nor a file");
}

/* What the server has opened by its path is used if it is the same file. */
static void an_image_that_is_open_already_is_used(void **state)
{
	struct service service = { .options = options };
	const struct filesystem *opened;
	int fd = open_file(*state, "image");

	preopen_start(&service.preopen, &fd, NULL, &options);
	opened = service.preopen.image;
	assert_non_null(opened);
	assert_opens(&service, *state, &as_root);
	assert_ptr_equal(service.image, opened);
	service_stop(&service);
	fd = open_file(*state, "layer");
	preopen_start(&service.preopen, &fd, NULL, &options);
	assert_opens(&service, *state, &as_root);
	assert_null(service.preopen.image);
	fixture_find(service.image, "usr/bin/tool");
	service_stop(&service);
}

static void an_overlay_alone_is_no_root(void **state)
{
	struct service service = { .options = options };
	const struct image_use as_data = { .is_data = 1 };

	fixture_run(*state, "rm -rf usr && mkdir upper work");
	ext_fixture_pack(*state, "", 1);
	assert_refused(&service, *state, &as_root,
		"it is an overlay, which has its files in 'upper'; give it to "
		"--sif-overlay, over an image");
	assert_opens(&service, *state, &as_data);
	service_stop(&service);
	fixture_run(*state, "mkdir usr");
	ext_fixture_pack(*state, "", 1);
	assert_opens(&service, *state, &as_root);
	service_stop(&service);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			an_image_is_opened_and_described, setup,
			fixture_remove),
		cmocka_unit_test_setup_teardown(layers_lie_over_the_image,
			setup, fixture_remove),
		cmocka_unit_test_setup_teardown(
			a_layer_that_is_wrong_is_numbered, setup,
			fixture_remove),
		cmocka_unit_test_setup_teardown(there_is_a_limit_of_layers,
			setup, fixture_remove),
		cmocka_unit_test_setup_teardown(a_part_is_shown_alone, setup,
			fixture_remove),
		cmocka_unit_test_setup_teardown(
			an_image_that_is_open_already_is_used, setup,
			fixture_remove),
		cmocka_unit_test_setup_teardown(an_overlay_alone_is_no_root,
			setup, fixture_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
