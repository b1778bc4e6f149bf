#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# Each error gives the user one clear message and never harms the node.

load ../lib/common
load ../lib/assert
load ../lib/defects

setup_file() {
	has_plugin || return 0
	cluster_start
	image_tree "$BATS_FILE_TMPDIR/tree" sh cat true
	# With zstd the partition ends where the squashfs does.
	image_sif "$BATS_FILE_TMPDIR/tree" "$SHARED/good.sif" -comp zstd
}

setup() {
	need_plugin
	OTHER=$BATS_TEST_TMPDIR/other
}

teardown() {
	has_plugin || return 0
	stop_steps
	as_root sh -c '! mountpoint --quiet /usr/libexec || umount /usr/libexec
		! mountpoint --quiet /dev/fuse || umount /dev/fuse'
	[[ ! -d $OTHER ]] || "$CLUSTER_TOOL" stop "$OTHER"
}

# One message with PATH and WORDS, the node unchanged, the next step works: at
# submission, and where only the node sees the image.
assert_refused() { # PATH WORDS
	assert_refused_by "$1" "$2" srun --sif-image="$1"
	assert_refused_by "$1" "$2" "$(unseen "$1")" srun
}

# A value that another command of the job has passed on: srun does not check it again.
unseen() { # PATH
	printf 'SLURM_SIF_IMAGE=%s' "$1"
}

assert_refused_by() { # PATH WORDS CMD...
	local path=$1 words=$2
	shift 2
	run timeout "$(scaled 20)" "$CLUSTER_TOOL" exec "$CLUSTER" -- \
		env "$@" cat /proc/self/comm
	set -- "$path" "$words"
	assert_failure
	((status != 124)) || assertion_failed "it hangs"
	assert_contains "'$1'"
	assert_contains "$2"
	refute_line cat
	assert_equal "$(grep -c 'spank_sif: ' <<<"$output")" 1
	assert_unharmed
}

assert_unharmed() {
	nodes_are_idle || nodes_become_idle 5
	run in_image good -w node1 cat /proc/self/comm
	assert_status 0
	assert_output cat
}

# The same for an image made by defect_NAME.
assert_defect_refused() { # NAME WORDS
	"defect_$1" "$SHARED/good.sif" "$SHARED/$1.sif"
	assert_refused "/shared/$1.sif" "$2"
	rm "$SHARED/$1.sif"
}

# --- the file ----------------------------------------------------------------

@test "file: missing" {
	assert_refused /shared/absent.sif "No such file or directory"
	assert_refused /nowhere/at/all.sif "No such file or directory"
	assert_refused /shared/good.sif/x "Not a directory"
}

@test "file: a directory" {
	assert_refused /shared "it is a directory"
}

@test "file: unreadable" {
	install -m 0600 "$SHARED/good.sif" "$SHARED/unreadable.sif"
	assert_refused /shared/unreadable.sif "Permission denied"
	rm "$SHARED/unreadable.sif"
}

@test "file: in a directory that cannot be searched" {
	assert_refused /home/bob/image.sif "Permission denied"
}

@test "file: empty" { assert_defect_refused empty "it is empty"; }

@test "file: not an image" {
	assert_defect_refused not_an_image "neither a SIF nor a squashfs"
	assert_defect_refused one_byte "neither a SIF nor a squashfs"
	assert_refused /etc/passwd "neither a SIF nor a squashfs"
}

@test "file: a FIFO, without a delay" {
	as_alice mkfifo /shared/fifo
	assert_refused /shared/fifo "not a regular file"
	rm "$SHARED/fifo"
}

@test "file: devices" {
	assert_refused /dev/null "not a regular file"
	assert_refused /dev/zero "not a regular file"
	assert_refused /dev/tty "No such device or address"
}

@test "file: in /proc and /sys" {
	assert_refused /proc/self/mem "cannot "
	assert_refused /proc/self/maps "not a regular file"
	assert_refused /sys/kernel/uevent_seqnum "not a regular file"
	assert_refused /proc/self/fd/0 "not a regular file"
}

@test "file: a socket" {
	perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Listen => 1,
		Local => shift)' "$SHARED/socket"
	chmod 0777 "$SHARED/socket"
	assert_refused /shared/socket "No such device or address"
	rm "$SHARED/socket"
}

