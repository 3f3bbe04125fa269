#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bertrt/encoding.h"
#include "bertrt/export.h"
#include "bertrt/parse.h"

namespace bertrt::session {
struct Access;
}  // namespace bertrt::session
namespace bertrt::tokenizer {
class TokenizerImpl;
}  // namespace bertrt::tokenizer

namespace bertrt {
inline namespace v0 {

/// Which of a pair gives up tokens when the two do not fit into `max_length`.
enum class Truncation {
  none,           ///< a text that does not fit is an error (ErrorCode::input_too_long)
  longest_first,  ///< token by token from whichever is longer
  only_first,     ///< from the first alone
  only_second,    ///< from the second alone
};

/// The name as written above.
BERTRT_API std::string_view to_string(Truncation truncation) noexcept;
template <>
BERTRT_API std::optional<Truncation> parse(std::string_view name) noexcept;

/// How to encode. Defaults: special tokens on, no truncation, no padding.
struct EncodeOptions {
  /// Longest result in tokens, special tokens included. 0: no limit, but where it truncates: the smaller of what
  /// tokenizer_config.json says (Tokenizer::model_max_length()) and, for a session's tokenizer, the model's limit.
  std::size_t max_length = 0;
  /// What to do with a text longer than `max_length`.
  Truncation truncation = Truncation::none;
  /// Tokens that neighbouring windows of a truncated text share; the windows are in Encoding::overflowing.
  std::size_t stride = 0;
  /// Pad with the pad token up to this many tokens, at most 100,000,000; 0: no padding.
  std::size_t pad_to = 0;
  /// Put in the family's template ([CLS] … [SEP] …).
  bool add_special_tokens = true;
  /// Recognize special tokens written in the text ("[MASK]"). Off: they are plain text, so that a user who
  /// types "[SEP]" cannot inject one.
  bool parse_special_tokens = true;
  /// Fill offsets, sequence_ids and special_tokens_mask. Off is faster: ids, types and mask only.
  bool with_offsets = true;
  /// Fill Encoding::word_ids, too. Takes the tokenizer's stages one by one, which is slower.
  bool with_word_ids = false;
  /// Give what truncation cut off (Encoding::overflowing). Off: it is left away, and a long text takes less memory.
  bool with_overflow = true;
};

/// The special tokens' ids, -1 where the vocabulary has none. They come from the tokenizer's files.
struct SpecialTokenIds {
  std::int32_t unk = -1;   ///< stands for what the vocabulary has not
  std::int32_t pad = -1;   ///< fills up to a length
  std::int32_t cls = -1;   ///< the first token of a text: [CLS] for BERT
  std::int32_t sep = -1;   ///< behind each text: [SEP] for BERT
  std::int32_t mask = -1;  ///< what FillMask fills
};

/// Text to token ids exactly as Hugging Face tokenizers 0.23.3, and back.
///
/// A cheap handle on an immutable object: copies share it, and every const call may run on many threads at once. Calls
/// on an object that was moved from are an Error invalid_argument; those that cannot fail (noexcept) give 0, no ids
/// (-1), false or an empty text then.
///
/// Text is UTF-8. Each maximal invalid part of a sequence (Unicode 16, section 3.9, "U+FFFD Substitution of Maximal
/// Subparts") is treated as U+FFFD; offsets still count the caller's bytes.
class BERTRT_API Tokenizer {
 public:
  /// From a file (vocab.txt, tokenizer.json, …) or a folder that holds a checkpoint's tokenizer files. A
  /// tokenizer_config.json beside a vocab.txt is honoured.
  /// @throws Error file_not_found, io, invalid_format, unsupported
  static Tokenizer load(const std::filesystem::path& path);

  /// From files in memory, named as they would be in a folder.
  struct File {
    std::string name;        ///< "vocab.txt", "tokenizer.json", …
    std::string_view bytes;  ///< read during the call only
  };
  /// As load() of a folder with these files.
  static Tokenizer from_files(std::span<const File> files);

  /// @throws Error input_too_long, invalid_argument
  Encoding encode(std::string_view text, const EncodeOptions& options = {}) const;
  /// Two texts.
  Encoding encode(std::string_view text, std::string_view pair, const EncodeOptions& options) const;
  /// A template, so that `{}` beside a text means options and never a pair.
  template <typename Pair>
  requires std::convertible_to<const Pair&, std::string_view> Encoding encode(std::string_view text, const Pair& pair)
  const { return encode(text, std::string_view(pair), EncodeOptions{}); }

  /// {"one", "two"} would be one text, between pointers that have nothing in common: encode_batch() takes several.
  Encoding encode(std::initializer_list<std::string_view> texts, const EncodeOptions& options = {}) const = delete;
  /// Likewise.
  Encoding encode(std::initializer_list<std::string_view> texts, std::string_view pair,
                  const EncodeOptions& options) const = delete;
  /// Likewise.
  template <typename Pair>
  requires std::convertible_to<const Pair&, std::string_view> Encoding
  encode(std::initializer_list<std::string_view> texts, const Pair& pair)
  const = delete;
  /// Likewise.
  Encoding encode(std::string_view text, std::initializer_list<std::string_view> pairs,
                  const EncodeOptions& options) const = delete;

  /// A text that the caller cut into words, as Hugging Face's is_split_into_words: each word is tokenized by itself,
  /// its offsets count from its own begin, and word_ids number the words.
  Encoding encode_words(std::span<const std::string_view> words, const EncodeOptions& options = {}) const;
  /// Two such texts.
  Encoding encode_words(std::span<const std::string_view> words, std::span<const std::string_view> pair,
                        const EncodeOptions& options = {}) const;

  /// Ids alone, appended to `ids` (not cleared first): the fast path; no template, no truncation.
  void encode_ids(std::string_view text, std::vector<std::int32_t>& ids, bool parse_special_tokens = true) const;
  /// {"one", "two"} would be one text, between pointers that have nothing in common.
  void encode_ids(std::initializer_list<std::string_view> texts, std::vector<std::int32_t>& ids,
                  bool parse_special_tokens = true) const = delete;

  /// Many texts, shared out over `num_threads` threads; results in input order. An Error names the text by its number.
  std::vector<Encoding> encode_batch(std::span<const std::string_view> texts, const EncodeOptions& options = {},
                                     std::size_t num_threads = 1) const;
  /// So that encode_batch({"one", "two"}) means two texts.
  std::vector<Encoding> encode_batch(std::initializer_list<std::string_view> texts, const EncodeOptions& options = {},
                                     std::size_t num_threads = 1) const {
    return encode_batch(std::span<const std::string_view>(texts.begin(), texts.size()), options, num_threads);
  }
  /// The same for strings.
  std::vector<Encoding> encode_batch(std::span<const std::string> texts, const EncodeOptions& options = {},
                                     std::size_t num_threads = 1) const;

  /// Token ids to text, as Hugging Face's decode(): by the files' decoder, cleaned up where the files say so. Ids
  /// outside the vocabulary are an Error invalid_argument.
  std::string decode(std::span<const std::int32_t> ids, bool skip_special_tokens = true) const;

  /// Many at once, in order.
  std::vector<std::string> decode_batch(std::span<const std::vector<std::int32_t>> ids,
                                        bool skip_special_tokens = true) const;

  /// A token's text as it stands in the vocabulary ("##ing"), an added one's that is looked for in normalized text as
  /// it is then; nullopt for an id that has none.
  std::optional<std::string_view> id_to_token(std::int32_t id) const;
  /// The id of a token as it stands in the vocabulary; nullopt where there is none.
  std::optional<std::int32_t> token_to_id(std::string_view token) const;
  /// {"one", "two"} would be one token, between pointers that have nothing in common.
  void token_to_id(std::initializer_list<std::string_view> tokens) const = delete;

  /// The encoding's tokens as id_to_token() has them, one for each id: empty for an id that has none, inside the
  /// vocabulary or outside.
  std::vector<std::string_view> tokens(const Encoding& encoding) const;

  /// Number of ids: highest id + 1, added tokens included.
  std::size_t vocab_size() const noexcept;

  /// The ids that the template, padding and masks use.
  const SpecialTokenIds& special_tokens() const noexcept;

  /// tokenizer_config.json's model_max_length, which is the limit where truncation is asked for without max_length.
  std::size_t model_max_length() const noexcept;  // 0: none

  /// Whether transformers hands the types of a pair's texts on to the model (its model_input_names): where not, as with
  /// ALBERT's tokenizers in version 5, a model counts all tokens as of type 0, though encode() numbers them.
  bool types_are_input() const noexcept;

  /// "wordpiece", "unigram", "bpe" or "wordlevel".
  std::string_view family() const noexcept;

  /// For the library itself: load() and from_files() make tokenizers.
  explicit Tokenizer(std::shared_ptr<const tokenizer::TokenizerImpl> impl);

 private:
  friend struct session::Access;
  const tokenizer::TokenizerImpl& impl() const;
  /// With the model's limit where they truncate and name none.
  EncodeOptions limited(EncodeOptions options) const;

  std::shared_ptr<const tokenizer::TokenizerImpl> impl_;
  std::size_t model_max_length_ = 0;  ///< of the session that it came with; 0: no limit
};

/// `encoding`'s offsets (and those of its overflow) counted in code points of the two texts instead of bytes.
BERTRT_API Encoding code_point_offsets(Encoding encoding, std::string_view text, std::string_view pair = {});
/// The same for what encode_words() gave.
BERTRT_API Encoding code_point_offsets(Encoding encoding, std::span<const std::string_view> words,
                                       std::span<const std::string_view> pair = {});
/// {"one", "two"} would be one text, between pointers that have nothing in common.
void code_point_offsets(Encoding encoding, std::initializer_list<std::string_view> texts,
                        std::string_view pair = {}) = delete;
/// Likewise.
void code_point_offsets(Encoding encoding, std::string_view text,
                        std::initializer_list<std::string_view> pairs) = delete;

/// Ids that come one by one to text that grows, as Hugging Face's DecodeStream: a piece of text is given out as soon as
/// it can no longer change, characters that are not complete yet are held back. One object a stream; not thread-safe.
/// One that was moved from is an Error invalid_argument when it is asked.
class BERTRT_API DecodeStream {
 public:
  /// A stream that has given nothing yet. @param skip_special_tokens  as for Tokenizer::decode
  explicit DecodeStream(Tokenizer tokenizer, bool skip_special_tokens = true);

  /// The next id; the text that is now sure, empty where nothing new is.
  /// @throws Error invalid_argument for an id outside the vocabulary; runtime where the decoder changed what was given
  /// out
  std::string step(std::int32_t id);

 private:
  Tokenizer tokenizer_;
  bool skip_special_tokens_;
  std::vector<std::int32_t> ids_;  ///< what the next text depends on
  std::string prefix_;             ///< their text that was given out
  std::size_t prefix_ids_ = 0;
};

}  // namespace v0
}  // namespace bertrt
