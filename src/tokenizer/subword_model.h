#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bertrt/encoding.h"
#include "text/normalized_text.h"
#include "tokenizer/end_space.h"

namespace bertrt::tokenizer {

/// Tokens of one run of text. Both vectors have one entry a token; a model appends and never clears.
struct Pieces {
  std::vector<std::int32_t> ids;
  std::vector<Offset> offsets;  ///< bytes of the run's text
  /// Where words are counted: the number of each token's word, the next one's in `next_word`. PipelineModel alone does.
  std::vector<std::int32_t>* words = nullptr;
  std::size_t next_word = 0;
  /// The added tokens among them, with the white space of what they were found in (the normal form, for one that is
  /// looked for there); in order, and only where offsets are trimmed. The facade puts them in.
  struct Added {
    std::size_t index;
    EndSpace space;
  };
  std::vector<Added> added = {};
};

/// What a model has to know about the run beside its text.
struct RunContext {
  bool at_text_start = true;  ///< the run begins at byte 0 of the caller's text (Metaspace's "first" scheme)
  /// With encode_normalized(): how many bytes of the normal form stand for the text's first character.
  std::uint32_t start_bytes = 1;
  bool special_pieces = true;  ///< false: a text may not name control pieces (parse_special_tokens is off)
};

class WordModel;

/// Normalizer, pre-tokenizer and model in one: plain text to ids. Immutable, so every call may run on many threads.
///
/// The facade (TokenizerImpl) has already taken added and special tokens out of the text, so that a model sees the
/// runs between them; it also does templates, truncation, stride, padding and the trimming of offsets, for every family
/// alike. A model does what Hugging Face's normalizer, pre-tokenizer and model do to one run.
///
/// The text is the caller's and may be invalid UTF-8: each maximal invalid subpart is read as U+FFFD, and its offset
/// covers the bytes that stood there. An Error comes only where Hugging Face fails, too: something unknown without an
/// unknown token, or a pattern that takes too long.
class SubwordModel {
 public:
  virtual ~SubwordModel() = default;

  /// "wordpiece", "unigram", "bpe" or "wordlevel".
  virtual std::string_view family() const noexcept = 0;

  /// Normalizes, splits and encodes `text`; appends ids and offsets into `text`, as Hugging Face gives them before
  /// its post-processor.
  virtual void encode(std::string_view text, RunContext context, Pieces& pieces) const = 0;

  /// The same ids without offsets: the fast path.
  virtual void encode_ids(std::string_view text, RunContext context, std::vector<std::int32_t>& ids) const = 0;

  /// False where normalize() gives valid UTF-8 back unchanged, so that the facade need not call it.
  virtual bool has_normalizer() const noexcept { return true; }

  /// The normalizer alone. Used for added tokens with `normalized = true`, which are looked for in normalized text.
  /// The default stands for a family without a normalizer: valid UTF-8 unchanged.
  virtual void normalize(std::string_view text, RunContext context, text::NormalizedText& normalized) const;

  /// encode() for text that already went through normalize(): pre-tokenizer and model only. Offsets are into
  /// `normalized`, which is valid UTF-8. The default calls encode(), right for a family without a normalizer.
  virtual void encode_normalized(std::string_view normalized, RunContext context, Pieces& pieces) const;

  /// The model alone, which knows the vocabulary. Lives as long as this.
  virtual const WordModel& words() const noexcept = 0;

  /// Before the model is shared: `token` is a control piece, which a text may not name with special_pieces off. No
  /// effect on a model that has no such pieces.
  virtual void mark_special(std::string_view token) { (void)token; }
};

}  // namespace bertrt::tokenizer
