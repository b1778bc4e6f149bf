/* SPDX-License-Identifier: BSD-3-Clause */
/* Several file systems as one tree. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spank/server/filesystem/stack.h"
#include "tests/unit/server/filesystem/fake.h"

#define END                  \
	{                    \
		.path = NULL \
	}
#define MANY    100000
#define THREADS 4

static struct filesystem *fs; /* the stack */

static void open_stack(const struct fake_node *const *layers)
{
	struct filesystem *list[STACK_LAYERS_MAX];
	struct error err;
	size_t count = 0;

	for (; layers[count]; count++)
		list[count] = fake_open(layers[count]);
	assert_int_equal(stack_open(list, count, &fs, &err), 0);
}

#define OPEN(...) \
	open_stack((const struct fake_node *const[]){ __VA_ARGS__, NULL })

/* 0, or the errno. */
static int find(const char *path, uint64_t *ret_ref)
{
	char name[NAME_MAX + 1];
	size_t length;

	*ret_ref = fs->root;
	for (; *path; path += length + (path[length] == '/')) {
		length = strcspn(path, "/");
		memcpy(name, path, length);
		name[length] = '\0';
		if (fs_lookup(fs, NULL, *ret_ref, name, ret_ref) < 0)
			return errno;
	}
	return 0;
}

static int error_at(const char *path)
{
	uint64_t ref;

	return find(path, &ref);
}

static void assert_text(const char *path, const char *text)
{
	struct fs_data data;
	char buffer[64];
	uint64_t ref;

	assert_int_equal(find(path, &ref), 0);
	assert_int_equal(
		fs_read(fs, NULL, ref, 0, sizeof(buffer), buffer, &data),
		READ_DATA);
	assert_int_equal(data.size, strlen(text));
	assert_memory_equal(data.bytes, text, data.size);
	fs_release(fs, &data);
}

/* --- listings ------------------------------------------------------------- */

struct listed {
	char names[512]; /* sorted, with spaces between them */
	size_t count;
	size_t batch, left; /* entries of a call */
	uint64_t cookie;
};

static bool visit(const struct fs_entry *entry, void *arg)
{
	struct listed *listed = arg;

	assert_true(entry->next > listed->cookie);
	listed->cookie = entry->next;
	listed->count++;
	if (strlen(listed->names) + strlen(entry->name) + 2 <
		sizeof(listed->names)) {
		strcat(listed->names, listed->names[0] ? " " : "");
		strcat(listed->names, entry->name);
	}
	return --listed->left > 0;
}

/* What the list says of an entry is what its look-up and stat say. */
struct check {
	uint64_t directory;
};

static bool check_entry(const struct fs_entry *entry, void *arg)
{
	struct check *check = arg;
	struct stat st;
	uint64_t ref;

	assert_int_equal(
		fs_lookup(fs, NULL, check->directory, entry->name, &ref), 0);
	assert_int_equal(ref, entry->ref);
	assert_int_equal(fs_stat(fs, NULL, ref, &st), 0);
	assert_int_equal(st.st_ino, entry->number);
	assert_int_equal(st.st_mode & S_IFMT, entry->type);
	return true;
}

static void list_in_batches(const char *path, size_t batch,
	struct listed *listed)
{
	uint64_t directory;

	*listed = (struct listed){ .batch = batch };
	assert_int_equal(find(path, &directory), 0);
	do {
		listed->left = batch;
		assert_int_equal(fs_list(fs, NULL, directory, listed->cookie,
					 visit, listed),
			0);
	} while (listed->left == 0);
}

static void assert_listed(const char *path, const char *names)
{
	struct check check;
	struct listed listed;
	size_t batch;

	for (batch = 1; batch < 5; batch++) {
		list_in_batches(path, batch, &listed);
		assert_string_equal(listed.names, names);
	}
	assert_int_equal(find(path, &check.directory), 0);
	assert_int_equal(
		fs_list(fs, NULL, check.directory, 0, check_entry, &check), 0);
}

/* --- tests ---------------------------------------------------------------- */

