#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# What differs between kernels: for each thing that some kernel lacks, a step shows
# that it does without on this one, or that it uses it.  `make check-kernels` runs
# this file on all of them.
#
# Tests with need_own_machine change what only a virtual machine may change.

load ../lib/common
load ../lib/assert

LSM=/sys/kernel/security/lsm
USERNS_MAKER=/usr/libexec/spank-sif/spank-sif-userns

setup_file() {
	has_plugin || return 0
	cluster_start --nodes=1 --fuse-mode=0666
	image_tree "$BATS_FILE_TMPDIR/tree" sh cat grep sleep ls mkdir rm
	mkdir "$BATS_FILE_TMPDIR/tree/usr/old"
	touch "$BATS_FILE_TMPDIR/tree/usr/old/file"
	head -c 8M /dev/urandom >"$BATS_FILE_TMPDIR/tree/usr/big"
	image_sif "$BATS_FILE_TMPDIR/tree" "$SHARED/image.sif" -noD
}

setup() {
	need_plugin
	# shellcheck disable=SC2154 # bats
	[[ $BATS_TEST_DESCRIPTION == *"before 5.14"* ]] || kernel_is 5.14 ||
		skip "no step runs in an image on Linux $(uname -r)"
}

need_own_machine() {
	[[ -n ${SPANK_SIF_TEST_VM-} ]] || skip "only in a virtual machine"
}

# The tasks live until $SHARED/go exists; then they read the image.
start_waiting_step() {
	rm -f "$SHARED"/{go,pids}
	start_step --chdir=/shared --sif-image=/shared/image.sif sh -c '
		echo $$ >>pids
		until [ -e go ]; do sleep 0.1; done
		cat /usr/big >/dev/null || exit 9'
	wait_for_lines "$SHARED/pids"
}

# Slurm has then waited for it.
process_is_gone() { # PID
	! as_root test -e "/proc/$1"
}

check_line() { # NAME
	as_root spank-sif-check --only="$1" || true
}

@test "a kernel before 5.14 is refused with one sentence, and other steps run" {
	! kernel_is 5.14 || skip "this is Linux $(uname -r)"
	run in_image image true
	assert_failure
	assert_equal "$(grep -c spank_sif <<<"$output")" 1
	assert_contains "the kernel of this node is too old: --sif-image needs Linux 5.14 or later"
	run as_alice srun cat /proc/self/comm
	assert_status 0
	assert_output cat
	nodes_are_idle
	run check_line kernel
	assert_matches '^failure +kernel +the kernel of this node is too old'
}

# Before 6.14 the kernel has none to offer, and from then on it has to be allowed.
@test "a step has rings if and only if the kernel offers them" {
	run in_image image --sif-debug cat /proc/self/comm
	assert_status 0
	assert_line cat
	refute_contains "rings="
	kernel_is 6.14 || {
		[[ ! -e $ENABLE_URING ]]
		return
	}
	need_own_machine
	need_uring
	was=$(<"$ENABLE_URING")
	echo Y >"$ENABLE_URING"
	start_waiting_step
	echo "$was" >"$ENABLE_URING"
	# A server with rings does not fork.
	server_pids
	assert_equal "$(as_root pgrep -xc "$GUARD_COMM")" 0
	touch "$SHARED/go"
	wait_step
	assert_status 0
}

@test "a killed server is replaced from 6.9 on; before, the user is told" {
	start_waiting_step
	as_root kill -KILL "$(server_pids)"
	if kernel_is 6.9; then
		wait_until 10 server_pids
		touch "$SHARED/go"
		wait_step
		assert_status 0
		assert_contains "was replaced, 1 time: the step went on"
	else
		wait_until 10 no_servers
		touch "$SHARED/go"
		wait_step
		assert_status 9
		assert_server_was_killed
		refute_contains "replaced"
	fi
	nodes_become_idle
}

@test "the end of a server that Slurm has waited for is known from 6.15 on" {
	local guard
	start_waiting_step
	guard=$(guard_pids)
	as_root kill -KILL "$guard"
	wait_until 10 process_is_gone "$guard"
	touch "$SHARED/go"
	wait_step
	assert_status 9
	if kernel_is 6.15; then
		assert_contains "the image server was killed by signal 9"
	else
		assert_contains "the image server ended early; this kernel does not tell how"
	fi
	nodes_become_idle
}

# Kernels before 6.15 clone only mounts that are attached: see scaffold.h.
@test "the files in memory and the writable layer are there on every kernel" {
	run in_image image --sif-writable-tmpfs sh -c \
		'echo written >/etc/file && cat /etc/file; grep -c ^alice: /etc/passwd'
	assert_status 0
	assert_line written
	assert_line 1
}

