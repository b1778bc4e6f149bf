/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parser of OCI-SIFs, on images that are built here by a recipe: a valid
 * one, and for each test one with a defect, after which the test is named.
 */
#include <endian.h>
#include <setjmp.h>
#include <sha2.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/oci.h"
#include "common/oci_blob.h"
#include "common/sif.h"

#define SLOTS      80
#define FIRST_DATA (128 + SLOTS * 585)
#define LAYER_SIZE 4096
#define SQUASHFS   "application/vnd.sylabs.image.layer.v1.squashfs"
#define EXT3       "application/vnd.sylabs.image.layer.v1.ext3"
#define MANIFEST   "application/vnd.oci.image.manifest.v1+json"
#define INDEX      "application/vnd.oci.image.index.v1+json"
#define PLATFORM   "\"architecture\":\"amd64\",\"os\":\"linux\""

/* What build() writes; a field that is not set stands for the valid value. */
struct recipe {
	const char *types[4]; /* of layers; the default is one squashfs */
	size_t same_layers;   /* as many squashfs layers, of one blob */
	const char *config;
	const char *manifest; /* more members of it, with a comma each */
	const char *entries;  /* more of the index, with a comma each */
	const char *index;    /* instead of all of it */
	unsigned int nested;  /* indexes in indexes */
	bool has_no_config, has_no_layer, has_two_indexes;
	int layer_size; /* to add to the size in the manifest */
};

static unsigned char image[4 << 20];
static size_t end, slots;

static void put(size_t offset, uint64_t value, size_t size)
{
	value = htole64(value);
	memcpy(image + offset, &value, size);
}

static void print_digest(const void *bytes, size_t size, char *text)
{
	unsigned char digest[32];
	SHA2_CTX context;
	size_t i;

	SHA256Init(&context);
	SHA256Update(&context, bytes, size);
	SHA256Final(digest, &context);
	text += sprintf(text, "sha256:");
	for (i = 0; i < sizeof(digest); i++)
		text += sprintf(text, "%02x", digest[i]);
}

/* Add a blob, unless `type` is 0, and describe it in `json`. */
static void add(uint32_t type, const void *bytes, size_t size,
	const char *media, char *json)
{
	size_t at = 128 + slots * 585;
	char digest[OCI_DIGEST_SIZE];

	print_digest(bytes, size, digest);
	sprintf(json, "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu}",
		media, digest, size);
	if (!type)
		return;
	assert_true(slots < SLOTS && end + size <= sizeof(image));
	put(at, type, 4);
	image[at + 4] = 1;
	put(at + 17, end, 8);
	put(at + 25, size, 8);
	memcpy(image + at + 201, digest, sizeof(digest));
	memcpy(image + end, bytes, size);
	end += size;
	slots++;
}

static void add_layer(const struct recipe *recipe, const char *type,
	unsigned char mark, char *json)
{
	unsigned char layer[LAYER_SIZE] = { [LAYER_SIZE - 1] = mark };

	if (strcmp(type, EXT3) == 0) {
		layer[1080] = 0x53;
		layer[1081] = 0xef;
		layer[1082] = 1; /* clean */
	} else {
		memcpy(layer, "hsqs", 4);
		layer[20] = 1;
		layer[28] = 4;
		layer[40] = LAYER_SIZE & 0xff;
		layer[41] = LAYER_SIZE >> 8;
	}
	add(recipe->has_no_layer ? 0 : SIF_DATA_OCI_BLOB, layer, sizeof(layer),
		type, json);
	if (recipe->layer_size)
		sprintf(strstr(json, "\"size\""), "\"size\":%d}",
			LAYER_SIZE + recipe->layer_size);
}

static void add_text(uint32_t type, const char *text, const char *media,
	char *json)
{
	add(type, text, strlen(text), media, json);
}

static void put_header(void)
{
	memset(image, 0, sizeof(image));
	memcpy(image + 32,
		"SIF_MAGIC\0"
		"01\0"
		"00\0",
		16);
	put(88, SLOTS, 8);
	put(96, 128, 8);
	end = FIRST_DATA + 1; /* nothing is aligned */
	slots = 0;
}

/* Returns the JSON of the list of layers. */
static char *add_layers(const struct recipe *recipe)
{
	size_t i, count = recipe->same_layers;
	char *list = calloc(count + 5, 256), *to = list;
	char json[256];

	for (i = 0; i < 4 && (i == 0 || recipe->types[i]); i++) {
		add_layer(recipe,
			recipe->types[i] ? recipe->types[i] : SQUASHFS, i,
			json);
		to += sprintf(to, "%s%s", i > 0 ? "," : "", json);
	}
	for (i = 1; i < count; i++)
		to += sprintf(to, ",%s", json);
	return list;
}

