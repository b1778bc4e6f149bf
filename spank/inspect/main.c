/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * spank-sif-inspect: checks whether the file on standard input is an image that
 * a step can use.  srun, sbatch and salloc run it as their user, so that a bad
 * image is refused at submission.  It is a separate program because the plugin,
 * which slurmstepd loads, too, must not parse images.  It reads only the tables
 * of a SIF, the JSON of an OCI-SIF and the superblocks of file systems; a
 * hostile image could at most harm a process of the user who chose it.
 *
 * Usage: spank-sif-inspect root|root-alone|data|layer <IMAGE
 * The words are those of enum sif_purpose.
 * Exit status: 0, with what image_info.h says on standard output; 1, with a
 * sentence on standard output that says what is wrong with "it"; 2 for wrong
 * usage.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "common/sif_info.h"
#include "common/version.h"

static void limit(void)
{
	const struct rlimit cpu = { 5, 5 };
	const struct rlimit memory = { 64 << 20, 64 << 20 };

	setrlimit(RLIMIT_CPU, &cpu);
	setrlimit(RLIMIT_AS, &memory);
}

static enum sif_purpose purpose_of(const char *word)
{
	if (strcmp(word, "data") == 0)
		return SIF_DATA;
	if (strcmp(word, "layer") == 0)
		return SIF_LAYER;
	return strcmp(word, "root-alone") == 0 ? SIF_ROOT_ALONE : SIF_ROOT;
}

static void describe(enum sif_purpose purpose, const struct sif_layers *found)
{
	char words[IMAGE_INFO_SIZE];
	struct image_info info;

	sif_info_set(0, found, &info);
	if (purpose == SIF_LAYER)
		sif_info_add_layer(&info, found);
	image_info_print(&info, words, sizeof(words));
	puts(words);
}

int main(int argc, char *argv[])
{
	enum sif_purpose purpose;
	struct sif_image image;
	struct error err;

	if (version_asked(argc, argv, "spank-sif-inspect"))
		return 0;
	limit();
	if (argc != 2)
		return 2;
	purpose = purpose_of(argv[1]);
	if (sif_find_image(0, purpose, sif_machine(), &image, &err) < 0) {
		puts(err.text);
		return 1;
	}
	describe(purpose, &image.layers);
	sif_free_image(&image);
	return 0;
}
