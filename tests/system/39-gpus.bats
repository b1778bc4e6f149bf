#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# GPU drivers of the node in a step.  The driver is made by the tests: libraries with
# one function, and a CDI file that names them.  Slurm has two GPUs on the node, with
# device files that every machine has.  25-gpus.bats tests what is found of a driver.

load ../lib/common
load ../lib/assert

# Debian's folder for this machine's libraries, or the usual one.
LIB=/usr/lib/$(compile -print-multiarch 2>/dev/null)
LIB=${LIB%/}
HELPER=/usr/libexec/spank-sif/spank-sif-gpus
NO_DRIVER="the step has GPUs, but no NVIDIA or AMD driver was found on this node: GPU programs in the image will not work (--sif-nv=yes tells more)"

setup_file() {
	has_plugin || return 0
	local install=$BATS_FILE_TMPDIR/install
	cp -a "$SPANK_SIF_INSTALL" "$install"
	mkdir -p "$install/etc/slurm"
	printf 'Name=gpu File=/dev/%s\n' null zero >"$install/etc/slurm/gres.conf"
	SPANK_SIF_INSTALL=$install cluster_start --nodes=1 --conf=GresTypes=gpu \
		--conf="NodeName=node1 NodeAddr=node1 Port=7001 CPUs=32 Gres=gpu:2"
	# Debian's MPI libraries may have installed one.
	as_root sh -c "rm -f $LIB/libamdhip64.so* \
		$LIB/libhsa-runtime64.so* && ldconfig"
	count_helpers
	make_drivers
	make_image
}

# Each test begins on a node without a driver.
teardown() {
	has_plugin || return 0
	stop_steps
	as_root sh -c "rm -rf /etc/cdi /opt/rocm /driver $LIB/libcuda.so.1 \
		$LIB/libnvidia-ml.so.1 /usr/bin/nvidia-smi && ldconfig"
	rm -f "$SHARED/helpers"
}

# Writes a line to /shared/helpers for each run of the program that looks for drivers.
count_helpers() {
	as_root sh -c "mv $HELPER $HELPER.real && cat >$HELPER && chmod 0755 $HELPER" \
		<<-END
	#!/bin/sh
	echo "\$1" >>/shared/helpers
	exec $HELPER.real "\$@"
	END
}

# libcuda needs another library of the driver, like the real one.
make_drivers() {
	mkdir "$SHARED/driver"
	fake_library libnvidia-ml.so.1 'int rm(void) { return 575; }'
	fake_library libcuda.so.1 'int rm(void); int cuInit(void) { return rm(); }' \
		-L"$SHARED/driver" -l:libnvidia-ml.so.1
	fake_library libamdhip64.so.6 'int hipInit(void) { return 6; }'
	printf '#!/bin/sh\necho "the node has a driver"\n' >"$SHARED/driver/nvidia-smi"
	chmod 0755 "$SHARED/driver/nvidia-smi"
}

fake_library() { # NAME SOURCE [COMPILER-OPTION...]
	local name=$1 source=$2
	shift 2
	compile -shared -fPIC -x c -o "$SHARED/driver/$name" "-Wl,-soname,$name" \
		- "$@" <<<"$source"
}

# Programs linked against a driver that the image does not have.
make_image() {
	local tree=$BATS_FILE_TMPDIR/tree
	image_tree "$tree" "${IMAGE_PROGRAMS[@]}"
	compile_against libcuda.so.1 cuInit "$tree/usr/bin/cuda"
	compile_against libamdhip64.so.6 hipInit "$tree/usr/bin/hip"
	mkdir -p "$tree/.singularity.d/env"
	echo 'export CUDA_VISIBLE_DEVICES=7 LD_LIBRARY_PATH=/opt/own' \
		>"$tree/.singularity.d/env/90-environment.sh"
	image_sif "$tree" "$SHARED/gpu.sif" -comp lz4
}

