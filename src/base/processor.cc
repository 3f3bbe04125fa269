#include "base/processor.h"

#include <cstdint>

#if defined(__x86_64__) || defined(__i386__) || defined(_M_X64) || defined(_M_IX86)
#define BERTRT_X86 1
#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#endif

namespace bertrt::base {
namespace {

#ifdef BERTRT_X86

struct Leaf {
  std::uint32_t eax = 0;
  std::uint32_t ebx = 0;
  std::uint32_t ecx = 0;
  std::uint32_t edx = 0;
};

// All zero where the processor has no such leaf.
Leaf leaf(std::uint32_t number, std::uint32_t part = 0) {
  Leaf found;
#if defined(_MSC_VER) && !defined(__clang__)
  int last[4];
  int words[4];
  __cpuid(last, static_cast<int>(number & 0x80000000U));
  if (static_cast<std::uint32_t>(last[0]) < number) return found;
  __cpuidex(words, static_cast<int>(number), static_cast<int>(part));
  found = {static_cast<std::uint32_t>(words[0]), static_cast<std::uint32_t>(words[1]),
           static_cast<std::uint32_t>(words[2]), static_cast<std::uint32_t>(words[3])};
#else
  if (__get_cpuid_count(number, part, &found.eax, &found.ebx, &found.ecx, &found.edx) == 0) return {};
#endif
  return found;
}

// Which registers the operating system saves (XCR0). Only where it says that the instruction may be used.
std::uint64_t saved_registers() {
#if defined(_MSC_VER) && !defined(__clang__)
  return _xgetbv(0);
#else
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<std::uint64_t>(high) << 32U) | low;
#endif
}

constexpr bool has(std::uint32_t word, unsigned bit) { return ((word >> bit) & 1U) != 0; }

// The bits' places: Intel's manual, volume 2, CPUID; AMD's volume 3, appendix E, for 0x80000001.
Processor ask() {
  Processor p;
  const Leaf one = leaf(1);
  p.ssse3 = has(one.ecx, 9);
  p.sse41 = has(one.ecx, 19);
  p.sse42 = has(one.ecx, 20);
  p.clmul = has(one.ecx, 1);
  p.aes = has(one.ecx, 25);
  const Leaf seven = leaf(7);
  p.sha = has(seven.ebx, 29);
  const bool os_saves = has(one.ecx, 27);
  const std::uint64_t saved = os_saves ? saved_registers() : 0;
  constexpr std::uint64_t kYmm = 0x06;
  constexpr std::uint64_t kZmm = 0xE6;
  constexpr std::uint64_t kTiles = 0x60000;
  const bool lzcnt = has(leaf(0x80000001).ecx, 5);
  p.avx2 = (saved & kYmm) == kYmm && has(one.ecx, 28) && has(one.ecx, 12) && has(one.ecx, 29) && lzcnt &&
           has(seven.ebx, 5) && has(seven.ebx, 3) && has(seven.ebx, 8);
  p.avx512 = p.avx2 && (saved & kZmm) == kZmm && has(seven.ebx, 16) && has(seven.ebx, 17) && has(seven.ebx, 28) &&
             has(seven.ebx, 30) && has(seven.ebx, 31);
  p.avx512_vnni = p.avx512 && has(seven.ecx, 11);
  p.avx512_bf16 = p.avx512 && has(leaf(7, 1).eax, 5);
  p.amx = p.avx512_vnni && (saved & kTiles) == kTiles && has(seven.edx, 22) && has(seven.edx, 24) && has(seven.edx, 25);
  return p;
}

#else

Processor ask() { return {}; }

#endif

}  // namespace

const Processor& processor() noexcept {
  static const Processor known = ask();
  return known;
}

}  // namespace bertrt::base
