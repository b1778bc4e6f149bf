#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# ext2, ext3 and ext4 without Slurm: what the image server shows of them is what the
# kernel shows, whether mke2fs has written them or the kernel.
#
# shellcheck disable=SC2016

load ../lib/common
load ../lib/assert

setup_file() {
	[[ -x ${SERVE_IMAGE-} ]] || return 0
	export TREE=$BATS_FILE_TMPDIR/tree
	make_tree "$TREE"
}

setup() {
	[[ -x ${SERVE_IMAGE-} ]] || skip "SERVE_IMAGE is not set"
	type -P mke2fs debugfs >/dev/null || skip "no e2fsprogs"
	cd "$BATS_TEST_TMPDIR" || return
}

make_tree() { # DIR
	mkdir -p "$1"/{empty-directory,many,deep/er/still}
	cd "$1" || return
	: >empty
	echo hello >small
	seq 100000 >large
	head -c 1000000 /dev/urandom >incompressible
	for i in 59 60 61 100 160 200; do head -c "$i" /dev/urandom >"bytes-$i"; done
	truncate -s 5G sparse
	echo end >>sparse
	truncate -s 1M hole
	ln small hard-link
	ln -s small symlink
	ln -s "$(printf '%059d' 0)" link-59
	ln -s "$(printf '%060d' 0)" link-60
	ln -s "$(printf '%01000d' 0)" link-1000
	mknod character c 1 3
	mknod block b 259 1048575
	mknod whiteout c 0 0
	mkfifo fifo
	seq -f 'entry-%g' 2000 | (cd many && xargs touch)
	echo here >deep/er/still/file
	chmod 4755 small
	chmod 0 deep/er/still/file
	chown 100000:4000000000 large
	touch -d '2001-02-03 04:05:06.123456789' deep
}

pack() { # IMAGE SIZE OPTION...
	local image=$1 size=$2
	shift 2
	mke2fs -q -F -d "$TREE" "$@" "$image" "$size" >/dev/null 2>&1
}

serve() {
	"$SERVE_IMAGE" -m "$@"
}

# Everything that stat(2) tells but access times, which the kernel changes.
LIST='
	find . -printf "%p %y %m %n %U %G %s %b %i %T@ %C@ %l\n" | sort
	find . -type c -o -type b | sort | xargs -r stat -c "%n %t:%T"
	find . -type f -size -1G -print0 | sort -z | xargs -0 sha256sum
	find . -type f -size +1G -exec tail -c 100000 {} \; | sha256sum'

# In a mount namespace that ends with the command, and unmounts.
on_kernel_mount() { # OPTIONS IMAGE COMMAND
	unshare -m sh -ec 'mkdir -p mnt
		mount -o "loop,$0" "$1" mnt
		cd mnt && eval "$2"' "$@"
}

need_kernel_mount() { # IMAGE
	on_kernel_mount ro "$1" true 2>/dev/null ||
		skip "this machine cannot mount ext images"
}

assert_served() { # IMAGE
	on_kernel_mount ro,noatime "$1" "$LIST" >expected
	serve "$1" sh -c "$LIST" >served
	(($(wc -l <expected) > 20))
	diff expected served >&2
}

@test "what mke2fs writes is served as the kernel mounts it" {
	local options
	pack probe 64M -t ext2
	need_kernel_mount probe
	while read -r options; do
		echo "$options"
		# shellcheck disable=SC2086
		pack image 96M $options
		assert_served image
	done <<-'END'
	-t ext2 -b 1024
	-t ext3 -b 2048
	-t ext3 -b 4096 -I 128
	-t ext4 -b 1024
	-t ext4 -b 4096 -O ^64bit,^metadata_csum
	-t ext4 -O inline_data -I 512
	-t ext4 -O bigalloc -b 1024 -C 16384
	-t ext4 -O meta_bg,^resize_inode,sparse_super2 -b 1024 -g 1024
	END
}

# debugfs reads with libext2fs.
@test "debugfs reads the same files" {
	pack image 96M -t ext3 -b 1024
	# It would write all of the zeros.
	debugfs -w -R 'rm sparse' image 2>/dev/null
	mkdir out
	debugfs -R 'rdump / out' image >/dev/null 2>&1
	LIST='find . -printf "%p %y %s %l\n" | sort
		find . -type f -size -1G -print0 | sort -z | xargs -0 sha256sum'
	# It does not restore devices and pipes.
	(cd out && sh -c "$LIST") | grep -v ' [dpcb] ' >expected
	serve image sh -c "$LIST" | grep -v ' [dpcb] ' >served
	(($(wc -l <expected) > 2000))
	diff expected served >&2
}

