#pragma once

// The version of these headers, for the preprocessor; bertrt::version() is that of the library that is linked.
#define BERTRT_VERSION_MAJOR 0
#define BERTRT_VERSION_MINOR 1
#define BERTRT_VERSION_PATCH 0
/// 10000 * major + 100 * minor + patch: #if BERTRT_VERSION_NUMBER >= 100
#define BERTRT_VERSION_NUMBER (BERTRT_VERSION_MAJOR * 10000 + BERTRT_VERSION_MINOR * 100 + BERTRT_VERSION_PATCH)
