/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * spank-sif-inspect: checks whether the file on standard input is an image that
 * a step can use.  srun, sbatch and salloc run it as their user, so that a bad
 * image is refused at submission.  It is a separate program because the plugin,
 * which slurmstepd loads, too, must not parse images.  It reads only the SIF
 * tables and the squashfs superblock; a hostile image could at most harm a
 * process of the user who chose it.
 *
 * Usage: spank-sif-inspect root|data <IMAGE
 * Exit status: 0, with what image_info.h says on standard output; 1, with a
 * sentence on standard output that says what is wrong with "it"; 2 for wrong
 * usage.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "common/image_info.h"
#include "common/sif.h"
#include "common/version.h"

static void limit(void)
{
	const struct rlimit cpu = { 5, 5 };
	const struct rlimit memory = { 64 << 20, 64 << 20 };

	setrlimit(RLIMIT_CPU, &cpu);
	setrlimit(RLIMIT_AS, &memory);
}

static void describe(const struct sif_partition *partition)
{
	struct image_info info = {
		.offset = partition->offset,
		.size = partition->size,
		.overlays = partition->overlays,
	};
	char words[IMAGE_INFO_SIZE];

	snprintf(info.compression, sizeof(info.compression), "%s",
		sif_compression_of(partition));
	sif_read_uuid(0, info.uuid);
	image_info_print(&info, words, sizeof(words));
	puts(words);
}

int main(int argc, char *argv[])
{
	struct sif_partition partition;
	struct error err;

	if (version_asked(argc, argv, "spank-sif-inspect"))
		return 0;
	limit();
	if (argc != 2)
		return 2;
	if (sif_find(0,
		    strcmp(argv[1], "data") == 0 ? SIF_DATA : SIF_ROOT_ALONE,
		    sif_machine(), &partition, &err) < 0) {
		puts(err.text);
		return 1;
	}
	describe(&partition);
	return 0;
}