static void build(const struct recipe *recipe)
{
	const char *config = recipe->config ? recipe->config : "{" PLATFORM "}";
	char json[256], *layers, *text = malloc(1 << 16);
	unsigned int i;

	put_header();
	layers = add_layers(recipe);
	add_text(recipe->has_no_config ? 0 : SIF_DATA_OCI_BLOB, config, "",
		json);
	sprintf(text, "{%s\"config\":%s,\"layers\":[%s]}",
		recipe->manifest ? recipe->manifest : "", json, layers);
	add_text(SIF_DATA_OCI_BLOB, text, MANIFEST, json);
	for (i = 0; i < recipe->nested; i++) {
		sprintf(text, "{\"manifests\":[%s]}", json);
		add_text(SIF_DATA_OCI_BLOB, text, INDEX, json);
	}
	sprintf(text, "{\"manifests\":[%s%s]}",
		recipe->entries ? recipe->entries : "", json);
	if (recipe->index)
		strcpy(text, recipe->index);
	add_text(SIF_DATA_OCI_ROOT_INDEX, text, "", json);
	if (recipe->has_two_indexes)
		add_text(SIF_DATA_OCI_ROOT_INDEX, text, "", json);
	free(layers);
	free(text);
}

static int find(enum sif_purpose purpose, const char *machine,
	struct sif_image *found, struct error *err)
{
	int fd = memfd_create("image", MFD_CLOEXEC), rc;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, image, end), end);
	rc = sif_find_image(fd, purpose, machine, found, err);
	close(fd);
	return rc;
}

static void find_valid(enum sif_purpose purpose, const struct recipe *recipe,
	struct sif_image *found)
{
	struct error err = { .num = 0 };

	build(recipe);
	if (find(purpose, "02", found, &err) < 0)
		fail_msg("%s", err.text);
}

static void assert_refused_for(enum sif_purpose purpose, const char *machine,
	const char *part)
{
	struct sif_image found;
	struct error err = { .num = 0 };

	assert_int_equal(find(purpose, machine, &found, &err), -1);
	if (!strstr(err.text, part))
		fail_msg("'%s' is not in '%s'", part, err.text);
	/* What went wrong; what to do next. */
	assert_non_null(strchr(err.text, ';'));
}

static void assert_refused(const struct recipe *recipe, const char *part)
{
	build(recipe);
	assert_refused_for(SIF_ROOT, "02", part);
}

/* --- what is found -------------------------------------------------------- */

static void a_layer_is_found_where_it_lies(void **state)
{
	const struct recipe recipe = { .nested = 0 };
	struct sif_image found;

	(void)state;
	find_valid(SIF_ROOT, &recipe, &found);
	assert_int_equal(found.layers.count, 1);
	assert_int_equal(found.layers.partitions[0].kind, SIF_SQUASHFS);
	assert_int_equal(found.layers.partitions[0].offset, FIRST_DATA + 1);
	assert_int_equal(found.layers.partitions[0].size, LAYER_SIZE);
	assert_int_equal(found.layers.partitions[0].compression, 1);
	assert_null(found.config.environment);
	assert_null(found.config.directory);
	sif_free_image(&found);
}

static void layers_are_found_from_the_bottom_to_the_top(void **state)
{
	const struct recipe recipe = { .types = { SQUASHFS, SQUASHFS, EXT3 } };
	struct sif_image found;
	size_t i;

	(void)state;
	find_valid(SIF_ROOT, &recipe, &found);
	assert_int_equal(found.layers.count, 3);
	for (i = 0; i < 3; i++)
		assert_int_equal(found.layers.partitions[i].offset,
			FIRST_DATA + 1 + i * LAYER_SIZE);
	assert_int_equal(found.layers.partitions[1].kind, SIF_SQUASHFS);
	assert_int_equal(found.layers.partitions[2].kind, SIF_EXT);
	sif_free_image(&found);
}

static void nested_indexes_are_followed(void **state)
{
	const struct recipe recipe = { .nested = 3 };
	struct sif_image found;

	(void)state;
	find_valid(SIF_ROOT, &recipe, &found);
	assert_int_equal(found.layers.count, 1);
	sif_free_image(&found);
}

static void signatures_of_cosign_are_skipped(void **state)
{
	const struct recipe recipe = {
		.entries = "{\"annotations\":{\"org.opencontainers.image."
			   "ref.name\":\"_cosign:sha256-1.sig\"}},",
	};
	struct sif_image found;

	(void)state;
	find_valid(SIF_ROOT, &recipe, &found);
	sif_free_image(&found);
}

