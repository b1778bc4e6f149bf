# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# Makes test images from what is on this machine: nothing is downloaded.
#
#   image_tree DIR [PROGRAM...]          a small root directory
#   image_squashfs TREE OUT [OPTION...]  a squashfs of it; options of mksquashfs
#   image_sif TREE OUT [OPTION...]       a SIF whose primary partition is that
#
# The tree is what a small distribution looks like: merged /usr, /etc with users
# and an os-release of its own, and programs of this machine with their libraries.
# TREE is the caller's to change before it is packed.

IMAGE_PROGRAMS=(sh bash cat chmod cp df dirname echo env false find findmnt getent
	grep head hostname id ln ls mkdir mv od printenv pwd readlink rm rmdir sed
	seq sha256sum sleep sort stat tail tee test touch true tty uname wc whoami)

# Copies a program and the libraries that ldd names; a symlink such as sh is
# followed, so that the image needs nothing beyond it.
image_add_program() { # TREE PROGRAM
	local program library
	program=$(type -P "$2") || {
		echo "image_add_program: no program '$2' on this machine" >&2
		return 1
	}
	cp -L "$program" "$1/usr/bin/${2##*/}"
	# ldd fails for a static program, which is as good.
	{ ldd "$program" 2>/dev/null || true; } |
		sed -n 's/^[^/]*\(\/[^ ]*\) (0x.*/\1/p' |
		while read -r library; do
			[[ -e $1$library ]] || {
				mkdir -p "$1${library%/*}"
				cp -L "$library" "$1$library"
			}
		done
}

image_add_etc() { # TREE
	cat >"$1/etc/os-release" <<-'END'
	NAME="Demonstration Linux"
	ID=demonstration
	VERSION_ID=1.0
	PRETTY_NAME="Demonstration Linux 1.0"
	END
	echo 'root:x:0:0:root:/root:/bin/sh' >"$1/etc/passwd"
	echo 'root:x:0:' >"$1/etc/group"
	echo '127.0.0.1 localhost' >"$1/etc/hosts"
	: >"$1/etc/resolv.conf"
	printf '%s: files\n' passwd group hosts >"$1/etc/nsswitch.conf"
}

image_tree() { # DIR [PROGRAM...]
	local tree=$1 directory program
	shift
	(($#)) || set -- "${IMAGE_PROGRAMS[@]}"
	mkdir -p "$tree"/{dev,etc,home,mnt,opt,proc,root,run,sys,tmp,usr,var/tmp}
	chmod 1777 "$tree"/{tmp,var/tmp}
	for directory in bin sbin lib lib64; do
		mkdir -p "$tree/usr/$directory"
		ln -sfn "usr/$directory" "$tree/$directory"
	done
	for program; do
		image_add_program "$tree" "$program" || return
	done
	image_add_etc "$tree"
}

image_squashfs() { # TREE OUT [OPTION...]
	local tree=$1 out=$2
	shift 2
	mksquashfs "$tree" "$out" -noappend -no-progress -quiet -all-root "$@" \
		>/dev/null
}

# The code siftool has for this machine's architecture.
image_sif_arch() {
	case $(uname -m) in
	x86_64) echo 2 ;;
	aarch64) echo 4 ;;
	ppc64le) echo 6 ;;
	s390x) echo 11 ;;
	riscv64) echo 12 ;;
	*) echo "image_sif: unknown architecture '$(uname -m)'" >&2; return 1 ;;
	esac
}

image_sif() { # TREE OUT [OPTION...]
	local tree=$1 out=$2 arch status=0
	shift 2
	arch=$(image_sif_arch) || return
	rm -f "$out"
	image_squashfs "$tree" "$out.squashfs" "$@" &&
		siftool new "$out" &&
		siftool add --datatype 4 --parttype 2 --partfs 1 \
			--partarch "$arch" "$out" "$out.squashfs" || status=$?
	rm -f "$out.squashfs"
	return "$status"
}
