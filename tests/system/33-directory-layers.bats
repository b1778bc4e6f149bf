#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# --sif-overlay with directories of the node: read-only layers, and the one that
# steps write to.  What users can do in them is what they can do outside.

load ../lib/common
load ../lib/assert

# The cluster's root is on an overlay, which cannot carry a writable layer;
# /shared is a directory of this machine.
setup_file() {
	has_plugin || return 0
	cluster_start
	local tree=$BATS_FILE_TMPDIR/tree
	image_tree "$tree" "${IMAGE_PROGRAMS[@]}" getfattr find sort sync
	mkdir -p "$tree"/opt/{there,deep/er}
	echo image >"$tree/opt/there/file"
	echo deep >"$tree/opt/deep/er/file"
	ln -s there "$tree/opt/link"
	compile -static -O1 -D_GNU_SOURCE -o "$tree/usr/bin/rights-probe" \
		"$BATS_TEST_DIRNAME/rights-probe.c"
	cp "$tree/usr/bin/rights-probe" "$SHARED/"
	image_sif "$tree" "$SHARED/small.sif" -comp lz4
	# Small, and gone with the cluster.
	as_root sh -c 'mkdir /disk && mount -t tmpfs -o size=2m,mode=1777 disk /disk'
}

setup() {
	need_plugin
	as_alice mkdir -p /shared/d
}

teardown() {
	has_plugin || return 0
	stop_steps
	stop_other
	as_root sh -c 'rm -rf /shared/d /shared/e /shared/go /shared/pid* /disk/*'
}

# The marks of directories that replace those of the image; tmpfs has them from Linux
# 6.6 on.
need_attributes() {
	as_alice setfattr -n user.mark -v 1 /shared/d ||
		skip "/shared has no user extended attributes"
}

over() { # LAYERS SRUN-ARGUMENT...
	local layers=$1
	shift
	"$CLUSTER_TOOL" exec "$CLUSTER" --chdir=/shared -- \
		srun --sif-image=small.sif --sif-overlay="$layers" "$@"
}

start_over() { # LAYERS SRUN-ARGUMENT...
	local layers=$1
	shift
	start_step --chdir=/shared --sif-image=/shared/small.sif \
		--sif-overlay="$layers" "$@"
}

# --- the writable layer --------------------------------------------------------

@test "changes are in DIR/upper, and the next step goes on with them" {
	need_attributes
	local sum
	sum=$(sha256sum <"$SHARED/small.sif")
	run over ./d sh -c 'echo new >/opt/new; echo more >>/opt/there/file
		rm -r /opt/deep; mkdir /opt/deep; mv /opt/link /opt/moved
		rm /etc/os-release; df --output=source /'
	assert_status 0
	assert_line spank-sif
	run as_alice find /shared/d/upper/opt /shared/d/upper/etc -printf '%P %y %U %m\n'
	assert_line "new f 2001 644"
	assert_line "there/file f 2001 644"
	assert_line "os-release c 2001 0"
	# node2: the layer does not depend on the node's state.
	run over d -w node2 sh -c 'cat /opt/new /opt/there/file /opt/moved/file
		find /opt | sort; ls /opt/link /etc/os-release || true'
	assert_contains $'new\nimage\nmore\nimage\nmore\n/opt\n/opt/deep\n/opt/moved'
	assert_equal "$(grep -c "No such file" <<<"$output")" 2
	assert_equal "$(sha256sum <"$SHARED/small.sif")" "$sum"
	run in_image small cat /opt/there/file
	assert_output image
}

@test "the user owns all files, and the tasks of a step share the layer" {
	run over d -n2 sh -c 'echo $SLURM_PROCID >/opt/$SLURM_PROCID
		until [ -s /opt/0 ] && [ -s /opt/1 ]; do sleep 0.05; done
		stat -c "%U %a" / /usr/bin/ls; grep Cap[EP] /proc/self/status'
	assert_status 0
	assert_line "alice 755" 4
	assert_line $'CapEff:\t0000000000000000' 2
	assert_line $'CapPrm:\t0000000000000000' 2
	run over d findmnt --noheadings --output OPTIONS /
	assert_matches 'rw,nosuid,nodev'
}

