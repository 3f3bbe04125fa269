#include "text/gpt2_classes.h"

namespace bertrt::text {
namespace {
#include "text/gpt2_classes_table.inc"
}  // namespace

Gpt2Class gpt2_class(char32_t code_point) noexcept {
  if (code_point > 0x10FFFF) return Gpt2Class::other;
  const std::uint32_t index = kPageOf[code_point >> 8U] * 64U + ((code_point & 0xFFU) >> 2U);
  return static_cast<Gpt2Class>((kPages[index] >> ((code_point & 3U) * 2U)) & 3U);
}

}  // namespace bertrt::text
