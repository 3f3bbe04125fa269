#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bertrt/encoding.h"
#include "bertrt/export.h"
#include "bertrt/options.h"
#include "bertrt/output.h"
#include "bertrt/parse.h"
#include "bertrt/session.h"
#include "bertrt/similarity.h"

namespace bertrt::tasks {
class EmbedderImpl;
}  // namespace bertrt::tasks

namespace bertrt {
inline namespace v0 {

/// How the vectors of a text's tokens become one; special tokens count.
enum class Pooling {
  cls,  ///< the first token's
  max,  ///< the greatest of each column
  mean,
  mean_sqrt_len_tokens,  ///< the sum by the root of the number of tokens
  weightedmean,          ///< the mean with the weights 1, 2, 3, … by position
  lasttoken,             ///< the last token's
};

/// The name as written above.
BERTRT_API std::string_view to_string(Pooling pooling) noexcept;
template <>
BERTRT_API std::optional<Pooling> parse(std::string_view name) noexcept;

/// What an embedder is made with. What is left out is as the model's files say.
struct EmbedderOptions {
  /// Several are joined one behind the other. Empty: the model's own, or the mean where its files say nothing.
  std::vector<Pooling> pooling = {};
  /// Longest text in tokens, special tokens and prompt included; what is longer is cut silently. 0: the model's own.
  std::size_t max_length = 0;
  /// How well it must be known that the model's output is a hidden state.
  Evidence least = Evidence::by_name;
};

/// How texts are embedded. What is left out is as the model's files say.
struct EmbedOptions {
  /// The prompt itself, in front of every text. Goes before `prompt_name`.
  std::optional<std::string> prompt = std::nullopt;
  /// One of the model's prompts by name; "query" and "document" exist for every model, empty where its files name none.
  /// Empty: the model's default prompt, as a rule none.
  std::string prompt_name = {};
  /// The first so many columns alone (Matryoshka models). 0: what the model's files say, as a rule all. A vector that
  /// was of unit length is not any more: ask for `normalize`.
  std::size_t dimensions = 0;
  /// To unit length, after all else.
  bool normalize = false;
  /// Tokens that are computed at a time; bounds the memory. 0: a default.
  std::size_t batch_tokens = 0;
};

/// What an embedder does, for people and for decisions.
struct EmbedderInfo {
  std::vector<Pooling> pooling;  ///< empty for a table of word vectors, and where the model gives vectors by itself
  std::string pooling_why;       ///< "the model's own", "mean: the model's files name no pooling", …
  std::size_t dimensions = 0;    ///< of a vector, before EmbedOptions::dimensions
  std::size_t max_length = 0;    ///< in tokens; 0: no limit
  std::vector<std::pair<std::string, std::string>> prompts;  ///< by name
  std::optional<std::string> default_prompt_name;            ///< nullopt: none; "" is a name, too
  Similarity similarity = Similarity::cosine;                ///< what the model was trained for
};

/// Text to one vector, as sentence-transformers 6.2 does it.
///
///   bertrt::Embedder embed(bertrt::BertSession::load("all-MiniLM-L6-v2"));
///   bertrt::Matrix v = embed(texts);                                   // [texts, dimensions]
///   auto hits = bertrt::search(embed.query(questions), v, {.top_k = 3});
///
/// For a sentence-transformers folder all is as its files say: pooling, prompts, length, Dense, LayerNorm, Normalize, …
/// For any other model: the vector of a text that its file returns (an output `sentence_embedding`, or the only thing
/// that it gives of a text where it returns no hidden states), else the mean of the last hidden state over the tokens;
/// info() says which.
///
/// A cheap handle on an immutable object; const calls may run on many threads at once. A text alone and in a batch has
/// the same vector within 1e-5 (fp32). Calls on an object that was moved from are an Error invalid_argument.
class BERTRT_API Embedder {
 public:
  /// @throws Error unsupported for a model without hidden states or tokenizer, or whose modules make something else of
  /// a
  ///         text than one vector: the message says what the model has
  explicit Embedder(BertSession session, const EmbedderOptions& options = {});
  /// BertSession::load and the constructor in one; and models that are no session, because they have no encoder:
  /// tables of word vectors (StaticEmbedding, model2vec's kind), which go at the tokenizer's speed.
  /// @throws Error as BertSession::load and the constructor
  static Embedder load(const std::filesystem::path& folder, const SessionOptions& session = {},
                       const EmbedderOptions& options = {});

  /// [dimensions]. An empty text is a text. @throws Error invalid_argument for a prompt that the model has not; what
  /// run() throws
  std::vector<float> operator()(std::string_view text, const EmbedOptions& options = {}) const;
  /// [texts, dimensions]; no texts: no rows. Sorted by length and computed `batch_tokens` at a time, in the order
  /// given.
  Matrix operator()(std::span<const std::string_view> texts, const EmbedOptions& options = {}) const;
  /// The same for strings.
  Matrix operator()(std::span<const std::string> texts, const EmbedOptions& options = {}) const;
  /// The same for a vector of strings.
  Matrix operator()(const std::vector<std::string>& texts, const EmbedOptions& options = {}) const {
    return (*this)(std::span<const std::string>(texts), options);
  }
  /// So that embed({"one", "two"}) means two texts.
  Matrix operator()(std::initializer_list<std::string_view> texts, const EmbedOptions& options = {}) const {
    return (*this)(std::span<const std::string_view>(texts.begin(), texts.size()), options);
  }

  /// With the prompt "query" or "document", unless the options name one.
  Matrix query(std::span<const std::string> texts, EmbedOptions options = {}) const;
  /// So that query({"one", "two"}) means two texts.
  Matrix query(std::initializer_list<std::string_view> texts, EmbedOptions options = {}) const;
  /// The other side of query().
  Matrix document(std::span<const std::string> texts, EmbedOptions options = {}) const;
  /// Likewise.
  Matrix document(std::initializer_list<std::string_view> texts, EmbedOptions options = {}) const;

  /// Any number of texts in bounded memory: `next` gives one at a time, nothing at the end, behind which it is
  /// not called again; `each` takes the vectors [dimensions] in the same order, from this thread.
  /// @return how many. @throws Error invalid_argument for an empty function; and what the two functions throw
  std::size_t stream(const std::function<std::optional<std::string>()>& next,
                     const std::function<void(std::span<const float> vector)>& each,
                     const EmbedOptions& options = {}) const;

  /// Late chunking: the whole text is read at once, so that each part is understood in its context, and each span of
  /// its bytes has a vector of its own: the mean of the tokens in it, and the model's modules behind the pooling.
  ///
  /// A text longer than the model's limit is read in windows that share half of their tokens; a token counts where it
  /// has more of its context. A span without any token is a vector of zeros before those modules.
  /// @param spans  half-open ranges of bytes, in any order; they may overlap
  /// @return [spans, dimensions]
  /// @throws Error invalid_argument for a span outside the text; unsupported for a table of word vectors
  Matrix chunks(std::string_view text, std::span<const Offset> spans, const EmbedOptions& options = {}) const;
  /// {"one", "two"} would be one text, between pointers that have nothing in common.
  void chunks(std::initializer_list<std::string_view> texts, std::span<const Offset> spans,
              const EmbedOptions& options = {}) const = delete;

  /// What the model's files say of its vectors.
  const EmbedderInfo& info() const;

 private:
  explicit Embedder(std::shared_ptr<const tasks::EmbedderImpl> impl) noexcept;
  const tasks::EmbedderImpl& impl() const;

  std::shared_ptr<const tasks::EmbedderImpl> impl_;
};

}  // namespace v0
}  // namespace bertrt
