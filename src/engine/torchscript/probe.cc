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

bool close(const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() != b.sizes()) return false;
  if (a.numel() == 0) return true;
  const double scale = std::max(1.0, a.abs().max().item<double>());
  const double difference = (a - b).abs().max().item<double>();
  return difference <= kTolerance * scale;  // false for NaN
}

// [rows, length, …] or [rows, …]: one text's part.
at::Tensor part(const at::Tensor& tensor, std::size_t row, std::size_t tokens, bool a_token) {
  const at::Tensor one = tensor.select(0, static_cast<std::int64_t>(row));
  return a_token ? one.narrow(0, 0, static_cast<std::int64_t>(tokens)) : one;
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

bool agree(const Unpacked& a, std::size_t row_a, const Unpacked& b, std::size_t row_b, std::size_t tokens) {
  const auto same = [&](const at::Tensor& x, const at::Tensor& y, bool a_token) {
    if (x.defined() != y.defined()) return false;
    return !x.defined() || close(part(x, row_a, tokens, a_token), part(y, row_b, tokens, a_token));
  };
  if (a.layers.size() != b.layers.size()) return false;
  for (std::size_t i = 0; i < a.layers.size(); ++i) {
    if (!same(a.layers[i], b.layers[i], true)) return false;
  }
  return same(a.pooled, b.pooled, false) && same(a.logits, b.logits, a.logits.defined() && a.logits.dim() == 3) &&
         same(a.start_logits, b.start_logits, true) && same(a.end_logits, b.end_logits, true);
}

bool same_beginning(const Unpacked& a, const Unpacked& b) {
  const auto same = [](const at::Tensor& x, const at::Tensor& y, bool a_token) {
    return !x.defined() || at::equal(part(x, 0, 1, a_token), part(y, 0, 1, a_token));
  };
  return (a.layers.empty() || same(a.layers.back(), b.layers.back(), true)) && same(a.pooled, b.pooled, false) &&
         same(a.logits, b.logits, a.logits.defined() && a.logits.dim() == 3) &&
         same(a.start_logits, b.start_logits, true);
}

}  // namespace bertrt::engine::torchscript
