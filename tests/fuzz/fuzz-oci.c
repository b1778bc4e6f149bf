/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The JSON of an OCI-SIF.  An input is up to 4 texts with a NUL between them:
 * config, manifest, another index, root index.  No mutation finds a digest, so
 * "$N" stands for the members that name the text before, and "$L" for those
 * that name a layer.
 */
#include <sha2.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/oci.h"
#include "common/sif.h"
#include "tests/fuzz/fuzz.h"

#define TEXTS      4
#define SLOTS      8
#define LAYER_SIZE 2048

static unsigned char file[2 << 20];
static size_t end;

static void put(size_t offset, uint64_t value, size_t size)
{
	memcpy(file + offset, &value, size);
}

/* Add a blob, and print the members that name it. */
static void add(unsigned int slot, uint32_t type, const void *bytes,
	size_t size, char names[128])
{
	size_t at = 128 + slot * 585;
	unsigned char digest[32];
	SHA2_CTX context;
	char text[72], *to = text + sprintf(text, "sha256:");
	size_t i;

	SHA256Init(&context);
	SHA256Update(&context, bytes, size);
	SHA256Final(digest, &context);
	for (i = 0; i < sizeof(digest); i++)
		to += sprintf(to, "%02x", digest[i]);
	sprintf(names, "\"digest\":\"%s\",\"size\":%zu", text, size);
	put(at, type, 4);
	file[at + 4] = 1;
	put(at + 17, end, 8);
	put(at + 25, size, 8);
	memcpy(file + at + 201, text, sizeof(text));
	memcpy(file + end, bytes, size);
	end += size;
}

/* Replace "$N" and "$L"; returns the length. */
static size_t expand(const char *text, size_t length, const char *name,
	const char *layer, char *expanded, size_t size)
{
	const char *replaced;
	size_t i, used = 0;

	for (i = 0; i < length && used + 128 < size; i++) {
		replaced = text[i] != '$' || i + 1 == length ? NULL
			   : text[i + 1] == 'N'              ? name
			   : text[i + 1] == 'L'              ? layer
							     : NULL;
		if (replaced) {
			used += sprintf(expanded + used, "%s", replaced);
			i++;
		} else {
			expanded[used++] = text[i];
		}
	}
	return used;
}

static void add_layer(char names[128])
{
	unsigned char layer[LAYER_SIZE] = { 'h', 's', 'q', 's' };

	layer[20] = 1;
	layer[28] = 4;
	layer[41] = LAYER_SIZE >> 8;
	layer[1080] = 0x53;
	layer[1081] = 0xef;
	add(0, SIF_DATA_OCI_BLOB, layer, sizeof(layer), names);
}

static void build(const char *data, size_t size)
{
	static char expanded[1 << 18];
	char name[128] = "", layer[128];
	const char *next;
	size_t length;
	unsigned int i;

	memset(file, 0, 128 + SLOTS * 585);
	memcpy(file + 32,
		"SIF_MAGIC\0"
		"01\0"
		"00\0",
		16);
	put(88, SLOTS, 8);
	put(96, 128, 8);
	end = 128 + SLOTS * 585;
	add_layer(layer);
	for (i = 1; i <= TEXTS; i++) {
		next = i < TEXTS ? memchr(data, '\0', size) : NULL;
		length = next ? (size_t)(next - data) : size;
		length = expand(data, length, name, layer, expanded,
			sizeof(expanded));
		/* The last text is the root index. */
		add(i, next ? SIF_DATA_OCI_BLOB : SIF_DATA_OCI_ROOT_INDEX,
			expanded, length, name);
		if (!next)
			break;
		size -= next + 1 - data;
		data = next + 1;
	}
}

static void check_script(const char *script)
{
	FUZZ_ASSERT(strlen(script) <= OCI_CONFIG_SCRIPT_MAX);
	FUZZ_ASSERT(strncmp(script, "#!/bin/sh\n", 10) == 0);
}

static void find(int fd, enum sif_purpose purpose)
{
	struct sif_image image;
	struct error err = { 0 };
	size_t i;

	if (sif_find_image(fd, purpose, "02", &image, &err) < 0) {
		FUZZ_ASSERT(strchr(err.text, ';'));
		return;
	}
	FUZZ_ASSERT(
		image.layers.count > 0 && image.layers.count <= SIF_LAYERS_MAX);
	for (i = 0; i < image.layers.count; i++)
		FUZZ_ASSERT(image.layers.partitions[i].offset +
				    image.layers.partitions[i].size <=
			    end);
	FUZZ_ASSERT((purpose == SIF_ROOT) == !!image.config.runscript);
	if (image.config.runscript)
		check_script(image.config.runscript);
	if (image.config.environment)
		check_script(image.config.environment);
	if (image.config.directory)
		FUZZ_ASSERT(image.config.directory[0] == '/');
	sif_free_image(&image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd;

	build((const char *)data, size);
	fd = fuzz_file(file, end);
	find(fd, SIF_ROOT);
	find(fd, SIF_DATA);
	return 0;
}
