# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# Damaged images.  Each is named after its defect and made from a good image by changing
# a few bytes; common/sif.c describes the layout.
#
#   defect_bytes_used_too_big GOOD OUT
#
# GOOD was written by image_sif and uses one descriptor, the first.  siftool writes the
# defects that it can: defect_by_siftool TREE OUT OPTION...

# --- bytes -------------------------------------------------------------------

read_number() { # FILE OFFSET BYTES
	od -An -t "u$3" -j "$2" -N "$3" "$1" | tr -d ' '
}

# Little-endian, like all numbers in SIF and squashfs.
write_number() { # FILE OFFSET BYTES VALUE
	local i bytes=
	for ((i = 0; i < $3; i++)); do
		bytes+=$(printf '\\x%02x' $((($4 >> (8 * i)) & 255)))
	done
	write_bytes "$1" "$2" "$bytes"
}

write_bytes() { # FILE OFFSET PRINTF-FORMAT
	# shellcheck disable=SC2059
	printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# --- offsets -----------------------------------------------------------------

descriptor_offset() { # FILE
	read_number "$1" 96 8
}

partition_offset() { # FILE
	read_number "$1" $(($(descriptor_offset "$1") + 17)) 8
}

# OFFSET is relative to the first descriptor, the squashfs superblock or the header.
patch_descriptor() { # GOOD OUT OFFSET BYTES VALUE
	cp "$1" "$2"
	write_number "$2" $(($(descriptor_offset "$2") + $3)) "$4" "$5"
}

patch_superblock() { # GOOD OUT OFFSET BYTES VALUE
	cp "$1" "$2"
	write_number "$2" $(($(partition_offset "$2") + $3)) "$4" "$5"
}

patch_header() { # GOOD OUT OFFSET BYTES VALUE
	cp "$1" "$2"
	write_number "$2" "$3" "$4" "$5"
}

# --- defects of the file -----------------------------------------------------

defect_empty() { : >"$2"; }
defect_not_an_image() { head -c 100000 /dev/zero | tr '\0' 'x' >"$2"; }
defect_one_byte() { printf x >"$2"; }
defect_truncated_header() { head -c 100 "$1" >"$2"; }
defect_truncated_descriptors() { head -c 5000 "$1" >"$2"; }
defect_truncated_partition() {
	head -c $(($(partition_offset "$1") + 4096)) "$1" >"$2"
}

# --- defects of the SIF header and its descriptors ---------------------------

defect_unknown_version() { cp "$1" "$2" && write_bytes "$2" 42 '02\0'; }
defect_too_many_descriptors() { patch_header "$1" "$2" 88 8 1000000; }
defect_descriptors_that_overflow() { patch_header "$1" "$2" 96 8 -100; }
defect_encrypted() { patch_descriptor "$1" "$2" 201 4 5; }
defect_unknown_file_system() { patch_descriptor "$1" "$2" 201 4 77; }
# Of a size that an index may have.
defect_oci_sif() {
	patch_descriptor "$1" "$2" 0 4 $((0x400A))
	write_number "$2" $(($(descriptor_offset "$2") + 25)) 8 4096
}
defect_partition_that_overflows() { patch_descriptor "$1" "$2" 17 8 -4096; }
defect_no_architecture() {
	cp "$1" "$2"
	write_bytes "$2" $(($(descriptor_offset "$2") + 209)) 'xy\0'
}

# --- defects of the squashfs -------------------------------------------------

defect_bad_squashfs_magic() { patch_superblock "$1" "$2" 0 4 0; }
defect_unknown_compression() { patch_superblock "$1" "$2" 20 2 42; }
defect_squashfs_version_3() { patch_superblock "$1" "$2" 28 2 3; }
defect_bytes_used_too_big() { patch_superblock "$1" "$2" 40 8 $((1 << 40)); }
defect_tables_outside() { patch_superblock "$1" "$2" 64 8 $((1 << 50)); }
defect_root_inode_outside() { patch_superblock "$1" "$2" 32 8 $((1 << 40)); }

# --- defects that siftool can write ------------------------------------------

defect_by_siftool() { # GOOD OUT OPTION...
	local good=$1 out=$2
	shift 2
	tail -c +$(($(partition_offset "$good") + 1)) "$good" >"$out.squashfs"
	siftool new "$out" &&
		siftool add --datatype 4 "$@" "$out" "$out.squashfs"
	rm "$out.squashfs"
}

defect_ext3() {
	defect_by_siftool "$1" "$2" --partfs 2 --parttype 2 \
		--partarch "$(image_sif_arch)"
}

defect_missing_primary_partition() {
	defect_by_siftool "$1" "$2" --partfs 1 --parttype 1 \
		--partarch "$(image_sif_arch)"
}

# An architecture other than this machine's.
defect_wrong_architecture() {
	local arch=4
	[[ $(uname -m) != aarch64 ]] || arch=11
	defect_by_siftool "$1" "$2" --partfs 1 --parttype 2 --partarch "$arch"
}