@test "mount points that the layer hides are made again" {
	over d sh -c 'rm -r /mnt; mkdir /srv'
	run over d --sif-bind=/shared/small.sif:/srv/deep/image,/shared:/mnt/s \
		ls /srv/deep /mnt/s/small.sif
	assert_status 0
	assert_line image
	assert_line /mnt/s/small.sif
}

@test "a full disk is an error of the program, and the layer stays usable" {
	as_alice mkdir /disk/d
	run over /disk/d sh -c 'head -c 4M /dev/zero >/opt/big; rm /opt/big; echo ok >/opt/x'
	assert_contains "No space left on device"
	run over /disk/d cat /opt/x
	assert_output ok
}

@test "what a killed step has left in work/ does not matter" {
	over d true
	as_alice sh -c 'chmod 700 /shared/d/work/work && cd /shared/d/work/work &&
		echo >"#1" && mkdir "#2" && echo >"#2/x" && mkdir "#2/y" && chmod 0 .'
	run over d sh -c 'echo ok >/opt/x; ls /opt/x'
	assert_output /opt/x
	run as_root ls -A /shared/d/work/work
	assert_output ""
	# The kernel makes an overlay read-only if it cannot remove it.
	as_alice sh -c 'chmod 700 /shared/d/work/work && cd /shared/d/work/work &&
		mkdir -p a/b/c/d/e && chmod 0 .'
	run over d sh -c 'echo ok >/opt/x'
	[[ $status == 0 ]] || assert_contains \
		"the kernel cannot prepare '/shared/d/work': remove that directory"
}

layer_is_told() {
	[[ $(grep -c 'layer  /shared/d (directory, writable)' "$STEP_OUTPUT") == 1 ]]
}

@test "--sif-join and --sif-debug see the layer" {
	start_over /shared/d --sif-debug sh -c 'echo joined >/opt/x; echo >>go; sleep 1000'
	wait_for_lines "$SHARED/go"
	wait_until 10 layer_is_told
	job=$(as_root squeue --noheader --format=%i)
	run as_alice srun --jobid="$job" --overlap --sif-join="$job.0" cat /opt/x
	assert_line joined
}

# --- one step at a time --------------------------------------------------------

@test "a second step is told who uses the directory, until that step has ended" {
	start_over /shared/d sh -c 'echo >>go; sleep 1000'
	wait_for_lines "$SHARED/go"
	job=$(as_root squeue --noheader --format=%i)
	run over d true
	assert_failure
	assert_contains "'/shared/d' is in use by step $job.0, and one step at a time can write to it"
	stop_steps
	run over d true
	assert_status 0
}

@test "SIGKILL of everything ends the lock, and leaves no mount" {
	before=$(settled_snapshot)
	for victim in tasks server all; do
		start_over /shared/d sh -c 'echo $$ >>pids; echo x >>/opt/log; while :; do
			echo >/opt/busy; done'
		wait_for_lines "$SHARED/pids"
		pids=$(<"$SHARED/pids")
		[[ $victim == tasks ]] || pids="$(server_pids) $(guard_pids)"
		[[ $victim != all ]] ||
			pids+=" $(<"$SHARED/pids") $(as_root pgrep -x slurmstepd)"
		# shellcheck disable=SC2086
		as_root kill -KILL $pids
		as_alice scancel --user=alice
		wait_step 60 || true
		wait_until 30 no_jobs
		as_root rm /shared/pids
		wait_until 20 is_free /shared/d
		assert_host_as_before "$before"
	done
	run over d wc -l /opt/log
	assert_output "3 /opt/log"
}

is_free() { # DIR
	over "$1" true 2>/dev/null
}

@test "SIGKILL while the step starts leaves no lock" {
	local i
	before=$(settled_snapshot)
	for i in 1 3 5 7; do
		start_over /shared/d sleep 1000
		# A different moment each time.
		wait_until 20 as_root pgrep -x slurmstepd >/dev/null
		read -rt "0.0$i" <> <(:) || true
		as_root sh -c 'for name; do pgrep -x "$name"; done | xargs kill -KILL' \
			sh slurmstepd spank-sif-task spank-sif-usern sleep \
			"$SERVER_COMM" "$GUARD_COMM" || true
		as_alice scancel --user=alice
		wait_step 60 || true
		wait_until 30 no_jobs
		wait_until 20 is_free /shared/d
	done
	assert_host_as_before "$before" 30
}

