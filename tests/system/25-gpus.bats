#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# spank-sif-gpus without Slurm: what it reports about a driver.  The driver is a tree
# of tiny libraries.  The program runs with that tree as its root, which has only the
# C library, libyaml and ldconfig of this machine.
#
# Records are written here with '|' for TAB.
#
# shellcheck disable=SC1003,SC2154

load ../lib/common

# Debian's folder for this machine's libraries, or the usual one.
LIB=/usr/lib/$(compile -print-multiarch 2>/dev/null)
LIB=${LIB%/}

setup_file() {
	has_plugin || return 0
	export PROGRAM=$SPANK_SIF_INSTALL/usr/libexec/spank-sif/spank-sif-gpus
	export BASE=$BATS_FILE_TMPDIR/base
	mkdir -p "$BASE"/{dev,etc,sbin,tmp,usr/bin,var/run,program}
	install -m 0666 /dev/null "$BASE/dev/null"
	cp "$PROGRAM" "$BASE/program/gpus"
	cp /sbin/ldconfig "$BASE/sbin/"
	[[ ! -e /sbin/ldconfig.real ]] || cp /sbin/ldconfig.real "$BASE/sbin/ldconfig"
	copy_libraries "$PROGRAM" "$BASE"
}

setup() {
	need_plugin
	ROOT=$BATS_TEST_TMPDIR/root
	cp -a "$BASE" "$ROOT"
	run gpus
	((status == 2)) || skip "chroot: neither root nor a user namespace"
}

# Copies the libraries that ldd names to the same paths.
copy_libraries() { # PROGRAM ROOT
	local library
	ldd "$1" | grep -o '/[^ ]*' | while read -r library; do
		mkdir -p "$2/${library%/*}"
		cp -L "$library" "$2/$library"
	done
}

# As the plugin runs it: as a user, with almost no environment and no standard input.
gpus() { # nvidia|rocm
	local chroot
	chroot=$(command -v chroot)
	if ((EUID == 0)); then
		set -- "$chroot" --userspec=65534:65534 "$ROOT" /program/gpus "$@"
	else
		set -- "$(command -v unshare)" --map-root-user \
			"$chroot" "$ROOT" /program/gpus "$@"
	fi
	env -i "$@" </dev/null | tr '\t' '|'
	return "${PIPESTATUS[0]}"
}

# --- a fake driver ---------------------------------------------------------

