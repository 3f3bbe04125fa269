#include "bertrt/options.h"

#include "base/enum_names.h"

namespace bertrt {
inline namespace v0 {
std::string_view to_string(EngineKind engine) noexcept {
  switch (engine) {
    case EngineKind::automatic: return "automatic";
    case EngineKind::packed: return "packed";
    case EngineKind::graph: return "graph";
    case EngineKind::torchscript: return "torchscript";
  }
  return "unknown";
}

std::string_view to_string(DType dtype) noexcept {
  switch (dtype) {
    case DType::fp32: return "fp32";
    case DType::bf16: return "bf16";
    case DType::int8: return "int8";
  }
  return "unknown";
}

std::string_view to_string(LengthPolicy policy) noexcept {
  switch (policy) {
    case LengthPolicy::automatic: return "automatic";
    case LengthPolicy::fixed: return "fixed";
  }
  return "unknown";
}

std::string_view to_string(Trust trust) noexcept {
  switch (trust) {
    case Trust::data_only: return "data_only";
    case Trust::checked: return "checked";
    case Trust::full: return "full";
  }
  return "unknown";
}

template <>
std::optional<EngineKind> parse(std::string_view name) noexcept {
  using enum EngineKind;
  return name == "auto" ? automatic : base::find_by_name({automatic, packed, graph, torchscript}, name);
}

template <>
std::optional<DType> parse(std::string_view name) noexcept {
  using enum DType;
  return base::find_by_name({fp32, bf16, int8}, name);
}

template <>
std::optional<LengthPolicy> parse(std::string_view name) noexcept {
  return base::find_by_name({LengthPolicy::automatic, LengthPolicy::fixed}, name);
}

template <>
std::optional<Trust> parse(std::string_view name) noexcept {
  using enum Trust;
  return base::find_by_name({data_only, checked, full}, name);
}

}  // namespace v0
}  // namespace bertrt
