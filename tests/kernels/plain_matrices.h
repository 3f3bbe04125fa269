#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>

#include "kernels/isa/amx-inl.h"

namespace bertrt::kernels {

/// A unit that multiplies matrices, in plain code: what isa::MatrixTiles asks for, as Intel's manual describes AMX.
class PlainMatrices {
 public:
  static void enter() { entered() = true; }
  static void leave() { entered() = false; }

  template <int kRegister>
  static void zero() {
    std::memset(at<kRegister>(), 0, kBytes);
  }
  template <int kRegister>
  static void load(const void* from, std::size_t stride) {
    for (std::size_t row = 0; row < 16; ++row) {
      std::memcpy(at<kRegister>() + row * 64, static_cast<const std::byte*>(from) + row * stride, 64);
    }
  }
  template <int kRegister>
  static void store(void* to, std::size_t stride) {
    for (std::size_t row = 0; row < 16; ++row) {
      std::memcpy(static_cast<std::byte*>(to) + row * stride, at<kRegister>() + row * 64, 64);
    }
  }
  template <isa::Product kProduct, int kSum, int kA, int kB>
  static void multiply() {
    for (std::size_t row = 0; row < 16; ++row) {
      for (std::size_t word = 0; word < 16; ++word) {
        const auto a = read<std::uint32_t>(at<kA>() + row * 64 + word * 4);
        for (std::size_t column = 0; column < 16; ++column) {
          const auto b = read<std::uint32_t>(at<kB>() + word * 64 + column * 4);
          std::byte* const sum = at<kSum>() + row * 64 + column * 4;
          if constexpr (kProduct == isa::Product::int8) {
            std::int32_t total = read<std::int32_t>(sum);
            for (unsigned shift = 0; shift < 32; shift += 8) {
              total += static_cast<std::uint8_t>(a >> shift) * static_cast<std::int8_t>(b >> shift);
            }
            std::memcpy(sum, &total, sizeof(total));
          } else {
            float total = read<float>(sum);
            for (unsigned shift = 0; shift < 32; shift += 16) total += half(a >> shift) * half(b >> shift);
            std::memcpy(sum, &total, sizeof(total));
          }
        }
      }
    }
  }

 private:
  static constexpr std::size_t kBytes = 1024;

  static bool& entered() {
    thread_local bool entered = false;
    return entered;
  }
  template <int kRegister>
  static std::byte* at() {
    thread_local std::byte registers[8][kBytes];
    static_assert(kRegister >= 0 && kRegister < 8);
    if (!entered()) throw std::logic_error("a matrix register outside of enter() and leave()");
    return registers[kRegister];
  }
  template <class T>
  static T read(const std::byte* from) {
    T value;
    std::memcpy(&value, from, sizeof(value));
    return value;
  }
  static float half(std::uint32_t bits) { return std::bit_cast<float>(bits << 16U); }
};

/// `kernels` with int8 and bf16 on such a unit.
inline isa::Kernels with_plain_matrices(isa::Kernels kernels) {
  isa::MatrixTiles<PlainMatrices>::fill(kernels.int8, isa::Product::int8, "plain matrices");
  isa::MatrixTiles<PlainMatrices>::fill(kernels.bf16, isa::Product::bf16, "plain matrices");
  return kernels;
}

}  // namespace bertrt::kernels
