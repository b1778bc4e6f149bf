# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# Makes test images from the programs of this machine; nothing is downloaded.
#
#   image_tree DIR [PROGRAM...]          a small root directory
#   image_add_program TREE PROGRAM...    adds programs with their libraries
#   image_add_files TREE PATH...         adds other files with their libraries
#   image_squashfs TREE OUT [OPTION...]  packs it as squashfs (mksquashfs options)
#   image_sif TREE OUT [OPTION...]       packs it as SIF, in the primary partition
#   image_ext3 TREE OUT [SIZE]           packs it as ext3
#   image_sif_add_overlay SIF [UPPER]    adds an ext3 overlay, as Apptainer does
#
# The tree looks like a small distribution: merged /usr, /etc with its own users
# and os-release, and programs of this machine with their libraries.  The caller
# may change it before packing it.

IMAGE_PROGRAMS=(sh bash cat chmod cp df dirname echo env false find findmnt getent
	grep head hostname id ln ls mkdir mv od printenv pwd readlink rm rmdir sed
	seq sha256sum sleep sort stat tail tee test touch true tty uname wc whoami)

# Copies programs and the libraries that ldd names.  The image gets what a symlink
# such as sh points to, under the name of the symlink.  Programs may be links to one
# file of 10 MB, and are in the image, too.
image_add_program() { # TREE PROGRAM...
	local tree=$1 name program programs=()
	shift
	for name; do
		program=$(type -P "$name") || {
			echo "image_add_program: no program '$name' on this machine" >&2
			return 1
		}
		programs+=("$program")
	done
	cp -L --preserve=links -t "$tree/usr/bin" "${programs[@]}"
	image_add_libraries "$tree" "${programs[@]}"
}

# As ldd does, which starts five processes for each file.  It fails for a static
# program, which needs none.  Loaders of other architectures may be installed.
image_list_libraries() { # FILE...
	local file loader
	for loader in /lib*/ld-linux-*.so.*; do
		"$loader" --verify "$BASH" 2>/dev/null || continue
		for file; do
			"$loader" --list "$file" 2>/dev/null || true
		done
		return 0
	done
}

# Copies the libraries that the files need.
image_add_libraries() { # TREE FILE...
	local tree=$1 library
	shift
	image_list_libraries "$@" |
		sed -n 's/^[^/]*\(\/[^ ]*\) (0x.*/\1/p' | sort -u |
		while read -r library; do
			[[ -e $tree$library ]] || {
				mkdir -p "$tree${library%/*}"
				cp -L "$library" "$tree$library"
			}
		done
}

