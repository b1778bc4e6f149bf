/* SPDX-License-Identifier: BSD-3-Clause */
/* An image until it is mounted; this test plays its server. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/message.h"
#include "spank/plugin/container/image.h"
#include "tests/unit/scratch.h"

/* --- its path ------------------------------------------------------------- */

static void assert_found(const char *name, const char *directories,
	const char *expected)
{
	char path[PATH_MAX];
	struct error err = { 0 };

	assert_int_equal(image_find(name, directories, 0, path, &err), 0);
	assert_string_equal(path, expected);
}

static void a_path_is_taken_as_it_is(void **state)
{
	(void)state;
	assert_found("/data/a.sif", "/images", "/data/a.sif");
	assert_found("./a.sif", "/images", "./a.sif");
	assert_found("a.sif", NULL, "a.sif");
}

static void a_name_is_looked_up_in_order(void **state)
{
	char directories[PATH_MAX];

	(void)state;
	scratch_write("one/a.sif", "");
	scratch_write("two/a", "");
	scratch_write("two/b.sif", "");
	snprintf(directories, sizeof(directories), "/nonesuch:%s:%s",
		scratch_path("one"), scratch_path("two"));
	assert_found("a", directories, scratch_path("one/a.sif"));
	assert_found("a.sif", directories, scratch_path("one/a.sif"));
	assert_found("b", directories, scratch_path("two/b.sif"));
	/* The name as it is comes before the one with its ending. */
	scratch_write("one/a", "");
	assert_found("a", directories, scratch_path("one/a"));
}

static void a_directory_with_an_unknown_variable_is_skipped(void **state)
{
	char directories[PATH_MAX];

	(void)state;
	scratch_write("images/a.sif", "");
	snprintf(directories, sizeof(directories), "/x/$NONESUCH:%s",
		scratch_path("images"));
	assert_found("a", directories, scratch_path("images/a.sif"));
}

static void a_missing_name_is_told_with_the_directories(void **state)
{
	char path[PATH_MAX];
	struct error err = { 0 };

	(void)state;
	assert_int_equal(image_find("a", "/nonesuch:/x", 0, path, &err), -1);
	assert_string_equal(err.text,
		"there is no image 'a' in the image directories of this site "
		"(/nonesuch:/x); for a file of your own give a path with a "
		"'/'");
}

/* --- explanations --------------------------------------------------------- */

static void a_guess_of_the_command_is_told(void **state)
{
	char *job[] = { "SLURM_SIF_ABSENT=srun b.sif", "SLURMD_NODENAME=n1",
		NULL };
	struct error err = { 0 };

	(void)state;
	error_set(&err, ENOENT, "cannot open the image '/d/a.sif'");
	image_explain_absent("/d/a.sif", job, &err);
	assert_string_equal(err.text,
		"cannot open the image '/d/a.sif': No such file or directory, "
		"neither on n1 nor where srun ran; did you mean 'b.sif'?");
	/* A name that no directory has. */
	error_set(&err, 0, "there is no image 'a'");
	image_explain_absent("a", job, &err);
	assert_string_equal(err.text,
		"there is no image 'a'; did you mean 'b.sif'?");
}

static void another_failure_is_not_explained(void **state)
{
	char *job[] = { "SLURM_SIF_ABSENT=srun", "SLURMD_NODENAME=n1", NULL };
	char *none[] = { NULL };
	struct error err = { 0 };

	(void)state;
	error_set(&err, 0, "it is damaged");
	image_explain_absent("/d/a.sif", job, &err);
	assert_string_equal(err.text, "it is damaged");
	/* The command has found it. */
	error_set(&err, ENOENT, "cannot open it");
	image_explain_absent("/d/a.sif", none, &err);
	assert_string_equal(err.text,
		"cannot open it: No such file or directory");
}

static void overlays_are_used_noted_or_refused(void **state)
{
	struct plugstack_args args = { .refuse_overlays = false };
	struct image_info info = { .overlays = 0 };
	struct report report = { .debug = false };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(
		image_check_overlays("/a", &info, &args, &report, &err), 0);
	assert_int_equal(report.count, 0);
	info.overlays = 2;
	assert_int_equal(
		image_check_overlays("/a", &info, &args, &report, &err), 0);
	assert_int_equal(report.count, 0);
	args.ignore_overlays = true;
	assert_int_equal(
		image_check_overlays("/a", &info, &args, &report, &err), 0);
	assert_int_equal(report.count, 1);
	assert_non_null(strstr(report.lines[0].text,
		"the image '/a' has 2 overlay partitions, which are ignored"));
	report_free(&report);
	args.refuse_overlays = true;
	info.overlays = 1;
	assert_int_equal(
		image_check_overlays("/a", &info, &args, &report, &err), -1);
	assert_non_null(strstr(err.text, "it has 1 overlay partition, which"));
	assert_int_equal(report.count, 0);
}