@test "file: a loop of symlinks" {
	as_alice ln -s loop /shared/loop
	assert_refused /shared/loop "Too many levels of symbolic links"
	rm "$SHARED/loop"
}

@test "file: a name that is too long" {
	name=$(printf '%0300d' 0)
	assert_refused "/shared/$name" "File name too long"
	run in_image "$(printf '%05000d' 0)" true
	assert_failure
	assert_contains "--sif-image: the path is longer than"
	assert_unharmed
}

@test "file: an empty name" {
	run as_alice srun --sif-image= true
	assert_failure
	assert_contains "--sif-image: the path of an image, or 'none', is missing"
}

@test "file: names with spaces, quotes, newlines and percent signs" {
	for name in 'with space' "with'quote" '%s%n%d' $'new\nline' '--x' '$(id)'; do
		cp "$SHARED/good.sif" "$SHARED/$name.sif"
		run in_image "$name" cat /proc/self/comm
		assert_status 0
		assert_output cat
		rm "$SHARED/$name.sif"
		run in_image "$name" cat /proc/self/comm
		assert_failure
		assert_contains "/shared/${name//$'\n'/\\012}.sif"
		assert_contains "No such file"
	done
	assert_unharmed
}

# A value that the commands have checked, and one that only the node sees.
@test "control characters in a name or a value forge no line in slurmd's log" {
	forged=$'/shared/x\n[2026-01-01T00:00:00.000] forged \e[2J\xc2\x9b2J\x9bline'
	run as_alice srun -w node1 --sif-image="$forged" true
	assert_failure
	assert_contains '\012[2026-01-01T00:00:00.000] forged \033[2J'
	run as_alice env "_SLURM_SPANK_OPTION_spank_sif_sif_tmp=$forged" \
		srun -w node1 --sif-image=/shared/good.sif true
	assert_failure
	run grep -a forged "$CLUSTER/log/node1.log"
	assert_status 0
	((${#lines[@]} >= 2)) || assertion_failed "the log has not both"
	for line in "${lines[@]}"; do
		[[ $line == *"spank_sif: "*'\012[2026'*'\033[2J\302\2332J\233line'* ]] ||
			assertion_failed "not escaped: $line"
	done
	assert_unharmed
}

# --- the SIF -----------------------------------------------------------------

@test "SIF: truncated header" {
	assert_defect_refused truncated_header "it is truncated"
}

@test "SIF: truncated descriptors" {
	assert_defect_refused truncated_descriptors "it is truncated: its descriptors"
}

@test "SIF: truncated partition" {
	assert_defect_refused truncated_partition "it is truncated"
}

@test "SIF: unknown version" {
	assert_defect_refused unknown_version "its SIF version is not 01"
}

@test "SIF: too many descriptors, and an offset that overflows" {
	assert_defect_refused too_many_descriptors "1000000 descriptors"
	assert_defect_refused descriptors_that_overflow "it is truncated"
}

@test "SIF: a partition whose end overflows" {
	assert_defect_refused partition_that_overflows "it is truncated"
}

@test "SIF: no primary partition" {
	assert_defect_refused missing_primary_partition "no primary system partition"
}

@test "SIF: encrypted" { assert_defect_refused encrypted "encrypted"; }
@test "SIF: ext3 that is none" {
	assert_defect_refused ext3 "does not begin like ext2, ext3 or ext4"
}

@test "SIF: a file system of an unknown type" {
	assert_defect_refused unknown_file_system "unknown type 77"
}

@test "SIF: OCI-SIF without its digests" { assert_defect_refused oci_sif "its OCI image index does not have its digest"; }

@test "SIF: another architecture" {
	assert_defect_refused wrong_architecture "this node is"
}

@test "SIF: an architecture that does not exist" {
	assert_defect_refused no_architecture "architecture"
}

# --- the squashfs ------------------------------------------------------------

@test "squashfs: wrong magic" {
	assert_defect_refused bad_squashfs_magic "does not begin like squashfs"
}

@test "squashfs: version 3" {
	assert_defect_refused squashfs_version_3 "squashfs version is 3.0"
}

@test "squashfs: unknown compression" {
	assert_defect_refused unknown_compression "unknown method 42"
}

@test "squashfs: bytes_used beyond the partition" {
	assert_defect_refused bytes_used_too_big "1099511627776 bytes"
}

@test "squashfs: tables and a root inode outside of it" {
	assert_defect_refused tables_outside "it is damaged"
	assert_defect_refused root_inode_outside "it is damaged"
}

@test "squashfs: damage in the middle gives an I/O error or a message, no more" {
	cp "$SHARED/good.sif" "$SHARED/middle.sif"
	head -c 400000 /dev/urandom | dd of="$SHARED/middle.sif" bs=1 \
		obs=64k seek=$(($(partition_offset "$SHARED/good.sif") + 4096)) \
		conv=notrunc status=none oflag=seek_bytes
	run timeout "$(scaled 20)" "$CLUSTER_TOOL" exec "$CLUSTER" -- \
		srun --sif-image=/shared/middle.sif cat /proc/self/comm
	assert_failure
	((status != 124)) || assertion_failed "it hangs"
	[[ -n $output ]]
	refute_contains "signal"
	rm "$SHARED/middle.sif"
	assert_unharmed
}

@test "a command that is not in the image: one line says where it was searched" {
	run in_image good -w node1 /usr/bin/nonesuch
	assert_status 2
	assert_contains "spank_sif: node1: warning: there is no '/usr/bin/nonesuch' inside the image"
	assert_contains "No such file or directory"
	run in_image good -w node1 -n4 nonesuch
	assert_status 2
	assert_equal "$(grep -c "spank_sif: node1: warning: there is no 'nonesuch' inside the image, where it was looked for in PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin$" <<<"$output")" 1
	run in_image good --chdir=/shared ./nonesuch
	assert_contains "there is no './nonesuch' inside the image"
	# The container's PATH, not the job's.
	run as_alice env PATH=/nonesuch:/usr/local/bin:/usr/bin srun \
		--sif-image=/shared/good.sif --sif-env=PATH=/opt/bin sh -c true
	assert_contains "there is no 'sh' inside the image, where it was looked for in PATH=/opt/bin"
	# No line if the command is found through PATH, by its path, or by Slurm.
	printf '%s\n' '0 cat /proc/self/comm' '1 true' >"$SHARED/programs"
	for command in "cat /proc/self/comm" "/bin/cat /proc/self/comm" \
		"--chdir=/usr bin/cat /proc/self/comm" \
		"-n2 --multi-prog /shared/programs"; do
		# shellcheck disable=SC2086
		run in_image good $command
		assert_output cat
	done
	assert_unharmed
}

# --- the messages ------------------------------------------------------------

@test "8 tasks on two nodes: one message per node" {
	run in_image absent -N2 -n8 true
	assert_failure
	assert_equal "$(grep -c "spank_sif: .*'/shared/absent.sif'" <<<"$output")" 2
	nodes_become_idle 5
	defect_encrypted "$SHARED/good.sif" "$SHARED/encrypted.sif"
	run as_alice env "$(unseen /shared/encrypted.sif)" srun -N2 -n8 true
	assert_failure
	assert_equal "$(grep -c 'spank_sif: .*encrypted' <<<"$output")" 2
	nodes_become_idle 5
	run in_image encrypted -N2 -n8 true
	assert_failure
	assert_equal "$(grep -c 'spank_sif: .*encrypted' <<<"$output")" 1
	assert_unharmed
}

@test "the message says what to do next" {
	defect_encrypted "$SHARED/good.sif" "$SHARED/encrypted.sif"
	run in_image encrypted true
	assert_contains "cannot use the image '/shared/encrypted.sif': its root file system is encrypted, which is not supported; build it without encryption"
}

@test "in a batch job: the job fails, and its output has the message" {
	run as_alice sbatch --parsable --wait --output=/shared/batch.out \
		--sif-image=/shared/absent.sif --wrap 'srun true'
	assert_status 1
	run as_root scontrol --oneliner show job "${lines[-1]}"
	assert_contains "JobState=FAILED"
	assert_contains "ExitCode=1:0"
	run cat "$SHARED/batch.out"
	assert_contains "cannot open the image '/shared/absent.sif'"
	assert_unharmed
}

@test "in a batch job: the script goes on after a failed step" {
	cat >"$SHARED/job" <<-'END'
	#!/bin/sh
	srun --sif-image=/shared/absent.sif true || echo "failed with $?"
	srun --sif-image=/shared/good.sif cat /proc/self/comm
	END
	run as_alice sbatch --quiet --wait --output=/shared/batch.out /shared/job
	assert_status 0
	run cat "$SHARED/batch.out"
	assert_line "failed with 1"
	assert_line cat
	assert_unharmed
}

@test "a Slurm variable that no command has checked is checked on the node" {
	assert_variable_refused "" \
		"--sif-image: the path of an image, or 'none', is missing"
	assert_variable_refused "/$(printf '%05000d' 0)" \
		"--sif-image: the path is longer than 4095 characters"
	assert_variable_refused /x.sif "cannot open the image '/x.sif'"
}

# In the job's environment: slurmstepd reads it there, srun does not.
assert_variable_refused() { # VALUE WORDS
	local variable=_SLURM_SPANK_OPTION_spank_sif_sif_image
	run as_alice env "$variable=$1" srun -N2 -n4 cat /proc/self/comm
	assert_status 1
	assert_equal "$(grep -c 'spank_sif: ' <<<"$output")" 2
	refute_contains "srun: error: spank_sif"
	assert_contains "spank_sif: $2"
	refute_line cat
	assert_unharmed
	# A command's own value overrides it, and it does not apply to a batch script.
	run as_alice env "$variable=$1" \
		srun --sif-image=/shared/good.sif cat /proc/self/comm
	assert_status 0
	assert_output cat
	run as_alice env "$variable=$1" sbatch --quiet --wait \
		--output=/shared/batch.out --wrap 'cat /proc/self/comm'
	assert_status 0
	assert_equal "$(<"$SHARED/batch.out")" cat
	assert_unharmed
}

@test "a variable is checked by the command, which names it" {
	run as_alice env SPANK_SIF_HOME=perhaps \
		srun --sif-image=/shared/good.sif cat /proc/self/comm
	assert_status 1
	assert_contains "srun: error: spank_sif: SPANK_SIF_HOME: 'perhaps'"
	refute_line cat
	run as_alice env SPANK_SIF_HOME=perhaps srun cat /proc/self/comm
	assert_status 0
	run as_alice env SPANK_SIF_HOME=perhaps \
		srun --sif-image=/shared/good.sif --sif-home=no cat /proc/self/comm
	assert_status 0
	run as_alice env SPANK_SIF_IMAGE=/shared/good.sif srun cat /etc/os-release
	assert_status 0
	assert_contains "Demonstration Linux"
	run as_alice env SPANK_SIF_IMAGE= srun cat /proc/self/comm
	assert_status 0
}

# --- the installation --------------------------------------------------------

# Works on a copy of the directory that is mounted over it for a moment.
with_changed_server() { # SHELL-COMMANDS
	as_root sh -c "cp -a /usr/libexec/spank-sif /run/spank-sif &&
		mount -t tmpfs -o mode=0755 libexec /usr/libexec &&
		mv /run/spank-sif /usr/libexec/ && cd /usr/libexec/spank-sif && $1"
}

# The user did nothing wrong: the message names the program, not the image.
assert_installation_refused() { # WORDS
	run in_image good -n3 cat /proc/self/comm
	assert_failure
	refute_line cat
	assert_contains "spank-sif-server'"
	assert_contains "$1"
	assert_equal "$(grep -c 'spank_sif: ' <<<"$output")" 1
	nodes_become_idle 5
	run as_alice srun cat /proc/self/comm
	assert_status 0
	as_root umount /usr/libexec
	assert_unharmed
}

@test "server program: missing" {
	with_changed_server "rm spank-sif-server"
	assert_installation_refused "No such file or directory"
}

@test "server program: not owned by root" {
	with_changed_server "chown alice spank-sif-server"
	assert_installation_refused "does not belong to root"
}

@test "server program: writable by its group" {
	with_changed_server "chmod g+w spank-sif-server"
	assert_installation_refused "is writable by others than root"
}

@test "server program: readable, and so traceable, by users" {
	with_changed_server "chmod o+r spank-sif-server"
	assert_installation_refused "chmod 0711 $PLUGIN_SERVER"
	with_changed_server "chmod g+r spank-sif-server"
	assert_installation_refused "chmod 0711 $PLUGIN_SERVER"
}

@test "server program: not executable by users" {
	with_changed_server "chmod 0700 spank-sif-server"
	assert_installation_refused "cannot be executed by users"
	with_changed_server "mount -o remount,noexec /usr/libexec"
	assert_installation_refused "is on a file system that is mounted noexec"
}

@test "server program: in a directory writable by others" {
	with_changed_server "chmod 0777 ."
	run in_image good cat /proc/self/comm
	assert_failure
	assert_contains "'/usr/libexec/spank-sif' is writable by others than root"
	as_root umount /usr/libexec
	assert_unharmed
}

@test "server program: not a program" {
	with_changed_server "echo nonsense >spank-sif-server"
	run timeout "$(scaled 30)" "$CLUSTER_TOOL" exec "$CLUSTER" -- \
		srun --sif-image=/shared/good.sif cat /proc/self/comm
	assert_failure
	((status != 124)) || assertion_failed "it hangs"
	refute_line cat
	assert_contains "image server"
	as_root umount /usr/libexec
	assert_unharmed
}

@test "/dev/fuse: another device" {
	as_root mount --bind /dev/null /dev/fuse
	run in_image good cat /proc/self/comm
	assert_failure
	refute_line cat
	assert_contains "spank_sif: "
	assert_contains "/shared/good.sif"
	as_root umount /dev/fuse
	assert_unharmed
}

@test "/dev/fuse: missing" {
	as_root sh -c 'mount -t tmpfs -o mode=0755 dev /dev && cd /dev &&
		mknod -m 666 null c 1 3 && mknod -m 666 zero c 1 5 &&
		mknod -m 666 urandom c 1 9 && mknod -m 666 random c 1 8 &&
		mkdir -m 1777 shm && mkdir pts'
	run in_image good -n3 cat /proc/self/comm
	as_root umount --lazy /dev
	assert_failure
	refute_line cat
	assert_contains "cannot open '/dev/fuse' on this node"
	assert_equal "$(grep -c 'spank_sif: ' <<<"$output")" 1
	assert_unharmed
}

# --- plugstack.conf ----------------------------------------------------------

start_other() { # PLUGIN-ARGUMENTS [OPTION...]
	"$CLUSTER_TOOL" start --owner=$$ --install="$SPANK_SIF_INSTALL" --nodes=1 \
		--plugin-args="$1" "${@:2}" "$OTHER"
	cp "$SHARED/good.sif" "$OTHER/shared/"
}

on_other() {
	"$CLUSTER_TOOL" exec "$OTHER" -- "$@"
}

# Reported to the administrator and to the user of an image; others are not affected.
assert_argument_refused() { # ARGUMENT
	start_other "$1"
	run grep spank_sif "$OTHER/log/node1.log"
	assert_contains "'$1'"
	run on_other srun --sif-image=/shared/good.sif cat /proc/self/comm
	assert_failure
	assert_contains "'$1'"
	assert_contains "plugstack.conf"
	refute_line cat
	run on_other srun cat /proc/self/comm
	assert_status 0
	assert_output cat
	run on_other sbatch --quiet --wait --output=/dev/null --wrap true
	assert_status 0
	run on_other sinfo --noheader --format=%T
	assert_output idle
}

SQUASHFUSE_SERVER=/usr/libexec/spank-sif/spank-sif-server-squashfuse

@test "reader=squashfuse starts the server with that reader" {
	[[ -e $SPANK_SIF_INSTALL$SQUASHFUSE_SERVER ]] ||
		skip "built without libsquashfuse"
	start_other reader=squashfuse
	on_other srun --chdir=/shared --sif-image=/shared/good.sif sh -c '
		cat /etc/os-release >ready
		until [ -e go ]; do sleep 0.05; done' &
	wait_until 20 test -s "$OTHER/shared/ready"
	run "$CLUSTER_TOOL" exec "$OTHER" --user=root -- \
		sh -c 'readlink /proc/[0-9]*/exe | sort -u'
	touch "$OTHER/shared/go"
	wait $!
	assert_line "$SQUASHFUSE_SERVER"
	refute_line "$PLUGIN_SERVER"
	grep -q "Demonstration Linux" "$OTHER/shared/ready"
}

@test "reader=squashfuse without its program is told to administrator and user" {
	local sentence="plugstack.conf: 'reader=squashfuse': '$SQUASHFUSE_SERVER' is not installed"
	cp -a "$SPANK_SIF_INSTALL" "$BATS_TEST_TMPDIR/install"
	rm -f "$BATS_TEST_TMPDIR/install$SQUASHFUSE_SERVER"
	SPANK_SIF_INSTALL=$BATS_TEST_TMPDIR/install start_other reader=squashfuse
	run grep -h "spank_sif: " "$OTHER/log/node1.log"
	assert_contains "$sentence"
	run on_other srun --sif-image=/shared/good.sif cat /proc/self/comm
	assert_failure
	assert_contains "$sentence"
	refute_line cat
	run on_other srun cat /proc/self/comm
	assert_status 0
	assert_output cat
}

@test "timeout=banana is reported and does not affect steps without an image" {
	assert_argument_refused timeout=banana
}

@test "an unknown argument is reported and does not affect steps without an image" {
	assert_argument_refused bogus=1
}

@test "all invalid arguments are reported, with file and line" {
	start_other "timeout=banana bogus=1 home=maybe" --plugstack="# a comment"
	run grep -h "spank_sif: " "$OTHER/log/node1.log"
	for _ in log user; do
		assert_equal "$(grep -c "spank_sif: " <<<"$output")" 1
		assert_contains "plugstack.conf: 'timeout=banana': it is not"
		assert_contains "; 'bogus=1': there is no such argument"
		assert_contains "; 'home=maybe': 'maybe' is not one of yes|no|private"
		assert_contains "; '/etc/slurm/plugstack.conf', line 2"
		run on_other srun --sif-image=/shared/good.sif true
		assert_failure
	done
}

@test "a plugin listed twice is reported by slurmd, by srun and in a step" {
	start_other "" --plugstack="include /etc/slurm/plugstack.conf.d/*.conf"
	local twice="spank_sif: spank_sif.so is listed twice in plugstack.conf"
	run grep -h "spank_sif" "$OTHER/log/node1.log"
	assert_contains "$twice"
	assert_contains "'/etc/slurm/plugstack.conf.d/spank-sif.conf', line "
	assert_contains " and '/etc/slurm/plugstack.conf', line 2"
	assert_equal "$(grep -c " loaded$" <<<"$output")" 1
	run on_other srun --sif-image=/shared/good.sif cat /proc/self/comm
	assert_failure
	assert_equal "$(grep -c "$twice" <<<"$output")" 1
	refute_line cat
	run on_other srun cat /proc/self/comm
	assert_status 0
	assert_output cat
	# Where the submit host lists it once.
	on_other_as_root sh -c 'echo required spank_sif.so >/run/once.conf
		sed "s,^PlugStackConfig=.*,PlugStackConfig=/run/once.conf," \
			/etc/slurm/slurm.conf >/run/slurm.conf'
	run on_other env SLURM_CONF=/run/slurm.conf \
		srun -n3 --sif-image=/shared/good.sif cat /proc/self/comm
	assert_failure
	assert_equal "$(grep -c "$twice" <<<"$output")" 1
	refute_line cat
	run on_other sinfo --noheader --format=%T
	assert_output idle
}

@test "log=no and timeout=600, 45 and 5 are valid; 0, 601 and 4x are not" {
	start_other "timeout=600 log=no"
	run on_other srun --sif-image=/shared/good.sif cat /proc/self/comm
	assert_status 0
	assert_output cat
	run grep "spank_sif: " "$OTHER/log/node1.log"
	assert_status 1
	for argument in timeout=5 timeout=45; do
		set_other_argument "$argument"
		run on_other srun --sif-image=/shared/good.sif cat /proc/self/comm
		assert_status 0
	done
	for argument in timeout=0 timeout=-1 timeout=601 timeout=4x timeout= timeout; do
		set_other_argument "$argument"
		run on_other srun --sif-image=/shared/good.sif cat /proc/self/comm
		assert_failure
		assert_contains "'$argument'"
	done
	run on_other sinfo --noheader --format=%T
	assert_output idle
}

set_other_argument() { # ARGUMENT
	on_other_as_root sh -c \
		"echo required spank_sif.so $1 >/etc/slurm/plugstack.conf"
}

on_other_as_root() {
	"$CLUSTER_TOOL" exec "$OTHER" --user=root -- "$@"
}

# --- a file system that hangs ------------------------------------------------

# Two nested servers: an image in an image in an image.  Alice reaches the innermost
# ones through the working directory of her process $hung.  While the first server is
# stopped, the second opens files but cannot read; while both are, nothing can be
# opened.  A server that already waits in a read cannot be stopped.
start_hung_file_system() {
	local tree=$BATS_TEST_TMPDIR/tree
	mkdir "$tree" "$tree/outer"
	# More than any readahead covers.
	mkdir "$tree/inner"
	head -c 1M /dev/urandom >"$tree/inner/a-wall"
	cp "$SHARED/good.sif" "$tree/inner/image.sif"
	head -c 1M /dev/urandom >"$tree/inner/other-wall"
	echo x >"$tree/inner/small"
	image_squashfs "$tree/inner" "$tree/outer/inner.squashfs"
	image_squashfs "$tree/outer" "$OTHER/shared/outer.squashfs"
	# After the first file the kernel no longer asks for open.
	on_other_as_root /serve-image /shared/outer.squashfs \
		/serve-image inner.squashfs \
		setpriv --reuid=alice --regid=alice --init-groups sh -c '
		cat small && stat image.sif && echo $$ >/shared/pid &&
			exec sleep 1000' >"$OTHER/shared/log" 2>&1 </dev/null 3>&- &
	wait_until 10 file_has_lines "$OTHER/shared/pid" 1
	hung=/proc/$(<"$OTHER/shared/pid")/cwd
	# Each forks its server first, then its command.
	mapfile -t serving < <(on_other_as_root pgrep --exact serve-image)
	assert_equal "${#serving[@]}" 4
}

# Nothing is left of the image server and of the step.
other_is_clean() {
	[[ $(on_other_as_root pgrep --count --exact "$SERVER_COMM") == 0 &&
		$(on_other_as_root pgrep --count --exact slurmstepd) == 0 &&
		$(on_other sinfo --noheader --format=%T) == idle ]]
}

assert_hang_is_told() { # WORDS VARIABLE...
	local words=$1
	shift
	timed run timeout "$(scaled 30)" "$CLUSTER_TOOL" exec "$OTHER" -- \
		env "$@" srun -n2 cat /proc/self/comm
	assert_failure
	echo "$elapsed_ms ms: $output"
	((elapsed_ms < 10000)) || assertion_failed "it took $elapsed_ms ms"
	assert_contains "$words"
	refute_line cat
	wait_until 5 other_is_clean
	run on_other srun cat /proc/self/comm
	assert_output cat
}

@test "an image on a file system that hangs is reported after the timeout" {
	[[ -x ${SERVE_IMAGE-} ]] || skip "SERVE_IMAGE is not set"
	start_other timeout=3 --bind="$SERVE_IMAGE:/serve-image"
	start_hung_file_system
	on_other_as_root kill -STOP "${serving[1]}" "${serving[3]}"
	# A new name, since the kernel has cached the other one.
	assert_hang_is_told "was not complete" "$(unseen "$hung/another.sif")"
	on_other_as_root kill -CONT "${serving[3]}"
	# The server hangs before a task connects.
	assert_hang_is_told "image '$hung/image.sif' was not complete after 3 s" \
		"$(unseen "$hung/image.sif")"
	# The server of a further image opens it when the first task sends it.
	assert_hang_is_told "cannot read the image '$hung/image.sif' in time" \
		"$(unseen /shared/good.sif)" \
		SLURM_SIF_MOUNT="$hung/image.sif:/mnt"
	on_other_as_root kill -CONT "${serving[1]}"
	run on_other srun --sif-image="$hung/image.sif" cat /proc/self/comm
	assert_status 0
	assert_output cat
	on_other_as_root kill "$(<"$OTHER/shared/pid")"
}
