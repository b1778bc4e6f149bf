#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# Several file systems as one tree, without Slurm: what the image server shows of
# layers is what the kernel's overlayfs shows of the same layers.  `serve` runs a
# command in the root of the stack.
#
# The tests with the tag "reader" run with both readers of squashfs.
#
# shellcheck disable=SC2016

load ../lib/common
load ../lib/assert

# Of names that layers hide and replace; more than fit one block of metadata.
MANY=5000

setup_file() {
	[[ -x ${SERVE_IMAGE-} ]] || return 0
	export LAYERS=$BATS_FILE_TMPDIR
	local layer
	for layer in 0 1 2 3; do
		mkdir -p "$LAYERS/$layer.tree"
		(cd "$LAYERS/$layer.tree" && "make_layer_$layer")
	done
	# Of different block sizes and compressions.
	pack 0 -b 128K
	pack 1 -b 1M -comp zstd -pf "$LAYERS/pseudo"
	pack 2 -b 4K
	pack 3
	mkdir -p "$LAYERS"/kernel/{0,1,2,3,merged}
}

setup() {
	[[ -x ${SERVE_IMAGE-} ]] || skip "SERVE_IMAGE is not set"
}

whiteout() { # PATH...
	local path
	for path; do
		mknod "$path" c 0 0
	done
}

opaque() { # DIRECTORY...
	setfattr -n trusted.overlay.opaque -v y "$@"
}

make_many() { # DIRECTORY FIRST LAST
	mkdir -p "$1"
	seq -f "entry-%06g-and-so-on" "$2" "$3" | (cd "$1" && xargs touch)
}

make_layer_0() {
	mkdir -p etc usr/{bin,lib/deep/er/still} home empty only-0/sub/below
	echo 0 | tee etc/passwd etc/group etc/0 usr/bin/{a,b,c} >only-0/sub/file
	echo 0 >usr/lib/deep/er/still/0
	seq 200000 >large
	ln large usr/linked-0
	# What layers above make of these.
	mkdir -p to-file/sub there-and-back/0 gone/{sub,other} opaque/{old,sub} \
		opaque-twice/0/sub whole hidden-parent/inside to-link
	touch to-directory {gone,opaque,opaque-twice,whole,to-link}/0 gone/sub/0 \
		opaque/{old,sub}/0 opaque-twice/0/sub/0 there-and-back/0/0 \
		hidden-parent/inside/0 back-again
	ln -s usr/bin link-to-directory
	ln -s etc/passwd link-to-file
	ln -s nowhere link-to-nothing
	make_many many 1 "$MANY"
	make_many replaced 1 "$MANY"
	mknod null c 1 3
	mkfifo fifo
}

make_layer_1() {
	mkdir -p etc usr/{bin,lib/deep/er/still,lib/1} only-1 opaque/sub \
		opaque-twice/0 back-again/1 whole hidden-parent
	echo 1 | tee etc/1 etc/group usr/bin/{b,d} only-1/file opaque/1 \
		usr/lib/deep/er/1 >opaque/sub/1
	touch opaque-twice/1 opaque-twice/0/1 there-and-back to-file back-again/1/1
	whiteout etc/0 usr/bin/a gone usr/lib/deep/er/nothing-below \
		hidden-parent/inside
	opaque opaque opaque-twice
	mkdir to-directory && touch to-directory/1
	rm -f to-link && ln -s usr/bin to-link
	# The other way round.
	mkdir link-to-directory && touch link-to-directory/1
	ln usr/bin/d usr/linked-1
	make_many replaced 1 "$((MANY / 2))"
	# Each third is hidden: pack 1.
	mkdir many
	seq -f 'many/entry-%06g-and-so-on c 0 0 0 0 0' 1 3 "$MANY" >../pseudo
}

make_layer_2() {
	mkdir -p etc usr/{bin,lib/2} opaque-twice/2 there-and-back/2 gone/2 \
		hidden-parent/inside
	echo 2 | tee etc/{2,group} usr/bin/{a,c} >usr/lib/2/file
	touch opaque-twice/2/2 there-and-back/2/2 gone/2/2 hidden-parent/inside/2
	opaque opaque-twice
	# A whiteout over one, and over a file of the layer between.
	whiteout etc/0 etc/1 usr/linked-1
	whiteout back-again
	make_many many "$((MANY - 10))" "$((MANY + 10))"
}

make_layer_3() {
	mkdir -p usr/{bin,lib/deep/er/still} only-3/a/b/c whole opaque/sub/3 back-again/3 \
		to-directory gone/2
	echo 3 | tee usr/lib/deep/er/still/3 only-3/a/b/c/d >opaque/sub/3/file
	touch back-again/3/3 to-directory/3 gone/2/3
	whiteout whole/0 usr/bin/d
	# Only files may differ in whether they are in user or trusted.
	mkdir -p usr/lib/1 && touch usr/lib/1/3
	chmod 0700 only-3
	chown 12:34 usr/lib/1/3
	touch -d 2001-02-03 only-3/a
	ln -s ../../only-0/sub/file only-3/across
	setfattr -n user.overlay.other -v y only-3
}

pack() { # LAYER [OPTION...]
	local layer=$1
	shift
	mksquashfs "$LAYERS/$layer.tree" "$LAYERS/$layer" -noappend -no-progress \
		-quiet -xattrs "$@" >/dev/null
}

