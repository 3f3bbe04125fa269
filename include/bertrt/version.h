#pragma once

// The version of these headers, for the preprocessor; bertrt::version() is that of the library that is linked.
#define BERTRT_VERSION_MAJOR 0
#define BERTRT_VERSION_MINOR 1
#define BERTRT_VERSION_PATCH 0
/// 10000 * major + 100 * minor + patch: #if BERTRT_VERSION_NUMBER >= 100
#define BERTRT_VERSION_NUMBER (BERTRT_VERSION_MAJOR * 10000 + BERTRT_VERSION_MINOR * 100 + BERTRT_VERSION_PATCH)

// Everything that is public stands in the inline namespace bertrt::v0, which nobody writes. It changes when a layout or
// a signature changes, so that a program and a library of two such versions do not link, rather than link and be wrong.
