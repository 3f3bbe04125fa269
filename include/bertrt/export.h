#pragma once

// Ends the compilation with one line: an #error would be followed by pages about the standard library.
#if (defined(_MSVC_LANG) ? _MSVC_LANG : __cplusplus) < 202002L
#include "bertrt needs C++20 (-std=c++20)"
#endif

// BERTRT_API marks what the library exports; every other symbol is hidden.
// A static build defines BERTRT_STATIC for itself and for its users.
#if defined(BERTRT_STATIC)
#define BERTRT_API
#elif defined(_WIN32)
#if defined(BERTRT_BUILDING)
#define BERTRT_API __declspec(dllexport)
#else
#define BERTRT_API __declspec(dllimport)
#endif
#else
#define BERTRT_API __attribute__((visibility("default")))
#endif
