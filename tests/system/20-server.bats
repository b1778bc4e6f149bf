#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# The image server without Slurm: it serves exactly what was packed into the image,
# and reports damage as an error without crashing.  `serve` runs a command in the
# image's root; serve-image.c lists the exit statuses.
#
# The tests with the tag "reader" run twice: with the builtin reader of squashfs and
# with the one on libsquashfuse, as SERVE_IMAGE says.  COMPARE_READERS compares the
# two directly, on every image that assert_served gets.
#
# shellcheck disable=SC2016

load ../lib/common
load ../lib/assert

setup_file() {
	[[ -x ${SERVE_IMAGE-} ]] || return 0
	export TREE=$BATS_FILE_TMPDIR/tree IMAGE=$BATS_FILE_TMPDIR/image.sqfs
	make_tree "$TREE"
	pack "$TREE" "$IMAGE"
}

setup() {
	[[ -x ${SERVE_IMAGE-} ]] || skip "SERVE_IMAGE is not set"
}

make_tree() { # DIR
	mkdir -p "$1"/{empty-directory,many,deep/er/still}
	cd "$1" || return
	: >empty
	echo hello >small
	seq 300000 >large
	cp large same-large
	{ cat large; echo tail; } >large-with-tail
	head -c 3000000 /dev/urandom >incompressible
	head -c 131072 large >one-block
	truncate -s 5G sparse
	echo end >>sparse
	ln small hard-link
	ln -s small symlink
	ln -s "$(printf '%01000d' 0)" long-symlink
	mknod character c 1 3
	mknod block b 259 1048575
	mkfifo fifo
	seq -f 'entry-%g' 10000 | (cd many && xargs touch)
	echo here >deep/er/still/file
	chmod 4755 small
	chmod 0 deep/er/still/file
	chown 1234:5678 large
	touch -d 2001-02-03 deep
}

pack() { # TREE OUT [OPTION...]
	local tree=$1 out=$2
	shift 2
	mksquashfs "$tree" "$out" -noappend -no-progress -quiet "$@" >/dev/null
}

serve() {
	"$SERVE_IMAGE" "$@"
}

# Sizes and link counts of directories differ between file systems.
LIST='
	find . -mindepth 1 -type d -printf "%p %y %m %U %G %Ts\n" | sort
	find . ! -type d -printf "%p %y %m %n %U %G %s %l %Ts\n" | sort
	find . -type f -size -1G -print0 | sort -z | xargs -0 sha256sum'

assert_served() { # TREE IMAGE
	(cd "$1" && sh -c "$LIST") >"$BATS_TEST_TMPDIR/expected"
	serve "$2" sh -c "$LIST" >"$BATS_TEST_TMPDIR/served"
	diff "$BATS_TEST_TMPDIR/expected" "$BATS_TEST_TMPDIR/served" >&2
	[[ ! -x ${COMPARE_READERS-} ]] || "$COMPARE_READERS" "$2"
}

