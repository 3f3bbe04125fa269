#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "graph/evaluate.h"
#include "graph/program.h"

namespace bertrt::family {

/// A number in the code, and what it does to a tensor.
struct Share {
  enum class How {
    divides,  ///< one that multiplies is its reciprocal
    adds,     ///< or is taken away
    fills,
    compares,
  };
  enum class Of {
    sum,     ///< over as many values as tokens
    mean,    ///< of as many, or how they are spread
    places,  ///< 0, 1, 2, …, as many as tokens, or what is made of them
    values,  ///< computed from the text
    other,   ///< known without the text
  };
  How how = How::divides;
  Of of = Of::other;
  double number = 0;
  std::int64_t folded = 0;      ///< how many tokens the sum or mean is of; the places
  std::int64_t all = 0;         ///< how many values the sum or mean is of, over all its axes
  std::int64_t height = 0;      ///< of the tensor's last axis but one
  std::int64_t width = 0;       ///< of its last axis
  std::int64_t contracted = 0;  ///< how many products are summed in each of its values, where it is a product; else 0
};

/// Follows, through one evaluation of a program, what is summed over the tokens.
class ShareWatcher {
 public:
  ShareWatcher(const graph::Program& program, std::size_t length) : program_(program), length_(length) {}

  /// To be told of every call.
  void see(const graph::Event& event);

  /// By instruction.
  const std::map<std::size_t, Share>& shares() const noexcept { return shares_; }

 private:
  struct Fold {
    bool is_sum = true;
    std::int64_t tokens = 0;
    std::int64_t all = 0;
  };

  /// All tokens, or those between the first and the last.
  bool is_tokens(std::int64_t size) const;
  std::optional<graph::Slot> argument(const graph::Event& event, std::size_t index) const;
  graph::Slot result(const graph::Event& event) const;
  const Fold* fold(const graph::Event& event, std::size_t index) const;
  void carry(const graph::Event& event, std::size_t from);

  void see_fold(const graph::Event& event, std::size_t axes_at, bool is_sum);
  void see_product(const graph::Event& event);
  void see_einsum(const graph::Event& event);
  void see_number(const graph::Event& event, Share::How how, bool inverts);
  void see_sum_of_two(const graph::Event& event);
  void see_filling(const graph::Event& event, std::size_t index);
  void add_share(const graph::Event& event, Share::How how, std::size_t tensor, double number);

  const graph::Program& program_;
  std::size_t length_;
  std::map<graph::Slot, Fold> folds_;
  std::map<graph::Slot, std::int64_t> contracted_;
  std::set<graph::Slot> weights_;  // whose sum over the last axis is 1
  std::map<std::size_t, Share> shares_;
};

}  // namespace bertrt::family
