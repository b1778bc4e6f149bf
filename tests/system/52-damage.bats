#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# An image that cannot be read while its step runs: the reason is reported once, to the
# user and in the node's log.

load ../lib/common
load ../lib/assert

setup_file() {
	has_plugin || return 0
	cluster_start --nodes=1
	image_tree "$BATS_FILE_TMPDIR/tree"
	# More than any readahead covers.
	openssl enc -aes-128-ctr -nosalt -K 0 -iv 0 </dev/zero 2>/dev/null |
		head -c 12M | base64 >"$BATS_FILE_TMPDIR/tree/large"
	# After the programs, so that it has the middle and the end of the file.
	echo "large -32768" >"$BATS_FILE_TMPDIR/order"
	image_sif "$BATS_FILE_TMPDIR/tree" "$SHARED/whole.sif" \
		-sort "$BATS_FILE_TMPDIR/order"
	as_alice srun true
}

setup() {
	need_plugin
	rm -f "$SHARED"/{ready,go}
	as_root install --owner=alice /shared/whole.sif /shared/image.sif
	log_before=$(wc -l <"$CLUSTER/log/node1.log")
}

middle_of() { # FILE
	echo $(($(stat --format=%s "$1") / 2))
}

# Bytes that are not valid in any place.
spoil() { # FILE
	head -c 1M /dev/zero | tr '\0' '\377' |
		dd of="$1" seek="$(middle_of "$1")" oflag=seek_bytes bs=64K \
			iflag=fullblock conv=notrunc status=none
}

# The step's one task reads the whole image after the test has changed it.
start_reader() { # [SRUN-ARGUMENT...]
	start_step --chdir=/shared --sif-image=/shared/image.sif "$@" sh -c '
		: >ready; until [ -e go ]; do sleep 0.05; done
		cat /large >/dev/null 2>&1; echo "status $?"'
	wait_until 20 test -e "$SHARED/ready"
}

end_reader() {
	touch "$SHARED/go"
	wait_step
}

# The message is once in the output and once in the log.
assert_told() { # EXTENDED-REGEX
	local log
	log=$(tail -n "+$((log_before + 1))" "$CLUSTER/log/node1.log")
	assert_equal "$(grep -cE "spank_sif: $1\$" <<<"$output")" 1
	assert_equal "$(grep -cE "spank_sif: $1\$" <<<"$log")" 1
}

CURE='give a new image another name, or rename it into place'

@test "an intact image gives no message" {
	start_reader --sif-mount=/shared/whole.sif:/mnt
	end_reader
	assert_output "status 0"
}

# bats test_tags=reader
@test "an image that is truncated during a step" {
	local size
	size=$(stat --format=%s "$SHARED/image.sif")
	start_reader
	truncate --size=-6M "$SHARED/image.sif"
	end_reader
	assert_line "status 1"
	assert_told "[0-9]+ reads of the image '/shared/image.sif' failed, the first at byte [0-9]+ of the file: the file was changed while the step ran \(it had $size bytes and now has $((size - 6 * 1024 * 1024))\); $CURE"
}

# bats test_tags=reader
@test "an image that is overwritten during a step" {
	local first
	start_reader
	spoil "$SHARED/image.sif"
	end_reader
	assert_line "status 1"
	assert_told "[0-9]+ reads of the image '/shared/image.sif' failed, the first at byte [0-9]+ of the file: the file was changed while the step ran; $CURE"
	# At the start of a block, so close to the overwritten bytes.
	first=$(sed -n 's/.* at byte \([0-9]*\) .*/\1/p' <<<"$output")
	((first > $(middle_of "$SHARED/image.sif") - 256 * 1024))
	((first < $(middle_of "$SHARED/image.sif") + 1024 * 1024))
}

# bats test_tags=reader
@test "an image that was damaged before the step" {
	spoil "$SHARED/image.sif"
	start_reader
	end_reader
	assert_line "status 1"
	assert_told "[0-9]+ reads of the image '/shared/image.sif' failed, the first at byte [0-9]+ of the file: the file has not changed while the step ran: it is damaged; copy or build it again"
}

@test "of several images, the damaged one is named" {
	spoil "$SHARED/image.sif"
	start_step --sif-image=/shared/whole.sif --sif-mount=/shared/image.sif:/mnt \
		cat /large /mnt/large
	wait_step
	output=$(grep -a spank_sif: <<<"$output")
	assert_status 1
	assert_told "[0-9]+ reads of the image '/shared/image.sif' failed, the first at byte [0-9]+ of the file: the file has not changed while the step ran: it is damaged; copy or build it again"
}

# bats test_tags=reader
@test "of an image and its layers, the damaged file is named" {
	mkdir -p "$BATS_TEST_TMPDIR/layer"
	cp "$BATS_FILE_TMPDIR/tree/large" "$BATS_TEST_TMPDIR/layer/more"
	image_squashfs "$BATS_TEST_TMPDIR/layer" "$SHARED/layer.sqsh"
	start_step --chdir=/shared --sif-image=/shared/image.sif \
		--sif-overlay=/shared/whole.sif,/shared/layer.sqsh sh -c '
		: >ready; until [ -e go ]; do sleep 0.05; done
		cat /large /more >/dev/null 2>&1; echo "status $?"'
	wait_until 20 test -e "$SHARED/ready"
	spoil "$SHARED/layer.sqsh"
	end_reader
	assert_line "status 1"
	assert_told "[0-9]+ reads of the image '/shared/layer.sqsh' failed, the first at byte [0-9]+ of the file: the file was changed while the step ran; $CURE"
}

@test "the reason is reported for a server that was killed, too" {
	spoil "$SHARED/image.sif"
	start_step --chdir=/shared --sif-image=/shared/image.sif sh -c '
		cat /large; : >ready; until [ -e go ]; do sleep 0.05; done'
	wait_until 20 test -e "$SHARED/ready"
	as_alice pkill -KILL -x "$GUARD_COMM"
	touch "$SHARED/go"
	wait_step
	output=$(grep -a spank_sif: <<<"$output")
	assert_contains "killed by signal 9"
	assert_told "[0-9]+ reads of the image .*"
}

# Its contents may still be valid.
@test "an image that is written to during a step and not read afterwards" {
	start_step --chdir=/shared --sif-image=/shared/image.sif sh -c '
		: >ready; until [ -e go ]; do sleep 0.05; done'
	wait_until 20 test -e "$SHARED/ready"
	spoil "$SHARED/image.sif"
	end_reader
	assert_status 0
	assert_told "warning: what the step read of the image '/shared/image.sif' may be wrong: the file was changed while the step ran; $CURE"
}

@test "renaming, removing or replacing the image during a step gives no message" {
	start_reader
	cp "$SHARED/whole.sif" "$SHARED/new.sif"
	mv "$SHARED/image.sif" "$SHARED/old.sif"
	mv "$SHARED/new.sif" "$SHARED/image.sif"
	rm "$SHARED/old.sif"
	end_reader
	assert_output "status 0"
}