# An index of two levels, a tree of extents two levels deep, extents without data, a
# file that ends behind 4 GiB, deleted files, and what an overlay leaves behind.
WRITE='
	mkdir big upper work
	seq -f "a-name-that-is-a-little-longer-%07g" "$ENTRIES" | (cd big && xargs touch)
	rm big/*000
	python3 - <<-END
		import os
		with open("fragments", "wb") as file:
		    for i in range(0, 6000, 2):
		        file.seek(i * 4096)
		        file.write(bytes([i % 251]) * 4096)
		with open("indirect", "wb") as file:
		    for power in range(10, 29):
		        file.seek(1 << power)
		        file.write(b"here")
		for i in range(8):
		    os.setxattr("upper", "user.attribute-%d" % i, b"v" * 40)
	END
	truncate -s 5G large
	echo end >>large
	fallocate -l 1M reserved 2>/dev/null || true
	dd if=/dev/urandom of=punched bs=64K count=16 status=none
	fallocate -p -o 100000 -l 300000 punched 2>/dev/null || true
	mkdir -p lower/directory/sub lower/replaced
	touch lower/file lower/directory/sub/file lower/replaced/old
	mkdir merged
	mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay merged
	rm merged/file
	rm -r merged/replaced
	mkdir merged/replaced
	touch merged/replaced/new
	chmod 0700 merged/directory/sub/file
	umount merged'

@test "what the kernel writes is served as it mounts it" {
	local options
	while read -r options; do
		echo "$options"
		# shellcheck disable=SC2086
		mke2fs -q -F $options image 400M
		need_kernel_mount image
		ENTRIES=10000 on_kernel_mount rw image "$WRITE"
		assert_served image
	done <<-'END'
	-t ext2 -b 1024
	-t ext3 -b 4096
	-t ext4 -b 1024
	-t ext4 -b 4096 -O inline_data
	END
	grep -q 'upper/file c' served
}

@test "each of 100000 entries is listed once and found by name" {
	mke2fs -q -F -t ext4 -N 120000 image 400M
	need_kernel_mount image
	on_kernel_mount rw image 'mkdir many
		seq -f "entry-%g" 100000 | (cd many && xargs touch)'
	run serve image sh -c 'ls -f many | sort -u | wc -l
		cd many && seq -f "entry-%g" 1 97 100000 | xargs stat -c %i | sort -u | wc -l
		ls entry-0 entry-100001 2>&1 | grep -c "No such file"'
	assert_output $'100002\n1031\n2'
}

# A copy of a mounted file system is one that was not unmounted.
@test "an image in use is refused until e2fsck has repaired it" {
	mke2fs -q -F -t ext3 image 16M
	need_kernel_mount image
	on_kernel_mount rw image 'echo hello >file; sync; cp --sparse=always ../image ../copy'
	run serve copy true
	assert_status 98
	assert_contains "run 'e2fsck -f' on it"
	e2fsck -f -y copy >/dev/null 2>&1 || true
	run serve copy cat file
	assert_output hello
	run serve image cat file
	assert_output hello
}

@test "64 programs read one image at once" {
	pack image 96M -t ext3
	run serve image sh -c '
		seq 64 | xargs -P 64 -I{} sha256sum incompressible large small | sort -u | wc -l'
	assert_output 3
}

@test "contiguous data is spliced" {
	pack image 96M -t ext4 -b 4096
	cat image >/dev/null
	strace -f -qq -e trace=splice,preadv2 -o log \
		"$SERVE_IMAGE" -m image sha256sum incompressible >served
	(cd "$TREE" && sha256sum incompressible) | diff - served
	grep -q 'preadv2.*EOPNOTSUPP' log &&
		skip "no RWF_NOWAIT on this file system: it cannot be spliced"
	run grep -cE 'splice.* = [0-9]{5,}$' log
	((output > 4))
}

# The same bytes for the same seed, so that a failure can be repeated.
print_nonsense() { # SEED
	local i byte bytes=
	RANDOM=$1
	for ((i = 0; i < 300; i++)); do
		printf -v byte '\\x%02x' $((RANDOM % 256))
		bytes+=$byte
	done
	printf '%b' "$bytes"
}

@test "a damaged image gives errors and no crash" {
	local at
	pack image 16M -t ext2 -b 1024 -N 2200
	for at in $(seq 1 20); do
		echo "seed $at"
		cp --sparse=always image damaged
		# Behind the superblock and the descriptors.
		print_nonsense "$at" | dd of=damaged bs=1 \
			seek=$((4096 + (at * 7919 % 700) * 1024)) conv=notrunc status=none
		run serve damaged sh -c 'find . -type f -size -1G | xargs cat >/dev/null'
		((status != 99)) || return 1
	done
}