static void a_data_container_is_found_for_data_only(void **state)
{
	const struct recipe recipe = {
		.manifest = "\"artifactType\":\"application/"
			    "vnd.sylabs.data-container.v1\",",
		.config = "{}",
	};
	struct sif_image found;

	(void)state;
	find_valid(SIF_DATA, &recipe, &found);
	assert_int_equal(found.layers.count, 1);
	sif_free_image(&found);
	find_valid(SIF_LAYER, &recipe, &found);
	sif_free_image(&found);
	assert_refused_for(SIF_ROOT, "02", "it is a data container");
}

static void an_image_can_serve_as_data_on_any_machine(void **state)
{
	const struct recipe recipe = {
		.config = "{\"architecture\":\"s390x\",\"os\":\"linux\"}",
	};
	struct sif_image found;

	(void)state;
	find_valid(SIF_DATA, &recipe, &found);
	assert_null(found.config.runscript);
	sif_free_image(&found);
	assert_refused_for(SIF_ROOT, "02", "it is for s390x and this node");
	assert_refused_for(SIF_LAYER, "02", "it is for s390x and this node");
}

/* --- the config ----------------------------------------------------------- */

static void find_config(const char *config, struct sif_image *found)
{
	char text[1024];
	const struct recipe recipe = { .config = text };

	snprintf(text, sizeof(text), "{" PLATFORM ",\"config\":%s}", config);
	find_valid(SIF_ROOT, &recipe, found);
}

/* What a shell prints that runs the script, with these arguments. */
static void assert_runs(const char *script, const char *arguments,
	const char *expected)
{
	char path[] = "/tmp/test-oci-XXXXXX", command[256], printed[256] = "";
	int fd = mkstemp(path);
	FILE *shell;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, script, strlen(script)), strlen(script));
	close(fd);
	snprintf(command, sizeof(command), "A=unset; . %s%s; echo \"<$A>\"",
		path, arguments);
	if (strstr(script, "exec"))
		snprintf(command, sizeof(command), "sh %s%s 2>&1", path,
			arguments);
	shell = popen(command, "r");
	assert_non_null(shell);
	assert_true(fread(printed, 1, sizeof(printed) - 1, shell) > 0);
	pclose(shell);
	unlink(path);
	assert_string_equal(printed, expected);
}

static void variables_become_a_script(void **state)
{
	struct sif_image found;

	(void)state;
	find_config(
		"{\"Env\":[\"A=a 'b' $c\\n\\\\d\",\"my.name=x\",\"HOME=/x\",\"0=x\","
		"\"=x\",\"none\",\"EMPTY=\"]}",
		&found);
	assert_runs(found.config.environment, "", "<a 'b' $c\n\\d>\n");
	assert_null(strstr(found.config.environment, "my.name"));
	assert_null(strstr(found.config.environment, "HOME"));
	assert_null(strstr(found.config.environment, "none"));
	assert_null(strstr(found.config.environment, "=x"));
	assert_non_null(strstr(found.config.environment, "export EMPTY=''\n"));
	sif_free_image(&found);
}

static void arguments_replace_cmd(void **state)
{
	struct sif_image found;

	(void)state;
	find_config("{\"Entrypoint\":[\"printf\",\"<%s>\"],\"Cmd\":[\"it's\","
		    "\"$HOME\"],\"WorkingDir\":\"/work\"}",
		&found);
	assert_runs(found.config.runscript, "", "<it's><$HOME>");
	assert_runs(found.config.runscript, " 'a b'", "<a b>");
	assert_string_equal(found.config.directory, "/work");
	sif_free_image(&found);
	find_config("{\"Cmd\":[\"echo\",\"cmd\"]}", &found);
	assert_runs(found.config.runscript, "", "cmd\n");
	assert_runs(found.config.runscript, " echo x", "x\n");
	sif_free_image(&found);
	find_config("{\"Entrypoint\":null,\"Cmd\":null}", &found);
	assert_runs(found.config.runscript, "",
		"the image has neither Entrypoint nor Cmd: name a command\n");
	assert_runs(found.config.runscript, " echo x", "x\n");
	sif_free_image(&found);
}

/* --- what is refused ------------------------------------------------------ */

