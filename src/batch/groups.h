#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace bertrt::batch {

/// Texts that are computed together as one dense tensor [texts, length].
struct Group {
  std::vector<std::size_t> texts;  ///< indexes into the batch
  std::size_t length = 0;          ///< of the dense tensor: the longest of them
};

/// How an engine that needs dense tensors wants its groups.
struct GroupPolicy {
  /// Whether a text may be padded to a longer one's length. Off: only equal lengths go together.
  bool padding = true;
  /// What one more call costs, in tokens: padding that saves a call is worth up to this much.
  std::size_t call_overhead = 40;
  /// Most tokens (padding included) in one group, so that memory does not follow the batch. A longer text is alone.
  std::size_t max_tokens = 4096;
  /// Most texts in one group; 1 runs them one by one.
  std::size_t max_texts = 1024;
};

/// Splits texts of the given lengths into groups at the least total cost
/// sum(call_overhead + texts × length): exact, by dynamic programming over the texts in order of length.
std::vector<Group> plan_groups(std::span<const std::size_t> lengths, const GroupPolicy& policy);

}  // namespace bertrt::batch