static void one_layer_is_no_stack(void **state)
{
	static const struct fake_node only[] = { FAKE_WHITEOUT("white"), END };
	struct filesystem *layer = fake_open(only);
	struct error err;

	(void)state;
	assert_int_equal(stack_open(&layer, 1, &fs, &err), 0);
	assert_ptr_equal(fs, layer);
	fs_close(fs);
}

static const struct fake_node bottom[] = { FAKE_DIR("etc"),
	FAKE_FILE("etc/a", "0"), FAKE_FILE("etc/b", "0"),
	FAKE_FILE("etc/c", "0"), FAKE_DIR("etc/d"), FAKE_FILE("etc/d/0", "0"),
	FAKE_DIR("only"), FAKE_DIR("only/below"), FAKE_LINK("link", "etc/a"),
	FAKE_WHITEOUT("nothing"), END };
static const struct fake_node middle[] = { FAKE_DIR("etc"),
	FAKE_FILE("etc/b", "1"), FAKE_WHITEOUT("etc/c"), FAKE_DIR("etc/d"),
	FAKE_FILE("etc/d/1", "1"), END };
static const struct fake_node top[] = { FAKE_FILE("new", "2"), FAKE_DIR("etc"),
	FAKE_DIR("etc/d"), FAKE_FILE("etc/d/2", "2"), FAKE_FILE("etc/c", "2"),
	FAKE_LINK("etc/link", "../only"), END };

static void directories_are_merged_and_files_hide(void **state)
{
	char target[64];
	uint64_t ref;

	(void)state;
	OPEN(bottom, middle, top);
	assert_listed("", "new etc only link");
	assert_listed("etc", "d c link b a");
	assert_listed("etc/d", "2 1 0");
	assert_listed("only/below", "");
	assert_text("etc/a", "0");
	assert_text("etc/b", "1");
	assert_text("etc/c", "2");
	assert_text("etc/d/0", "0");
	assert_text("etc/d/2", "2");
	assert_text("new", "2");
	assert_int_equal(error_at("nothing"), ENOENT);
	assert_int_equal(error_at("etc/e"), ENOENT);
	assert_int_equal(error_at("etc/a/b"), ENOTDIR);
	assert_int_equal(find("etc/link", &ref), 0);
	assert_int_equal(fs_readlink(fs, NULL, ref, target, sizeof(target)), 0);
	assert_string_equal(target, "../only");
	fs_close(fs);
}

static void a_whiteout_hides_and_is_not_shown(void **state)
{
	static const struct fake_node files[] = { FAKE_DIR("dir"),
		FAKE_FILE("dir/a", "0"), FAKE_FILE("dir/b", "0"),
		FAKE_FILE("dir/c", "0"), FAKE_DIR("gone"),
		FAKE_FILE("gone/0", "0"), FAKE_DIR("back"),
		FAKE_FILE("back/0", "0"), END };
	static const struct fake_node whiteouts[] = { FAKE_DIR("dir"),
		FAKE_WHITEOUT("dir/a"), FAKE_FILE("dir/.wh.b", ""),
		FAKE_FILE("dir/.wh.none", ""), FAKE_WHITEOUT("gone"),
		FAKE_FILE(".wh.back", ""), END };
	static const struct fake_node again[] = { FAKE_DIR("dir"),
		FAKE_FILE("dir/b", "2"), FAKE_DIR("back"),
		FAKE_FILE("back/2", "2"), END };

	(void)state;
	OPEN(files, whiteouts, again);
	assert_listed("", "dir back");
	assert_listed("dir", "b c");
	assert_listed("back", "2");
	assert_text("dir/b", "2");
	assert_int_equal(error_at("dir/a"), ENOENT);
	assert_int_equal(error_at("dir/.wh.b"), ENOENT);
	assert_int_equal(error_at("gone"), ENOENT);
	assert_int_equal(error_at("back/0"), ENOENT);
	fs_close(fs);
	OPEN(files, whiteouts);
	assert_listed("", "dir");
	assert_listed("dir", "c");
	fs_close(fs);
	/* The lowest layer hides nothing, but its whiteouts are not shown. */
	OPEN(whiteouts, again);
	assert_listed("", "dir back");
	assert_listed("dir", "b");
	fs_close(fs);
}

