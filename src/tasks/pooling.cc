#include "tasks/pooling.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "base/enum_names.h"

namespace bertrt {
inline namespace v0 {

std::string_view to_string(Pooling pooling) noexcept {
  switch (pooling) {
    case Pooling::cls: return "cls";
    case Pooling::max: return "max";
    case Pooling::mean: return "mean";
    case Pooling::mean_sqrt_len_tokens: return "mean_sqrt_len_tokens";
    case Pooling::weightedmean: return "weightedmean";
    case Pooling::lasttoken: return "lasttoken";
  }
  return "unknown";
}

template <>
std::optional<Pooling> parse(std::string_view name) noexcept {
  using enum Pooling;
  return base::find_by_name({cls, max, mean, mean_sqrt_len_tokens, weightedmean, lasttoken}, name);
}

}  // namespace v0
}  // namespace bertrt

namespace bertrt::tasks {
namespace {

constexpr double kLeast = 1e-9;

class Rows {
 public:
  Rows(std::span<const float> rows, std::size_t width, std::size_t skip, std::span<const std::int32_t> holes)
      : rows_(rows), width_(width), skip_(skip), holes_(holes) {}

  std::size_t count() const { return width_ == 0 ? 0 : rows_.size() / width_; }
  bool counts(std::size_t token) const { return token >= skip_ && (holes_.empty() || holes_[token] != 0); }
  std::span<const float> row(std::size_t token) const { return rows_.subspan(token * width_, width_); }

  // Σ weight · row by the divisor that `of` makes of Σ weight.
  template <typename Weight, typename Divisor>
  void average(std::span<float> out, Weight weight, Divisor of) const {
    std::vector<double> sum(width_, 0.0);
    double weights = 0;
    for (std::size_t token = 0; token < count(); ++token) {
      if (!counts(token)) continue;
      const double w = weight(token);
      weights += w;
      const std::span<const float> values = row(token);
      for (std::size_t i = 0; i < width_; ++i) sum[i] += w * static_cast<double>(values[i]);
    }
    const double divisor = of(std::max(weights, kLeast));
    for (std::size_t i = 0; i < width_; ++i) out[i] = static_cast<float>(sum[i] / divisor);
  }

  void greatest(std::span<float> out) const {
    std::fill(out.begin(), out.end(), -std::numeric_limits<float>::infinity());
    for (std::size_t token = 0; token < count(); ++token) {
      if (!counts(token)) continue;
      const std::span<const float> values = row(token);
      for (std::size_t i = 0; i < width_; ++i) {
        // Not a number stays, wherever it stood.
        if (!(values[i] <= out[i])) out[i] = std::isnan(out[i]) ? out[i] : values[i];
      }
    }
  }

  void copy(std::size_t token, std::span<float> out) const {
    const std::span<const float> values = row(token);
    std::copy(values.begin(), values.end(), out.begin());
  }

  void first(std::span<float> out) const {
    for (std::size_t token = 0; token < count(); ++token) {
      if (counts(token)) return copy(token, out);
    }
    copy(0, out);
  }

  void last(std::span<float> out) const {
    for (std::size_t token = count(); token-- > 0;) {
      if (counts(token)) return copy(token, out);
    }
    std::fill(out.begin(), out.end(), 0.0F);
  }

 private:
  std::span<const float> rows_;
  std::size_t width_;
  std::size_t skip_;
  std::span<const std::int32_t> holes_;
};

}  // namespace

void pool(std::span<const float> rows, std::size_t width, std::size_t skip, std::span<const std::int32_t> holes,
          std::span<const Pooling> modes, std::span<float> out) {
  const Rows tokens(rows, width, skip, holes);
  const auto one = [](std::size_t) { return 1.0; };
  const auto position = [](std::size_t token) { return static_cast<double>(token + 1); };
  const auto itself = [](double weights) { return weights; };
  const auto root = [](double weights) { return std::sqrt(weights); };
  for (std::size_t i = 0; i < modes.size(); ++i) {
    const std::span<float> part = out.subspan(i * width, width);
    switch (modes[i]) {
      case Pooling::cls: tokens.first(part); break;
      case Pooling::max: tokens.greatest(part); break;
      case Pooling::mean: tokens.average(part, one, itself); break;
      case Pooling::mean_sqrt_len_tokens: tokens.average(part, one, root); break;
      case Pooling::weightedmean: tokens.average(part, position, itself); break;
      case Pooling::lasttoken: tokens.last(part); break;
    }
  }
}

}  // namespace bertrt::tasks