static void an_ext_layer_without_ro_is_noted_or_refused(void **state)
{
	struct overlay layers[] = { { .path = "/a" },
		{ .path = "/b", .is_read_only = true }, { .path = "/c" } };
	const struct overlay_list list = { layers, 3 };
	const struct image_request request = { .overlays = &list };
	struct plugstack_args args = { .refuse_writable = false };
	struct image_info info = { .layers = "squashfs,ext,squashfs+ext" };
	struct report report = { .debug = false };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(
		image_check_layers(&request, &info, &args, &report, &err), 0);
	assert_int_equal(report.count, 1);
	assert_non_null(strstr(report.lines[0].text,
		"the image '/c' is read-only, because it is an ext file"));
	report_free(&report);
	layers[0].is_writable = true;
	assert_int_equal(
		image_check_layers(&request, &info, &args, &report, &err), 0);
	assert_int_equal(report.count, 2);
	assert_non_null(strstr(report.lines[0].text,
		"is read-only, although ':rw' was given: only a directory"));
	layers[0].is_writable = false;
	report_free(&report);
	args.refuse_writable = true;
	assert_int_equal(
		image_check_layers(&request, &info, &args, &report, &err), -1);
	assert_non_null(strstr(err.text, "write '/c:ro' to read it"));
	/* A server says less than it should, or nothing. */
	strcpy(info.layers, "squashfs,ext");
	assert_int_equal(
		image_check_layers(&request, &info, &args, &report, &err), 0);
	info.layers[0] = '\0';
	assert_int_equal(
		image_check_layers(&request, &info, &args, &report, &err), 0);
	assert_int_equal(report.count, 0);
}

/* --- its server ----------------------------------------------------------- */

struct server {
	int socket; /* the server's end */
	struct image_request request;
};

