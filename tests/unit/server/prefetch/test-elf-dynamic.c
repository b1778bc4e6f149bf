/* SPDX-License-Identifier: BSD-3-Clause */
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "spank/server/prefetch/elf_dynamic.h"

/* A file in memory: this program itself, or what was made of it. */
struct bytes {
	unsigned char *data;
	size_t size;
	size_t reads; /* so far */
};

static ssize_t read_bytes(void *arg, uint64_t offset, void *buffer, size_t size)
{
	struct bytes *bytes = arg;

	bytes->reads++;
	if (offset >= bytes->size)
		return 0;
	if (size > bytes->size - offset)
		size = bytes->size - offset;
	memcpy(buffer, bytes->data + offset, size);
	return size;
}

static int load(void **state)
{
	static struct bytes bytes;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	bytes.size = lseek(fd, 0, SEEK_END);
	bytes.data = malloc(bytes.size);
	*state = &bytes;
	return pread(fd, bytes.data, bytes.size, 0) == (ssize_t)bytes.size &&
			       close(fd) == 0
		       ? 0
		       : -1;
}

static int unload(void **state)
{
	struct bytes *bytes = *state;

	free(bytes->data);
	return 0;
}

static void check_sanity(const struct elf_needs *needs)
{
	size_t i;

	assert_true(needs->count <= ELF_NAMES_MAX);
	assert_non_null(memchr(needs->loader, '\0', ELF_NAME_SIZE));
	for (i = 0; i < needs->count; i++)
		assert_in_range(strnlen(needs->names[i], ELF_NAME_SIZE), 1,
			ELF_NAME_SIZE - 1);
}

static void a_program_has_a_loader_and_libraries(void **state)
{
	static struct elf_needs needs;
	bool has_libc = false;
	size_t i;

	assert_int_equal(elf_needs(read_bytes, *state, &needs), 0);
	check_sanity(&needs);
	assert_int_equal(needs.loader[0], '/');
	for (i = 0; i < needs.count; i++)
		has_libc |= strcmp(needs.names[i], "libc.so.6") == 0;
	assert_true(has_libc);
}

static void another_file_is_none(void **state)
{
	static struct elf_needs needs;
	unsigned char script[] = "#!/bin/sh\n";
	struct bytes bytes = { .data = script, .size = sizeof(script) };

	(void)state;
	assert_int_equal(elf_needs(read_bytes, &bytes, &needs), -1);
	bytes.size = 0;
	assert_int_equal(elf_needs(read_bytes, &bytes, &needs), -1);
}

static void a_foreign_machine_kind_is_none(void **state)
{
	static struct elf_needs needs;
	struct bytes *bytes = *state;
	unsigned char *data = bytes->data;

	data[EI_CLASS] ^= ELFCLASS32 ^ ELFCLASS64;
	assert_int_equal(elf_needs(read_bytes, bytes, &needs), -1);
	data[EI_CLASS] ^= ELFCLASS32 ^ ELFCLASS64;
	data[EI_DATA] ^= ELFDATA2LSB ^ ELFDATA2MSB;
	assert_int_equal(elf_needs(read_bytes, bytes, &needs), -1);
	data[EI_DATA] ^= ELFDATA2LSB ^ ELFDATA2MSB;
}

/* Names that are none are tried as often as others. */
static void reads_are_limited(void **state)
{
	static struct elf_needs needs;
	struct {
		ElfW(Ehdr) header;
		ElfW(Phdr) segments[2];
		ElfW(Dyn) entries[128];
		char string[ELF_NAME_SIZE];
	} file = { .header = *(ElfW(Ehdr) *)((struct bytes *)*state)->data };
	struct bytes bytes = { .data = (unsigned char *)&file,
		.size = sizeof(file) };
	size_t i;

	file.header.e_phoff = (char *)file.segments - (char *)&file;
	file.header.e_phnum = 2;
	file.segments[0].p_type = PT_LOAD;
	file.segments[0].p_filesz = sizeof(file);
	file.segments[1].p_type = PT_DYNAMIC;
	file.segments[1].p_offset = (char *)file.entries - (char *)&file;
	file.segments[1].p_filesz = sizeof(file.entries);
	for (i = 0; i < 128; i++)
		file.entries[i].d_tag = DT_NEEDED;
	file.entries[0].d_tag = DT_STRTAB;
	file.entries[0].d_un.d_ptr = file.string - (char *)&file;
	assert_int_equal(elf_needs(read_bytes, &bytes, &needs), 0);
	assert_int_equal(needs.count, 0);
	assert_int_equal(bytes.reads, 3 + ELF_NAMES_MAX);
}

/* Cut anywhere, and with any byte of its headers changed. */
static void a_damaged_program_does_no_harm(void **state)
{
	static struct elf_needs needs;
	struct bytes *bytes = *state, cut = *bytes;
	size_t i;

	for (cut.size = 0; cut.size < 4096; cut.size++)
		if (elf_needs(read_bytes, &cut, &needs) == 0)
			check_sanity(&needs);
	for (i = 0; i < 4096 * 8; i++) {
		bytes->data[i / 8] ^= 1 << i % 8;
		if (elf_needs(read_bytes, bytes, &needs) == 0)
			check_sanity(&needs);
		bytes->data[i / 8] ^= 1 << i % 8;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_has_a_loader_and_libraries),
		cmocka_unit_test(another_file_is_none),
		cmocka_unit_test(a_foreign_machine_kind_is_none),
		cmocka_unit_test(reads_are_limited),
		cmocka_unit_test(a_damaged_program_does_no_harm),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
