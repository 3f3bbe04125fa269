#pragma once

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
