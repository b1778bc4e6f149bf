/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which other files a program needs, as its program headers have it: the loader
 * (PT_INTERP), and the names of libraries in the dynamic section.  The file may
 * be anything at all.  See elf(5).
 */
#include <elf.h>
#include <stdbool.h>
#include <string.h>

#include "spank/server/prefetch/elf_dynamic.h"

#if UINTPTR_MAX == UINT64_MAX
typedef Elf64_Ehdr elf_header;
typedef Elf64_Phdr elf_segment;
typedef Elf64_Dyn elf_entry;
#define OWN_CLASS ELFCLASS64
#else
typedef Elf32_Ehdr elf_header;
typedef Elf32_Phdr elf_segment;
typedef Elf32_Dyn elf_entry;
#define OWN_CLASS ELFCLASS32
#endif
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OWN_ORDER ELFDATA2LSB
#else
#define OWN_ORDER ELFDATA2MSB
#endif

#define SEGMENTS_MAX 32
#define ENTRIES_MAX  128

struct file {
	elf_read *read;
	void *arg;
	elf_segment segments[SEGMENTS_MAX];
	size_t count;
};

static bool is_of_this_kind(const elf_header *header)
{
	return memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
	       header->e_ident[EI_CLASS] == OWN_CLASS &&
	       header->e_ident[EI_DATA] == OWN_ORDER &&
	       header->e_phentsize == sizeof(elf_segment) &&
	       header->e_phnum <= SEGMENTS_MAX;
}

static const elf_segment *find_segment(const struct file *file, uint32_t type)
{
	size_t i;

	for (i = 0; i < file->count; i++)
		if (file->segments[i].p_type == type)
			return &file->segments[i];
	return NULL;
}

/* The offset in the file of what is loaded at `address`; 0 if nothing is. */
static uint64_t find_offset(const struct file *file, uint64_t address)
{
	const elf_segment *segment = file->segments;
	size_t i;

	for (i = 0; i < file->count; i++, segment++)
		if (segment->p_type == PT_LOAD && address >= segment->p_vaddr &&
			address - segment->p_vaddr < segment->p_filesz)
			return segment->p_offset + (address - segment->p_vaddr);
	return 0;
}

static bool read_all(const struct file *file, uint64_t offset, void *buffer,
	size_t size)
{
	return file->read(file->arg, offset, buffer, size) == (ssize_t)size;
}

/* "" if it is too long, or not all there. */
static void read_string(const struct file *file, uint64_t offset,
	char ret_string[ELF_NAME_SIZE])
{
	ssize_t got = file->read(file->arg, offset, ret_string, ELF_NAME_SIZE);

	if (got <= 0 || !memchr(ret_string, '\0', got))
		ret_string[0] = '\0';
}

static void add_name(const struct file *file, uint64_t offset,
	struct elf_needs *needs)
{
	read_string(file, offset, needs->names[needs->count]);
	if (needs->names[needs->count][0])
		needs->count++;
}

static void read_dynamic(const struct file *file, const elf_segment *segment,
	struct elf_needs *needs)
{
	elf_entry entries[ENTRIES_MAX];
	size_t i, count = segment->p_filesz / sizeof(*entries), tries = 0;
	uint64_t strings = 0;

	if (count > ENTRIES_MAX)
		count = ENTRIES_MAX;
	if (!read_all(file, segment->p_offset, entries,
		    count * sizeof(*entries)))
		return;
	for (i = 0; i < count; i++)
		if (entries[i].d_tag == DT_STRTAB)
			strings = find_offset(file, entries[i].d_un.d_ptr);
	for (i = 0; strings && i < count && entries[i].d_tag != DT_NULL; i++)
		if (entries[i].d_tag == DT_NEEDED && tries++ < ELF_NAMES_MAX)
			add_name(file, strings + entries[i].d_un.d_val, needs);
}

int elf_needs(elf_read *read, void *arg, struct elf_needs *ret_needs)
{
	struct file file = { .read = read, .arg = arg };
	const elf_segment *segment;
	elf_header header;

	if (!read_all(&file, 0, &header, sizeof(header)) ||
		!is_of_this_kind(&header) ||
		!read_all(&file, header.e_phoff, file.segments,
			header.e_phnum * sizeof(elf_segment)))
		return -1;
	file.count = header.e_phnum;
	ret_needs->count = 0;
	ret_needs->loader[0] = '\0';
	segment = find_segment(&file, PT_INTERP);
	if (segment)
		read_string(&file, segment->p_offset, ret_needs->loader);
	segment = find_segment(&file, PT_DYNAMIC);
	if (segment)
		read_dynamic(&file, segment, ret_needs);
	return 0;
}