# --- read-only layers ----------------------------------------------------------

@test "directories with :ro are layers, the last on top; of an upper/ they are that" {
	as_alice sh -c 'cd /shared && mkdir -p d/opt/there e/upper/opt &&
		echo d >d/opt/there/file && echo d >d/opt/both && echo e >e/upper/opt/both &&
		echo no >e/opt'
	run over d:ro,e:ro sh -c 'cat /opt/there/file /opt/both /opt/deep/er/file
		echo no >/opt/x'
	assert_failure
	assert_line d
	assert_line e
	assert_line deep
	assert_contains "Read-only file system"
	run over e:ro,d:ro cat /opt/both
	assert_output d
	[[ ! -e $SHARED/d/upper && ! -e $SHARED/d/work ]]
}

@test "what a writable layer has removed stays removed where it is read" {
	need_attributes
	over d sh -c 'rm -r /opt/there; mkdir /opt/there; rm /opt/deep/er/file'
	run over d:ro -n4 sh -c 'find /opt | sort'
	assert_line /opt/deep/er 4
	assert_line /opt/there 4
	refute_line /opt/there/file
	refute_line /opt/deep/er/file
}

@test "a writable layer, on disk or in memory, is over read-only ones" {
	as_alice sh -c 'cd /shared && mkdir -p d/opt e && echo d >d/opt/both'
	over d:ro,e sh -c 'echo more >>/opt/both; echo e >/opt/e'
	run over d:ro,e cat /opt/both /opt/e
	assert_output $'d\nmore\ne'
	run over e:ro,d:ro --sif-writable-tmpfs sh -c 'echo m >>/opt/both; cat /opt/both /opt/e'
	assert_output $'d\nm\ne'
	assert_equal "$(<"$SHARED/d/opt/both")" d
}

@test "directories are over files, which are over the image" {
	mkdir -p "$BATS_TEST_TMPDIR/layer/opt/there"
	echo squashfs >"$BATS_TEST_TMPDIR/layer/opt/there/file"
	echo both >"$BATS_TEST_TMPDIR/layer/opt/both"
	image_squashfs "$BATS_TEST_TMPDIR/layer" "$SHARED/layer.sqf"
	run over layer.sqf:ro,d sh -c 'echo more >>/opt/there/file; rm /opt/both'
	assert_status 0
	run over layer.sqf:ro,d:ro sh -c 'cat /opt/there/file /opt/deep/er/file; ls -I slurm /opt'
	assert_output $'squashfs\nmore\ndeep\ndeep\nlink\nthere'
	run over layer.sqf:ro cat /opt/both
	assert_output both
	assert_refused d:ro,layer.sqf:ro "'/shared/layer.sqf' cannot be over the directory '/shared/d'"
}

# --- what is refused ------------------------------------------------------------

assert_refused() { # LAYERS SENTENCE
	run over "$1" true
	assert_failure
	assert_contains "--sif-overlay: $2"
	assert_equal "$(grep -c spank_sif: <<<"$output")" 1
}

@test "file systems that cannot carry a writable layer are refused, and why" {
	as_root install -d -o alice /opt/d
	as_alice mkdir /disk/d
	assert_refused /opt/d "'/opt/d' is on another overlay, which cannot carry a writable layer; use a directory of the node's own disk"
	as_root mount -o remount,noexec /disk
	assert_refused /disk/d "'/disk/d' is on a file system from which nothing can be executed (noexec)"
	assert_refused /disk/d:ro "'/disk/d' is on a file system from which nothing can be executed (noexec)"
	as_root mount -o remount,exec,ro /disk
	assert_refused /disk/d "'/disk/d' is on a read-only file system: write '/disk/d:ro'"
	run over /disk/d:ro true
	assert_status 0
	as_root mount -o remount,rw /disk
}

@test "directories that are missing or of another user are refused" {
	assert_refused missing "cannot use '/shared/missing' on this node: No such file or directory; if it is a directory, make it on each node first"
	as_bob mkdir -m 0777 /shared/e
	assert_refused e "'/shared/e' belongs to another user"
	as_bob chmod 0700 /shared/e
	assert_refused e:ro "cannot open '/shared/e': Permission denied; a layer has to be readable for you"
	assert_refused e/sub "cannot use '/shared/e/sub' on this node: Permission denied; check that each directory of the path is there, and that you may enter it"
	as_root sh -c 'mkdir /shared/d/upper'
	assert_refused d "'/shared/d/upper' belongs to another user"
	as_root sh -c 'rmdir /shared/d/upper; chmod 0500 /shared/d'
	assert_refused d "cannot make '/shared/d/upper': Permission denied"
	as_alice sh -c 'chmod 0700 /shared/d; ln -s /shared/e /shared/d/upper'
	assert_refused d "cannot open '/shared/d/upper'"
}