static void what_the_indexes_say_is_refused(void **state)
{
	(void)state;
	assert_refused(&(struct recipe){ .nested = 5 },
		"it has more OCI image indexes than are read");
	assert_refused(&(struct recipe){ .index = "{}" },
		"there is no image in it");
	assert_refused(&(struct recipe){ .has_two_indexes = true },
		"it has two OCI root indexes");
	assert_refused(&(struct recipe){ .index = "{\"manifests\":{}}" },
		"'manifests' of its OCI image index");
	assert_refused(&(struct recipe){ .index = "{\"manifests\":[1]}" },
		"'manifests' of its OCI image index");
	assert_refused(&(struct recipe){ .index = "{\"manifests\":[" },
		"its OCI image index is not valid JSON (line 1)");
	assert_refused(&(struct recipe){ .index = "[]" },
		"its OCI image index is not valid JSON (line 1)");
	assert_refused(&(struct recipe){ .index = "{\"manifests\":[],\n"
						  "\"manifests\":[]}" },
		"its OCI image index is not valid JSON (line 2)");
	assert_refused(
		&(struct recipe){
			.entries =
				"{\"mediaType\":\"" MANIFEST
				"\",\"digest\":\"sha256:01234567890123456789"
				"01234567890123456789012345678901234567890123"
				"\",\"size\":1}," },
		"it has 2 OCI images");
}

static void what_names_a_blob_is_checked(void **state)
{
	static const char *const names[] = { "sha512:0", "sha256:0",
		("sha256:012345678901234567890123456789012345678901234567890123"
		 "456789012X") };
	char index[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(index, sizeof(index),
			"{\"manifests\":[{\"digest\":\"%s\",\"size\":1}]}",
			names[i]);
		assert_refused(&(struct recipe){ .index = index },
			"'digest' of its OCI image index");
	}
	assert_refused(&(struct recipe){ .layer_size = -LAYER_SIZE - 1 },
		"'size' of its OCI image manifest");
	assert_refused(&(struct recipe){ .layer_size = 1 },
		"its OCI layer has 4096 bytes and should have 4097");
	assert_refused(&(struct recipe){ .has_no_layer = true },
		"it is incomplete: its OCI layer (sha256:");
	assert_refused(&(struct recipe){ .has_no_config = true },
		"it is incomplete: its OCI image config (sha256:");
}

static void a_changed_blob_is_refused(void **state)
{
	static const char *const parts[] = { "\"os\"", "\"config\"",
		"\"manifests\"" };
	static const char *const names[] = { "config", "manifest", "index" };
	const struct recipe recipe = { .nested = 0 };
	unsigned char *at;
	char sentence[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		build(&recipe);
		at = memmem(image, end, parts[i], strlen(parts[i]));
		assert_non_null(at);
		at[1] ^= 1;
		snprintf(sentence, sizeof(sentence),
			"its OCI image %s does not have its digest", names[i]);
		assert_refused_for(SIF_ROOT, "02", sentence);
	}
}

static void a_blob_past_the_end_is_refused(void **state)
{
	(void)state;
	build(&(struct recipe){ .nested = 0 });
	put(128 + 25, sizeof(image), 8);
	assert_refused_for(SIF_ROOT, "02",
		"it is truncated: the bytes of its OCI blobs");
	build(&(struct recipe){ .nested = 0 });
	end -= 1;
	assert_refused_for(SIF_ROOT, "02",
		"it is truncated: the bytes of its OCI blobs");
}

static void json_that_is_too_long_is_refused(void **state)
{
	char *config = malloc(OCI_JSON_MAX + 2);

	(void)state;
	memset(config, ' ', OCI_JSON_MAX + 1);
	config[OCI_JSON_MAX + 1] = '\0';
	assert_refused(&(struct recipe){ .config = config },
		"its OCI image config has 1048577 bytes, more than the "
		"1048576");
	/* And what is too deep. */
	memset(config, '[', OCI_JSON_MAX);
	config[OCI_JSON_MAX] = '\0';
	assert_refused(&(struct recipe){ .config = config },
		"its OCI image config is not valid JSON");
	free(config);
}

static void layers_of_other_types_are_refused(void **state)
{
	(void)state;
	assert_refused(&(struct recipe){ .types = { EXT3, SQUASHFS } },
		"its layer 1 is ext3, which only the last one can be");
	assert_refused(
		&(struct recipe){
			.types = { SQUASHFS,
				"application/vnd.oci.image.layer.v1.tar" } },
		"its layer 2 is a tar archive");
	assert_refused(&(struct recipe){ .types = { "application/"
						    "vnd.docker.image.rootfs."
						    "diff.tar.gzip" } },
		"its layer 1 is a tar archive");
	assert_refused(&(struct recipe){ .types = { "x/y" } },
		"its layer 1 is of a type that is not supported");
	assert_refused(&(struct recipe){ .same_layers = 65 },
		"it has 65 layers, more than the 64");
	build(&(struct recipe){ .types = { SQUASHFS, SQUASHFS } });
	image[FIRST_DATA + 1 + LAYER_SIZE] = 'x';
	assert_refused_for(SIF_ROOT, "02",
		"its layer 2: it is damaged: its root file system does not");
	build(&(struct recipe){ .types = { EXT3 } });
	image[FIRST_DATA + 1 + 1080] = 'x';
	assert_refused_for(SIF_ROOT, "02",
		"its file system does not begin like ext2");
}