static void an_opaque_directory_is_not_merged(void **state)
{
	static const struct fake_node lowest[] = { FAKE_DIR("a"),
		FAKE_DIR("a/sub"), FAKE_FILE("a/0", "0"),
		FAKE_FILE("a/sub/0", "0"), FAKE_DIR("b"), FAKE_FILE("b/0", "0"),
		END };
	static const struct fake_node second[] = { FAKE_OPAQUE("a"),
		FAKE_DIR("a/sub"), FAKE_FILE("a/1", "1"), FAKE_DIR("b"),
		FAKE_FILE("b/.wh..wh..opq", ""), FAKE_FILE("b/1", "1"), END };
	static const struct fake_node third[] = { FAKE_OPAQUE("a"),
		FAKE_FILE("a/2", "2"), FAKE_DIR("b"), FAKE_FILE("b/2", "2"),
		END };

	(void)state;
	OPEN(lowest, second);
	assert_listed("a", "sub 1");
	assert_listed("a/sub", "");
	assert_listed("b", "1");
	fs_close(fs);
	OPEN(lowest, second, third);
	assert_listed("a", "2");
	assert_int_equal(error_at("a/1"), ENOENT);
	assert_int_equal(error_at("a/sub"), ENOENT);
	assert_listed("b", "2 1");
	assert_int_equal(error_at("b/0"), ENOENT);
	fs_close(fs);
}

static void what_is_no_directory_ends_the_merging(void **state)
{
	static const struct fake_node directory[] = { FAKE_DIR("x"),
		FAKE_FILE("x/0", "0"), FAKE_DIR("y"), FAKE_FILE("y/0", "0"),
		FAKE_DIR("z"), END };
	static const struct fake_node file[] = { FAKE_FILE("x", "1"),
		FAKE_LINK("y", "x"), FAKE_WHITEOUT("z"), END };
	static const struct fake_node back[] = { FAKE_DIR("x"),
		FAKE_FILE("x/2", "2"), FAKE_DIR("y"), FAKE_FILE("z", "2"),
		END };

	(void)state;
	OPEN(directory, file);
	assert_text("x", "1");
	assert_int_equal(error_at("x/0"), ENOTDIR);
	assert_listed("", "x y");
	fs_close(fs);
	OPEN(directory, file, back);
	assert_listed("", "x y z");
	assert_listed("x", "2");
	assert_listed("y", "");
	assert_text("z", "2");
	fs_close(fs);
}

static ino_t number_of(const char *path)
{
	struct stat st;
	uint64_t ref;

	assert_int_equal(find(path, &ref), 0);
	assert_int_equal(fs_stat(fs, NULL, ref, &st), 0);
	return st.st_ino;
}

static void assert_parent(const char *path, const char *parent)
{
	uint64_t ref;
	ino_t number;

	assert_int_equal(find(path, &ref), 0);
	assert_int_equal(fs_parent_number(fs, NULL, ref, &number), 0);
	assert_int_equal(number, number_of(parent));
}

static void numbers_are_stable_and_links_unknown(void **state)
{
	struct filesystem *lowest = fake_open(bottom);
	ino_t number;
	struct stat st;
	uint64_t ref;

	(void)state;
	OPEN(bottom, middle, top);
	assert_int_equal(fs_lookup(lowest, NULL, 0, "only", &ref), 0);
	assert_int_equal(fs_stat(lowest, NULL, ref, &st), 0);
	number = st.st_ino;
	assert_int_equal(number_of("only"), number);
	assert_int_equal(number_of("etc/b") >> 32, 1);
	assert_int_equal(number_of("new") >> 32, 2);
	assert_int_equal(find("etc", &ref), 0);
	assert_int_equal(fs_stat(fs, NULL, ref, &st), 0);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(find("only", &ref), 0);
	assert_int_equal(fs_stat(fs, NULL, ref, &st), 0);
	assert_int_equal(st.st_nlink, 2);
	assert_parent("", "");
	assert_parent("etc", "");
	assert_parent("etc/d", "etc");
	assert_parent("only", "");
	assert_parent("only/below", "only");
	fs_close(lowest);
	fs_close(fs);
}