library() { # FILE [SONAME [COMPILER-OPTION...]]
	local file=$ROOT$1 soname=${2-}
	shift $(($# > 1 ? 2 : 1))
	mkdir -p "${file%/*}"
	compile -shared -nostdlib -x c -o "$file" ${soname:+"-Wl,-soname,$soname"} \
		"$@" - <<<'int driver;'
}

program() { # FILE
	mkdir -p "$ROOT${1%/*}"
	printf '#!/bin/sh\n' >"$ROOT$1"
	chmod 0755 "$ROOT$1"
}

nvidia_driver() { # VERSION
	library "$LIB/libcuda.so.$1" libcuda.so.1
	library "$LIB/libnvidia-ml.so.$1" libnvidia-ml.so.1
	library "$LIB/libnvidia-allocator.so.$1" libnvidia-allocator.so.1
	library "$LIB/libnvidia-glcore.so.$1" "libnvidia-glcore.so.$1"
	program /usr/bin/nvidia-smi
}

loader_cache() {
	printf '%s\n' "$LIB" >"$ROOT/etc/ld.so.conf"
	ldconfig -r "$ROOT" 2>/dev/null
}

spec() { # FILE
	mkdir -p "$ROOT${1%/*}"
	cat >"$ROOT$1"
}

# Like the output of `nvidia-ctk cdi generate`, with the parts that matter.
nvidia_yaml() { # VERSION
	cat <<-END
	---
	cdiVersion: 0.5.0
	containerEdits:
	  deviceNodes:
	  - path: /dev/nvidia-uvm
	  - path: /dev/nvidiactl
	  env:
	  - NVIDIA_VISIBLE_DEVICES=void
	  - DRIVER_SAYS=a b
	  hooks:
	  - args:
	    - nvidia-cdi-hook
	    - create-symlinks
	    - --link
	    - ../libnvidia-allocator.so.1::$LIB/gbm/nvidia-drm_gbm.so
	    - --link
	    - libcuda.so.1::$LIB/libcuda.so
	    hookName: createContainer
	    path: /usr/bin/nvidia-cdi-hook
	  - args:
	    - nvidia-cdi-hook
	    - enable-cuda-compat
	    - --host-driver-version=$1
	    hookName: createContainer
	    path: /usr/bin/nvidia-cdi-hook
	  - args:
	    - nvidia-cdi-hook
	    - update-ldcache
	    - --folder
	    - $LIB
	    hookName: createContainer
	    path: /usr/bin/nvidia-cdi-hook
	  mounts:
	  - containerPath: $LIB/libcuda.so.$1
	    hostPath: $LIB/libcuda.so.$1
	    options:
	    - ro
	    - nosuid
	    - nodev
	    - bind
	  - containerPath: $LIB/libnvidia-allocator.so.$1
	    hostPath: $LIB/libnvidia-allocator.so.$1
	  - containerPath: $LIB/libnvidia-glcore.so.$1
	    hostPath: $LIB/libnvidia-glcore.so.$1
	  - containerPath: /usr/bin/nvidia-smi
	    hostPath: /usr/bin/nvidia-smi
	devices:
	- containerEdits:
	    deviceNodes:
	    - path: /dev/nvidia0
	  name: "0"
	- containerEdits:
	    deviceNodes:
	    - path: /dev/nvidia0
	  name: all
	kind: nvidia.com/gpu
	END
}

assert_nvidia() { # VERSION
	assert_status 0
	assert_line "library|$LIB/libcuda.so.$1|libcuda.so.$1" 1
	assert_line "library|$LIB/libcuda.so.$1|libcuda.so.1" 1
	assert_line "library|$LIB/libcuda.so.$1|libcuda.so" 1
	assert_line "library|$LIB/libnvidia-glcore.so.$1|libnvidia-glcore.so.$1" 1
	assert_line "bind|/usr/bin/nvidia-smi|/usr/bin/nvidia-smi" 1
	assert_line "bind|$LIB/libnvidia-allocator.so.$1|$LIB/gbm/nvidia-drm_gbm.so" 1
}

# --- CDI -------------------------------------------------------------------

@test "CDI, YAML: libraries under all their names, binds, variables" {
	nvidia_driver 575.57.08
	nvidia_yaml 575.57.08 | spec /etc/cdi/nvidia.yaml
	run gpus nvidia
	assert_nvidia 575.57.08
	assert_line "env|DRIVER_SAYS=a b"
	refute_contains VISIBLE_DEVICES
	refute_contains "note|"
	refute_contains /dev/
	assert_equal "${#lines[@]}" 9
}

@test "CDI: JSON as Go writes it, compact, with escapes" {
	nvidia_driver 575.57.08
	spec /var/run/cdi/nvidia.json <<-END
	{"cdiVersion":"0.5.0","kind":"nvidia.com\u002fgpu","devices":[{"name":"all","containerEdits":{"deviceNodes":[{"path":"/dev/nvidia0"}]}}],"containerEdits":{"env":["DRIVER_SAYS=a b","HTML=\u003ctag\u0026\u003e\"q\"\\\\"],"mounts":[{"hostPath":"$LIB/libcuda.so.575.57.08","containerPath":"$LIB/libcuda.so.575.57.08","options":["ro","nosuid","nodev","bind"]},{"hostPath":"$LIB\/libnvidia-allocator.so.575.57.08","containerPath":"$LIB/libnvidia-allocator.so.575.57.08","options":null},{"hostPath":"$LIB/libnvidia-glcore.so.575.57.08","containerPath":"$LIB/libnvidia-glcore.so.575.57.08"},{"hostPath":"/usr/bin/nvidia-smi","containerPath":"/usr/bin/nvidia-smi"}],"hooks":[{"hookName":"createContainer","path":"/usr/bin/nvidia-cdi-hook","args":["nvidia-cdi-hook","create-symlinks","--link","../libnvidia-allocator.so.1::$LIB/gbm/nvidia-drm_gbm.so","--link","libcuda.so.1::$LIB/libcuda.so"]}],"additionalGids":null}}
	END
	run gpus nvidia
	assert_nvidia 575.57.08
	assert_line "env|DRIVER_SAYS=a b"
	assert_line 'env|HTML=<tag&>"q"\'
	refute_contains "note|"
}

@test "CDI: JSON indented with TABs" {
	nvidia_driver 1
	spec /etc/cdi/nvidia.json <<-END
	{
	$(printf '\t')"kind": "nvidia.com/gpu",
	$(printf '\t')"devices": [
	$(printf '\t\t'){
	$(printf '\t\t\t')"name": "0",
	$(printf '\t\t\t')"containerEdits": {
	$(printf '\t\t\t\t')"mounts": [ { "hostPath": "$LIB/libcuda.so.1", "containerPath": "/x/libcuda.so.1" } ]
	$(printf '\t\t\t')}
	$(printf '\t\t')}
	$(printf '\t')]
	}
	END
	run gpus nvidia
	assert_status 0
	assert_output "library|$LIB/libcuda.so.1|libcuda.so.1"
}

@test "the loader finds the libraries under the names that programs request" {
	local kind path name libs=$BATS_TEST_TMPDIR/libs
	nvidia_driver 575.57.08
	library "$LIB/libcuda.so.575.57.08" libcuda.so.1 \
		"-L$ROOT$LIB" -l:libnvidia-glcore.so.575.57.08
	nvidia_yaml 575.57.08 | spec /etc/cdi/nvidia.yaml
	mkdir "$libs"
	while IFS='|' read -r kind path name; do
		[[ $kind != library ]] || ln -s "$ROOT$path" "$libs/$name"
	done < <(gpus nvidia)
	compile -x c -o "$BATS_TEST_TMPDIR/program" - "-L$libs" -lcuda \
		"-Wl,-rpath-link,$libs" \
		<<<'extern int driver; int main(void) { return driver; }'
	LD_LIBRARY_PATH=$libs run "$BATS_TEST_TMPDIR/program"
	assert_status 0
}

@test "CDI: /var/run/cdi has precedence over /etc/cdi" {
	nvidia_driver 550.1
	nvidia_driver 575.2
	nvidia_yaml 550.1 | spec /etc/cdi/a.yml
	nvidia_yaml 575.2 | spec /var/run/cdi/z.yml
	run gpus nvidia
	assert_nvidia 575.2
	refute_contains 550.1
	refute_contains "note|"
}

@test "CDI: two files in a directory with the same device: the first, and a note" {
	nvidia_driver 550.1
	nvidia_driver 575.2
	nvidia_yaml 550.1 | spec /etc/cdi/b.yaml
	nvidia_yaml 575.2 | spec /etc/cdi/a.yaml
	run gpus nvidia
	assert_nvidia 575.2
	assert_line "note|the CDI files '/etc/cdi/a.yaml' and '/etc/cdi/b.yaml' both have a device 'all': the first is used; ask the administrator to remove one" 1
}

@test "CDI: without a device 'all', every device is used" {
	library /driver/libone.so
	library /driver/libtwo.so
	spec /etc/cdi/nvidia.yaml <<-'END'
	kind: nvidia.com/gpu
	devices:
	- name: 0
	  containerEdits: {mounts: [{hostPath: /driver/libone.so, containerPath: /libone.so}]}
	- name: GPU-7
	  containerEdits: {mounts: [{hostPath: /driver/libtwo.so, containerPath: /libtwo.so}]}
	END
	run gpus nvidia
	assert_status 0
	assert_line "library|/driver/libone.so|libone.so"
	assert_line "library|/driver/libtwo.so|libtwo.so"
}

@test "CDI: the library folders of a driver's directory are read" {
	library /home/driver/lib64/libcuda.so.9 libcuda.so.1
	ln -s libcuda.so.9 "$ROOT/home/driver/lib64/libcuda.so.1"
	echo not one >"$ROOT/home/driver/lib64/libtext.so"
	spec /etc/cdi/nvidia.yaml <<-'END'
	kind: nvidia.com/gpu
	devices: [{name: all}]
	containerEdits:
	  mounts: [{hostPath: /home/driver, containerPath: /usr/local/nvidia/}]
	  hooks: [{args: [x, update-ldcache, --folder, /usr/local/nvidia/lib64]}]
	END
	run gpus nvidia
	assert_status 0
	assert_line "bind|/home/driver|/usr/local/nvidia"
	assert_line "library|/home/driver/lib64/libcuda.so.9|libcuda.so.1" 1
	assert_line "library|/home/driver/lib64/libcuda.so.9|libcuda.so.9" 1
	refute_contains libtext
}

@test "CDI: libc and the loader are never included, under any name" {
	nvidia_driver 1
	library /driver/libc.so.6 libc.so.6
	library /driver/libinnocent.so.1 libc.so.6
	library /driver/libm.so.6 libm.so.6
	library /driver/ld-linux-x86-64.so.2 ld-linux-x86-64.so.2
	ln -s libm.so.6 "$ROOT/driver/libcloak.so.1"
	spec /etc/cdi/nvidia.yaml <<-END
	kind: nvidia.com/gpu
	devices: [{name: all}]
	containerEdits:
	  mounts:
	  - {hostPath: $LIB/libcuda.so.1, containerPath: $LIB/libcuda.so.1}
	  - {hostPath: $LIB/libcuda.so.1, containerPath: $LIB/libstdc++.so.6}
	  - {hostPath: /driver/libc.so.6, containerPath: /lib/libc.so.6}
	  - {hostPath: /driver/libc.so.6, containerPath: /lib/other}
	  - {hostPath: /driver/libinnocent.so.1, containerPath: /lib/libinnocent.so.1}
	  - {hostPath: /driver/libinnocent.so.1, containerPath: /usr/bin/tool}
	  - {hostPath: /driver/libcloak.so.1, containerPath: /lib/libcloak.so.1}
	  - {hostPath: /driver/ld-linux-x86-64.so.2, containerPath: /lib64/ld-linux-x86-64.so.2}
	  - {hostPath: /driver, containerPath: /opt/driver}
	  - {hostPath: /usr/bin, containerPath: //usr/./lib/}
	  hooks:
	  - {args: [x, create-symlinks, --link, "libcuda.so.1::/lib/libdl.so.2"]}
	  - {args: [x, update-ldcache, --folder, /opt/driver]}
	END
	run gpus nvidia
	assert_status 0
	assert_line "library|$LIB/libcuda.so.1|libcuda.so.1" 1
	assert_line "note|the directory '/driver' is not shown at '/opt/driver': it would replace the image's own system files"
	assert_line "note|the directory '/usr/bin' is not shown at '/usr/lib': it would replace the image's own system files"
	assert_equal "${#lines[@]}" 3
}

@test "CDI: targets in /dev and /proc, with '..', of other file systems are left out" {
	nvidia_driver 1
	spec /etc/cdi/nvidia.yaml <<-END
	kind: nvidia.com/gpu
	devices: [{name: all}]
	containerEdits:
	  mounts:
	  - {hostPath: $LIB/libcuda.so.1, containerPath: $LIB/libcuda.so.1}
	  - {hostPath: /etc, containerPath: /proc/driver/nvidia}
	  - {hostPath: /usr/bin/nvidia-smi, containerPath: //dev/nvidia-smi}
	  - {hostPath: /usr/bin/nvidia-smi, containerPath: /opt/../usr/bin/x}
	  - {hostPath: /usr/bin/nvidia-smi, containerPath: "/usr/bin/a\tb"}
	  - {hostPath: /tmpfs, containerPath: /run/x, type: tmpfs}
	  - {hostPath: /nowhere/profile, containerPath: /etc/profile}
	END
	run gpus nvidia
	assert_status 0
	assert_line "note|'/nowhere/profile', which the CDI file '/etc/cdi/nvidia.yaml' names, is left out: No such file or directory"
	assert_equal "${#lines[@]}" 2
}

@test "CDI: libraries of another machine are left out" {
	nvidia_driver 1
	library /driver/libcuda.so.1 libcuda.so.1
	# e_machine is EM_NONE.
	printf '\0\0' | dd of="$ROOT/driver/libcuda.so.1" bs=1 seek=18 conv=notrunc status=none
	spec /etc/cdi/nvidia.yaml <<-END
	kind: nvidia.com/gpu
	devices: [{name: all}]
	containerEdits:
	  mounts:
	  - {hostPath: /driver/libcuda.so.1, containerPath: /usr/lib32/libcuda.so.1}
	  - {hostPath: $LIB/libcuda.so.1, containerPath: $LIB/libcuda.so.1}
	END
	run gpus nvidia
	assert_status 0
	assert_output "library|$LIB/libcuda.so.1|libcuda.so.1"
}

@test "CDI: a library that the user may not read gives a note" {
	((EUID == 0)) || skip "in a user namespace all may be read"
	nvidia_driver 1
	nvidia_yaml 1 | spec /etc/cdi/nvidia.yaml
	chmod 0600 "$ROOT$LIB/libnvidia-glcore.so.1"
	run gpus nvidia
	assert_status 0
	assert_line "note|'$LIB/libnvidia-glcore.so.1', which the CDI file '/etc/cdi/nvidia.yaml' names, is left out: Permission denied" 1
	refute_contains "|libnvidia-glcore"
	assert_contains "|libcuda.so.1"
}

# --- damaged CDI -----------------------------------------------------------

@test "damaged CDI: a note, and the loader's cache is used" {
	nvidia_driver 575.57.08
	loader_cache
	printf 'kind: nvidia.com/gpu\ndevices: [\n' | spec /etc/cdi/nvidia.yaml
	run gpus nvidia
	assert_status 0
	assert_contains "note|the CDI file '/etc/cdi/nvidia.yaml' is ignored: line 3: "
	assert_contains "; ask the administrator to generate it again ('nvidia-ctk cdi generate')"
	assert_line "note|the NVIDIA driver was found by the loader's cache instead"
	assert_line "library|$LIB/libcuda.so.575.57.08|libcuda.so.1"
}

@test "damaged CDI and no driver: one message with the defect" {
	printf '{"kind": "nvidia.com/gpu", "devices": "all"}' | spec /etc/cdi/nvidia.json
	loader_cache
	run gpus nvidia
	assert_status 1
	assert_output "no NVIDIA driver was found on this node: the loader's cache has no 'libcuda.so.1'; the CDI file '/etc/cdi/nvidia.json' is ignored: line 1: 'devices' is not a list; ask the administrator to generate it again ('nvidia-ctk cdi generate')"
}

@test "damaged CDI beside a good file: a note, and the good file is used" {
	nvidia_driver 575.57.08
	nvidia_yaml 575.57.08 | spec /etc/cdi/nvidia.yaml
	echo '"' | spec /etc/cdi/a.yaml
	run gpus nvidia
	assert_nvidia 575.57.08
	assert_contains "note|the CDI file '/etc/cdi/a.yaml' is ignored: "
	refute_contains instead
}

@test "CDI: a file for a driver that an update has removed" {
	nvidia_yaml 550.1 | spec /etc/cdi/nvidia.yaml
	nvidia_driver 575.2
	loader_cache
	run gpus nvidia
	assert_status 0
	assert_contains "note|the CDI file '/etc/cdi/nvidia.yaml' is ignored: line "
	assert_contains ": '$LIB/libcuda.so.550.1': No such file or directory; ask"
	assert_line "library|$LIB/libcuda.so.575.2|libcuda.so.1"
	refute_contains "|libcuda.so.550"
	refute_contains DRIVER_SAYS
}

@test "CDI: each defect of a file has its own message" {
	local defect text
	nvidia_driver 1
	loader_cache
	while IFS='|' read -r text defect; do
		printf '%s\n' "$defect" | spec /etc/cdi/x.yaml
		run gpus nvidia
		assert_status 0
		assert_contains "note|the CDI file '/etc/cdi/x.yaml' is ignored: $text; ask"
	done <<-'END'
	it is not a mapping|- a
	it is not a mapping|
	it has no 'devices'|kind: nvidia.com/gpu
	it has no 'devices'|{kind: nvidia.com/gpu, devices: []}
	line 1: a device without a 'name'|{kind: nvidia.com/gpu, devices: [{}]}
	line 1: a device without a 'name'|{kind: nvidia.com/gpu, devices: [all]}
	line 1: 'containerEdits' is not a mapping|{kind: nvidia.com/gpu, devices: [{name: a, containerEdits: x}]}
	line 1: 'mounts' is not a list|{kind: nvidia.com/gpu, devices: [{name: a}], containerEdits: {mounts: {}}}
	line 1: a mount without an absolute 'hostPath'|{kind: nvidia.com/gpu, devices: [{name: a}], containerEdits: {mounts: [{containerPath: /x}]}}
	line 1: a mount without an absolute 'containerPath'|{kind: nvidia.com/gpu, devices: [{name: a}], containerEdits: {mounts: [{hostPath: /x, containerPath: x}]}}
	line 1: an entry of 'env' is not a text|{kind: nvidia.com/gpu, devices: [{name: a}], containerEdits: {env: [[]]}}
	line 1: an entry of 'args' is not a text|{kind: nvidia.com/gpu, devices: [{name: a}], containerEdits: {hooks: [{args: ["\0"]}]}}
	END
}

@test "CDI: only regular files are read, and nothing blocks" {
	nvidia_driver 1
	loader_cache
	mkdir -p "$ROOT/etc/cdi/directory.json"
	mkfifo "$ROOT/etc/cdi/fifo.yaml"
	run gpus nvidia
	assert_status 0
	assert_contains "note|the CDI file '/etc/cdi/directory.json' is ignored: it is not a file of"
	assert_contains "note|the CDI file '/etc/cdi/fifo.yaml' is ignored: it is not a file of"
}

@test "CDI: files of other vendors are ignored, even damaged ones" {
	nvidia_driver 1
	loader_cache
	echo '{kind: vendor.com/net, devices: none}' | spec /etc/cdi/net.yaml
	run gpus nvidia
	assert_status 0
	refute_contains "note|"
}

# --- without CDI -----------------------------------------------------------

@test "the loader's cache leads to the driver's libraries, programs and files" {
	nvidia_driver 575.57.08
	library "$LIB/libGLX_nvidia.so.575.57.08" libGLX_nvidia.so.0
	library "$LIB/libnvidia-pkcs11-openssl3.so.575.57.08" libnvidia-pkcs11-openssl3.so.575.57.08
	library "$LIB/libcudart.so.12" libcudart.so.12
	program /usr/local/bin/nvidia-cuda-mps-server
	mkdir -p "$ROOT"/usr/share/vulkan/icd.d
	echo '{}' >"$ROOT/usr/share/vulkan/icd.d/nvidia_icd.json"
	echo '{}' >"$ROOT/usr/share/vulkan/icd.d/intel_icd.json"
	loader_cache
	run gpus nvidia
	assert_status 0
	assert_line "library|$LIB/libcuda.so.575.57.08|libcuda.so.1" 1
	assert_line "library|$LIB/libGLX_nvidia.so.575.57.08|libGLX_nvidia.so.0" 1
	assert_contains "|libnvidia-pkcs11-openssl3.so.575.57.08"
	assert_line "bind|/usr/bin/nvidia-smi|/usr/bin/nvidia-smi"
	assert_line "bind|/usr/local/bin/nvidia-cuda-mps-server|/usr/bin/nvidia-cuda-mps-server"
	assert_line "bind|/usr/share/vulkan/icd.d/nvidia_icd.json|/usr/share/vulkan/icd.d/nvidia_icd.json"
	refute_contains intel
	refute_contains cudart
	refute_contains libc.so
	refute_contains "note|"
}

@test "Debian's alternatives: the file that the links point to is used" {
	library /usr/lib/nvidia/current/libcuda.so.5 libcuda.so.1
	mkdir -p "$ROOT$LIB" "$ROOT/etc/alternatives"
	ln -s /etc/alternatives/libcuda.so.1 "$ROOT$LIB/libcuda.so.1"
	ln -s /usr/lib/nvidia/current/libcuda.so.5 "$ROOT/etc/alternatives/libcuda.so.1"
	loader_cache
	run gpus nvidia
	assert_status 0
	assert_line "library|/usr/lib/nvidia/current/libcuda.so.5|libcuda.so.1" 1
}

@test "no driver: one message and no record" {
	loader_cache
	run gpus nvidia
	assert_status 1
	assert_output "no NVIDIA driver was found on this node: the loader's cache has no 'libcuda.so.1'; run the step on a node that has such GPUs, or without the option for them"
	run gpus rocm
	assert_status 1
	assert_output "no ROCm driver was found on this node: the loader's cache has no 'libhsa-runtime64.so.1'; run the step on a node that has such GPUs, or without the option for them"
}

@test "libGL alone is not a driver" {
	library "$LIB/libGL.so.1" libGL.so.1
	loader_cache
	run gpus nvidia
	assert_status 1
	refute_contains "library|"
}

@test "a missing ldconfig has its own message" {
	rm "$ROOT/sbin/ldconfig"
	run gpus nvidia
	assert_status 1
	assert_contains "no NVIDIA driver was found on this node: cannot execute '/sbin/ldconfig -p': No such file or directory; run"
}

ldconfig_that() { # C-STATEMENT
	compile -static -Os -x c -include unistd.h -o "$ROOT/sbin/ldconfig" - \
		<<<"int main(void) { $1; }"
}

@test "an ldconfig that hangs or fails has its own message" {
	ldconfig_that 'pause()'
	run gpus nvidia
	assert_status 1
	assert_contains "no NVIDIA driver was found on this node: '/sbin/ldconfig -p' did not end within 5 s; run"
	ldconfig_that 'return 3'
	run gpus nvidia
	assert_status 1
	assert_contains "no NVIDIA driver was found on this node: '/sbin/ldconfig -p' ended with status 3; run"
}

@test "an ldconfig that has printed everything but does not exit is not waited for" {
	nvidia_driver 1
	ldconfig_that "static const char line[] = \"	libcuda.so.1 (libc6) => $LIB/libcuda.so.1\n\"; write(1, line, sizeof(line) - 1); close(1); pause()"
	timed run gpus nvidia
	assert_status 0
	assert_line "library|$LIB/libcuda.so.1|libcuda.so.1"
	((elapsed_ms < 4000))
}

# --- ROCm ------------------------------------------------------------------

@test "ROCm: the loader's cache, /opt/rocm and its programs" {
	library "$LIB/libhsa-runtime64.so.1.14.0" libhsa-runtime64.so.1
	library /opt/rocm-6.2/lib/librocblas.so.4.2 librocblas.so.4
	library /opt/rocm-6.2/lib/libunknown.so.1 libunknown.so.1
	ln -s rocm-6.2 "$ROOT/opt/rocm"
	program /opt/rocm-6.2/bin/rocminfo
	loader_cache
	run gpus rocm
	assert_status 0
	assert_line "library|$LIB/libhsa-runtime64.so.1.14.0|libhsa-runtime64.so.1"
	assert_line "library|/opt/rocm-6.2/lib/librocblas.so.4.2|librocblas.so.4"
	assert_line "bind|/opt/rocm-6.2/bin/rocminfo|/usr/bin/rocminfo"
	refute_contains unknown
}

@test "ROCm: a CDI file with only devices; the image has the libraries" {
	spec /etc/cdi/amd.json <<<'{"cdiVersion": "0.6.0", "kind": "amd.com/gpu",
		"devices": [{"name": "all", "containerEdits":
		{"deviceNodes": [{"path": "/dev/kfd"}, {"path": "/dev/dri/card0"}]}}]}'
	loader_cache
	run gpus rocm
	assert_status 0
	assert_output "note|there are no libraries of ROCm on this node: the image's own are used"
}

@test "ROCm: a kernel driver without libraries; the image has them" {
	: >"$ROOT/dev/kfd"
	library "$LIB/libdrm.so.2" libdrm.so.2
	loader_cache
	run gpus rocm
	assert_status 0
	assert_output "note|there are no libraries of ROCm on this node: the image's own are used"
}

# --- usage -----------------------------------------------------------------

@test "wrong arguments are reported" {
	run gpus
	assert_status 2
	run gpus intel
	assert_status 2
	assert_output "usage: spank-sif-gpus nvidia|rocm"
}