static struct server start_server(void)
{
	struct server server = { .request = { .use = { .is_data = 0 } } };
	int ends[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	server.socket = ends[0];
	server.request.server = ends[1];
	server.request.deadline = deadline_in_ms(100);
	return server;
}

static void stop_server(struct server *server)
{
	cleanup_fd(&server->socket);
	cleanup_fd(&server->request.server);
}

#define READY "offset=1 size=2 compression=gzip"

/* The answer is sent first; it waits in the socket. */
static void a_checked_image_has_a_report(void **state)
{
	struct server server = start_server();
	struct image_info info;
	struct error err = { 0 };
	struct message message;
	struct stat sent, file;
	int fd = -1;

	(void)state;
	scratch_write("a.sif", "x");
	message_send(server.socket, MESSAGE_READY, READY, -1);
	assert_int_equal(image_send_file(&server.request, scratch_path("a.sif"),
				 &info, &err),
		0);
	assert_int_equal(info.offset, 1);
	assert_string_equal(info.compression, "gzip");
	assert_string_equal(server.request.source, scratch_path("a.sif"));
	assert_int_equal(message_receive(server.socket, deadline_in_ms(0),
				 &message, &fd),
		1);
	assert_int_equal(message.type, MESSAGE_IMAGE);
	assert_string_equal(message.text, "use=root owner=image");
	assert_int_equal(fstat(fd, &sent), 0);
	assert_int_equal(stat(scratch_path("a.sif"), &file), 0);
	assert_int_equal(sent.st_ino, file.st_ino);
	close(fd);
	stop_server(&server);
}

static void assert_send_fails(struct server *server, const char *part)
{
	struct image_info info;
	struct error err = { 0 };

	assert_int_equal(image_send_file(&server->request,
				 scratch_path("a.sif"), &info, &err),
		-1);
	if (!strstr(err.text, part))
		fail_msg("'%s' is not in '%s'", part, err.text);
	stop_server(server);
}

static void each_failure_of_the_server_has_a_sentence(void **state)
{
	struct server server = start_server();

	(void)state;
	scratch_write("a.sif", "x");
	message_send(server.socket, MESSAGE_FAILED, "it is empty", -1);
	assert_send_fails(&server, "a.sif': it is empty");

	server = start_server();
	message_send(server.socket, MESSAGE_READY, READY " more", -1);
	assert_send_fails(&server, "in words that this plugin does not know");

	server = start_server();
	message_send(server.socket, MESSAGE_ENTER, NULL, -1);
	assert_send_fails(&server, "the image server ended while it read");

	server = start_server();
	assert_send_fails(&server,
		"in time: is its file system slow, or hung?");

	server = start_server();
	cleanup_fd(&server.socket);
	assert_send_fails(&server, "the image server is gone");
}

static void layers_are_sent_before_the_image(void **state)
{
	struct server server = start_server();
	struct error err = { 0 };
	struct message message;
	struct stat sent, file;
	int fd = -1;

	(void)state;
	scratch_write("a.sqf", "x");
	assert_int_equal(
		image_send_layer(&server.request, scratch_path("a.sqf"), &err),
		0);
	assert_int_equal(message_receive(server.socket, deadline_in_ms(0),
				 &message, &fd),
		1);
	assert_int_equal(message.type, MESSAGE_LAYER);
	assert_string_equal(message.text, "");
	assert_int_equal(fstat(fd, &sent), 0);
	assert_int_equal(stat(scratch_path("a.sqf"), &file), 0);
	assert_int_equal(sent.st_ino, file.st_ino);
	close(fd);
	assert_int_equal(image_send_layer(&server.request, "/no/such", &err),
		-1);
	assert_non_null(strstr(err.text,
		"--sif-overlay: cannot open the image '/no/such'"));
	stop_server(&server);
}

/* What the server says of them is not trusted. */
static void a_bad_layer_is_named(void **state)
{
	struct overlay layers[] = { { .path = "/l1" }, { .path = "/l2" } };
	const struct overlay_list list = { layers, 2 };
	static const char *const reasons[][2] = {
		{ "layer 2: it is empty",
			"--sif-overlay: cannot use the image '/l2': it is "
			"empty" },
		{ "layer 1: x",
			"--sif-overlay: cannot use the image '/l1': x" },
		{ "layer 0: x", "a.sif': layer 0: x" },
		{ "layer 3: x", "a.sif': layer 3: x" },
		{ "layer -1: x", "a.sif': layer -1: x" },
		{ "layer 2 is wrong", "a.sif': layer 2 is wrong" },
	};
	size_t i;

	(void)state;
	scratch_write("a.sif", "x");
	for (i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
		struct server server = start_server();

		server.request.overlays = &list;
		message_send(server.socket, MESSAGE_FAILED, reasons[i][0], -1);
		assert_send_fails(&server, reasons[i][1]);
	}
}

static void a_long_path_shows_by_its_name(void **state)
{
	struct server server = start_server();
	struct image_info info;
	char name[512];
	struct error err = { 0 };

	(void)state;
	memset(name, 'd', 250);
	strcpy(name + 250, "/a\nb.sif");
	scratch_write(name, "x");
	message_send(server.socket, MESSAGE_READY, READY, -1);
	assert_int_equal(image_send_file(&server.request, scratch_path(name),
				 &info, &err),
		0);
	assert_true(strlen(server.request.source) < IMAGE_SOURCE_SIZE);
	assert_null(strchr(server.request.source, '/'));
	assert_null(strchr(server.request.source, '\n'));
	stop_server(&server);
}

static void a_connection_can_be_withdrawn(void **state)
{
	struct connection connection = { .number = 7, .builder = 8 };
	int kept_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const struct image_request request = { .connection = &connection,
		.kept_fd = &kept_fd };

	(void)state;
	assert_true(kept_fd >= 0);
	image_clear_connection(&request);
	assert_int_equal(connection.number, 0);
	assert_int_equal(connection.builder, 0);
	assert_int_equal(kept_fd, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_taken_as_it_is),
		cmocka_unit_test_setup(a_name_is_looked_up_in_order,
			scratch_clear),
		cmocka_unit_test_setup(
			a_directory_with_an_unknown_variable_is_skipped,
			scratch_clear),
		cmocka_unit_test(a_missing_name_is_told_with_the_directories),
		cmocka_unit_test(a_guess_of_the_command_is_told),
		cmocka_unit_test(another_failure_is_not_explained),
		cmocka_unit_test(overlays_are_used_noted_or_refused),
		cmocka_unit_test(an_ext_layer_without_ro_is_noted_or_refused),
		cmocka_unit_test_setup(a_checked_image_has_a_report,
			scratch_clear),
		cmocka_unit_test_setup(
			each_failure_of_the_server_has_a_sentence,
			scratch_clear),
		cmocka_unit_test_setup(layers_are_sent_before_the_image,
			scratch_clear),
		cmocka_unit_test_setup(a_bad_layer_is_named, scratch_clear),
		cmocka_unit_test_setup(a_long_path_shows_by_its_name,
			scratch_clear),
		cmocka_unit_test(a_connection_can_be_withdrawn),
	};

	return cmocka_run_group_tests_name("image", tests, scratch_make,
		scratch_remove);
}