# Copies files or directories to the same paths, with the libraries that they need:
# what a program loads or reads at run time.
image_add_files() { # TREE PATH...
	local tree=$1 path
	shift
	for path; do
		mkdir -p "$tree${path%/*}"
		cp -RL "$path" "$tree${path%/*}/"
	done
	image_add_libraries "$tree" "$@"
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
	local tree=$1 directory
	shift
	(($#)) || set -- "${IMAGE_PROGRAMS[@]}"
	mkdir -p "$tree"/{dev,etc,home,mnt,opt,proc,root,run,sys,tmp,usr,var/tmp}
	chmod 1777 "$tree"/{tmp,var/tmp}
	for directory in bin sbin lib lib64; do
		mkdir -p "$tree/usr/$directory"
		ln -sfn "usr/$directory" "$tree/$directory"
	done
	image_add_program "$tree" "$@" || return
	image_add_etc "$tree"
}

image_squashfs() { # TREE OUT [OPTION...]
	local tree=$1 out=$2
	shift 2
	mksquashfs "$tree" "$out" -noappend -no-progress -quiet -all-root "$@" \
		>/dev/null
}

# siftool's code for this machine's architecture.
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

image_ext3() { # TREE OUT [SIZE]
	rm -f "$2"
	truncate -s "${3-8M}" "$2" &&
		mke2fs -q -F -t ext3 -O ^64bit,^metadata_csum -d "$1" "$2"
}

# As `apptainer overlay create` does; the overlay has the contents of UPPER.
image_sif_add_overlay() { # SIF [UPPER]
	local arch status=0 tree=$1.overlay
	rm -rf "$tree"
	mkdir -p "$tree"/{upper,work}
	[[ -z ${2-} ]] || cp -a "$2/." "$tree/upper/"
	arch=$(image_sif_arch) && image_ext3 "$tree" "$1.ext3" &&
		siftool add --datatype 4 --parttype 4 --partfs 2 \
			--partarch "$arch" "$1" "$1.ext3" || status=$?
	rm -rf "$1.ext3" "$tree"
	return "$status"
}

# --- what `apptainer build` adds to the files ------------------------------
#
# The layout of /.singularity.d is that of Apptainer and Singularity; the contents
# are short.  ENVIRONMENT is the text of %environment (90-environment.sh); further
# arguments NAME=VALUE are the ENV of a Docker image (10-docker2singularity.sh),
# written as those tools write them: as defaults in double quotes, escaped for a
# shell and once more as a Go string.
image_add_singularity() { # TREE ENVIRONMENT [NAME=VALUE...]
	local tree=$1 meta=$1/.singularity.d text=$2 name
	shift 2
	mkdir -p "$meta"/{actions,env,libs}
	image_write_script "$meta/env/01-base.sh" '# the base of all images'
	image_write_script "$meta/env/10-docker2singularity.sh" \
		"$(image_docker_exports "$@")"
	image_write_script "$meta/env/90-environment.sh" \
		'# Custom environment shell code should follow' "$text"
	image_write_script "$meta/env/94-appsbase.sh" '# no apps'
	image_write_script "$meta/env/95-apps.sh" \
		'if test -n "${SINGULARITY_APPNAME:-}"; then' \
		'	export SCIF_APPNAME="$SINGULARITY_APPNAME"' fi
	image_write_script "$meta/env/99-base.sh" \
		'if [ -z "$LD_LIBRARY_PATH" ]; then' \
		'	LD_LIBRARY_PATH="/.singularity.d/libs"' else \
		'	LD_LIBRARY_PATH="$LD_LIBRARY_PATH:/.singularity.d/libs"' fi \
		'PS1="Singularity> "' 'export LD_LIBRARY_PATH PS1'
	image_write_script "$meta/env/99-runtimevars.sh" \
		'if [ -n "${SING_USER_DEFINED_PREPEND_PATH:-}" ]; then' \
		'	PATH="$SING_USER_DEFINED_PREPEND_PATH:$PATH"' fi \
		'export PATH'
	for name in exec run shell start test; do
		image_write_script "$meta/actions/$name" 'exec "$@"'
		ln -sfn ".singularity.d/actions/$name" "$tree/.$name"
	done
	image_write_script "$meta/runscript" 'echo "runscript: $*"' \
		'exec "$@"'
	image_write_script "$meta/startscript"
	echo '{"org.label-schema.schema-version":"1.0"}' >"$meta/labels.json"
	ln -sfn .singularity.d/env/90-environment.sh "$tree/environment"
	ln -sfn .singularity.d/runscript "$tree/singularity"
}

image_write_script() { # FILE LINE...
	local file=$1
	shift
	printf '%s\n' '#!/bin/sh' "$@" >"$file"
	chmod 0755 "$file"
}

image_docker_exports() { # NAME=VALUE...
	local variable name value
	for variable; do
		name=${variable%%=*} value=${variable#*=}
		value=$(sed 's/[\\"`$]/\\&/g; s/[\\"]/\\&/g' <<<"$value")
		if [[ $name == PATH ]]; then
			echo "export PATH=\"$value\""
		else
			echo "export $name=\"\${$name:-\"$value\"}\""
		fi
	done
}
