#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# What a task sees in the container: the image as '/', the parts of the host that the
# step would see without it, and nothing else.

load ../lib/common
load ../lib/assert

setup_file() {
	has_plugin || return 0
	cluster_start
	export TREES=$BATS_FILE_TMPDIR/trees
	make_ordinary_images
	make_poor_images
	make_odd_images
}

make_ordinary_images() {
	local tree=$TREES/small
	image_tree "$tree" "${IMAGE_PROGRAMS[@]}" sync nice
	compile_show_ids "$tree/usr/bin/show-ids"
	chmod 4755 "$tree/usr/bin/show-ids"
	mknod "$tree/usr/null" c 1 3
	chmod 0666 "$tree/usr/null"
	echo 'imageuser:x:4711:4711:In the image:/:/bin/sh' >>"$tree/etc/passwd"
	echo 'imagegroup:x:4711:' >>"$tree/etc/group"
	echo 'only in the image' >"$tree/usr/mark"
	image_sif "$tree" "$SHARED/small.sif" -comp lz4
	image_squashfs "$tree" "$SHARED/bare.squashfs" -comp lz4
}

# Images without the mount points of a container, or without anything else.
make_poor_images() {
	local tree=$TREES/poor
	image_tree "$tree" sh cat ls findmnt
	rm -r "$tree"/{dev,etc,home,mnt,opt,proc,root,run,sys,tmp,var}
	image_sif "$tree" "$SHARED/poor.sif" -comp lz4
	mkdir "$TREES/static"
	compile_static "$TREES/static/program"
	image_sif "$TREES/static" "$SHARED/static.sif"
}

# An image with symlinks where files are bound, and only `ls` and `cat`.
make_odd_images() {
	local tree=$TREES/odd
	image_tree "$tree" sh cat ls findmnt readlink
	ln -sf ../run/systemd/resolve/stub-resolv.conf "$tree/etc/resolv.conf"
	ln -sf /usr/share/zoneinfo/Nowhere/Place "$tree/etc/localtime"
	echo "in the odd image" >"$tree/usr/mark"
	rmdir "$tree/var/tmp"
	ln -s /tmp "$tree/var/tmp"
	image_sif "$tree" "$SHARED/odd.sif" -comp lz4
}

