#include "kernels/isa/amx.h"

#include "kernels/isa/kernels.h"

// Compilers of this age come with an assembler that knows the instructions.
#if defined(__linux__) && defined(__x86_64__) && \
    ((defined(__clang__) && __clang_major__ >= 12) || (!defined(__clang__) && defined(__GNUC__) && __GNUC__ >= 11))

#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "base/processor.h"
#include "kernels/isa/amx-inl.h"

namespace bertrt::kernels::isa {
namespace {

// What ldtilecfg reads: the shapes of the registers.
struct alignas(64) Shapes {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::uint8_t reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
static_assert(sizeof(Shapes) == 64);

// The instructions by name: the intrinsics of GCC take no template's argument as a register.
struct Amx {
  static void enter() {
    static constexpr Shapes kShapes;
    __asm__ volatile("ldtilecfg %0" : : "m"(kShapes));
  }
  static void leave() { __asm__ volatile("tilerelease"); }

  template <int kRegister>
  static void zero() {
    __asm__ volatile("tilezero %%tmm%c0" : : "i"(kRegister));
  }
  template <int kRegister>
  static void load(const void* from, std::size_t stride) {
    __asm__ volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(from), "r"(stride), "i"(kRegister) : "memory");
  }
  template <int kRegister>
  static void store(void* to, std::size_t stride) {
    __asm__ volatile("tilestored %%tmm%c2, (%0,%1,1)" : : "r"(to), "r"(stride), "i"(kRegister) : "memory");
  }
  template <Product kProduct, int kSum, int kA, int kB>
  static void multiply() {
    if constexpr (kProduct == Product::int8) {
      __asm__ volatile("tdpbusd %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(kSum), "i"(kA), "i"(kB));
    } else {
      __asm__ volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(kSum), "i"(kA), "i"(kB));
    }
  }
};

}  // namespace

bool amx_is_ours() {
  // Linux's Documentation/arch/x86/xstate.rst.
  constexpr long kRequestPermission = 0x1023;
  constexpr long kTileData = 18;
  static const bool ours = base::processor().amx && ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
  return ours;
}

void use_amx(TileKernels& int8, TileKernels& bf16) {
  MatrixTiles<Amx>::fill(int8, Product::int8, "tdpbusd");
  MatrixTiles<Amx>::fill(bf16, Product::bf16, "tdpbf16ps");
}

}  // namespace bertrt::kernels::isa

#else

namespace bertrt::kernels::isa {

bool amx_is_ours() { return false; }
void use_amx(TileKernels&, TileKernels&) {}

}  // namespace bertrt::kernels::isa

#endif