static void a_wrong_reference_is_an_error(void **state)
{
	static const uint64_t refs[] = { UINT64_MAX, 1ULL << 54, 3ULL << 48 | 1,
		1ULL << 48 | 0xffff, 0xffff };
	struct fs_data data;
	struct stat st;
	uint64_t found;
	char buffer[8];
	ino_t number;
	size_t i;

	(void)state;
	OPEN(bottom, middle, top);
	for (i = 0; i < sizeof(refs) / sizeof(refs[0]); i++) {
		assert_int_equal(fs_stat(fs, NULL, refs[i], &st), -1);
		assert_int_equal(errno, EIO);
		assert_int_equal(fs_lookup(fs, NULL, refs[i], "etc", &found),
			-1);
		assert_int_equal(errno, EIO);
		assert_int_equal(
			fs_list(fs, NULL, refs[i], 0, check_entry, NULL), -1);
		assert_int_equal(fs_parent_number(fs, NULL, refs[i], &number),
			-1);
		assert_int_equal(fs_readlink(fs, NULL, refs[i], buffer, 8), -1);
		assert_int_equal(
			fs_read(fs, NULL, refs[i], 0, 8, buffer, &data),
			READ_ERROR);
		fs_release(fs, &data);
	}
	assert_int_equal(
		fs_list(fs, NULL, fs->root, UINT64_MAX, check_entry, NULL), 0);
	fs_close(fs);
}

/* A directory below cannot be read: what is merged with it is an error, what
 * hides it is not. */
static void damage_below_is_an_error_where_it_counts(void **state)
{
	static const struct fake_node damaged[] = { FAKE_DIR("a"),
		{ .path = "a/b", .type = S_IFDIR, .is_damaged = true },
		FAKE_DIR("c"),
		{ .path = "c/d", .type = S_IFDIR, .is_damaged = true }, END };
	static const struct fake_node over[] = { FAKE_DIR("a"), FAKE_DIR("a/b"),
		FAKE_FILE("a/b/1", "1"), FAKE_OPAQUE("c"), FAKE_DIR("c/d"),
		FAKE_FILE("c/d/1", "1"), END };
	struct listed listed;

	(void)state;
	OPEN(damaged, over);
	assert_int_equal(error_at("a/b"), EIO);
	assert_text("c/d/1", "1");
	/* Its name is listed. */
	list_in_batches("a", 10, &listed);
	assert_string_equal(listed.names, "b");
	fs_close(fs);
}

static const struct fake_node many_files[] = {
	{ .path = "many", .type = S_IFDIR, .many = MANY, .many_type = S_IFREG },
	END
};
static const struct fake_node half_of_them[] = { { .path = "many",
							 .type = S_IFDIR,
							 .many = MANY / 2,
							 .many_type = S_IFREG },
	END };
static const struct fake_node all_hidden[] = {
	{ .path = "many", .type = S_IFDIR, .many = MANY, .many_type = S_IFCHR },
	FAKE_FILE("many/a", "a"), END
};

/* Nothing is looked up for each entry. */
static void large_directories_are_listed_in_linear_time(void **state)
{
	struct listed listed;

	(void)state;
	OPEN(many_files, half_of_them);
	fake_lookups = 0;
	list_in_batches("many", 50, &listed);
	assert_int_equal(listed.count, MANY);
	fs_close(fs);
	OPEN(many_files, half_of_them, all_hidden);
	list_in_batches("many", 50, &listed);
	assert_int_equal(listed.count, 1);
	assert_in_range(fake_lookups, 0, 1000);
	fs_close(fs);
}

/* More names than are kept: they are looked up. */
static void a_huge_directory_is_listed_without_its_names(void **state)
{
	static const struct fake_node huge[] = { { .path = "many",
							 .type = S_IFDIR,
							 .many = 1200000,
							 .many_type = S_IFREG },
		FAKE_DIR("many/sub"), FAKE_FILE("many/sub/0", "0"), END };
	static const struct fake_node few[] = { { .path = "many",
							.type = S_IFDIR,
							.many = 10,
							.many_type = S_IFCHR },
		FAKE_DIR("many/sub"), FAKE_FILE("many/sub/1", "1"),
		FAKE_FILE("many/.wh.entry-0000010", ""), END };
	struct listed listed;

	(void)state;
	OPEN(huge, few);
	list_in_batches("many", 100000, &listed);
	assert_int_equal(listed.count, 1200000 - 11 + 1);
	assert_listed("many/sub", "1 0");
	fs_close(fs);
}

