#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bertrt/encoding.h"
#include "bertrt/export.h"
#include "bertrt/session.h"

namespace bertrt {
inline namespace v0 {

/// One candidate for a masked token.
struct MaskPrediction {
  std::string token;  ///< as in the vocabulary, e.g. "paris" or "##s"; empty for a row of the decoder that has no token
  std::int32_t token_id = 0;  ///< its row of the decoder
  float score = 0;            ///< softmax probability over the whole vocabulary
  std::string sequence;  ///< the text decoded with this token in the mask's place; special tokens ([CLS], and the other
                         ///< masks) show where the text has several masks
  std::string token_text = {};  ///< the token decoded by itself: " paris" of a byte-level vocabulary's "Ġparis"
};

/// The candidates for one mask, best first.
struct MaskAnswer {
  std::size_t position = 0;                 ///< token index in the encoding, [CLS] = 0
  std::vector<MaskPrediction> predictions;  ///< best first
};

/// How to fill; the defaults are those of transformers' pipeline.
struct FillMaskOptions {
  std::size_t top_k = 5;                     ///< 1 … rows of the model's decoder
  Truncation truncation = Truncation::none;  ///< a longer text is an error by default
  /// Only these words; at most top_k of them come back, with their probabilities over the whole vocabulary. A word that
  /// is no token stands for the first one that it is made of, with a warning; none that gives a token is an error.
  /// Empty: every token.
  std::vector<std::string> targets = {};
};

/// Masked-token queries: text with one or more mask tokens in, ranked words out.
///
///   bertrt::FillMask fill(session);
///   auto masks = fill("Paris is the capital of [MASK].", {.top_k = 5});
///   for (auto& p : masks[0].predictions) use(p.token, p.score);
///
/// Computes the decoder for masked rows only. Const calls may run on many threads at once.
class BERTRT_API FillMask {
 public:
  /// @param least  how well it must be known that the model's logits are token logits
  /// @throws Error unsupported when the model has no masked-token head or no tokenizer
  explicit FillMask(BertSession session, Evidence least = Evidence::by_name);

  /// One answer for each mask, in text order. @throws Error missing_mask_token, and what run() throws
  std::vector<MaskAnswer> operator()(std::string_view text, const FillMaskOptions& options = {}) const {
    return one(text, nullptr, options);
  }
  /// A template, so that fill("text", {}) means options.
  template <std::convertible_to<std::string_view> Pair>
  std::vector<MaskAnswer> operator()(std::string_view text, const Pair& pair,
                                     const FillMaskOptions& options = {}) const {
    const std::string_view second = pair;
    return one(text, &second, options);
  }
  /// {"one", "two"} would be one text, between pointers that have nothing in common.
  void operator()(std::initializer_list<std::string_view> texts, const FillMaskOptions& options = {}) const = delete;
  /// Likewise.
  template <std::convertible_to<std::string_view> Pair>
  void operator()(std::initializer_list<std::string_view> texts, const Pair& pair,
                  const FillMaskOptions& options = {}) const = delete;
  /// Encoded texts in one batch; one list of answers for each, none for none.
  std::vector<std::vector<MaskAnswer>> operator()(std::span<const Encoding> batch,
                                                  const FillMaskOptions& options = {}) const;

 private:
  std::vector<MaskAnswer> one(std::string_view text, const std::string_view* pair,
                              const FillMaskOptions& options) const;

  BertSession session_;
};

}  // namespace v0
}  // namespace bertrt