poke() { # IMAGE OFFSET BYTES (as of printf)
	# shellcheck disable=SC2059
	printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# bats test_tags=reader
@test "the whole tree is served unchanged" {
	assert_served "$TREE" "$IMAGE"
}

# bats test_tags=reader
@test "a bare SIF is served" {
	image_tree "$BATS_TEST_TMPDIR/tree" true
	image_sif "$BATS_TEST_TMPDIR/tree" "$BATS_TEST_TMPDIR/image.sif"
	run serve "$BATS_TEST_TMPDIR/image.sif" cat etc/os-release
	assert_status 0
	assert_contains "Demonstration Linux"
}

# bats test_tags=reader
@test "hard links are one inode, and the root is its own parent" {
	run serve "$IMAGE" sh -c \
		'[ small -ef hard-link ] && [ ! small -ef empty ] &&
		ls -id . | { read a _; ls -ai | { read b _; [ $a = $b ]; }; }'
	assert_status 0
}

# bats test_tags=reader
@test "device nodes are shown but cannot be opened" {
	run serve "$IMAGE" sh -c \
		'stat -c "%F %t %T" character block; cat character'
	assert_line "character special file 1 3"
	assert_line "block special file 103 fffff"
	assert_contains "Permission denied"
}

# bats test_tags=reader
@test "a sparse file of 5 GiB can be read anywhere" {
	run serve "$IMAGE" sh -c \
		'stat -c "%s %b" sparse; tail -c 5 sparse | od -An -c
		tail -c +4500000000 sparse | head -c 1000000 | tr -d "\0" | wc -c'
	assert_line "5368709124 1"
	assert_line '  \0   e   n   d  \n'
	assert_line "0"
}

# bats test_tags=reader
@test "each of 10000 entries is listed once and found by name" {
	run serve "$IMAGE" sh -c 'find many -type f | sort -u | wc -l'
	assert_output 10000
	run serve "$IMAGE" sh -c '
		for i in $(seq 1 97 10000); do
			[ -f many/entry-$i ] || echo "$i is missing"
		done
		[ ! -e many/entry-0 ] && [ ! -e many/zzz ] && [ ! -e many/aaa ]'
	assert_status 0
	assert_output ""
}

# A directory of 17 MiB whose index is removed.  An image of a few MiB can hold one
# of 4 GiB.
@test "the search in a directory without an index is limited" {
	not_emulated "it tests the reader, which is the same on every kernel"
	local tree=$BATS_TEST_TMPDIR/tree image=$BATS_TEST_TMPDIR/image
	python3 - "$tree" <<-'END'
		import os, sys
		os.makedirs(sys.argv[1] + "/wide")
		os.chdir(sys.argv[1] + "/wide")
		for i in range(70000):
		    name = "%05d" % i + 240 * "n"
		    if i % 50000 == 0:
		        open(name, "w").close()
		        first = name
		    else:
		        os.link(first, name)
	END
	pack "$tree" "$image" -noI
	run serve "$image" sh -c 'stat "wide/69999$(printf %0240d 0 | tr 0 n)"'
	assert_status 0
	# An extended directory (type 8): its size and the number of index entries.
	python3 - "$image" <<-'END'
		import re, struct, sys
		image = bytearray(open(sys.argv[1], "rb").read())
		table, = struct.unpack_from("<Q", image, 64)
		found = [at for at in range(table, len(image) - 40)
		         if image[at:at + 2] == b"\x08\0" and
		         16 << 20 < struct.unpack_from("<I", image, at + 20)[0] < 32 << 20]
		assert len(found) == 1, found
		struct.pack_into("<H", image, found[0] + 32, 0)
		open(sys.argv[1], "wb").write(image)
	END
	run serve "$image" sh -c 'stat "wide/00007$(printf %0240d 0 | tr 0 n)"'
	assert_status 0
	timed run serve "$image" sh -c 'stat "wide/69999$(printf %0240d 0 | tr 0 n)"'
	assert_failure
	assert_contains "Input/output error"
	((elapsed_ms < 5000))
}

# bats test_tags=reader
@test "every compressor works with blocks of 4K, 128K and 1M" {
	not_emulated "the decompressors are the same on every kernel"
	local compressor block
	rm -rf "$BATS_TEST_TMPDIR/tree"
	mkdir "$BATS_TEST_TMPDIR/tree"
	cp "$TREE"/{small,large,same-large,large-with-tail} \
		"$TREE"/{incompressible,one-block} "$BATS_TEST_TMPDIR/tree"
	for compressor in gzip xz lz4 zstd lzo; do
		for block in 4K 128K 1M; do
			echo "$compressor $block"
			pack "$BATS_TEST_TMPDIR/tree" "$BATS_TEST_TMPDIR/image" \
				-comp "$compressor" -b "$block"
			assert_served "$BATS_TEST_TMPDIR/tree" \
				"$BATS_TEST_TMPDIR/image"
		done
	done
}

@test "st_blksize is 4096 whatever the block size of the image" {
	pack "$TREE/deep" "$BATS_TEST_TMPDIR/image" -b 1M
	run serve "$BATS_TEST_TMPDIR/image" stat -c %o . er/still/file
	assert_output $'4096\n4096'
}

@test "stored data is spliced, or copied where splice is impossible" {
	mkdir "$BATS_TEST_TMPDIR/tree"
	{ head -c 900000 "$TREE/large"; cat "$TREE/incompressible"; } \
		>"$BATS_TEST_TMPDIR/tree/file"
	cd "$BATS_TEST_TMPDIR/tree"
	pack . ../image -b 64K
	# The whole file, from odd offsets, and more at once than the pipe holds.
	READ='sha256sum file
		tail -c +1234567 file | sha256sum
		dd if=file bs=1M iflag=direct status=none | sha256sum
		tail -c 100000 file | sha256sum'
	# tmpfs has O_DIRECT since Linux 6.6.
	sh -c "${READ//iflag=direct/}" >../expected
	run strace -f -qq -e trace=splice,preadv2 -o ../log \
		"$SERVE_IMAGE" ../image sh -c "$READ"
	assert_status 0
	assert_output "$(cat ../expected)"
	grep -q 'preadv2.*EOPNOTSUPP' ../log &&
		skip "no RWF_NOWAIT on this file system: it cannot be spliced"
	run grep -cE ' = [0-9]{6,}$' ../log
	((output > 10))
	# None of the image is in the page cache.
	dd if=../image of=/dev/null iflag=nocache count=0 status=none
	run serve ../image sh -c "$READ"
	assert_status 0
	assert_output "$(cat ../expected)"
}

# bats test_tags=reader
@test "a stored block with an offset before the image is refused" {
	mkdir "$BATS_TEST_TMPDIR/tree"
	cd "$BATS_TEST_TMPDIR"
	head -c 100000 /dev/urandom >tree/file
	ln tree/file tree/link # so that its inode has a position of 64 bits
	image_sif tree image.sif -noI -no-fragments
	run serve image.sif sha256sum file
	assert_line "$(cd tree && sha256sum file)"
	perl -0777 -pi -e 's/\x60\0{7}(?=\xa0\x86\x01\0{5})/\xc0\xff\xff\xff\xff\xff\xff\xff/ == 1 or die' image.sif
	run serve image.sif sh -c 'cat file >/dev/null'
	assert_status 1
	assert_output "cat: file: Input/output error"
}

# bats test_tags=reader
@test "images without fragments, compressed metadata or export table are served" {
	local option
	for option in -no-fragments -always-use-fragments -noI -noD \
		-no-exports -no-sparse -no-duplicates; do
		echo "$option"
		pack "$TREE/deep" "$BATS_TEST_TMPDIR/image" "$option"
		assert_served "$TREE/deep" "$BATS_TEST_TMPDIR/image"
	done
}

# bats test_tags=reader
@test "an image compressed with lzma is refused, and the message names it" {
	pack "$TREE/deep" "$BATS_TEST_TMPDIR/image" -comp lzma
	run serve "$BATS_TEST_TMPDIR/image" true
	assert_status 98
	assert_contains "it is compressed with lzma"
}

# bats test_tags=reader
@test "an image with extended attributes is served without them" {
	mkdir "$BATS_TEST_TMPDIR/tree"
	echo x >"$BATS_TEST_TMPDIR/tree/file"
	setfattr -n user.a -v "$(printf '%0300d' 0)" "$BATS_TEST_TMPDIR/tree/file" ||
		skip "no user attributes in '$BATS_TEST_TMPDIR' (tmpfs before Linux 6.6)"
	pack "$BATS_TEST_TMPDIR/tree" "$BATS_TEST_TMPDIR/image" -xattrs
	run serve "$BATS_TEST_TMPDIR/image" sh -c \
		'getfattr -n user.a file; cat file'
	assert_status 0
	assert_contains "Operation not supported"
	assert_line "x"
}

@test "mount points can be created until the image is sealed" {
	run serve -w "$IMAGE" sh -ec '
		mkdir deep/new deep/new/sub
		mknod deep/pipe p && exit 1
		: >deep/new/file # mknod(2), for a kernel whose server has no create
		rm symlink
		mkdir symlink
		[ -d symlink ] && [ -f deep/new/file ] && [ ! -s deep/new/file ]
		find deep symlink | sort'
	assert_status 0
	assert_line deep/new/sub
	assert_line deep/new/file
	assert_line symlink
	run serve "$IMAGE" mkdir new
	assert_status 1
	assert_contains "Read-only file system"
}

@test "existing files can be neither created nor written" {
	run serve -w "$IMAGE" sh -c 'mkdir deep; rmdir deep; echo x >small; mv small x'
	assert_failure
	assert_contains "File exists"
	run serve -w "$IMAGE" cat small
	assert_output hello
}

# bats test_tags=reader
@test "the server is sandboxed" {
	local files
	files=$(ulimit -Hn)
	[[ $files != unlimited ]] && ((files < 4096)) || files=4096
	run serve "$IMAGE" sh -c \
		'grep -E "^(NoNewPrivs|Seccomp):" /proc/$(pgrep -oP $PPID)/status
		grep -E "^Max (core file size|file size|address space|open files)" \
			/proc/$(pgrep -oP $PPID)/limits | tr -s " "'
	assert_line $'NoNewPrivs:\t1'
	assert_line $'Seccomp:\t2'
	assert_line "Max core file size 0 0 bytes "
	assert_line "Max file size 0 0 bytes "
	assert_line "Max address space 1073741824 1073741824 bytes "
	assert_line "Max open files $files $files files "
}

# With the least address space that the program starts with, in steps of 100 KiB.
serve_with_little_memory() { # IMAGE
	local kib
	for ((kib = 2000; kib < 46000; kib += 100)); do
		prlimit --as=$((kib * 1024)) "$SERVE_IMAGE" -n "$1" true 2>&1 || true
	done | sort -u
}

# bats test_tags=reader
@test "a lack of memory is not reported as damage" {
	not_emulated "440 starts of the server"
	pack "$TREE" "$BATS_TEST_TMPDIR/xz.sqfs" -comp xz
	for image in "$IMAGE" "$BATS_TEST_TMPDIR/xz.sqfs"; do
		run serve_with_little_memory "$image"
		assert_contains "it cannot be opened: Cannot allocate memory"
		refute_contains damaged
	done
}

# What follows a call of `measured` in a script that `serve` runs: $server is the
# server's pid, and so on.
MEASURE='
	server=$(pgrep -oP $PPID)
	answers() { sed -n "s/^syscw: //p" /proc/$server/io; }
	peak_mib() { sed -n "s/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p" \
		/proc/$server/status | { read k; echo $((k / 1024)); }; }
	at_most() { [ "$1" -le "$2" ] || { echo "$1 > $2"; exit 1; }; }
	'

@test "the benchmark's workloads read the right bytes" {
	not_emulated "it tests the benchmark"
	[[ -x ${WORKLOAD-} ]] || skip "WORKLOAD is not set"
	PYTHONDONTWRITEBYTECODE=1 run /usr/bin/python3 \
		"$BATS_TEST_DIRNAME/../bench/bench" --short --check-only \
		--dir "$BATS_TEST_TMPDIR/bench" --systems ours \
		--images gzip-128K,zstd-1M \
		--workloads seq,seq4,same4,mmap,stored,random,random4,small,walk
	assert_status 0
	assert_line "gzip-128K: all bytes are right"
	assert_line "zstd-1M: all bytes are right"
}

# Runs the server's program without sending HELLO, and prints how many bytes of the
# image it has read when it has nothing left to do.
bytes_prefetched() { # IMAGE COMMAND
	rm -f "$BATS_TEST_TMPDIR/log"
	timeout "$(scaled 90)" perl -MSocket -MPOSIX=dup2,WNOHANG -we '
		my ($log, @server) = @ARGV;
		socketpair(my $ours, my $theirs, AF_UNIX, SOCK_SEQPACKET, 0) or die;
		pipe(my $lifeline, my $held) or die;
		my $pid = fork;
		if (!$pid) {
			dup2(fileno($theirs), 20) and dup2(fileno($lifeline), 21) or die;
			close $_ for $ours, $theirs, $lifeline, $held;
			dup2(20, 3) and dup2(21, 4) or die;
			exec qw(strace -f -qq -e), q(trace=pread64,ppoll), q(-o), $log, @server;
		}
		close $theirs;
		close $lifeline;
		until (-e $log and `cat $log` =~ /ppoll\(.*, NULL, \[\]/) {
			waitpid($pid, WNOHANG) == 0 or exit 125;
			select(undef, undef, undef, 0.05);
		}
		close $ours;
		close $held;
		waitpid $pid, 0;
		exit $? >> 8' "$BATS_TEST_TMPDIR/log" \
		env -i IMAGE="$1" COMMAND="$2" \
		"$SPANK_SIF_INSTALL$PLUGIN_SERVER" timeout=60 tasks=1 cache=32 \
		threads=0 uring=no mount=private image=image || return
	awk '/pread64/ { sum += $NF } END { print sum }' "$BATS_TEST_TMPDIR/log"
}

# A busy machine may leave no time for it.
is_prefetched() { # COMMAND
	some=$(bytes_prefetched "$PWD/image" "$1")
	((some > none + 500000 && some < size))
}

@test "the server names the argument that is wrong" {
	[[ -n ${SPANK_SIF_INSTALL-} ]] || skip "SPANK_SIF_INSTALL is not set"
	run "$SPANK_SIF_INSTALL$PLUGIN_SERVER" timeout=60 tasks=0
	assert_status 1
	assert_output "$SPANK_SIF_INSTALL$PLUGIN_SERVER: the argument 'tasks=0' has a value that is not allowed"
}

@test "what a step reads first is decompressed before a task connects" {
	[[ -n ${SPANK_SIF_INSTALL-} ]] || skip "SPANK_SIF_INSTALL is not set"
	image_tree "$BATS_TEST_TMPDIR/tree" sh true
	cd "$BATS_TEST_TMPDIR"
	printf '#! /usr/bin/sh -e\ntrue\n' >tree/usr/bin/script
	chmod +x tree/usr/bin/script
	ln -s ../bin/true tree/usr/sbin/linked
	ln -s round tree/usr/bin/round
	head -c 3000000 /dev/urandom >tree/usr/bin/noise
	pack tree image
	none=$(bytes_prefetched "$PWD/image" nonesuch)
	size=$(stat -c %s image)
	# The C library is most of both.
	for command in true /usr/bin/true linked script; do
		wait_until 10 is_prefetched "$command" ||
			assertion_failed "$command: $some bytes, $none without"
	done
	# Of a large file, only the beginning.
	some=$(bytes_prefetched "$PWD/image" noise)
	((some < none + 2200000)) || assertion_failed "noise: $some bytes"
	for command in ./true bin/true round / .. /usr/bin/../../..; do
		assert_equal "$(bytes_prefetched "$PWD/image" "$command")" "$none"
	done
}

# Writes a program of 36 MiB that needs the libraries /usr/lib/0 to /usr/lib/31, or,
# with STRIDE, names at offsets STRIDE bytes apart.  Half of it is random.
hungry_program() { # FILE STRIDE
	perl -we '
		use strict;
		use constant MIB => 1 << 20;
		my ($file, $stride) = @ARGV;
		open my $noise, "<", "/dev/urandom" or die;
		open my $out, "+>", $file or die;
		for (0 .. 35) {
			read $noise, my $bytes, MIB / 2;
			print $out "\0" x (MIB / 2), $bytes;
		}
		my @dynamic = (5, 65536, map +(1, $_ * $stride), 0 .. 31);
		seek $out, 0, 0;
		print $out pack("a4 CCC x9 SSLQQQLS6", "\x7fELF", 2, 1, 1,
				3, 0, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0),
			pack("LLQ6", 1, 0, 0, 0, 0, 36 * MIB, 36 * MIB, 1),
			pack("LLQ6", 2, 0, 4096, 4096, 0, 8 * @dynamic, 0, 1);
		seek $out, 4096, 0;
		print $out pack("Q*", @dynamic);
		seek $out, 65536, 0;
		print $out map +(pack "a$stride", $_), 0 .. 31 if $stride < 256;
		close $out or die' "$@"
	chmod +x "$1"
}

# Symlinks in circles, of the greatest length, in a large directory, and dangling.
long_links() { # DIRECTORY
	mkdir "$1/x"
	perl -we '
		chdir shift or die;
		my $way = "x/../" x 800;
		symlink $way . ($_ + 1), $_ or die for 0 .. 500' "$1"
}

@test "the work on what may be read first is limited" {
	not_emulated "it tests limits of time"
	[[ -n ${SPANK_SIF_INSTALL-} ]] || skip "SPANK_SIF_INSTALL is not set"
	cd "$BATS_TEST_TMPDIR"
	mkdir -p tree/usr/{bin,lib}
	hungry_program tree/usr/bin/wide 1048576
	hungry_program tree/usr/bin/long 16
	long_links tree/usr/lib
	pack tree image -b 1M -comp lz4
	none=$(bytes_prefetched "$PWD/image" nonesuch)
	# Eight blocks.
	some=$(bytes_prefetched "$PWD/image" wide)
	((some > none + 2 * 500000 && some < none + 8 * 550000)) ||
		assertion_failed "wide: $some bytes, $none without"
	started=$SECONDS
	bytes_prefetched "$PWD/image" long
	((SECONDS - started < $(scaled 5)))
}

@test "a server started without an image waits for one" {
	[[ -n ${SPANK_SIF_INSTALL-} ]] || skip "SPANK_SIF_INSTALL is not set"
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	echo damaged >"$BATS_TEST_TMPDIR/damaged"
	# In the job's mount namespace the path may name another file.
	image_tree "$BATS_TEST_TMPDIR/tree" true
	pack "$BATS_TEST_TMPDIR/tree" "$BATS_TEST_TMPDIR/foreign"
	chown 12345 "$BATS_TEST_TMPDIR/foreign"
	for image in "$BATS_TEST_TMPDIR"/{fifo,damaged,nonesuch,foreign} /dev/zero / ""; do
		some=$(bytes_prefetched "$image" true)
		# The reads of env(1) from its own library.
		((some < 3000)) || assertion_failed "$image: $some bytes"
	done
}

# bats test_tags=reader
@test "a second run of a program sends no request to the server" {
	image_tree "$BATS_TEST_TMPDIR/tree"
	mkdir "$BATS_TEST_TMPDIR/tree/many"
	(cd "$BATS_TEST_TMPDIR/tree/many" && seq 2000 | xargs touch)
	pack "$BATS_TEST_TMPDIR/tree" "$BATS_TEST_TMPDIR/image"
	run serve "$BATS_TEST_TMPDIR/image" sh -c "$MEASURE"'
		work() {
			chroot . /bin/sh -c "ls -laR /; cat /etc/os-release
			cat /usr/bin/*; [ ! -e /absent ]; ls /many/x; readlink /bin
			test -x /usr/bin/ls" >/dev/null 2>&1
		}
		work; before=$(answers); work; after=$(answers)
		[ "$before" -gt 100 ] && echo "$((after - before)) requests"'
	assert_status 0
	assert_output "0 requests"
}

# bats test_tags=reader
@test "memory stays within its limits for all kinds of reads" {
	not_emulated "it reads 450 MB"
	local block limit
	mkdir "$BATS_TEST_TMPDIR/tree"
	for i in 1 2 3 4 5 6 7 8; do
		seq "${i}000000" "${i}999999" >"$BATS_TEST_TMPDIR/tree/$i"
	done
	for block in 128K 1M; do
		limit=40
		[[ $block == 128K ]] || limit=64
		pack "$BATS_TEST_TMPDIR/tree" "$BATS_TEST_TMPDIR/image" -b "$block"
		run serve "$BATS_TEST_TMPDIR/image" sh -c "$MEASURE"'
			for i in *; do cat $i >/dev/null & tac $i >/dev/null & done
			wait; at_most $(peak_mib) '"$limit"
		assert_status 0
		run serve -t 8 -c 32 "$BATS_TEST_TMPDIR/image" sh -c "$MEASURE"'
			for i in *; do cat $i >/dev/null & tac $i >/dev/null & done
			wait; at_most $(peak_mib) '"$limit"
		assert_status 0
		assert_output ""
	done
}

# sched(7) lists the numbers of the policies.
@test "only the readahead threads yield the CPU to other processes" {
	local script="$MEASURE"'
		cut -d " " -f 41 /proc/$server/task/*/stat | sort | uniq -c |
			tr -s "\n " " "'
	run serve -t 2 "$IMAGE" sh -c "$script"
	assert_status 0
	assert_output " 2 0 2 3 "
	# A policy that the user chose applies to all threads.
	run chrt --idle 0 "$SERVE_IMAGE" "$IMAGE" sh -c "$script"
	assert_status 0
	[[ $output =~ ^\ [0-9]+\ 5\ $ ]]
}

# bats test_tags=machine
@test "memory does not grow by 100000 inodes looked up and forgotten" {
	not_emulated "100,000 files"
	mkdir "$BATS_TEST_TMPDIR/tree"
	(cd "$BATS_TEST_TMPDIR/tree" && for i in $(seq 100); do
		mkdir "$i" && (cd "$i" && seq 1000 | xargs touch)
	done)
	pack "$BATS_TEST_TMPDIR/tree" "$BATS_TEST_TMPDIR/image"
	run serve "$BATS_TEST_TMPDIR/image" sh -c "$MEASURE"'
		walk() { find . -ls | wc -l; echo 2 >/proc/sys/vm/drop_caches; }
		walk; first=$(peak_mib); walk; walk; at_most $(peak_mib) $first
		at_most $first 8'
	assert_status 0
	assert_line 100101 3
}

# bats test_tags=reader
@test "a name that is too long gives ENAMETOOLONG, not ENOENT" {
	run serve "$IMAGE" sh -c 'cat "$(printf %0255d 0)"; cat "$(printf %0256d 0)"'
	assert_contains "0: No such file or directory"
	assert_contains "0: File name too long"
}

@test "readers of a server that is killed get an error and do not hang" {
	local i moments=({05..44})
	! is_emulated || moments=(05 15 25 35 44)
	mkdir "$BATS_TEST_TMPDIR"/{tree,fusectl}
	seq 3000000 >"$BATS_TEST_TMPDIR/tree/large"
	pack "$BATS_TEST_TMPDIR/tree" "$BATS_TEST_TMPDIR/image"
	for i in "${moments[@]}"; do
		# Status 99: the server was killed.
		run serve "$BATS_TEST_TMPDIR/image" sh -c "$MEASURE"'
			connection=$(stat -c %d .)
			connection=$((connection & 0xff |
				connection >> 12 & 0xfff00))
			while cat large; do :; done >/dev/null 2>&1 &
			sleep "0.0$1"
			kill -9 $server
			for i in $(seq 100); do
				[ -d /proc/$server/task/$server ] || break
				[ "$(ls /proc/$server/task)" != $server ] || break
				sleep 0.05
			done
			[ $i = 100 ] || exit 0
			echo "the killed server hangs after 0.0$1 s"
			mount -t fusectl fusectl "$2"
			echo 1 >"$2/$connection/abort"' \
			- "$i" "$BATS_TEST_TMPDIR/fusectl"
		assert_output ""
	done
}

# bats test_tags=reader
@test "truncating the image while it is served gives read errors" {
	cp "$IMAGE" "$BATS_TEST_TMPDIR/image"
	# shellcheck disable=SC2016
	run serve "$BATS_TEST_TMPDIR/image" sh -c \
		'truncate -s 1000 "$1"; cat large >/dev/null; echo "cat: $?"' \
		- "$BATS_TEST_TMPDIR/image"
	assert_status 0
	assert_line "cat: 1"
	assert_contains "Input/output error"
}

# bats test_tags=reader
@test "damaged data is an error in that file only" {
	mkdir "$BATS_TEST_TMPDIR/tree"
	cp "$TREE/large" "$BATS_TEST_TMPDIR/tree/a"
	echo fine >"$BATS_TEST_TMPDIR/tree/b"
	pack "$BATS_TEST_TMPDIR/tree" "$BATS_TEST_TMPDIR/image"
	poke "$BATS_TEST_TMPDIR/image" 200 'garbage that is no deflate stream'
	run serve "$BATS_TEST_TMPDIR/image" sh -c 'cat b; cat a >/dev/null'
	assert_status 1
	assert_line fine
	assert_contains "cat: a: Input/output error"
}

# Damage may turn a regular file into a FIFO.
READ_ALL='find . -ls
	find . -type f -print0 | perl -MFcntl -0lne "
		sysopen F, \$_, O_RDONLY | O_NONBLOCK or next;
		1 while sysread F, \$bytes, 65536;"'

# What libsquashfuse shows of them, and survives, is a matter of its release.
@test "300 damaged images never crash the server" {
	not_emulated "it tests the reader, which is the same on every kernel"
	local i k bytes size opened=0 status
	mkdir -p "$BATS_TEST_TMPDIR/tree"
	cp -a "$TREE"/{deep,small,large,symlink,fifo} "$BATS_TEST_TMPDIR/tree"
	seq -f 'entry-%g' 900 | (cd "$BATS_TEST_TMPDIR/tree" && xargs touch)
	pack "$BATS_TEST_TMPDIR/tree" "$BATS_TEST_TMPDIR/good" -noI -noF -noD
	size=$(stat -c %s "$BATS_TEST_TMPDIR/good")
	RANDOM=20
	for ((i = 0; i < 300; i++)); do
		cp "$BATS_TEST_TMPDIR/good" "$BATS_TEST_TMPDIR/image"
		bytes=()
		for ((k = 0; k < 1 + i % 8; k++)); do
			# Metadata is at the end.
			bytes+=($((size - 1 - (RANDOM * 32768 + RANDOM) % 60000))
				$((RANDOM % 256)))
		done
		perl -we 'open my $image, "+<", shift or die;
			while (my ($offset, $byte) = splice @ARGV, 0, 2) {
				seek $image, $offset, 0 and print $image chr $byte;
			}' "$BATS_TEST_TMPDIR/image" "${bytes[@]}"
		status=0
		timeout "$(scaled 60)" "$SERVE_IMAGE" "$BATS_TEST_TMPDIR/image" \
			sh -c "$READ_ALL" >/dev/null 2>&1 || status=$?
		((status == 98)) || opened=$((opened + 1))
		((status != 99 && status != 124 && status < 128)) || {
			cp "$BATS_TEST_TMPDIR/image" "$BATS_RUN_TMPDIR/crash.sqfs"
			assertion_failed "image $i (bats --no-tempdir-cleanup keeps it as $BATS_RUN_TMPDIR/crash.sqfs)"
		}
	done
	((opened > 100))
}

@test "both readers show the same of images of all kinds" {
	local option
	[[ -x ${COMPARE_READERS-} ]] || skip "COMPARE_READERS is not set"
	cp -a "$TREE" "$BATS_TEST_TMPDIR/tree"
	cd "$BATS_TEST_TMPDIR"
	touch "tree/$(printf %0255d 0)" "tree/$(printf %01d 0)"
	perl -MIO::Socket::UNIX -we 'chdir "tree" or die;
		IO::Socket::UNIX->new(Local => "socket", Listen => 1) or die'
	mkdir tree/wide
	python3 -c 'for i in range(100000): open("tree/wide/%d" % i, "x").close()'
	pack tree image
	run "$COMPARE_READERS" image
	assert_status 0
	((${output%% *} > 110000))
	rm -r tree/wide tree/sparse
	for option in "-b 4K" "-b 1M -noI" "-comp xz -b 16K -always-use-fragments" \
		"-comp lz4 -noD -noF" "-comp zstd -b 64K -no-duplicates" \
		"-comp lzo -no-fragments" "-no-exports -no-xattrs -no-sparse"; do
		# shellcheck disable=SC2086
		pack tree image $option
		run "$COMPARE_READERS" image
		assert_status 0
	done
}

@test "both readers show the same of 2000 damaged images, or refuse them" {
	local option
	[[ -x ${COMPARE_READERS-} ]] || skip "COMPARE_READERS is not set"
	cd "$BATS_TEST_TMPDIR"
	mkdir tree
	cp -a "$TREE"/{deep,small,hard-link,large,symlink,fifo,block} tree
	(cd tree && seq -f 'entry-%g' 900 | xargs touch)
	# Damage to metadata that is compressed is found by the decompressor.
	for option in "-b 4K" "-noD -noF -b 16K" "-comp zstd -always-use-fragments" \
		"-b 1M -no-fragments"; do
		# shellcheck disable=SC2086
		pack tree image -noI $option
		run "$COMPARE_READERS" --damage image 1 500
		assert_status 0
		assert_line "different: 0"
		((${lines[0]#the same: } > 400))
	done
}

@test "an inode or an entry that contradicts itself is an error" {
	mkdir "$BATS_TEST_TMPDIR/tree"
	cd "$BATS_TEST_TMPDIR"
	(cd tree && mkdir entry && touch inode entry/oddly-typed)
	pack tree image -noI
	run serve image ls inode entry
	assert_status 0
	# A regular file's inode that claims to be a directory's, too; type 14 in a
	# directory, where the types end at 7.
	chmod 0751 tree/inode
	pack tree image -noI
	perl -0777 -pi -e 's/\x02\0\xe9\x01/\x02\0\xe9\x41/ == 1 or die;
		s/\x02\0\x0a\0(?=oddly-typed)/\x0e\0\x0a\0/ == 1 or die' image
	run serve image ls inode
	assert_contains "Input/output error"
	run serve image ls entry
	assert_contains "Input/output error"
	# Mksquashfs leaves the type out of the mode; others say it once more.
	perl -0777 -pi -e 's/\x02\0\xe9\x41/\x02\0\xe9\x81/ == 1 or die' image
	run serve image stat -c %a,%F inode
	assert_output "751,regular empty file"
}

# --- requests over io_uring ----------------------------------------------------

# Prints the number of rings that the server has mapped; follows "$MEASURE".
RINGS='rings() { grep -c "io_uring" /proc/$server/maps; }
	'

# bats test_tags=machine
@test "io_uring: the whole tree is served unchanged" {
	need_uring
	run with_uring serve "$IMAGE" sh -c "$MEASURE$RINGS"'[ $(rings) -gt 0 ]'
	assert_status 0
	with_uring assert_served "$TREE" "$IMAGE"
	run with_uring serve "$IMAGE" sh -c \
		'cat "$(printf %0256d 0)"; cat absent; readlink long-symlink | wc -c'
	assert_contains "0: File name too long"
	assert_contains "absent: No such file or directory"
	assert_line 1001
}

# bats test_tags=machine
@test "io_uring: mount points can be created until the image is sealed" {
	need_uring
	LC_ALL=C run with_uring serve -w "$IMAGE" sh -c '
		mkdir new new/deeper && : >new/file && rm small &&
		mkdir small && find new small | sort; mkdir many'
	assert_output "new
new/deeper
new/file
small
mkdir: cannot create directory 'many': File exists"
	run with_uring serve "$IMAGE" mkdir new
	assert_contains "Read-only file system"
}

# bats test_tags=machine
@test "io_uring: where the kernel forbids rings there are none, and no message" {
	need_uring
	run serve "$IMAGE" sh -c "$MEASURE$RINGS"'rings; cat small'
	assert_output $'0\nhello'
	run with_uring serve -p "$IMAGE" sh -c "$MEASURE$RINGS"'rings; cat small'
	assert_output $'0\nhello'
	run with_uring sh -c 'trap "sysctl -qw kernel.io_uring_disabled=0" EXIT
		sysctl -qw kernel.io_uring_disabled=2
		"$@"' - "$SERVE_IMAGE" "$IMAGE" \
		sh -c "$MEASURE$RINGS"'rings; cat small'
	assert_output $'0\nhello'
}

# bats test_tags=machine
@test "io_uring: a reader on a CPU that the server may not use is served" {
	need_uring
	(($(nproc) > 1)) || skip "there is one CPU"
	sum=$(sha256sum <"$TREE/large")
	run with_uring taskset -c 0 "$SERVE_IMAGE" "$IMAGE" sh -c "$MEASURE$RINGS"'
		[ $(rings) -gt 0 ] || exit 1
		taskset -pc 1 $$ >/dev/null
		sha256sum <large & find . -type f | wc -l; wait'
	assert_status 0
	assert_line "$sum"
	assert_line "$(find "$TREE" -type f | wc -l)"
}

# bats test_tags=machine
@test "io_uring: memory stays within its limits" {
	need_uring
	mkdir "$BATS_TEST_TMPDIR/tree"
	for i in 1 2 3 4 5 6 7 8; do
		seq "${i}000000" "${i}999999" >"$BATS_TEST_TMPDIR/tree/$i"
	done
	pack "$BATS_TEST_TMPDIR/tree" "$BATS_TEST_TMPDIR/image"
	run with_uring serve "$BATS_TEST_TMPDIR/image" sh -c "$MEASURE"'
		for i in *; do cat $i >/dev/null & tac $i >/dev/null & done
		wait; at_most $(peak_mib) 40'
	assert_status 0
}

# bats test_tags=machine
@test "io_uring: readers of a server that is killed get an error" {
	local i moments=({05..24})
	need_uring
	! is_emulated || moments=(05 10 15 20 24)
	mkdir "$BATS_TEST_TMPDIR/tree"
	seq 3000000 >"$BATS_TEST_TMPDIR/tree/large"
	(cd "$BATS_TEST_TMPDIR/tree" && seq 2000 | xargs touch)
	pack "$BATS_TEST_TMPDIR/tree" "$BATS_TEST_TMPDIR/image"
	for i in "${moments[@]}"; do
		# Status 99: the server was killed.
		run with_uring timeout "$(scaled 30)" "$SERVE_IMAGE" "$BATS_TEST_TMPDIR/image" \
			sh -c "$MEASURE"'
			while cat large; do :; done >/dev/null 2>&1 &
			while cat large; do :; done >/dev/null 2>&1 &
			ls -l >/dev/null 2>&1 &
			sleep "0.0$1"
			kill -9 $server
			wait' - "$i"
		assert_status 99
	done
}