static void *list_all(void *arg)
{
	size_t *total = arg;
	struct listed listed;
	int i;

	for (i = 0; i < 10; i++) {
		list_in_batches("many", 1000, &listed);
		*total += listed.count;
		list_in_batches("etc", 1, &listed);
		*total += listed.count;
	}
	return NULL;
}

static void threads_list_the_same_directory(void **state)
{
	static const struct fake_node more[] = { { .path = "many",
							 .type = S_IFDIR,
							 .many = 5000,
							 .many_type = S_IFREG },
		FAKE_DIR("etc"), FAKE_FILE("etc/a", ""), END };
	pthread_t threads[THREADS];
	size_t totals[THREADS] = { 0 };
	int i;

	(void)state;
	OPEN(more, more, more);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, list_all, &totals[i]),
			0);
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(totals[i], 10 * (5000 + 1));
	}
	fs_close(fs);
}

/* What a process found before it was killed is known to its replacement. */
static void a_forked_process_shares_what_it_finds(void **state)
{
	uint64_t ref = 0;
	struct listed listed = { .left = 10 };
	int ends[2], status;
	pid_t pid;

	(void)state;
	OPEN(bottom, middle, top);
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		if (find("etc/d", &ref) == 0 &&
			write(ends[1], &ref, sizeof(ref)) == sizeof(ref))
			raise(SIGKILL);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(read(ends[0], &ref, sizeof(ref)), sizeof(ref));
	/* Without looking it up. */
	assert_int_equal(fs_list(fs, NULL, ref, 0, visit, &listed), 0);
	assert_string_equal(listed.names, "2 1 0");
	close(ends[0]);
	close(ends[1]);
	fs_close(fs);
}

static void sizes_are_added_up(void **state)
{
	struct statvfs st;

	(void)state;
	OPEN(bottom, middle, top);
	fs_statfs(fs, &st);
	assert_int_equal(st.f_blocks, 3);
	assert_int_equal(st.f_files, 10 + 5 + 6 + 3);
	fs_close(fs);
}

static void only_layers_that_cache_data_share_the_cache(void **state)
{
	size_t lower = 0, upper = 0;
	struct filesystem *cached[] = {
		fake_open_with_cache(bottom, &lower),
		fake_open(middle),
		fake_open_with_cache(top, &upper),
	};
	struct filesystem *uncached[] = { fake_open(bottom), fake_open(top) };
	struct error err;

	(void)state;
	assert_int_equal(stack_open(cached, 3, &fs, &err), 0);
	assert_int_equal(fs_set_cache(fs, 1000, 1), 0);
	assert_int_equal(lower, 500);
	assert_int_equal(upper, 500);
	fs_close(fs);
	assert_int_equal(stack_open(uncached, 2, &fs, &err), 0);
	assert_int_equal(fs_set_cache(fs, 1000, 1), 0);
	fs_close(fs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_layer_is_no_stack),
		cmocka_unit_test(directories_are_merged_and_files_hide),
		cmocka_unit_test(a_whiteout_hides_and_is_not_shown),
		cmocka_unit_test(an_opaque_directory_is_not_merged),
		cmocka_unit_test(what_is_no_directory_ends_the_merging),
		cmocka_unit_test(numbers_are_stable_and_links_unknown),
		cmocka_unit_test(a_wrong_reference_is_an_error),
		cmocka_unit_test(damage_below_is_an_error_where_it_counts),
		cmocka_unit_test(large_directories_are_listed_in_linear_time),
		cmocka_unit_test(a_huge_directory_is_listed_without_its_names),
		cmocka_unit_test(threads_list_the_same_directory),
		cmocka_unit_test(a_forked_process_shares_what_it_finds),
		cmocka_unit_test(sizes_are_added_up),
		cmocka_unit_test(only_layers_that_cache_data_share_the_cache),
	};

	return cmocka_run_group_tests_name("stack", tests, NULL, NULL);
}
