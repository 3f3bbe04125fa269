#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bertrt/export.h"
#include "bertrt/parse.h"
#include "bertrt/session.h"
#include "bertrt/task_types.h"

namespace bertrt {
inline namespace v0 {

/// How tokens become entities; transformers' aggregation strategies.
enum class Aggregation {
  none,     ///< every token by itself
  simple,   ///< neighbours of one tag are an entity; a word's tokens may differ
  first,    ///< a word has the label of its first token
  average,  ///< a word has the label of the mean of its tokens' probabilities
  max,      ///< a word has the label of its surest token
};

BERTRT_API std::string_view to_string(Aggregation aggregation) noexcept;
template <>
BERTRT_API std::optional<Aggregation> parse(std::string_view name) noexcept;

struct TokenClassifierOptions {
  Aggregation aggregation = Aggregation::none;
  /// Labels that are left out: those of tokens ("B-PER") with Aggregation::none, those of groups ("PER") else.
  std::vector<std::string> ignore_labels = {"O"};
  /// Tokens that neighbouring windows of a long text share. Left out, what does not fit is dropped, as in Python.
  std::optional<std::size_t> stride = std::nullopt;
  /// Tokens of a window, special ones included, at most what the model takes; 0: the tokenizer's limit. Without one
  /// windows of a `stride` are as long as the model takes, and without a stride a text that is too long is an error.
  std::size_t max_length = 0;
  OffsetUnit offsets = OffsetUnit::bytes;
};

/// A token, or several that belong together.
struct Entity {
  std::string label;        ///< of a token: "B-PER"; of a group: "PER"
  float score = 0;          ///< probability of the label; of a group as Aggregation says
  std::string word;         ///< the tokens put together again, normalized as the tokenizer does: "angela"
  std::uint32_t start = 0;  ///< in the caller's text, half-open; bytes, or code points where asked for
  std::uint32_t end = 0;    ///< one past the last
  std::string text = {};    ///< what stands there, byte for byte
  std::optional<std::size_t> index = std::nullopt;  ///< the token's place in its window; with Aggregation::none alone
};

/// Names, places, parts of speech: a label for each token, and entities out of them, as transformers' pipeline has it.
///
///   bertrt::TokenClassifier find(session);
///   for (auto& e : find(text, {.aggregation = bertrt::Aggregation::simple})) use(e.label, text.substr(e.start, e.end -
///   e.start));
///
/// Const calls may run on many threads at once. Memory for a batch: its results, and a few thousand tokens.
class BERTRT_API TokenClassifier {
 public:
  /// @param least  how well it must be known that the model's logits are for tokens
  /// @throws Error unsupported when the model has no head for it (the message names those it has), or no tokenizer
  explicit TokenClassifier(BertSession session, Evidence least = Evidence::by_name);

  /// In text order (with several windows: by start). Empty for an empty or blank text.
  /// @throws Error invalid_argument for a stride without aggregation or as long as a window; input_too_long
  std::vector<Entity> operator()(std::string_view text, const TokenClassifierOptions& options = {}) const;
  /// One list for each, in order. An Error names the text by its number.
  std::vector<std::vector<Entity>> operator()(std::span<const std::string> batch,
                                              const TokenClassifierOptions& options = {}) const;
  /// So that find({"one", "two"}) means two texts.
  std::vector<std::vector<Entity>> operator()(std::initializer_list<std::string_view> batch,
                                              const TokenClassifierOptions& options = {}) const;

  /// A sentence that the caller cut into words. Offsets are into the words joined by `delimiter`.
  std::vector<Entity> words(std::span<const std::string_view> words, const TokenClassifierOptions& options = {},
                            std::string_view delimiter = " ") const;

  /// By index, as the model's files call them; LABEL_n where they do not.
  const std::vector<std::string>& labels() const noexcept { return labels_; }

 private:
  BertSession session_;
  std::vector<std::string> labels_;
};

}  // namespace v0
}  // namespace bertrt
