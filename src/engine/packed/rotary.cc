#include "engine/packed/rotary.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "bertrt/error.h"
#include "engine/packed/row_pitch.h"
#include "family/rotary_frequencies.h"
#include "kernels/ops/rotary.h"

namespace bertrt::engine::packed {
namespace {

// Shares of the tokens, so many that waking the threads is worth it.
std::size_t parts_of(std::size_t tokens, const kernels::ThreadPool& pool) {
  constexpr std::size_t kTokensForThread = 16;
  return std::clamp<std::size_t>(tokens / kTokensForThread, 1, pool.threads());
}

// A position's cosines and sines, in this order, as a file has them. @return behind them
float* copy_angles(const family::RotarySpec& spec, std::int64_t position, float* to) {
  const std::size_t pairs = spec.frequencies.size();
  const std::size_t rows = spec.table.size() / (2 * pairs);
  if (position < 0 || static_cast<std::size_t>(position) >= rows) {
    throw Error(ErrorCode::invalid_argument, "position_ids", "0 to " + std::to_string(rows - 1),
                std::to_string(position));
  }
  const float* sines = spec.table.data() + static_cast<std::size_t>(position) * 2 * pairs;
  to = std::transform(sines + pairs, sines + 2 * pairs, to, [&](float cosine) { return cosine * spec.factor; });
  return std::transform(sines, sines + pairs, to, [&](float sine) { return sine * spec.factor; });
}

// Of the ways whose base grows in this text, which is as long as its last position says; empty for the others, and
// where none can grow.
template <typename Place>
std::vector<std::vector<float>> grown_in(std::span<const family::RotarySpec> specs, const Place& place,
                                         std::size_t length) {
  std::vector<std::vector<float>> grown;
  if (std::none_of(specs.begin(), specs.end(), [](const auto& spec) { return spec.growth.has_value(); })) return grown;
  std::int64_t last = -1;
  for (std::size_t i = 0; i < length; ++i) last = std::max(last, place(i));
  for (const family::RotarySpec& spec : specs) {
    const bool grows = spec.growth && last >= static_cast<std::int64_t>(spec.growth->length);
    grown.push_back(grows ? family::grown_frequencies(spec, static_cast<std::size_t>(last) + 1) : std::vector<float>());
  }
  return grown;
}

}  // namespace

Rotary::Rotary(std::span<const family::RotarySpec> specs, std::size_t head_size)
    : specs_(specs.begin(), specs.end()), head_size_(head_size) {
  for (const family::RotarySpec& spec : specs_) {
    const bool numbers =
        std::all_of(spec.frequencies.begin(), spec.frequencies.end(), [](float f) { return std::isfinite(f); });
    if (spec.frequencies.empty() || 2 * spec.frequencies.size() > head_size || !numbers ||
        !std::isfinite(spec.factor) || spec.table.size() % (2 * spec.frequencies.size()) != 0) {
      throw Error(ErrorCode::model_mismatch, "EncoderSpec",
                  "finite rotary frequencies, at most half as many as a head has values: " + std::to_string(head_size),
                  std::to_string(spec.frequencies.size()) + " of them");
    }
    begins_.push_back(step_);
    step_ += 2 * spec.frequencies.size();
  }
}

// Angles are products in fp32, as in Python: their rounding is part of the model.
const float* Rotary::angles(const Slice& slice, kernels::ThreadPool& pool, kernels::AlignedBuffer& memory) const {
  auto* values = reinterpret_cast<float*>(memory.reserve(slice.tokens() * step_ * sizeof(float)));
  pool.run(slice.size(), [&](std::size_t text) {
    float* to = values + slice.begin(text) * step_;
    const std::size_t length = slice.length(text);
    const auto place = [&, row = slice.batch_row(text)](std::size_t i) {
      const auto& given = slice.batch.position_ids;
      return given.empty() ? static_cast<std::int64_t>(i) : given[row + i];
    };
    const std::vector<std::vector<float>> grown = grown_in(specs_, place, length);
    for (std::size_t i = 0; i < length; ++i) {
      const auto position = static_cast<float>(place(i));
      for (std::size_t which = 0; which < specs_.size(); ++which) {
        const family::RotarySpec& spec = specs_[which];
        if (!spec.table.empty()) {
          to = copy_angles(spec, place(i), to);
          continue;
        }
        const bool own = grown.empty() || grown[which].empty();
        const std::vector<float>& frequencies = own ? spec.frequencies : grown[which];
        for (const float frequency : frequencies) *to++ = std::cos(position * frequency) * spec.factor;
        for (const float frequency : frequencies) *to++ = std::sin(position * frequency) * spec.factor;
      }
    }
  });
  return values;
}

void Rotary::turn(std::size_t which, const float* angles, std::size_t tokens, std::size_t heads, float* qkv,
                  kernels::ThreadPool& pool) const {
  const std::size_t pairs = specs_[which].frequencies.size();
  const std::size_t hidden = heads * head_size_;
  const std::size_t stride = row_pitch(3 * hidden);
  const std::size_t parts = parts_of(tokens, pool);
  pool.run(parts, [&](std::size_t part) {
    for (std::size_t token = tokens * part / parts; token < tokens * (part + 1) / parts; ++token) {
      const float* cosine = angles + token * step_ + begins_[which];
      kernels::ops::rotate(qkv + token * stride, (specs_[which].values ? 3 : 2) * heads, head_size_, cosine,
                           cosine + pairs, pairs);
    }
  });
}

}  // namespace bertrt::engine::packed