static void what_is_no_image_is_refused(void **state)
{
	const struct recipe two = {
		.manifest = "\"artifactType\":\"application/"
			    "vnd.sylabs.data-container.v1\",",
		.types = { SQUASHFS, SQUASHFS },
	};

	(void)state;
	assert_refused(&(struct recipe){ .manifest = "\"artifactType\":"
						     "\"application/chart\"," },
		"it is an OCI artifact");
	build(&two);
	assert_refused_for(SIF_DATA, "02",
		"it is a data container with 2 layers");
}

static void a_platform_that_does_not_fit_is_refused(void **state)
{
	const struct recipe recipe = { .nested = 0 };

	(void)state;
	build(&recipe);
	assert_refused_for(SIF_ROOT, "04",
		"it is for amd64 and this node is arm64");
	assert_refused(&(struct recipe){ .config = "{\"architecture\":\"pdp11\""
						   ",\"os\":\"linux\"}" },
		"it is for an architecture that this program does not know");
	assert_refused(&(struct recipe){ .config = "{\"architecture\":\"amd64\""
						   ",\"os\":\"windows\"}" },
		"it is not for Linux");
	assert_refused(&(struct recipe){ .config = "{\"os\":\"linux\"}" },
		"'architecture' of its OCI image config");
}

static void a_config_of_other_types_is_refused(void **state)
{
	static const char *const configs[] = { "\"config\":[]",
		"\"config\":{\"Env\":{}}", "\"config\":{\"Env\":[1]}",
		"\"config\":{\"Entrypoint\":\"sh\"}",
		"\"config\":{\"Cmd\":[[]]}", "\"config\":{\"WorkingDir\":1}" };
	static const char *const members[] = { "config", "Env", "Env",
		"Entrypoint", "Cmd", "WorkingDir" };
	char config[128], sentence[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(configs) / sizeof(*configs); i++) {
		snprintf(config, sizeof(config), "{" PLATFORM ",%s}",
			configs[i]);
		snprintf(sentence, sizeof(sentence),
			"'%s' of its OCI image config", members[i]);
		assert_refused(&(struct recipe){ .config = config }, sentence);
	}
}

static void variables_that_are_too_long_are_refused(void **state)
{
	char *config = malloc(OCI_JSON_MAX);
	size_t length = sprintf(config, "{" PLATFORM ",\"config\":{\"Env\":[\""
					"A=");

	(void)state;
	memset(config + length, 'x', OCI_CONFIG_SCRIPT_MAX);
	strcpy(config + length + OCI_CONFIG_SCRIPT_MAX, "\"]}}");
	assert_refused(&(struct recipe){ .config = config },
		"the variables or the command of its OCI image config");
	free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_layer_is_found_where_it_lies),
		cmocka_unit_test(layers_are_found_from_the_bottom_to_the_top),
		cmocka_unit_test(nested_indexes_are_followed),
		cmocka_unit_test(signatures_of_cosign_are_skipped),
		cmocka_unit_test(a_data_container_is_found_for_data_only),
		cmocka_unit_test(an_image_can_serve_as_data_on_any_machine),
		cmocka_unit_test(variables_become_a_script),
		cmocka_unit_test(arguments_replace_cmd),
		cmocka_unit_test(what_the_indexes_say_is_refused),
		cmocka_unit_test(what_names_a_blob_is_checked),
		cmocka_unit_test(a_changed_blob_is_refused),
		cmocka_unit_test(a_blob_past_the_end_is_refused),
		cmocka_unit_test(json_that_is_too_long_is_refused),
		cmocka_unit_test(layers_of_other_types_are_refused),
		cmocka_unit_test(what_is_no_image_is_refused),
		cmocka_unit_test(a_platform_that_does_not_fit_is_refused),
		cmocka_unit_test(a_config_of_other_types_is_refused),
		cmocka_unit_test(variables_that_are_too_long_are_refused),
	};

	return cmocka_run_group_tests_name("oci", tests, NULL, NULL);
}
