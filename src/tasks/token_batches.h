#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bertrt/encoding.h"

namespace bertrt::tasks {

/// Most tokens that are computed at a time where the caller does not say: enough to keep every core busy, little enough
/// that the intermediate values of a large model are some hundred megabytes.
inline constexpr std::size_t kBatchTokens = 4096;

/// Texts that are sorted, tokenized and batched together.
inline constexpr std::size_t kShare = 2048;

/// Tokens whose logits over a vocabulary may exist at a time: 128 MB of them.
std::size_t logit_rows(std::size_t vocabulary);

/// Texts by their lengths, in groups of at most `max_tokens` tokens (a longer text alone), longest first, so that
/// neighbours are alike for engines that pad. Every index stands in one group.
std::vector<std::vector<std::size_t>> plan_token_batches(std::span<const std::size_t> lengths, std::size_t max_tokens);

/// Calls `run` for each such group with its encodings, and their indexes among all.
void for_token_batches(
    std::span<const Encoding> encodings, std::size_t max_tokens,
    const std::function<void(std::span<const Encoding* const> batch, std::span<const std::size_t> indexes)>& run);

/// A stream of texts in shares that are sorted and batched as one.
class TextStream {
 public:
  using Next = std::function<std::optional<std::string>()>;

  /// @param where     the public function, for messages
  /// @param next      must live as long as this
  /// @param has_each  whether somebody takes what is made of the texts
  /// @throws Error invalid_argument for an empty function
  TextStream(const char* where, const Next& next, bool has_each);

  /// As many texts as there are until they are enough to fill some batches, or their bytes are many. Empty at the end,
  /// and `next` is not called again once it has said so: what it reads from may be gone.
  std::vector<std::string> take();

 private:
  const char* where_;
  const Next& next_;
  bool ended_ = false;
};

}  // namespace bertrt::tasks
