# CMake's toolchain of `check.sh aarch64`: Debian's cross compiler, libraries of BERTRT_AARCH64_ROOT (unpacked packages), and
# QEMU for what is built. Only where that root lies is told to it; nothing of this machine's own libraries is found.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES BERTRT_AARCH64_ROOT)

set(CMAKE_FIND_ROOT_PATH "${BERTRT_AARCH64_ROOT}" /usr/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_LIBDIR}
    "${BERTRT_AARCH64_ROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${BERTRT_AARCH64_ROOT}/usr/share/pkgconfig")
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${BERTRT_AARCH64_ROOT}")

set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64-static -L /usr/aarch64-linux-gnu
    -E "LD_LIBRARY_PATH=${BERTRT_AARCH64_ROOT}/usr/lib/aarch64-linux-gnu")