@test "one writable layer, on top, of directories that are apart" {
	as_alice mkdir -p /shared/e /shared/d/sub
	assert_refused d,e "'/shared/d' is under another layer"
	assert_refused d:ro,small.sif "'/shared/small.sif' cannot be over the directory '/shared/d'"
	assert_refused d:ro,d/sub:ro "one of the directories is in another one"
	run over d --sif-writable-tmpfs true
	assert_failure
	assert_contains "'/shared/d' and --sif-writable-tmpfs are two writable layers"
}

@test "nothing shows that a mount has covered" {
	as_root sh -c 'mkdir -p /covered/m && echo secret >/covered/m/file &&
		mount -t tmpfs none /covered/m'
	assert_refused /covered:ro "the kernel cannot use '/covered' as a layer"
	assert_refused /:ro "the kernel cannot use '/' as a layer"
	as_root sh -c 'umount /covered/m; rm -r /covered'
}

@test "a node without user namespaces says so" {
	maker=/usr/libexec/spank-sif/spank-sif-userns
	# The limit would be the whole machine's: see 34-userns.
	as_alice unshare --user --map-root-user sh -c '
		echo 0 >/proc/sys/user/max_user_namespaces
		$0 </dev/null' "$maker" >"$SHARED/said" || true
	as_root sh -c '(echo "#!/bin/sh"; echo "cat /shared/said; exit 1") >/maker
		chmod 0755 /maker && mount --bind /maker $0' "$maker"
	run over d true
	run_all=$output
	run over d:ro true
	as_root sh -c 'umount $0; rm /maker /shared/said' "$maker"
	for output in "$run_all" "$output"; do
		assert_contains "--sif-overlay: directories as layers need a user namespace: cannot make a user namespace: No space left on device; the limit user.max_user_namespaces of this node is reached"
	done
}

@test "a bind of the site shows over what a layer has in its place" {
	start_other "bind=!/shared/e:/site/e"
	on_other sh -c 'mkdir -p /shared/d/site/e /shared/e && touch /shared/e/file
		echo no >/shared/d/site/e/hidden'
	run on_other srun --sif-image=small.sif --sif-overlay=d:ro ls /site/e
	assert_output file
	run on_other srun --sif-image=small.sif --sif-overlay=d:ro --sif-bind=/tmp:/site true
	assert_failure
	assert_contains "/site/e"
}

# --- the user's rights, and no more -------------------------------------------

# Files and directories of three users in many modes, an access list, attributes.
make_tree() { # DIR
	as_root sh -c '
		mkdir -p "$1/tree" && cd "$1/tree" || exit
		for user in alice bob root; do
			for mode in 0600 0640 0604 0400 0666 0000 4755; do
				echo text >f-$user-$mode
				chown $user:project f-$user-$mode
				chmod $mode f-$user-$mode
			done
			for mode in 0700 0750 0705 0777 1777 2775 0555; do
				mkdir -p d-$user-$mode
				echo text >d-$user-$mode/in
				chown bob:bob d-$user-$mode/in
				chown $user:project d-$user-$mode
				chmod $mode d-$user-$mode
			done
		done
		cp -p f-bob-0600 acl-allows
		cp -p f-bob-0666 acl-denies
		setfattr -n system.posix_acl_access -v 0x0200000001000600ffffffff02000600d107000004000000ffffffff10000600ffffffff20000000ffffffff acl-allows
		setfattr -n system.posix_acl_access -v 0x0200000001000600ffffffff02000000d107000004000600ffffffff10000600ffffffff20000600ffffffff acl-denies
		cp -p f-root-0600 trusted
		setfattr -n trusted.mark -v 1 trusted
		mknod -m 0666 device c 1 3
		mknod -m 0666 disk b 7 0
		mkfifo -m 0666 fifo
		ln -s f-root-0600 link
		chmod 0777 .
		chown -h alice . "$1" "$1/.."' sh "$1"
}

