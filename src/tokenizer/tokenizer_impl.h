#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bertrt/tokenizer.h"
#include "tokenizer/added_tokens.h"
#include "tokenizer/templates/offset_trim.h"
#include "tokenizer/subword_model.h"
#include "tokenizer/tokenizer_config.h"
#include "tokenizer/templates/truncation.h"

namespace bertrt::tokenizer {

/// What every family has in common, around its SubwordModel: added tokens, template, truncation, padding, decoding.
/// Immutable.
class TokenizerImpl {
 public:
  /// @throws Error invalid_format where the config's ids do not fit together
  explicit TokenizerImpl(LoadedTokenizer loaded);

  Encoding encode(std::string_view text, const EncodeOptions& options) const;
  Encoding encode(std::string_view text, std::string_view pair, const EncodeOptions& options) const;
  void encode_ids(std::string_view text, std::vector<std::int32_t>& ids, bool parse_special_tokens) const;
  std::string decode(std::span<const std::int32_t> ids, bool skip_special_tokens) const;
  std::optional<std::string_view> id_to_token(std::int32_t id) const;
  std::optional<std::int32_t> token_to_id(std::string_view token) const;
  std::size_t vocab_size() const noexcept { return vocab_size_; }
  const TokenizerConfig& config() const noexcept { return config_; }
  const SubwordModel& model() const noexcept { return *model_; }

 private:
  struct Added {
    std::string content;
    std::string decoded;  // what the decoder sees: normalized where the token is
    bool skipped;         // left out by skip_special_tokens
  };

  /// One of the two texts.
  struct Part {
    std::string_view text;
    Pieces pieces;
  };

  Encoding encode_parts(std::string_view text, const std::string_view* pair, const EncodeOptions& options) const;
  Pieces pieces(std::string_view text, bool parse_special_tokens, bool with_offsets) const;
  void append_run(std::string_view text, Offset range, bool parse_special_tokens, Pieces& pieces) const;
  void append_ids(std::string_view text, Offset range, bool parse_special_tokens, std::vector<std::int32_t>& ids) const;
  /// A range of a text's tokens, and whether it is what the encoding keeps of that text.
  struct Window {
    std::pair<std::size_t, std::size_t> range;
    bool is_main = true;
  };
  /// One encoding: the template's `steps` with a window of each text.
  Encoding assemble(std::span<const TemplatePiece> steps, const Part (&parts)[2], const Window (&window)[2],
                    const EncodeOptions& options) const;
  void pad(Encoding& encoding, const EncodeOptions& options) const;

  std::unique_ptr<const SubwordModel> model_;
  TokenizerConfig config_;
  AddedTokenMatcher in_raw_text_;
  AddedTokenMatcher in_normalized_text_;
  std::unordered_map<std::int32_t, Added> added_by_id_;
  std::unordered_map<std::string, std::int32_t> added_by_content_;
  std::optional<OffsetTrim> trim_;
  std::size_t vocab_size_ = 0;
};

}  // namespace bertrt::tokenizer