serve() { # [OPTION...] CMD...: in the stack of all layers
	local options=()
	while [[ $1 == -* ]]; do
		options+=("$1")
		shift
	done
	"$SERVE_IMAGE" "${options[@]}" -l "$LAYERS/1" -l "$LAYERS/2" \
		-l "$LAYERS/3" "$LAYERS/0" "$@"
}

# In a mount namespace of its own.
kernel() { # CMD...: in the kernel's overlay of all layers
	unshare --mount sh -euc '
		cd "$LAYERS/kernel"
		for layer in 0 1 2 3; do
			mount -t squashfs -o loop,ro "../$layer" "$layer"
		done
		mount -t overlay -o ro,lowerdir=3:2:1:0 overlay merged
		cd merged
		exec "$@"' - "$@"
}

# The size of a directory and the number of its links differ between file systems.
# The kernel shows whiteouts in directories that are not merged, as names only.
LIST='
	export LC_ALL=C
	find . ! -name "entry-*" 2>/dev/null | sort | while read -r name; do
		[ -e "$name" ] || [ -L "$name" ] || continue
		if [ -d "$name" ] && [ ! -L "$name" ]; then
			stat -c "%n %F %a %u %g %Y" "$name"
		else
			stat -c "%N %F %a %u %g %Y %h %s %t %T" "$name"
		fi
	done
	find . -name "entry-*" -printf "%p %m %U %G %Ts %n %s\n" | sort
	find . -type f ! -name "entry-*" -print0 | sort -z | xargs -0 sha256sum'

# bats test_tags=reader
@test "a stack shows what the kernel's overlayfs shows" {
	kernel sh -c "$LIST" >"$BATS_TEST_TMPDIR/expected"
	serve sh -c "$LIST" >"$BATS_TEST_TMPDIR/served"
	diff "$BATS_TEST_TMPDIR/expected" "$BATS_TEST_TMPDIR/served" >&2
	# Neither shows nothing.
	(($(wc -l <"$BATS_TEST_TMPDIR/served") > MANY))
}

# tests/fuzz/stacks says what they are made of; HACKING.md, how to try more of them.
# bats test_tags=reader
@test "random stacks show what the kernel's overlayfs shows" {
	TMPDIR=$BATS_TEST_TMPDIR run "$TESTS_LIB/../fuzz/stacks" --count=3 \
		--names=300 "$SERVE_IMAGE" 1
	assert_status 0
	# Each of them was compared.
	assert_equal "$(grep -c '^ok - seed [0-9]*: [1-9][0-9]* nodes' <<<"$output")" 3
}

# What a server has told the kernel about merged directories, its replacement knows:
# the look-ups are over, and readdir goes on in the middle.
# bats test_tags=reader
@test "servers that are killed are replaced while merged directories are read" {
	kernel_is 6.9 || skip "Linux $(uname -r) cannot send requests again"
	serve sh -c "$LIST" >"$BATS_TEST_TMPDIR/expected"
	serve -s -p sh -uc '
		guard=$(pgrep -P $PPID -x spank-sif-guard)
		(for i in 1 2 3 4 5 6 7 8; do
			server=$(pgrep -P $guard)
			kill -9 $server
			until next=$(pgrep -P $guard) && [ $next != $server ]; do
				[ -d /proc/$guard ] || exit 1
			done
			echo $i >"$1"
			sleep 0.0$i
		done) &
		for i in 1 2 3; do
			sh -c "$0" >"$2"
			diff "$3" "$2" >&2 || exit 1
			echo 2 >/proc/sys/vm/drop_caches
		done
		wait' "$LIST" "$BATS_TEST_TMPDIR/kills" "$BATS_TEST_TMPDIR/served" \
		"$BATS_TEST_TMPDIR/expected"
	assert_equal "$(cat "$BATS_TEST_TMPDIR/kills")" 8
}

@test "whiteouts of fuse-overlayfs hide and are not shown" {
	local layer=$BATS_TEST_TMPDIR/layer
	mkdir -p "$layer".tree/{etc,opaque}
	touch "$layer".tree/{.wh.large,etc/.wh.group,opaque/.wh..wh..opq,opaque/new}
	mksquashfs "$layer.tree" "$layer" -noappend -no-progress -quiet >/dev/null
	run "$SERVE_IMAGE" -l "$layer" "$LAYERS/0" sh -c '
		find . -name ".wh.*"; ls etc opaque; ls large etc/group'
	assert_contains "cannot access 'large'"
	assert_contains "cannot access 'etc/group'"
	assert_line "passwd"
	assert_line "new"
	refute_line "old"
	refute_contains ".wh."
}

@test "all layers together keep within one memory limit" {
	local i options=()
	mkdir "$BATS_TEST_TMPDIR/tree"
	for i in 1 2 3 4 5 6 7 8; do
		seq "$i" 2000000 >"$BATS_TEST_TMPDIR/tree/$i"
		mksquashfs "$BATS_TEST_TMPDIR/tree" "$BATS_TEST_TMPDIR/$i" \
			-noappend -no-progress -quiet >/dev/null
		rm "$BATS_TEST_TMPDIR/tree/$i"
		((i == 8)) || options+=(-l "$BATS_TEST_TMPDIR/$i")
	done
	run "$SERVE_IMAGE" -c 16 -p "${options[@]}" "$BATS_TEST_TMPDIR/8" sh -c '
		cat * | wc -c
		sed -n "s/^VmHWM:[[:space:]]*\([0-9]*\) kB/peak \1/p" \
			/proc/$(pgrep -P $PPID -o)/status'
	assert_status 0
	assert_contains "peak "
	((${output##*peak } < 30000))
}