tree_paths() { # DIR
	as_root sh -c 'cd "$1/tree" && find . -mindepth 1 | LC_ALL=C sort' sh "$1"
}

# Where users can do less inside.
LESS='^./\(device\|disk\)\| acl-other '

@test "a writable layer gives no right that the user lacks outside" {
	need_attributes
	make_tree /shared/d/upper
	make_tree /shared/e/upper
	paths=$(tree_paths /shared/e/upper)
	# shellcheck disable=SC2086
	outside=$("$CLUSTER_TOOL" exec "$CLUSTER" --chdir=/shared/e/upper/tree -- \
		/shared/rights-probe $paths)
	# shellcheck disable=SC2086
	run over d sh -c 'cd /tree && exec rights-probe "$@"' sh $paths
	assert_status 0
	(($(wc -l <<<"$output") > 1000))
	# Device nodes cannot be opened (nodev), and access lists cannot name other
	# users, whom the overlay's user namespace does not know.
	diff <(echo "$outside" | grep -v "$LESS") <(echo "$output" | grep -v "$LESS")
	assert_line "./device read EACCES"
	assert_line "./device write EACCES"
	assert_line "./f-alice-0600 acl-other EINVAL"
}

# What is copied up belongs to who copies it.
@test "nor does a read-only one, or a writable one over it" {
	need_attributes
	local layers line
	make_tree /shared/d
	as_alice mkdir -p /shared/e
	paths=$(tree_paths /shared/d)
	# shellcheck disable=SC2086
	for layers in d:ro d:ro,e; do
		run over "$layers" sh -c 'cd /tree && exec rights-probe "$@"' sh $paths
		assert_status 0
		echo "$output" | grep ' ok$' | sort >"$BATS_TEST_TMPDIR/$layers"
	done
	run over d:ro --sif-writable-tmpfs sh -c 'cd /tree && exec rights-probe "$@"' sh $paths
	assert_status 0
	echo "$output" | grep ' ok$' | sort >"$BATS_TEST_TMPDIR/tmpfs"
	# shellcheck disable=SC2086
	"$CLUSTER_TOOL" exec "$CLUSTER" --chdir=/shared/d/tree -- /shared/rights-probe \
		$paths | grep ' ok$' | sort >"$BATS_TEST_TMPDIR/outside"
	for layers in d:ro d:ro,e tmpfs; do
		(($(wc -l <"$BATS_TEST_TMPDIR/$layers") > 50))
		line=$(comm -23 "$BATS_TEST_TMPDIR/$layers" "$BATS_TEST_TMPDIR/outside")
		assert_equal "$line" ""
	done
}

@test "rights that another user takes away are gone at once" {
	as_alice sh -c 'mkdir -p /shared/d/upper/w && chmod 0777 /shared/d/upper/w'
	as_bob sh -c 'cd /shared/d/upper/w && mkdir b && echo one >b/one && echo f >f &&
		chmod 0777 b && chmod 0666 f'
	start_over /shared/d sh -c 'cd /w; cat f b/one; echo >>/shared/go
		until [ -e /shared/go2 ]; do sleep 0.05; done
		echo tight; cat f b/one b/two; ls b; (echo x >>f); (echo x >b/x); rm b/one'
	wait_for_lines "$SHARED/go"
	as_bob sh -c 'cd /shared/d/upper/w && echo two >b/two && chmod 0700 b && chmod 0600 f'
	as_alice touch /shared/go2
	wait_step 30 || true
	as_root rm /shared/go2
	assert_contains $'f\none\ntight'
	refute_contains two$'\n'two
	assert_equal "$(grep -c "Permission denied" <<<"$output")" 7
	assert_equal "$(as_bob sh -c 'cat /shared/d/upper/w/f; ls /shared/d/upper/w/b')" \
		$'f\none\ntwo'
}

@test "setuid programs and devices in a layer have no effect" {
	as_root sh -c 'mkdir -p /shared/e && cp /usr/bin/id /shared/e/id &&
		chmod 4755 /shared/e/id && mknod -m 0666 /shared/e/null c 1 3'
	run over e:ro sh -c '/id -u; cat /null'
	assert_line 2001
	assert_contains "/null: Permission denied"
}

