#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bertrt/tokenizer.h"
#include "tokenizer/added_tokens.h"
#include "tokenizer/pipeline_model.h"
#include "tokenizer/subword_model.h"
#include "tokenizer/templates/draft.h"
#include "tokenizer/templates/offset_trim.h"
#include "tokenizer/templates/plain_template.h"
#include "tokenizer/templates/truncation.h"
#include "tokenizer/tokenizer_config.h"

namespace bertrt::tokenizer {

/// What every family has in common, around its SubwordModel: added tokens, template, truncation, padding, decoding.
/// Immutable.
class TokenizerImpl {
 public:
  /// @throws Error invalid_format where the config's ids do not fit together
  explicit TokenizerImpl(LoadedTokenizer loaded);

  /// One of the two texts of an encoding: as it stands, or in words that the caller cut.
  struct Input {
    std::span<const std::string_view> texts;
    bool is_words = false;
  };

  Encoding encode(const Input& first, const Input* second, const EncodeOptions& options) const;
  void encode_ids(std::string_view text, std::vector<std::int32_t>& ids, bool parse_special_tokens) const;
  std::string decode(std::span<const std::int32_t> ids, bool skip_special_tokens) const;
  std::optional<std::string_view> id_to_token(std::int32_t id) const;
  std::optional<std::int32_t> token_to_id(std::string_view token) const;
  std::size_t vocab_size() const noexcept { return vocab_size_; }
  /// The lowest id from `first` on that is the model's own token and no added one; nullopt: there is none.
  std::optional<std::int32_t> own_token_from(std::size_t first) const;
  const TokenizerConfig& config() const noexcept { return config_; }
  const SubwordModel& model() const noexcept { return *model_; }

  /// As sentence-transformers makes it of this one for a model of do_lower_case: a Lowercase stands in front of the
  /// normalizer, so that added tokens are found in the raw text as before, and those that are `normalized` in lower
  /// case. nullptr where nothing changes. @throws Error unsupported where two tokens are looked for alike then
  std::shared_ptr<const TokenizerImpl> in_lower_case() const;

 private:
  /// One of the two texts, and its tokens.
  struct Part {
    Input input;
    Pieces pieces;
    std::vector<std::int32_t> words;  ///< of each token; empty where they are not wanted

    std::string_view text_of(std::int32_t word) const {
      return input.is_words ? input.texts[static_cast<std::size_t>(word)] : input.texts[0];
    }
  };
  /// A range of a text's tokens, and whether it is what the encoding keeps of that text.
  struct Window {
    std::pair<std::size_t, std::size_t> range;
    bool is_main = true;
  };

  Part part(const Input& input, const EncodeOptions& options) const;
  void append_text(std::string_view text, bool parse_special_tokens, Pieces& pieces) const;
  void append_run(std::string_view text, Offset range, bool parse_special_tokens, Pieces& pieces) const;
  void append_ids(std::string_view text, Offset range, bool parse_special_tokens, std::vector<std::int32_t>& ids) const;
  /// `found`: what the token took, in the normal form if it is looked for there.
  void put_added(std::int32_t id, std::string_view found, Offset range, Pieces& pieces) const;

  /// One encoding by the plain template: its `steps` with a window of each text.
  Encoding assemble(std::span<const TemplatePiece> steps, const Part (&parts)[2], const Window (&window)[2],
                    const EncodeOptions& options) const;
  /// The same for any post-processors, with the overflow.
  Encoding assemble_by_drafts(const Part (&parts)[2], const PairWindows& windows, bool is_pair,
                              const EncodeOptions& options) const;
  /// What is trimmed of one of a text's tokens.
  EndSpace space_of(const Part& part, std::size_t index) const;
  static Encoding finish(const Draft& draft, const EncodeOptions& options, bool with_words);
  std::int32_t pad_id(const EncodeOptions& options) const;
  void pad(Encoding& encoding, const EncodeOptions& options) const;

  std::shared_ptr<WordModel> words() const;

  std::shared_ptr<SubwordModel> model_;  ///< shared with other tokenizers of the same words; not changed
  std::shared_ptr<const Stages> stages_;
  TokenizerConfig config_;
  std::unique_ptr<const SubwordModel> counting_;  ///< counts words
  AddedTokenMatcher in_raw_text_;
  AddedTokenMatcher in_normalized_text_;
  /// The added tokens once more: decode() and id_to_token() ask for each id.
  std::unordered_map<std::int32_t, const AddedVocabulary::Entry*> added_by_id_;
  std::optional<PlainTemplate> plain_;
  std::optional<OffsetTrim> trim_;
  std::size_t vocab_size_ = 0;
};

}  // namespace bertrt::tokenizer
