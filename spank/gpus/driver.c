/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What belongs to a vendor's driver, for nodes without a CDI file.
 *
 * The libraries are those in nvliblist.conf and rocmliblist.conf of Apptainer,
 * so that its users do not miss any, and those that drivers have added since.
 * Modules of the X server are not listed, because a loader cache does not have
 * them.  The names end before ".so".
 */
#include <string.h>

#include "spank/gpus/driver.h"

static const char *const nvidia_libraries[] = {
	/* Compute. */
	"libcuda", "libcudadebugger", "libnvidia-allocator",
	"libnvidia-compiler", "libnvidia-fatbinaryloader", "libnvidia-gpucomp",
	"libnvidia-nvvm", "libnvidia-nvvm70", "libnvidia-opencl",
	"libnvidia-pkcs11", "libnvidia-pkcs11-openssl3",
	"libnvidia-ptxjitcompiler", "libnvidia-sandboxutils",
	"libnvidia-tileiras", "libOpenCL",
	/* Management. */
	"libnvidia-cfg", "libnvidia-ml", "libnvidia-nscq", "libnvsdm",
	/* Video. */
	"libnvcuvid", "libnvidia-encode", "libnvidia-opticalflow",
	"libvdpau_nvidia",
	/* Ray tracing and inference for graphics. */
	"libnvidia-cbl", "libnvidia-ngx", "libnvidia-rtcore", "libnvoptix",
	/* OpenGL, EGL, Vulkan. */
	"libEGL", "libEGL_installertest", "libEGL_nvidia", "libGL",
	"libGLESv1_CM", "libGLESv1_CM_nvidia", "libGLESv2", "libGLESv2_nvidia",
	"libGLX", "libGLX_installertest", "libGLX_nvidia", "libGLdispatch",
	"libOpenGL", "libglx", "libnvidia-api", "libnvidia-egl-gbm",
	"libnvidia-egl-wayland", "libnvidia-egl-wayland2", "libnvidia-egl-xcb",
	"libnvidia-egl-xlib", "libnvidia-eglcore", "libnvidia-fbc",
	"libnvidia-glcore", "libnvidia-glsi", "libnvidia-glvkspirv",
	"libnvidia-gtk2", "libnvidia-gtk3", "libnvidia-ifr",
	"libnvidia-present", "libnvidia-tls", "libnvidia-vksc-core",
	"libnvidia-vulkan-producer", "libnvidia-wfb", NULL
};

static const char *const nvidia_proofs[] = { "libcuda.so.1",
	"libnvidia-ml.so.1", NULL };

static const char *const nvidia_programs[] = { "nvidia-smi", "nvidia-debugdump",
	"nvidia-persistenced", "nvidia-cuda-mps-control",
	"nvidia-cuda-mps-server", NULL };

/* With these OpenCL, Vulkan, EGL and OptiX find their libraries and data. */
static const char *const nvidia_files[] = { "/etc/OpenCL/vendors/nvidia*.icd",
	"/etc/vulkan/icd.d/nvidia_*.json",
	"/etc/vulkan/implicit_layer.d/nvidia_*.json",
	"/etc/vulkansc/icd.d/nvidia_*.json",
	"/usr/share/vulkan/icd.d/nvidia_*.json",
	"/usr/share/vulkan/implicit_layer.d/nvidia_*.json",
	"/usr/share/vulkansc/icd.d/nvidia_*.json",
	"/usr/share/glvnd/egl_vendor.d/*_nvidia.json",
	"/usr/share/egl/egl_external_platform.d/*_nvidia_*.json",
	"/usr/share/nvidia/nvoptix.bin", NULL };

static const char *const rocm_libraries[] = {
	/* Run-time libraries, and the host libraries that they need. */
	"libamd_comgr", "libamdhip64", "libcomgr", "libhip_hcc", "libhiprtc",
	"libhiprtc-builtins", "libhsa-runtime64", "libhsakmt",
	"librocprofiler-register", "libdrm", "libdrm_amdgpu", "libelf",
	"libnuma", "libpci",
	/* Management and tracing. */
	"libamd_smi", "librocm_smi64", "libroctracer64", "libroctx64",
	"librocr_debug_agent64", "libCXLActivityLogger",
	/* Mathematics and communication. */
	"libMIOpen", "libhipblas", "libhiprand", "libmiopengemm", "librccl",
	"librocblas", "librocfft", "librocfft-device", "librocrand",
	/* OpenCL. */
	"libOpenCL", "libamdcomgr64", "libamdocl64", "libcltrace",
	/* Releases before 3. */
	"libhc_am", "libmcwamp", "libmcwamp_cpu", "libmcwamp_hsa", NULL
};

static const char *const rocm_proofs[] = { "libhsa-runtime64.so.1",
	"libamdhip64.so", NULL };

static const char *const rocm_programs[] = { "rocm-smi", "rocminfo", "clinfo",
	NULL };

static const char *const rocm_files[] = { "/etc/OpenCL/vendors/amdocl64*.icd",
	NULL };

static const char *const program_directories[] = { "/usr/bin", "/usr/sbin",
	"/usr/local/bin", "/usr/local/sbin", "/opt/bin", "/bin", "/sbin",
	NULL };
static const char *const rocm_program_directories[] = { "/opt/rocm/bin",
	"/opt/rocm/opencl/bin", "/usr/bin", "/usr/sbin", "/usr/local/bin",
	NULL };
static const char *const rocm_library_directories[] = { "/opt/rocm/lib",
	"/opt/rocm/lib64", "/opt/rocm/hip/lib", "/opt/rocm/opencl/lib", NULL };
static const char *const no_directories[] = { NULL };

static const struct driver drivers[] = {
	{
		.word = "nvidia",
		.title = "NVIDIA",
		.cdi_kind = "nvidia.com/gpu",
		.generator = "nvidia-ctk cdi generate",
		.libraries = nvidia_libraries,
		.proofs = nvidia_proofs,
		.programs = nvidia_programs,
		.program_directories = program_directories,
		.library_directories = no_directories,
		.files = nvidia_files,
	},
	{
		.word = "rocm",
		.title = "ROCm",
		.cdi_kind = "amd.com/gpu",
		.generator = "amd-ctk cdi generate",
		.libraries = rocm_libraries,
		.proofs = rocm_proofs,
		.programs = rocm_programs,
		.program_directories = rocm_program_directories,
		.library_directories = rocm_library_directories,
		.files = rocm_files,
		/* Images often bring all of ROCm, and need only the kernel's
		 * driver. */
		.device = "/dev/kfd",
	},
};

const struct driver *driver_find(const char *word)
{
	size_t i;

	for (i = 0; i < sizeof(drivers) / sizeof(*drivers); i++)
		if (strcmp(drivers[i].word, word) == 0)
			return &drivers[i];
	return NULL;
}

bool driver_has_library(const struct driver *driver, const char *name)
{
	const char *const *library;
	size_t length;

	for (library = driver->libraries; *library; library++) {
		length = strlen(*library);
		if (strncmp(name, *library, length) == 0 &&
			strncmp(name + length, ".so", 3) == 0 &&
			(name[length + 3] == '\0' || name[length + 3] == '.'))
			return true;
	}
	return false;
}