@test "attributes of an overlay in a layer lead nowhere" {
	need_attributes
	as_root sh -c 'mkdir -p /shared/e/opt/got /shared/e/opt/got2 && cd /shared/e/opt &&
		for name in trusted user; do
			setfattr -n $name.overlay.redirect -v /etc got
			setfattr -n $name.overlay.metacopy -v "" got2
			setfattr -n $name.overlay.origin -v 0x00fb21008101 got2
		done; : >meta; chown -R alice /shared/e
		setfattr -n user.overlay.metacopy meta
		setfattr -n user.overlay.redirect -v /opt/there/file meta'
	run over e:ro sh -c 'ls -A /opt/got /opt/got2; cat /opt/meta'
	refute_line passwd
	refute_line image
	run over e sh -c 'ls -A /opt/got /opt/got2; cat /opt/meta'
	refute_line passwd
	refute_line image
}

# The user can trace the program that makes the namespace.
@test "only a user namespace of the user's own is entered" {
	maker=/usr/libexec/spank-sif/spank-sif-userns
	compile -I"$TESTS_LIB/../.." -D_GNU_SOURCE -x c -o "$SHARED/maker" - \
		"$TESTS_LIB"/../../common/{message,deadline}.c <<-'END'
	#include <fcntl.h>
	#include "common/message.h"

	int main(void)
	{
		int fd = open("/namespace", O_RDONLY);

		return message_send(0, MESSAGE_ENTER, NULL, fd) < 0;
	}
	END
	as_root sh -c 'touch /namespace && mount --bind /shared/maker $0 &&
		unshare --user --map-root-user sleep 1000 & echo $! >/shared/pid
		sleep 0' "$maker"
	pid=$(<"$SHARED/pid")
	wait_until 20 as_root sh -c 'test "$(readlink /proc/$0/ns/user)" != \
		"$(readlink /proc/self/ns/user)"' "$pid"
	as_root mount --bind "/proc/$pid/ns/user" /namespace
	run over d true
	as_root sh -c 'umount /namespace $0; rm /namespace /shared/maker; kill $1' \
		"$maker" "$pid"
	assert_failure
	assert_contains "cannot enter the user namespace of the step: Operation not permitted"
}

# The program that makes the namespace runs between the first look and the mount.
@test "a directory of another user that is put in the place of upper/ is refused" {
	maker=/usr/libexec/spank-sif/spank-sif-userns
	as_alice chmod 0777 /shared/d
	as_bob mkdir -p /shared/d/bobs/bin
	as_root sh -c 'cp $0 /real-maker && printf "#!/bin/sh\n%s\n%s\n" \
		"mv /shared/d/upper /shared/d/old; mv /shared/d/bobs /shared/d/upper" \
		"exec /real-maker" >/maker &&
		chmod 0755 /maker && mount --bind /maker $0' "$maker"
	run over d true
	as_root sh -c 'umount $0; rm /maker /real-maker' "$maker"
	assert_failure
	assert_contains "--sif-overlay: '/shared/d/upper' belongs to another user: use another directory"
}

# --- the modes ---------------------------------------------------------------------

@test "mount=host, and privilege=userns" {
	need_attributes
	local args
	for args in mount=host privilege=userns; do
		start_other "$args" --fuse-mode=0666
		on_other mkdir -p /shared/d /shared/e
		run on_other srun --sif-image=small.sif --sif-overlay=d sh -c 'echo x >/opt/x; rm -r /opt/there; mkdir /opt/there'
		assert_status 0
		run on_other srun --sif-image=small.sif --sif-overlay=d:ro,e sh -c \
			'cat /opt/x; echo y >/opt/y; ls -A /opt/there; ls -A -I slurm /opt'
		assert_output $'x\ndeep\nlink\nthere\nx\ny'
		run on_other srun --sif-image=small.sif --sif-overlay=d:ro cat /opt/x
		assert_output x
		stop_other
	done
}

@test "deny=overlay refuses directories, too" {
	start_other deny=overlay
	on_other mkdir -p /shared/d
	run on_other srun --sif-image=small.sif --sif-overlay=d true
	assert_failure
	assert_contains "overlay"
	run on_other sh -c 'SLURM_SIF_OVERLAY=/shared/d srun --sif-image=small.sif ls -d /shared/d/upper'
	assert_failure
}
