#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# An image that cannot be read while its step runs: the user reads why, once, and
# so does the log of the node.

load ../lib/common
load ../lib/assert

setup_file() {
	has_plugin || return 0
	cluster_start --nodes=1
	image_tree "$BATS_FILE_TMPDIR/tree"
	# More than anybody reads ahead.
	openssl enc -aes-128-ctr -nosalt -K 0 -iv 0 </dev/zero 2>/dev/null |
		head -c 12M | base64 >"$BATS_FILE_TMPDIR/tree/large"
	# Behind the programs, so that the end and the middle of the file are in it.
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

# Bytes that nothing makes sense of.
spoil() { # FILE
	head -c 1M /dev/zero | tr '\0' '\377' |
		dd of="$1" seek="$(middle_of "$1")" oflag=seek_bytes bs=64K \
			iflag=fullblock conv=notrunc status=none
}

# Its one task reads all of the image, once the test has done something to it.
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

# Of the sentence in the output and in the log: once in each.
assert_told() { # EXTENDED-REGEX
	local log
	log=$(tail -n "+$((log_before + 1))" "$CLUSTER/log/node1.log")
	assert_equal "$(grep -cE "spank_sif: $1\$" <<<"$output")" 1
	assert_equal "$(grep -cE "spank_sif: $1\$" <<<"$log")" 1
}

CURE='give a new image another name, or rename it into place'

@test "an image that is whole is not spoken of" {
	start_reader --sif-mount=/shared/whole.sif:/mnt
	end_reader
	assert_output "status 0"
}

@test "an image that is truncated during a step" {
	local size
	size=$(stat --format=%s "$SHARED/image.sif")
	start_reader
	truncate --size=-6M "$SHARED/image.sif"
	end_reader
	assert_line "status 1"
	assert_told "[0-9]+ reads of the image '/shared/image.sif' failed, the first at byte [0-9]+ of the file: the file was changed while the step ran \(it had $size bytes and now has $((size - 6 * 1024 * 1024))\); $CURE"
}

@test "an image that is overwritten during a step" {
	local first
	start_reader
	spoil "$SHARED/image.sif"
	end_reader
	assert_line "status 1"
	assert_told "[0-9]+ reads of the image '/shared/image.sif' failed, the first at byte [0-9]+ of the file: the file was changed while the step ran; $CURE"
	# At a block's beginning, so not far from what was spoilt.
	first=$(sed -n 's/.* at byte \([0-9]*\) .*/\1/p' <<<"$output")
	((first > $(middle_of "$SHARED/image.sif") - 256 * 1024))
	((first < $(middle_of "$SHARED/image.sif") + 1024 * 1024))
}

@test "an image that was damaged before" {
	spoil "$SHARED/image.sif"
	start_reader
	end_reader
	assert_line "status 1"
	assert_told "[0-9]+ reads of the image '/shared/image.sif' failed, the first at byte [0-9]+ of the file: the file has not changed while the step ran: it is damaged; copy or build it again"
}

@test "a further image that was damaged before is the one that is named" {
	spoil "$SHARED/image.sif"
	start_step --sif-image=/shared/whole.sif --sif-mount=/shared/image.sif:/mnt \
		cat /large /mnt/large
	wait_step
	output=$(grep -a spank_sif: <<<"$output")
	assert_status 1
	assert_told "[0-9]+ reads of the image '/shared/image.sif' failed, the first at byte [0-9]+ of the file: the file has not changed while the step ran: it is damaged; copy or build it again"
}

@test "what failed is told by a server that was killed, too" {
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

# It may make sense all the same.
@test "an image that is written to during a step, with nothing read of it since" {
	start_step --chdir=/shared --sif-image=/shared/image.sif sh -c '
		: >ready; until [ -e go ]; do sleep 0.05; done'
	wait_until 20 test -e "$SHARED/ready"
	spoil "$SHARED/image.sif"
	end_reader
	assert_status 0
	assert_told "warning: what the step read of the image '/shared/image.sif' may be wrong: the file was changed while the step ran; $CURE"
}

@test "an image that is renamed, removed or replaced during a step is not spoken of" {
	start_reader
	cp "$SHARED/whole.sif" "$SHARED/new.sif"
	mv "$SHARED/image.sif" "$SHARED/old.sif"
	mv "$SHARED/new.sif" "$SHARED/image.sif"
	rm "$SHARED/old.sif"
	end_reader
	assert_output "status 0"
}
