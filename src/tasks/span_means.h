#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "bertrt/encoding.h"

namespace bertrt::tasks {

/// The mean of the tokens in each of some spans of a text that comes in windows, in any order.
class SpanMeans {
 public:
  /// @param spans  must outlive this object
  SpanMeans(std::span<const Offset> spans, std::size_t width);

  /// A window's rows [tokens, width]. A token is in every span that has a byte of it; special tokens are in none.
  /// @param front  so many first tokens that are no special ones count in the window before, and
  /// @param back   so many last ones in the window behind
  void add(const Encoding& window, std::span<const float> rows, std::size_t front, std::size_t back);

  /// [spans, width]; zeros for a span without tokens.
  std::vector<float> take() &&;

 private:
  std::span<const Offset> spans_;
  std::size_t width_;
  std::vector<double> sums_;         // [spans, width]
  std::vector<std::size_t> counts_;  // [spans]
};

}  // namespace bertrt::tasks
