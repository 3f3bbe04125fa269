#include "engine/torchscript/probe.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "bertrt/error.h"

namespace bertrt::engine::torchscript {
namespace {

// Ten times what fp32 kernels differ by between shapes, and far below what a wrong shape does to an answer.
constexpr double kTolerance = 1e-4;
// Ids below are special tokens in every family; a padding id among them would be read as padding.
constexpr std::uint64_t kFirstOrdinaryId = 5;
constexpr std::uint64_t kFallbackVocabulary = 30;
constexpr std::size_t kTypeRun = 3;

// Row by row, so that one large value does not widen the bound of all others.
bool close(const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() != b.sizes()) return false;
  if (a.numel() == 0) return true;
  const at::Tensor x = a.dim() == 0 ? a.reshape({1}) : a;
  const at::Tensor y = b.dim() == 0 ? b.reshape({1}) : b;
  const at::Tensor difference = (x - y).abs().masked_fill(x == y, 0);  // equal infinities differ by NaN
  const at::Tensor scale = x.abs().masked_fill(x.isfinite().logical_not(), 0).amax(-1, true).clamp_min(1);
  return (difference <= kTolerance * scale).all().item<bool>();  // false for NaN
}

}  // namespace

batch::Batch Probe::make(const std::vector<Text>& texts, batch::Group& group, std::size_t length) const {
  const std::uint64_t vocabulary = traits_.vocab_size > kFirstOrdinaryId ? traits_.vocab_size : kFallbackVocabulary;
  batch::Batch batch;
  auto offsets = std::make_shared<std::vector<std::size_t>>(1, 0);
  for (const Text& text : texts) {
    std::uint64_t state = text.seed;
    for (std::size_t i = 0; i < text.tokens; ++i) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;  // Knuth's MMIX generator
      batch.input_ids.push_back(
          static_cast<std::int32_t>(kFirstOrdinaryId + (state >> 33U) % (vocabulary - kFirstOrdinaryId)));
      // Both types, so that a trace that takes the types for a mask is found out; the same for equal beginnings.
      batch.token_type_ids.push_back(traits_.type_vocab_size > 1 && i / kTypeRun % 2 == 1 ? 1 : 0);
    }
    offsets->push_back(offsets->back() + text.tokens);
    group.texts.push_back(group.texts.size());
  }
  for (const InputSlot& slot : program_.inputs().slots()) {
    if (slot.role != InputRole::extra) continue;
    std::size_t width = 1;
    for (const std::int64_t size : slot.width) width *= static_cast<std::size_t>(size);
    batch.extra_inputs.push_back({slot.name, width, std::vector<std::int64_t>(offsets->back() * width, 0)});
  }
  group.length = length;
  batch.row_offsets = std::move(offsets);
  return batch;
}

std::optional<Unpacked> Probe::run(std::initializer_list<Text> texts, std::size_t rows, std::size_t length) const {
  batch::Group group;
  const batch::Batch batch = make(texts, group, length);
  try {
    return program_.run(batch, group, rows, length);
  } catch (const Error&) {
    return std::nullopt;  // an answer, too: this shape does not work
  }
}

Unpacked Probe::learn(Text text, std::size_t rows, std::size_t length) {
  batch::Group group;
  const batch::Batch batch = make({text}, group, length);
  return program_.learn_outputs(batch, group, rows, length, traits_);
}

bool Probe::agree(const Unpacked& a, std::size_t row_a, const Unpacked& b, std::size_t row_b,
                  std::size_t tokens) const {
  const OutputPlan& plan = program_.outputs();
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!close(plan.part(a, i, row_a, tokens), plan.part(b, i, row_b, tokens))) return false;
  }
  return true;
}

bool Probe::same_beginning(const Unpacked& a, const Unpacked& b) const {
  const OutputPlan& plan = program_.outputs();
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!at::equal(plan.part(a, i, 0, 1), plan.part(b, i, 0, 1))) return false;
  }
  return true;
}

}  // namespace bertrt::engine::torchscript
