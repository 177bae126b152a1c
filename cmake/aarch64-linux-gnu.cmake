# Toolchain file for AArch64 on another Debian machine: the cross compiler, the libraries of Debian's arm64 packages beside
# the machine's own (tools/install-packages --cross), and qemu to run what was built.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)

# Debian keeps the libraries of all architectures under one root; pkg-config must look at this one's only.
set(ENV{PKG_CONFIG_LIBDIR} /usr/lib/aarch64-linux-gnu/pkgconfig:/usr/share/pkgconfig)

# AUREA_QEMU_CPU: the processor that the tests see, one of `qemu-aarch64 -cpu help`.
set(AUREA_QEMU_CPU max CACHE STRING "The processor that qemu shows to the tests")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES AUREA_QEMU_CPU)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -cpu ${AUREA_QEMU_CPU})