# Copies the odd tree; in the copy PLACE is a symlink to TARGET.
make_hostile_image() { # NAME PLACE TARGET [PLACE TARGET]...
	local name=$1 tree=$TREES/$1
	shift
	cp -a "$TREES/odd" "$tree"
	while (($#)); do
		rm -rf "${tree:?}/$1"
		ln -s "$2" "$tree/$1"
		shift 2
	done
	image_sif "$tree" "$SHARED/$name.sif" -comp lz4
	rm -rf "$tree"
}

# --- the root ----------------------------------------------------------------

@test "the image is the root" {
	run in_image small cat /etc/os-release /usr/mark
	assert_status 0
	assert_contains 'PRETTY_NAME="Demonstration Linux 1.0"'
	assert_line 'only in the image'
	assert_same_inside cat /proc/sys/kernel/hostname
}

@test "the root is read-only, with EROFS" {
	for path in /file /etc/file /usr/bin/file /home/file /root/file; do
		run in_image small touch "$path"
		assert_failure
		assert_contains "Read-only file system"
	done
	run in_image small sh -c ': >/etc/passwd'
	assert_failure
	assert_contains "Read-only file system"
	run in_image small rm /usr/mark
	assert_failure
	assert_contains "Read-only file system"
}

@test "the root is nosuid and nodev, and all other mounts are nosuid" {
	run in_image small findmnt --raw --noheadings --output OPTIONS,FSTYPE /
	assert_status 0
	assert_matches '(^|,)ro,nosuid,nodev,[^ ]* fuse\.sif$'
	run in_image small findmnt --raw --noheadings --output TARGET,OPTIONS
	assert_status 0
	assert_contains "/proc "
	assert_contains "/tmp "
	for line in "${lines[@]}"; do
		[[ $line =~ [\ ,]nosuid(,|$) ]] ||
			assertion_failed "without nosuid: $line"
	done
}

@test "a device node in the image is shown but cannot be opened" {
	run in_image small stat -c '%F %t:%T' /usr/null
	assert_output "character special file 1:3"
	run in_image small sh -c ': </usr/null'
	assert_failure
	assert_contains "Permission denied"
}

@test "a setuid-root program in the image gains nothing" {
	run in_image small stat -c '%u %a' /usr/bin/show-ids
	assert_output "0 4755"
	run in_image small show-ids
	assert_output "2001 2001 2001"
}

@test "a setuid-root program of the host gains nothing, through any bind" {
	compile_show_ids "$SHARED/show-ids"
	chmod 4755 "$SHARED/show-ids"
	run as_alice srun /shared/show-ids
	assert_output "2001 0 0"
	run in_image small --chdir=/shared ./show-ids
	assert_output "2001 2001 2001"
	rm "$SHARED/show-ids"
}

@test "the host's root cannot be reached from inside" {
	as_root touch /only-on-the-host
	run in_image small sh -c 'ls -d /only-on-the-host /../only-on-the-host \
		/proc/self/root/only-on-the-host /proc/self/cwd/../../only-on-the-host'
	as_root rm /only-on-the-host
	assert_status 2
	refute_line /only-on-the-host
	run in_image small findmnt --raw --noheadings --output FSTYPE,TARGET
	refute_contains "overlay / "
}

# --- the host's files ----------------------------------------------------------

@test "the host's /tmp, /var/tmp, home and /dev/shm are visible inside" {
	for directory in /tmp /var/tmp /home/alice /dev/shm; do
		as_alice sh -c "echo from the host >$directory/from-host"
		run in_image small cat "$directory/from-host"
		assert_output "from the host"
		as_alice rm "$directory/from-host"
	done
}

@test "files written inside to /tmp, /var/tmp, home and /dev/shm are on the host" {
	for directory in /tmp /var/tmp /home/alice /dev/shm; do
		in_image small sh -c "echo from inside >$directory/from-inside"
		run as_alice cat "$directory/from-inside"
		assert_output "from inside"
		run as_root stat -c %u:%g "$directory/from-inside"
		assert_output 2001:2001
		as_alice rm "$directory/from-inside"
	done
}

@test "/proc, /sys and /dev are the host's" {
	assert_same_inside cat /proc/sys/kernel/random/boot_id
	assert_same_inside stat -c '%d %i' /proc/1 /sys/kernel /dev/null /dev/pts
	assert_same_inside readlink /proc/self/ns/pid
	run in_image small sh -c 'echo gone >/dev/null && head -c 4 /dev/zero | od -An -tx1'
	assert_output " 00 00 00 00"
}

@test "the working directory is kept, and relative names work in it" {
	as_alice mkdir -p /shared/deep/down
	run as_user alice srun --chdir=/shared/deep/down \
		--sif-image=/shared/small.sif sh -c 'pwd; echo here >file'
	assert_output /shared/deep/down
	assert_equal "$(<"$SHARED/deep/down/file")" here
	run "$CLUSTER_TOOL" exec "$CLUSTER" --chdir=/shared/deep -- \
		srun --sif-image=../small.sif cat down/file
	assert_status 0
	assert_output here
	rm -r "$SHARED/deep"
}

@test "a relative image path is resolved in the directory where srun is called" {
	run "$CLUSTER_TOOL" exec "$CLUSTER" --chdir=/shared -- \
		srun --sif-image=small.sif cat /usr/mark
	assert_status 0
	assert_output 'only in the image'
	run "$CLUSTER_TOOL" exec "$CLUSTER" --chdir=/shared -- \
		srun --chdir=/tmp --sif-image=./small.sif sh -c 'pwd; cat /usr/mark'
	assert_status 0
	assert_output $'/tmp\nonly in the image'
	run "$CLUSTER_TOOL" exec "$CLUSTER" --chdir=/tmp -- \
		srun --chdir=/shared --sif-image=./small.sif true
	assert_failure
	assert_contains "cannot open the image '/tmp/small.sif'"
}

@test "a working directory that is missing inside is reported, and '/' is used" {
	run in_image small --chdir=/usr/share pwd
	assert_status 0
	assert_line /
	assert_contains "spank_sif: node1: warning: cannot use the working directory '/usr/share'"
	assert_contains "starting in '/' instead"
	run in_image small -n4 --chdir=/usr/share pwd
	assert_line / 4
	assert_equal "$(grep -c "starting in '/' instead" <<<"$output")" 1
}

@test "the image may be in a directory that only its owner can search" {
	as_alice cp /shared/small.sif /home/alice/mine.sif
	run as_alice srun --sif-image=mine.sif cat /usr/mark
	assert_status 0
	assert_output 'only in the image'
	as_alice rm /home/alice/mine.sif
}

# --- images without mount points -----------------------------------------------

@test "missing /proc, /dev, /etc, /home and /tmp are created" {
	run in_image poor sh -c \
		'for d in /proc /sys /dev /tmp /var/tmp /home/alice; do
			findmnt --noheadings --output TARGET --mountpoint $d
		done; ls /; pwd; cat /etc/passwd'
	assert_status 0
	for directory in /proc /sys /dev /tmp /var/tmp /home/alice; do
		assert_line "$directory"
	done
	for name in dev etc home proc sys tmp usr var; do
		assert_line "$name"
	done
	assert_contains "alice:x:2001:2001"
}

@test "an image without /tmp gets the host's, writable" {
	in_image poor sh -c 'echo from inside >/tmp/poor'
	run as_alice cat /tmp/poor
	assert_output "from inside"
	as_alice rm /tmp/poor
	run in_image poor sh -c 'echo no >/home/other'
	assert_failure
	assert_contains "Read-only file system"
}

@test "an image with one static program runs it" {
	run in_image static /program argument
	assert_status 7
	assert_line "uid 2001, 2 arguments, /program"
	assert_line program
	assert_line proc
	refute_line bin
}

# --- symlinks in the image ---------------------------------------------------

@test "a dangling resolv.conf and localtime are replaced by the host's" {
	run in_image odd cat /etc/resolv.conf
	assert_status 0
	assert_output "search cluster.test"
	run in_image odd sh -c 'test ! -L /etc/localtime && cat </etc/localtime'
	assert_status 0
	assert_equal "$(as_alice sha256sum /etc/localtime)" \
		"$(in_image small sha256sum /etc/localtime)"
}

@test "/var/tmp as a symlink to /tmp shows the host's /tmp" {
	as_alice sh -c 'echo in tmp >/tmp/linked; echo in var >/var/tmp/linked'
	run in_image odd sh -c 'cat /tmp/linked; readlink /var/tmp'
	assert_output $'in tmp\n/tmp'
	as_alice rm /tmp/linked /var/tmp/linked
}

# The step may run or be refused, but it must end in time and must not change
# anything outside.
assert_harmless() { # NAME
	local before files
	before=$(settled_snapshot)
	files=$(host_files)
	run timeout "$(scaled 60)" "$CLUSTER_TOOL" exec "$CLUSTER" -- \
		srun --sif-image="/shared/$1.sif" sh -c \
		'cat /etc/passwd /etc/hosts >/dev/null
		cat /usr/mark'
	((status != 124)) || assertion_failed "it hangs"
	((status != 0)) || assert_line "in the odd image"
	[[ -n $output ]] || assertion_failed "it says nothing"
	assert_host_as_before "$before"
	assert_equal "$(host_files)" "$files"
	nodes_become_idle
}

@test "/etc -> /proc/self/root/etc touches nothing outside" {
	make_hostile_image etc-magic etc /proc/self/root/etc
	assert_harmless etc-magic
}

@test "/etc -> /proc/1/root/etc touches nothing outside" {
	make_hostile_image etc-init etc /proc/1/root/etc
	assert_harmless etc-init
}

@test "/etc -> /tmp and /etc -> the user's home touch nothing outside" {
	as_alice sh -c 'for f in passwd group hosts resolv.conf; do
		echo mine >/tmp/$f; echo mine >/home/alice/$f
	done'
	make_hostile_image etc-tmp etc /tmp
	assert_harmless etc-tmp
	make_hostile_image etc-home etc /home/alice
	assert_harmless etc-home
	run as_alice sh -c 'cat /tmp/passwd /tmp/hosts /home/alice/passwd'
	assert_output $'mine\nmine\nmine'
	as_alice sh -c 'rm /tmp/passwd /tmp/group /tmp/hosts /tmp/resolv.conf
		rm passwd group hosts resolv.conf'
}

@test "/tmp -> ../../../.. touches nothing outside" {
	make_hostile_image tmp-up tmp ../../../..
	assert_harmless tmp-up
	assert_contains "leads to its root: nothing can be bound there"
}

@test "/tmp -> /etc and /proc -> /tmp touch nothing outside" {
	make_hostile_image tmp-etc tmp /etc
	assert_harmless tmp-etc
	make_hostile_image proc-tmp proc /tmp
	assert_harmless proc-tmp
}

@test "a loop of /home and /nonexistent touches nothing outside" {
	make_hostile_image home-loop home /nonexistent nonexistent /home
	assert_harmless home-loop
}

@test "etc/passwd -> /dev/shm/x, etc/hosts -> /proc/self/fd/0 touch nothing outside" {
	make_hostile_image files etc/passwd /dev/shm/x etc/hosts /proc/self/fd/0 \
		etc/group ../../../../../etc/group
	assert_harmless files
	run as_alice ls /dev/shm
	assert_output ""
}

@test "etc/passwd as a device, a FIFO or a directory does not hang the step" {
	cp -a "$TREES/odd" "$TREES/special"
	rm "$TREES"/special/etc/{passwd,group,hosts}
	mkfifo "$TREES/special/etc/passwd"
	mknod "$TREES/special/etc/group" c 1 5
	mkdir "$TREES/special/etc/hosts"
	image_sif "$TREES/special" "$SHARED/special.sif" -comp lz4
	assert_harmless special
}

# --- names -------------------------------------------------------------------

@test "the user and their groups have names inside" {
	run in_image small whoami
	assert_output alice
	run in_image small id -un
	assert_output alice
	run in_image small id -gn
	assert_output alice
	run in_image small id -Gn
	assert_output "alice project gpu lab-1"
	run in_image small getent passwd alice
	assert_output "alice:x:2001:2001:Alice:/home/alice:/bin/bash"
}

@test "users and groups of the image have names inside" {
	run in_image small getent passwd imageuser
	assert_output "imageuser:x:4711:4711:In the image:/:/bin/sh"
	run in_image small getent group imagegroup
	assert_output "imagegroup:x:4711:"
	run in_image small stat -c %U:%G /usr/mark
	assert_output root:root
}

@test "host names are resolved as on the node" {
	run in_image small getent hosts node2
	assert_status 0
	assert_contains 10.0.0.2
	run in_image small cat /etc/resolv.conf
	assert_output "search cluster.test"
}

@test "passwd and group are read-only, and so are their mounts" {
	run in_image small sh -c 'echo evil::0:0::/:/bin/sh >>/etc/passwd'
	assert_failure
	run in_image small sh -c 'stat -c "%u %a" /etc/passwd; test -w /etc/group'
	assert_failure
}

# --- the process -------------------------------------------------------------

@test "uid, gid and supplementary groups are the same" {
	assert_same_inside id
	assert_same_inside grep -E '^(Uid|Gid|Groups)' /proc/self/status
}

@test "umask, limits and niceness are the same" {
	assert_same_inside sh -c 'umask'
	assert_same_inside cat /proc/self/limits
	run as_alice sh -c 'umask 027; ulimit -n 700; ulimit -t 1000; ulimit -c 0; cd /tmp
		srun --sif-image=/shared/small.sif sh -c \
			"umask; ulimit -n; ulimit -t; ulimit -c"'
	assert_output $'0027\n700\n1000\n0'
	assert_same_inside nice
}

# df and findmnt show it.
@test "the image's mount has the image's path as its source, in printable characters" {
	local odd=$'a b\n\033c.sif' long
	[[ ${SPANK_SIF_ARGS-} != *host* ]] || skip "a keeper mounts it"
	long=$(printf '%0251d' 0).sif
	run in_image small cat /proc/self/mountinfo
	assert_matches ' / / [^-]* - fuse\.sif /shared/small\.sif '
	cp "$SHARED/small.sif" "$SHARED/$odd"
	run as_alice srun --sif-image="/shared/$odd" cat /proc/self/mountinfo
	assert_contains ' - fuse.sif /shared/a\040b\134012\134033c.sif '
	mv "$SHARED/$odd" "$SHARED/$long"
	run as_alice srun --sif-image="/shared/$long" cat /proc/self/mountinfo
	assert_contains " - fuse.sif $long "
	rm "$SHARED/$long"
}

# The limit does not apply to files that the plugin writes in memory.
@test "a user with a file size limit of 0 gets a container with the same limit" {
	run as_alice sh -c 'cd /; ulimit -f 0; exec srun --sif-image=/shared/small.sif \
		-n2 sh -c "ulimit -f; id -un; cat /proc/self/status"'
	assert_status 0
	assert_line 0 2
	assert_line alice 2
	refute_contains "SigIgn:	0000000001"
}

@test "signal masks and ignored signals are the same" {
	assert_same_inside grep -E '^(SigBlk|SigIgn|SigCgt)' /proc/self/status
}

@test "no capability is left, and none can be regained" {
	run in_image small grep -E '^(Cap(Inh|Prm|Eff|Amb)|NoNewPrivs)' /proc/self/status
	assert_output "CapInh:	0000000000000000
CapPrm:	0000000000000000
CapEff:	0000000000000000
CapAmb:	0000000000000000
NoNewPrivs:	1"
}

@test "the bounding set is no larger than without the option" {
	assert_same_inside grep ^CapBnd /proc/self/status
}

@test "descriptors are exactly 0, 1 and 2" {
	# The shell has one more open while it expands the pattern.
	run in_image small -n3 sh -c 'ls /proc/$$/fd'
	assert_line 0 3
	assert_line 1 3
	assert_line 2 3
	assert_equal "${#lines[@]}" 9
}

@test "root on the host cannot look into the container" {
	start_step --chdir=/shared --sif-image=/shared/small.sif sh -c \
		'echo $$ >pid; exec sleep 60'
	wait_for_lines "$SHARED/pid"
	pid=$(<"$SHARED/pid")
	rm "$SHARED/pid"
	run as_root ls "/proc/$pid/root/"
	assert_failure
	assert_contains "Permission denied"
}

@test "another user can neither see nor enter the container" {
	start_step --chdir=/shared --sif-image=/shared/small.sif sh -c \
		'echo $$ >pid; exec sleep 60'
	wait_for_lines "$SHARED/pid"
	pid=$(<"$SHARED/pid")
	rm "$SHARED/pid"
	run as_bob ls "/proc/$pid/root/"
	assert_failure
	assert_contains "Permission denied"
	run as_bob cat "/proc/$pid/root/usr/mark"
	assert_failure
	run as_bob nsenter --target "$pid" --mount true
	assert_failure
	run as_alice ls "/proc/$pid/root/usr/mark"
	assert_status 0
}

@test "another user can use an image only if they can read it" {
	run as_bob srun --sif-image=/shared/small.sif sh -c 'whoami; cat /usr/mark; pwd'
	assert_status 0
	assert_output $'bob\nonly in the image\n/home/bob'
	as_alice cp /shared/small.sif /shared/alice.sif
	as_alice chmod 0600 /shared/alice.sif
	run in_image alice true
	assert_status 0
	run as_bob srun --sif-image=/shared/alice.sif true
	assert_failure
	assert_contains "cannot open the image '/shared/alice.sif'"
	assert_contains "Permission denied"
	rm "$SHARED/alice.sif"
}

@test "root's own job runs in the image as root, without capabilities" {
	run as_root srun --chdir=/tmp --sif-image=/shared/small.sif sh -c '
		id -u; cat /usr/mark; pwd; grep CapEff /proc/self/status
		touch /usr/file; true'
	assert_status 0
	assert_line 0
	assert_line "only in the image"
	assert_line /tmp
	assert_line "CapEff:	0000000000000000"
	assert_contains "touch: cannot touch '/usr/file': Read-only file system"
	assert_equal "${#lines[@]}" 5
}

@test "a home that is a symlink has the same path inside" {
	as_root sh -c 'mv /home/bob /home/real && ln -s /home/real /home/bob'
	as_bob sh -c 'echo mine >/home/bob/file'
	run as_bob srun --sif-image=/shared/small.sif sh -c \
		'cat /usr/mark ~/file /home/bob/file; echo new >~/new; echo $HOME'
	as_root sh -c 'rm /home/bob && mv /home/real /home/bob'
	assert_output $'only in the image\nmine\nmine\n/home/bob'
	run as_bob cat new
	assert_output new
	as_bob rm file new
}

@test "a user without a passwd entry is treated as without the option" {
	nobody() {
		as_root setpriv --reuid=4242 --regid=4242 --clear-groups \
			srun --quiet --chdir=/tmp "$@" id -u
	}
	run nobody
	without=$status
	without_words=$(sed 's/job [0-9]*/job N/' <<<"$output")
	run nobody --sif-image=/shared/small.sif
	assert_status "$without"
	assert_equal "$(sed 's/job [0-9]*/job N/' <<<"$output")" "$without_words"
	refute_contains spank_sif
	nodes_become_idle
}

@test "a supplementary group is sufficient to read the image" {
	as_root cp /shared/small.sif /shared/group.sif
	as_root chown root:gpu /shared/group.sif
	as_root chmod 0640 /shared/group.sif
	run in_image group cat /usr/mark
	assert_output "only in the image"
	run as_bob srun --sif-image=/shared/group.sif cat /usr/mark
	assert_failure
	rm "$SHARED/group.sif"
}

# --- tasks, nodes, kinds of images -------------------------------------------

@test "32 tasks share a namespace and a server; another step has its own" {
	start_step -N1 -w node1 -n32 --overcommit --chdir=/shared \
		--sif-image=/shared/small.sif sh -c \
		'readlink /proc/self/ns/mnt >>namespaces
		until test -e go; do sleep 0.1; done'
	wait_for_lines "$SHARED/namespaces" 32
	run server_pids
	assert_equal "${#lines[@]}" 1
	run sort -u "$SHARED/namespaces"
	assert_equal "${#lines[@]}" 1
	first=$output
	run in_image small -w node2 readlink /proc/self/ns/mnt
	assert_status 0
	[[ $output != "$first" ]]
	touch "$SHARED/go"
	wait_step
	assert_status 0
	rm "$SHARED/go" "$SHARED/namespaces"
}

@test "32 tasks all run and all read" {
	run in_image small -N1 -n32 --overcommit sh -c \
		'cat /usr/mark; sha256sum /usr/bin/bash'
	assert_status 0
	assert_line "only in the image" 32
	assert_equal "$(sort -u <<<"$output" | wc -l)" 2
}

@test "a step runs two tasks on each of two nodes" {
	run in_image small -N2 --ntasks-per-node=2 sh -c \
		'echo "$(hostname) $(cat /usr/mark)"; readlink /proc/self/ns/mnt
		echo >>~/there
		until [ $(wc -l <~/there) = 4 ]; do sleep 0.05; done'
	as_alice rm there
	assert_status 0
	assert_line "node1 only in the image" 2
	assert_line "node2 only in the image" 2
	assert_equal "$(grep ^mnt: <<<"$output" | sort -u | wc -l)" 2
}

@test "a bare squashfs file is an image" {
	run as_alice srun --sif-image=/shared/bare.squashfs cat /usr/mark
	assert_status 0
	assert_output "only in the image"
}

@test "gzip, xz, lz4, zstd and lzo work; lzma gets a message" {
	not_emulated "the decompressors are the same on every kernel"
	for method in gzip xz lz4 zstd lzo; do
		image_sif "$TREES/small" "$SHARED/method.sif" -comp "$method" \
			-processors 2
		run in_image method sh -c \
			'cat /usr/mark; sha256sum </usr/bin/bash'
		assert_status 0
		assert_line "only in the image"
		assert_line "$(sha256sum <"$TREES/small/usr/bin/bash")"
	done
	image_sif "$TREES/static" "$SHARED/method.sif" -comp lzma
	run in_image method /program
	[[ $status == 7 || $output == *"compressed with lzma"* ]]
	rm "$SHARED/method.sif"
}

@test "a SIF with other objects before the partition is an image" {
	echo '{}' >"$BATS_TEST_TMPDIR/object"
	image_squashfs "$TREES/small" "$BATS_TEST_TMPDIR/squashfs" -comp lz4
	siftool new "$SHARED/objects.sif"
	for type in 1 2 3 6 7; do
		siftool add --datatype "$type" "$SHARED/objects.sif" \
			"$BATS_TEST_TMPDIR/object"
	done
	siftool add --datatype 4 --parttype 3 --partfs 1 --partarch 2 \
		"$SHARED/objects.sif" "$BATS_TEST_TMPDIR/object"
	siftool add --datatype 4 --parttype 2 --partfs 1 \
		--partarch "$(image_sif_arch)" \
		"$SHARED/objects.sif" "$BATS_TEST_TMPDIR/squashfs"
	siftool add --datatype 7 "$SHARED/objects.sif" "$BATS_TEST_TMPDIR/object"
	run in_image objects cat /usr/mark
	assert_status 0
	assert_output "only in the image"
}

@test "files can be sparse, over 4 GiB, many, linked, and have odd names" {
	tree=$TREES/files
	image_tree "$tree" sh cat ls stat tail head wc
	truncate -s 4G "$tree/big"
	printf end | dd of="$tree/big" bs=1 seek=4G conv=notrunc status=none
	mkdir "$tree/many"
	(cd "$tree/many" && seq 1 3000 | xargs touch)
	echo linked >"$tree/one"
	ln "$tree/one" "$tree/two"
	ln -s one "$tree/three"
	echo odd >"$tree/"$'new\nline \xff'
	image_sif "$tree" "$SHARED/files.sif" -comp lz4
	rm -rf "$tree"
	run in_image files sh -c 'stat -c %s /big; tail -c 3 /big
		echo; ls /many | wc -l; stat -c %h /two; cat /three /new*'
	assert_status 0
	assert_output $'4294967299\nend\n3000\n2\nlinked\nodd'
}

# --- a private /tmp per job ----------------------------------------------------

@test "with job_container/tmpfs the job's private /tmp is visible" {
	start_other_with_private_tmp ""
	run on_other sh -c '
		echo host >/tmp/file
		echo "srun sh -c \"ls /tmp; echo job >/tmp/file\"
			srun --sif-image=/shared/small.sif sh -c \
				\"cat /tmp/file /usr/mark; echo inside >/tmp/file\"
			srun cat /tmp/file" >script
		salloc --quiet sh script
		cat /tmp/file'
	assert_status 0
	assert_output $'job\nonly in the image\ninside\nhost'
}
