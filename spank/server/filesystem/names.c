/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A buffer holds one record after the other: the bits, the length and the bytes
 * of a name.  A hash table, at most half full, holds their offsets.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "spank/server/filesystem/names.h"

#define FIRST_SLOTS 64
#define FIRST_BYTES 2048

/* Before the bytes of a name: the bits and the length. */
#define RECORD_HEAD (sizeof(uint64_t) + 1)

struct names {
	size_t bytes_max;
	uint32_t *slots; /* offsets + 1; 0: empty */
	size_t slots_count, used;
	unsigned char *records;
	size_t records_size, records_end;
};

/* A name, and the slot that it has or would get. */
struct search {
	const char *name;
	size_t length;
	size_t slot;
};

size_t names_size(const struct names *names)
{
	return names->slots_count * sizeof(*names->slots) + names->records_size;
}

bool names_is_unknown(const struct names *names)
{
	return names->bytes_max == 0;
}

static size_t hash(const unsigned char *name, size_t length)
{
	uint64_t sum = length;
	size_t i;

	for (i = 0; i < length; i++)
		sum = (sum ^ name[i]) * 0x100000001b3ULL; /* FNV-1a's */
	return sum ^ sum >> 29;
}

static unsigned char *record_at(const struct names *names, size_t slot)
{
	uint32_t offset = names->slots[slot];

	return offset ? names->records + offset - 1 : NULL;
}

static unsigned char *find(const struct names *names, struct search *search)
{
	size_t mask = names->slots_count - 1;
	unsigned char *record;

	search->length = strlen(search->name);
	search->slot =
		hash((const unsigned char *)search->name, search->length) &
		mask;
	while ((record = record_at(names, search->slot)) &&
		(record[RECORD_HEAD - 1] != search->length ||
			memcmp(record + RECORD_HEAD, search->name,
				search->length) != 0))
		search->slot = (search->slot + 1) & mask;
	return record;
}

uint64_t names_find(const struct names *names, const char *name)
{
	struct search search = { .name = name };
	const unsigned char *record = find(names, &search);
	uint64_t bits = 0;

	if (record)
		memcpy(&bits, record, sizeof(bits));
	return bits;
}

static void insert_again(const struct names *names, uint32_t *slots,
	size_t mask)
{
	const unsigned char *record = names->records;
	const unsigned char *end = names->records + names->records_end;
	size_t slot, length;

	for (; record < end; record += RECORD_HEAD + length) {
		length = record[RECORD_HEAD - 1];
		slot = hash(record + RECORD_HEAD, length) & mask;
		while (slots[slot])
			slot = (slot + 1) & mask;
		slots[slot] = record - names->records + 1;
	}
}

static int grow_slots(struct names *names)
{
	size_t count = names->slots_count * 2;
	uint32_t *slots;

	if (count * sizeof(*slots) + names->records_size > names->bytes_max) {
		errno = ENOSPC;
		return -1;
	}
	slots = calloc(count, sizeof(*slots));
	if (!slots)
		return -1;
	insert_again(names, slots, count - 1);
	free(names->slots);
	names->slots = slots;
	names->slots_count = count;
	return 0;
}

static int grow_records(struct names *names)
{
	size_t size = names->records_size * 2;
	unsigned char *records;

	if (names->slots_count * sizeof(*names->slots) + size >
		names->bytes_max) {
		errno = ENOSPC;
		return -1;
	}
	records = realloc(names->records, size);
	if (!records)
		return -1;
	names->records = records;
	names->records_size = size;
	return 0;
}

/* Append a record without bits. */
static unsigned char *append(struct names *names, const struct search *search)
{
	unsigned char *record = names->records + names->records_end;

	memset(record, 0, sizeof(uint64_t));
	record[RECORD_HEAD - 1] = search->length;
	memcpy(record + RECORD_HEAD, search->name, search->length);
	names->slots[search->slot] = names->records_end + 1;
	names->records_end += RECORD_HEAD + search->length;
	names->used++;
	return record;
}

int names_add(struct names *names, const char *name, unsigned int part)
{
	struct search search = { .name = name };
	unsigned char *record;
	uint64_t bits;

	if (names->used >= names->slots_count / 2 && grow_slots(names) < 0)
		return -1;
	if (names->records_size - names->records_end <
			RECORD_HEAD + UINT8_MAX &&
		grow_records(names) < 0)
		return -1;
	record = find(names, &search);
	if (!record)
		record = append(names, &search);
	memcpy(&bits, record, sizeof(bits));
	bits |= 1ULL << part;
	memcpy(record, &bits, sizeof(bits));
	return 0;
}

void names_close(struct names *names)
{
	if (!names)
		return;
	free(names->slots);
	free(names->records);
	free(names);
}

struct names *names_open(size_t bytes)
{
	struct names *names = calloc(1, sizeof(*names));

	if (!names)
		return NULL;
	names->bytes_max = bytes;
	names->slots_count = FIRST_SLOTS;
	names->records_size = FIRST_BYTES;
	names->slots = calloc(FIRST_SLOTS, sizeof(*names->slots));
	names->records = malloc(FIRST_BYTES);
	if (names->slots && names->records)
		return names;
	names_close(names);
	errno = ENOMEM;
	return NULL;
}