# The kernel's security modules, also where securityfs is not mounted.
list_lsm() {
	unshare --mount sh -c '[ -e "$0" ] ||
		mount -t securityfs securityfs "${0%/*}"; cat "$0"' "$LSM" 2>/dev/null
}

# The overlay then has to say, in an attribute, that the image's directory is not to be
# seen any more.  In a user namespace it can only be one of those that tmpfs has had
# since 6.6.
@test "a directory of the image can be replaced in memory, with userns from 6.6 on" {
	local replace='rm -r /usr/old && mkdir /usr/old && ls -A /usr/old && echo new'
	run in_image image --sif-writable-tmpfs sh -c "$replace"
	assert_output new
	as_root sed -i '/spank_sif.so/s/$/ privilege=userns/' /etc/slurm/plugstack.conf
	run in_image image --sif-writable-tmpfs sh -c "$replace"
	as_root sed -i 's/ privilege=userns//' /etc/slurm/plugstack.conf
	if kernel_is 6.6; then
		assert_output new
	else
		assert_contains "rm: cannot remove '/usr/old': Input/output error"
	fi
}

@test "Landlock confines the server where the kernel has it, seccomp everywhere" {
	local lsm
	lsm=$(list_lsm) || skip "this kernel has no securityfs"
	run check_line landlock
	if [[ ,$lsm, == *,landlock,* ]]; then
		assert_matches '^ok +landlock '
	else
		assert_matches '^warning +landlock .*seccomp alone confines'
	fi
	start_waiting_step
	run as_root grep -E '^(Seccomp|NoNewPrivs):' "/proc/$(server_pids)/status"
	assert_line $'Seccomp:\t2'
	assert_line $'NoNewPrivs:\t1'
	touch "$SHARED/go"
	wait_step
	assert_status 0
}

# A step does not need user namespaces, unless the site has chosen privilege=userns.
run_without_and_with_userns() {
	run in_image image cat /proc/self/comm
	status_without=$status
	as_root sed -i '/spank_sif.so/s/$/ privilege=userns/' /etc/slurm/plugstack.conf
	run in_image image cat /proc/self/comm
	as_root sed -i 's/ privilege=userns//' /etc/slurm/plugstack.conf
}

assert_userns_refused() { # REASON SENTENCE
	echo "# $1: $output" >&3
	assert_equal "$status_without" 0
	assert_failure
	assert_contains "$2"
	nodes_are_idle
}

refuse_by_sysctl() { # NAME VALUE SENTENCE
	local was=/proc/sys/$1
	[[ -e $was ]] || return 0
	was=$(<"$was")
	echo "$2" >"/proc/sys/$1"
	run_without_and_with_userns
	echo "$was" >"/proc/sys/$1"
	assert_userns_refused "$1=$2" "$3"
}

@test "without user namespaces steps run, and privilege=userns says what is missing" {
	need_own_machine
	refuse_by_sysctl user/max_user_namespaces 0 \
		"the limit user.max_user_namespaces of this node is reached, or 0"
	refuse_by_sysctl kernel/unprivileged_userns_clone 0 \
		"this node does not let users have user namespaces (kernel.unprivileged_userns_clone"
}

run_with_profile() { # PROFILE
	apparmor_parser --skip-cache --replace <<<"$1"
	run_without_and_with_userns
	apparmor_parser --remove <<<"$1"
}

# By a profile for the program that makes the namespace.
refuse_by_apparmor() { # RULE SENTENCE
	run_with_profile "abi <abi/4.0>,
		profile maker $USERNS_MAKER { all, $1 }"
	assert_userns_refused "AppArmor, $1" "$2"
	assert_contains AppArmor
}

# The one that spank_sif(8) recommends.
documented_profile() {
	sed -n '/^abi /,/^}/p' ../../doc/spank_sif.8.in |
		sed "s,@pkglibexecdir@,${USERNS_MAKER%/*}," | tr -d '\\'
}

# Debian's kernels have no sysctl for this, but the rules from 6.7 on.  Ubuntu's
# sysctl, apparmor_restrict_unprivileged_userns, has the effect of the second one: a
# namespace whose owner has no capability in it.
@test "steps run where AppArmor restricts user namespaces, and privilege=userns names it" {
	need_own_machine
	[[ $(<"$LSM") == *apparmor* ]] || skip "AppArmor is off"
	kernel_is 6.7 || skip "AppArmor does not know user namespaces before 6.7"
	refuse_by_apparmor "deny userns," "cannot make a user namespace"
	refuse_by_apparmor "deny capability," "cannot map the user into a user namespace"
	run_with_profile "$(documented_profile)"
	assert_equal "$status_without" 0
	assert_status 0
}