compile_against() { # LIBRARY FUNCTION OUT
	compile -x c -o "$3" - -L"$SHARED/driver" -l:"$1" \
		-Wl,-rpath-link,"$SHARED/driver" <<-END
	#include <stdio.h>
	#include <stdlib.h>
	int $2(void);
	int main(void)
	{
		const char *v = getenv("CUDA_VISIBLE_DEVICES");
		return printf("driver %d, device %s\n", $2(), v ? v : "none") < 0;
	}
	END
}

# --- the node's drivers ----------------------------------------------------------

cdi() { # NAME
	as_root sh -c 'mkdir -p /etc/cdi && cat >"$0" && chmod 0644 "$0"' \
		"/etc/cdi/$1"
}

# In a folder that only the CDI file names.
install_nvidia_cdi() { # [MOUNT...]
	as_root cp -R /shared/driver /driver
	{
		cat
		(($# == 0)) || printf '  - {hostPath: %s, containerPath: %s}\n' "$@"
	} <<-'END' | cdi nvidia.yaml
	cdiVersion: 0.6.0
	kind: nvidia.com/gpu
	devices: [{name: all, containerEdits: {deviceNodes: [{path: /dev/nvidia0}]}}]
	containerEdits:
	  env: [NVIDIA_VISIBLE_DEVICES=void, DRIVER_SAYS=a word]
	  mounts:
	  - {hostPath: /driver/libcuda.so.1, containerPath: /usr/lib64/libcuda.so.1}
	  - {hostPath: /driver/libnvidia-ml.so.1, containerPath: /usr/lib64/libnvidia-ml.so.1}
	  - {hostPath: /driver/nvidia-smi, containerPath: /usr/bin/nvidia-smi}
	END
}

# Where the node's loader finds it.
install_nvidia() {
	as_root sh -c "cp /shared/driver/lib[cn]* $LIB/ && ldconfig &&
		cp /shared/driver/nvidia-smi /usr/bin/"
}

on_gpu() { # SRUN-ARGUMENT...
	in_image gpu -n1 --gpus-per-task=1 "$@"
}

# --- NVIDIA ----------------------------------------------------------------------

@test "CDI: a program finds the driver, each task its own device" {
	install_nvidia_cdi
	run on_gpu -n2 cuda
	assert_status 0
	assert_line "driver 575, device 0"
	assert_line "driver 575, device 1"
	assert_equal "${#lines[@]}" 2
}

@test "CDI: a directory is visible, whether or not the image has that path" {
	install_nvidia_cdi /driver /opt/driver /driver /mnt
	run on_gpu ls /opt/driver /mnt
	assert_status 0
	assert_equal "$(grep -c nvidia-smi <<<"$output")" 2
}

@test "CDI: variables are set, programs are visible, no device is created" {
	install_nvidia_cdi
	run on_gpu sh -c 'nvidia-smi; echo "$DRIVER_SAYS"
		echo "${NVIDIA_VISIBLE_DEVICES-unset}"; echo "$LD_LIBRARY_PATH"
		ls /dev/nvidia0'
	assert_contains "the node has a driver"
	assert_line "a word"
	assert_line unset
	assert_line /opt/own:/.singularity.d/libs
	assert_contains "No such file"
}

@test "CDI: the driver is read-only, and only visible in the image" {
	install_nvidia_cdi
	before=$(settled_snapshot)
	run on_gpu sh -c 'findmnt --noheadings --output=OPTIONS /usr/bin/nvidia-smi
		echo >/.singularity.d/libs/libcuda.so.1; touch /.singularity.d/libs/x'
	assert_matches '^ro,'
	assert_contains "Read-only file system"
	assert_failure
	rm -f "$SHARED/helpers"
	assert_host_as_before "$before"
}

@test "without CDI the driver is found in the loader's cache" {
	install_nvidia
	run on_gpu sh -c 'cuda && nvidia-smi'
	assert_status 0
	assert_output $'driver 575, device 0\nthe node has a driver'
}

@test "the host's libc is never bound, even if a CDI file names it" {
	libc=$(ldd /bin/sh | sed -n 's/.*=> \(.*libc\.so\.6\) .*/\1/p')
	install_nvidia_cdi "$libc" "$libc" /driver /usr/lib64/driver
	as_root sh -c "cp $libc /driver/libinnocent.so.1"
	run on_gpu sh -c 'cuda; ls /.singularity.d/libs; findmnt --list -no TARGET'
	assert_status 0
	assert_contains "driver 575, device 0"
	refute_contains libc.so
	refute_contains libinnocent
}

@test "a damaged CDI file is reported once, and the step runs" {
	install_nvidia
	echo '{"kind": "nvidia.com/gpu", "devices": 3}' | cdi nvidia.json
	run on_gpu -n2 cuda
	assert_status 0
	assert_line "driver 575, device 1"
	assert_contains "the CDI file '/etc/cdi/nvidia.json' is ignored: line 1: 'devices' is not a list"
	assert_equal "$(grep -c "'devices' is not a list" <<<"$output")" 1
}

@test "the driver is found with any other options" {
	install_nvidia
	for option in --sif-env=LD_LIBRARY_PATH=/shared/other --sif-cleanenv=yes \
		--sif-writable-tmpfs=yes --export=NONE; do
		run on_gpu "$option" /usr/bin/cuda
		assert_status 0
		assert_output "driver 575, device 0"
	done
}

# --- auto, yes, try, no ------------------------------------------------------------

@test "auto: without GPUs nothing is bound, and no process runs" {
	install_nvidia
	run -127 in_image gpu sh -c 'ls -A /.singularity.d/libs; cuda'
	assert_contains "libcuda.so.1: cannot open shared object file"
	[[ ! -e $SHARED/helpers ]]
}

@test "auto: CUDA_VISIBLE_DEVICES decides where Slurm has no GPUs configured" {
	local CLUSTER=$BATS_TEST_TMPDIR/other
	"$CLUSTER_TOOL" start --owner=$$ --install="$SPANK_SIF_INSTALL" --nodes=1 \
		--bind="$SHARED:/images" --bind="$SHARED/driver:/driver" "$CLUSTER"
	as_root sh -c "cp /driver/lib[cn]* $LIB/ && ldconfig"
	run as_alice env CUDA_VISIBLE_DEVICES=3 srun -n2 \
		--sif-image=/images/gpu.sif cuda
	assert_status 0
	assert_line "driver 575, device 3" 2
	for none in "" -1; do
		run -127 as_alice env CUDA_VISIBLE_DEVICES=$none srun \
			--sif-image=/images/gpu.sif cuda
	done
}

@test "auto: steps of a job with GPUs get it, and a script that runs inside" {
	install_nvidia
	run as_alice salloc --quiet -n2 --gpus-per-task=1 srun \
		--sif-image=/shared/gpu.sif cuda
	assert_status 0
	assert_line "driver 575, device 1"
	printf '#!/bin/sh\ncuda\n' >"$SHARED/job"
	run as_alice sbatch --quiet --wait --gpus=1 --output=/shared/out \
		--sif-image=/shared/gpu.sif --sif-batch=image /shared/job
	assert_status 0
	assert_equal "$(<"$SHARED/out")" "driver 575, device 0"
}

@test "auto: GPUs without a driver give one message, and the step runs" {
	run on_gpu -n2 sh -c 'echo ran'
	assert_status 0
	assert_line ran 2
	assert_contains "$NO_DRIVER"
	assert_equal "${#lines[@]}" 3
}

@test "--sif-nv=yes: without a driver the step fails with one message" {
	run in_image gpu -n2 --sif-nv=yes echo ran
	assert_status 1
	assert_contains "spank_sif: cannot build the container of the image '/shared/gpu.sif': no NVIDIA driver was found on this node: the loader's cache has no 'libcuda.so.1'; run the step on a node that has such GPUs, or without the option for them"
	assert_equal "$(grep -c spank_sif <<<"$output")" 1
	refute_line ran
}

@test "--sif-nv=try: without a driver there is one warning, and the step runs" {
	run in_image gpu -n2 --sif-nv=try echo ran
	assert_status 0
	assert_line ran 2
	assert_contains "spank_sif: node1: warning: no NVIDIA driver was found on this node: the loader's cache has no 'libcuda.so.1'"
	assert_equal "${#lines[@]}" 3
	run on_gpu --sif-nv=try echo ran
	assert_status 0
	assert_contains "warning: no NVIDIA driver was found on this node"
	assert_equal "${#lines[@]}" 2
}

@test "--sif-nv=yes and try: the driver is bound without GPUs, too" {
	install_nvidia
	for option in --sif-nv=yes --sif-nv --sif-nv=try; do
		run in_image gpu "$option" cuda
		assert_status 0
		assert_output "driver 575, device none"
	done
	assert_equal "$(sort -u "$SHARED/helpers")" nvidia
}

@test "--sif-nv=no and --sif-rocm=no: nothing is bound, even with GPUs" {
	install_nvidia
	run -127 on_gpu --sif-nv=no --sif-rocm=no sh -c '
		echo "$CUDA_VISIBLE_DEVICES"; cuda'
	assert_line 0
	assert_contains "libcuda.so.1: cannot open shared object file"
	refute_contains "no driver"
	[[ ! -e $SHARED/helpers ]]
}

@test "examples/gpu.sh runs with a driver and without" {
	cp "$TESTS_LIB/../../examples/gpu.sh" "$SHARED/"
	ln -sf gpu.sif "$SHARED/app.sif"
	run_job gpu.sh
	assert_status 1
	assert_contains "no NVIDIA driver was found on this node"
	install_nvidia
	run_job gpu.sh
	assert_status 0
	assert_output "the node has a driver"
}

# --- ROCm ------------------------------------------------------------------------

@test "ROCm: /opt/rocm is visible, and each task has its devices" {
	as_root sh -c 'mkdir -p /opt/rocm/lib && cp /shared/driver/libamdhip64.so.6 \
		/opt/rocm/lib/ && ln -s libamdhip64.so.6 /opt/rocm/lib/libamdhip64.so'
	run on_gpu -n2 sh -c 'hip; echo "rocr $ROCR_VISIBLE_DEVICES"'
	assert_status 0
	assert_line "driver 6, device 0"
	assert_line "driver 6, device 1"
	assert_line "rocr 0"
	assert_line "rocr 1"
	refute_contains "no driver"
	run in_image gpu --sif-rocm=yes hip
	assert_status 0
	assert_output "driver 6, device none"
}

@test "ROCm: CDI works, and --sif-rocm=yes fails without a driver" {
	as_root cp -R /shared/driver /driver
	cdi amd.json <<-'END'
	{"cdiVersion": "0.6.0", "kind": "amd.com/gpu", "devices": [{"name": "all",
	"containerEdits": {"mounts": [{"hostPath": "/driver/libamdhip64.so.6",
	"containerPath": "/usr/lib64/libamdhip64.so.6"}]}}]}
	END
	run on_gpu hip
	assert_status 0
	assert_output "driver 6, device 0"
	as_root rm -rf /etc/cdi
	run in_image gpu --sif-rocm=yes hip
	assert_status 1
	assert_contains "no ROCm driver was found on this node"
}

# The user can trace it and so make it print anything.
@test "the program's output is limited like the user's own binds" {
	as_root sh -c "mv $HELPER $HELPER.kept && cat >$HELPER && chmod 0755 $HELPER" \
		<<-'END'
	#!/bin/sh
	i=0
	while [ $((i += 1)) -le 500 ]; do
		printf 'bind\t/\t/mnt/%d\n' $i
	done
	END
	run on_gpu true
	as_root mv "$HELPER.kept" "$HELPER"
	assert_status 1
	assert_contains "GPU: cannot bind '/': with all that is mounted below them, your binds would bring more than 4096 mounts"
}
