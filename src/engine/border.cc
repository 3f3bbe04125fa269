// Compiled into the library and into each module.
#include "bertrt_border_hash.h"  // made in the build folder by cmake/border_hash.cmake
#include "engine/module.h"

#define BERTRT_STRING_OF(x) #x
#define BERTRT_STRING(x) BERTRT_STRING_OF(x)

#if defined(__GXX_ABI_VERSION)
#define BERTRT_COMPILER_ABI BERTRT_STRING(__GXX_ABI_VERSION)
#else
#define BERTRT_COMPILER_ABI "other"
#endif
#if defined(_GLIBCXX_USE_CXX11_ABI)
#define BERTRT_STANDARD_LIBRARY "libstdc++ " BERTRT_STRING(_GLIBCXX_USE_CXX11_ABI)
#elif defined(_LIBCPP_ABI_VERSION)
#define BERTRT_STANDARD_LIBRARY "libc++ " BERTRT_STRING(_LIBCPP_ABI_VERSION)
#else
#define BERTRT_STANDARD_LIBRARY "another standard library"
#endif
#if defined(_GLIBCXX_DEBUG)
#define BERTRT_CHECKS " debug"
#else
#define BERTRT_CHECKS ""
#endif

namespace bertrt::engine {

const char kBorder[] = "bertrt " BERTRT_VERSION " " BERTRT_BORDER_HASH ", ABI " BERTRT_COMPILER_ABI
                       ", " BERTRT_STANDARD_LIBRARY BERTRT_CHECKS;

}  // namespace bertrt::engine
