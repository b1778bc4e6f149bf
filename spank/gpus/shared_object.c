/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds out whether a file is a library for this machine, what its soname is,
 * and whether it is one that must never come from the host.
 *
 * The dynamic section is read as described in elf(5): PT_DYNAMIC has DT_SONAME,
 * an offset in the table at DT_STRTAB.  That is an address; the PT_LOAD that
 * contains it tells the offset in the file.  The offsets are untrusted, and
 * reads past the end of the file fail.
 */
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/gpus/shared_object.h"

/* More than any linker creates; limits the time for a malformed file. */
#define PROGRAM_HEADERS_MAX 256
#define DYNAMIC_ENTRIES_MAX 4096

/* The linker defines this as the header of this program; it tells our ABI. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

static bool read_at(int fd, void *buffer, size_t size, uint64_t offset)
{
	return offset <= INT64_MAX &&
	       pread(fd, buffer, size, offset) == (ssize_t)size;
}

static bool is_our_abi(const ElfW(Ehdr) * header)
{
	const unsigned char *ident = header->e_ident;
	const unsigned char *ours = __ehdr_start.e_ident;

	return memcmp(ident, ELFMAG, SELFMAG) == 0 &&
	       ident[EI_CLASS] == ours[EI_CLASS] &&
	       ident[EI_DATA] == ours[EI_DATA] &&
	       header->e_machine == __ehdr_start.e_machine &&
	       header->e_type == ET_DYN &&
	       header->e_phentsize == sizeof(ElfW(Phdr));
}

/* Find the first segment of `type`; for PT_LOAD the one that has `address`. */
static bool find_segment(int fd, const ElfW(Ehdr) * header, uint32_t type,
	ElfW(Addr) address, ElfW(Phdr) * ret_segment)
{
	ElfW(Phdr) segment;
	unsigned int i;

	for (i = 0; i < header->e_phnum && i < PROGRAM_HEADERS_MAX; i++) {
		if (!read_at(fd, &segment, sizeof(segment),
			    header->e_phoff + i * sizeof(segment)))
			return false;
		if (segment.p_type != type)
			continue;
		if (type == PT_LOAD &&
			(address < segment.p_vaddr ||
				address - segment.p_vaddr >= segment.p_filesz))
			continue;
		*ret_segment = segment;
		return true;
	}
	return false;
}

static bool read_dynamic(int fd, const ElfW(Phdr) * dynamic,
	ElfW(Addr) * ret_strings, ElfW(Xword) * ret_soname)
{
	bool has_strings = false, has_soname = false;
	ElfW(Dyn) entry;
	size_t i;

	for (i = 0; i < DYNAMIC_ENTRIES_MAX &&
		    i < dynamic->p_filesz / sizeof(entry);
		i++) {
		if (!read_at(fd, &entry, sizeof(entry),
			    dynamic->p_offset + i * sizeof(entry)) ||
			entry.d_tag == DT_NULL)
			break;
		if (entry.d_tag == DT_STRTAB) {
			*ret_strings = entry.d_un.d_ptr;
			has_strings = true;
		} else if (entry.d_tag == DT_SONAME) {
			*ret_soname = entry.d_un.d_val;
			has_soname = true;
		}
	}
	return has_strings && has_soname;
}

static void read_soname(int fd, const ElfW(Ehdr) * header, char *ret_soname)
{
	char name[SHARED_OBJECT_NAME_SIZE] = "";
	ElfW(Phdr) dynamic, load;
	ElfW(Addr) strings = 0;
	ElfW(Xword) soname = 0;
	uint64_t offset;

	if (!find_segment(fd, header, PT_DYNAMIC, 0, &dynamic) ||
		!read_dynamic(fd, &dynamic, &strings, &soname) ||
		!find_segment(fd, header, PT_LOAD, strings, &load))
		return;
	offset = load.p_offset + (strings - load.p_vaddr) + soname;
	/* At the end of the file it may read less; the rest is NUL. */
	if (offset > INT64_MAX || pread(fd, name, sizeof(name), offset) < 1 ||
		!memchr(name, '\0', sizeof(name)) || strchr(name, '/'))
		return;
	memcpy(ret_soname, name, sizeof(name));
}

bool shared_object_read(const char *path,
	char ret_soname[SHARED_OBJECT_NAME_SIZE])
{
	/* O_NONBLOCK: a FIFO would block. */
	CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ElfW(Ehdr) header;

	if (fd < 0 || !read_at(fd, &header, sizeof(header), 0) ||
		!is_our_abi(&header))
		return false;
	*ret_soname = '\0';
	read_soname(fd, &header, ret_soname);
	return true;
}

bool shared_object_is_library_name(const char *name)
{
	const char *suffix = strstr(name, ".so");

	while (suffix && suffix[3] && suffix[3] != '.')
		suffix = strstr(suffix + 1, ".so");
	return suffix && strncmp(name, "lib", 3) == 0 && !strchr(name, '/');
}

bool shared_object_is_libc_name(const char *name)
{
	/* "libm" matches libm.so* and libm-2.36.so, the name in older glibc. */
	static const char *const stems[] = { "libc", "libm", "libmvec", "libdl",
		"libpthread", "librt", "libresolv", "libnsl", "libutil",
		"libanl", "libcrypt", "libthread_db", "libBrokenLocale",
		"libmemusage", "libpcprofile", "libSegFault",
		"libc_malloc_debug", "libgcc_s", "libstdc++", "libgomp",
		"libatomic", "libquadmath", "libasan", "libubsan" };
	static const char *const prefixes[] = { "ld-linux", "ld-musl", "ld64.",
		"ld.so", "ld-2.", "libnss_", "libc.musl", "libc++" };
	size_t i, length;

	for (i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	for (i = 0; i < sizeof(stems) / sizeof(*stems); i++) {
		length = strlen(stems[i]);
		if (strncmp(name, stems[i], length) == 0 &&
			(strncmp(name + length, ".so", 3) == 0 ||
				strncmp(name + length, "-2.", 3) == 0))
			return true;
	}
	return false;
}
