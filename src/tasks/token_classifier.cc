#include "bertrt/token_classifier.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/enum_names.h"
#include "base/out_of_memory.h"
#include "bertrt/error.h"
#include "session/session_impl.h"
#include "tasks/code_points.h"
#include "tasks/entities.h"
#include "tasks/head.h"
#include "tasks/scores.h"
#include "tasks/windows.h"
#include "text/utf8.h"
#include "text/valid_utf8.h"
#include "tokenizer/bpe/bpe_words.h"
#include "tokenizer/tokenizer_impl.h"
#include "tokenizer/wordpiece/wordpiece_words.h"

namespace bertrt {
inline namespace v0 {
namespace {

using tasks::LabelledToken;

// Whether the tokenizer marks pieces that continue a word (WordPiece's "##").
bool marks_pieces(const tokenizer::TokenizerImpl& tokenizer) {
  const tokenizer::WordModel& words = tokenizer.model().words();
  if (const auto* pieces = dynamic_cast<const tokenizer::WordPieceWords*>(&words))
    return !pieces->options().prefix.empty();
  if (const auto* pairs = dynamic_cast<const tokenizer::BpeWords*>(&words)) return !pairs->spec().prefix.empty();
  return false;
}

// Reads the tokens of windows of one sentence.
class TokenReader {
 public:
  explicit TokenReader(const BertSession& session)
      : tokenizer_(session.tokenizer()), impl_(session::Access::impl(tokenizer_)), marks_(marks_pieces(impl_)) {}

  /// @param word_starts  of words that the caller cut; empty: offsets are the sentence's
  std::vector<LabelledToken> read(const tasks::WindowOutput& window, std::string_view sentence,
                                  std::span<const std::size_t> word_starts) const {
    const Encoding& encoding = window.encoding;
    const TokenRows& logits = window.output.token_logits.value();
    std::vector<LabelledToken> tokens;
    for (std::size_t i = 0; i < encoding.size(); ++i) {
      if (encoding.special_tokens_mask[i] != 0) continue;
      LabelledToken token;
      token.index = i;
      token.scores = tasks::scores_of(logits.row(window.row, i), ScoreFunction::softmax);
      Offset offset = encoding.offsets[i];
      if (!word_starts.empty() && encoding.word_ids[i] >= 0) {
        const auto shift = static_cast<std::uint32_t>(word_starts[static_cast<std::size_t>(encoding.word_ids[i])]);
        offset = {offset.begin + shift, offset.end + shift};
      }
      token.start = offset.begin;
      token.end = offset.end;
      const std::string_view ref = sentence.substr(offset.begin, offset.end - offset.begin);
      if (encoding.input_ids[i] == tokenizer_.special_tokens().unk) {
        token.word = text::valid_utf8(std::string(ref));
      } else {
        token.word = std::string(tokenizer_.id_to_token(encoding.input_ids[i]).value_or(std::string_view()));
        token.continues = continues(token.word, sentence, offset);
      }
      tokens.push_back(std::move(token));
    }
    return tokens;
  }

  std::string join(std::vector<std::string> words) const { return impl_.config().decoder.decode(std::move(words)); }

 private:
  bool continues(std::string_view word, std::string_view sentence, Offset offset) const {
    if (marks_) {
      const std::string_view ref = sentence.substr(offset.begin, offset.end - offset.begin);
      return text::count_code_points(word) != text::count_code_points(ref);
    }
    const bool space_before = offset.begin > 0 && sentence[offset.begin - 1] == ' ';
    const bool space_first = offset.begin < sentence.size() && sentence[offset.begin] == ' ';
    return offset.begin > 0 && !space_before && !space_first;
  }

  const Tokenizer& tokenizer_;
  const tokenizer::TokenizerImpl& impl_;
  bool marks_;
};

EncodeOptions encode_options(const BertSession& session, const TokenClassifierOptions& options) {
  base::check_named("TokenClassifierOptions::aggregation", options.aggregation);
  base::check_named("TokenClassifierOptions::offsets", options.offsets);
  EncodeOptions encode;
  const std::size_t own = session.tokenizer().model_max_length();
  if (options.stride) {
    if (options.aggregation == Aggregation::none) {
      throw Error(ErrorCode::invalid_argument, "TokenClassifierOptions::stride",
                  "an aggregation, to put windows together", "none");
    }
    encode.max_length = tasks::length_limit(session, options.max_length, "TokenClassifierOptions::max_length");
    if (encode.max_length != 0 && *options.stride >= encode.max_length) {
      throw Error(ErrorCode::invalid_argument, "TokenClassifierOptions::stride",
                  "less than the " + std::to_string(encode.max_length) + " tokens of a window",
                  std::to_string(*options.stride));
    }
    encode.stride = *options.stride;
  } else if (options.max_length != 0 || own != 0) {
    encode.max_length = tasks::length_limit(session, options.max_length, "TokenClassifierOptions::max_length");
  }
  encode.with_overflow = options.stride.has_value();  // without, what did not fit is dropped
  if (encode.max_length != 0) encode.truncation = Truncation::longest_first;
  return encode;
}

std::vector<Encoding> windows_for(Encoding encoding) {
  std::vector<Encoding> windows = tasks::windows_of(std::move(encoding));
  const auto is_empty = [](const Encoding& window) {
    return std::all_of(window.special_tokens_mask.begin(), window.special_tokens_mask.end(),
                       [](auto flag) { return flag != 0; });
  };
  if (std::all_of(windows.begin(), windows.end(), is_empty)) windows.clear();  // nothing to ask
  return windows;
}

// Entities as they come, window by window; done when the next text begins.
class Collector {
 public:
  Collector(const BertSession& session, std::span<const std::string> labels, const TokenClassifierOptions& options)
      : reader_(session),
        rules_{options.aggregation, labels, options.ignore_labels,
               [this](std::vector<std::string> words) { return reader_.join(std::move(words)); }} {}
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  void take(const tasks::WindowOutput& window, std::string_view sentence, std::span<const std::size_t> word_starts,
            std::vector<Entity>& entities) const {
    for (Entity& entity : tasks::entities_of(reader_.read(window, sentence, word_starts), rules_)) {
      entities.push_back(std::move(entity));
    }
  }

 private:
  TokenReader reader_;
  tasks::EntityRules rules_;
};

void finish(std::vector<Entity>& entities, std::size_t windows, std::string_view sentence, OffsetUnit unit) {
  for (Entity& entity : entities) {
    if (entity.start < entity.end) entity.text = sentence.substr(entity.start, entity.end - entity.start);
  }
  if (windows > 1) {
    const auto length = [](const Entity& entity) { return text::count_code_points(entity.text); };
    entities = tasks::merge_windows(std::move(entities), length);
  }
  if (unit == OffsetUnit::bytes || entities.empty()) return;
  const tasks::CodePoints points(sentence);
  for (Entity& entity : entities) {
    entity.start = points.before(entity.start);
    entity.end = points.before(entity.end);
  }
}

}  // namespace

TokenClassifier::TokenClassifier(BertSession session, Evidence least) : session_(std::move(session)) {
  base::or_out_of_memory("TokenClassifier", [&] {
    tasks::require_head(session_, {.task = "TokenClassifier",
                                   .heads = {"token-classification"},
                                   .role = OutputRole::token_logits,
                                   .least = least});
    labels_ = tasks::labels_of(session_);
  });
}

std::vector<Entity> TokenClassifier::operator()(std::string_view text, const TokenClassifierOptions& options) const {
  return base::or_out_of_memory("TokenClassifier", [&] {
    const std::string one(text);
    return std::move((*this)(std::span(&one, 1), options).front());
  });
}

std::vector<std::vector<Entity>> TokenClassifier::operator()(std::span<const std::string> batch,
                                                             const TokenClassifierOptions& options) const {
  return base::or_out_of_memory("TokenClassifier", [&] {
    const EncodeOptions encode = encode_options(session_, options);
    const Collector collector(session_, labels_, options);
    std::vector<std::vector<Entity>> answers(batch.size());
    std::vector<std::size_t> windows_of(batch.size());
    const auto windows = [&](std::size_t text) {
      std::vector<Encoding> own = windows_for(session_.tokenizer().encode(batch[text], encode));
      windows_of[text] = own.size();
      return own;
    };
    const auto take = [&](const tasks::WindowOutput& window) {
      std::vector<Entity>& entities = answers[window.text];
      collector.take(window, batch[window.text], {}, entities);
      if (window.window + 1 == windows_of[window.text]) {
        finish(entities, windows_of[window.text], batch[window.text], options.offsets);
      }
    };
    tasks::run_windows(session_, {.hidden_states = false, .pooled_output = false, .logits = true}, batch.size(),
                       windows, take);
    return answers;
  });
}

std::vector<std::vector<Entity>> TokenClassifier::operator()(std::initializer_list<std::string_view> batch,
                                                             const TokenClassifierOptions& options) const {
  return base::or_out_of_memory("TokenClassifier", [&] {
    const std::vector<std::string> texts(batch.begin(), batch.end());
    return (*this)(std::span<const std::string>(texts), options);
  });
}

std::vector<Entity> TokenClassifier::words(std::span<const std::string_view> words,
                                           const TokenClassifierOptions& options, std::string_view delimiter) const {
  return base::or_out_of_memory("TokenClassifier", [&]() -> std::vector<Entity> {
    const EncodeOptions encode = encode_options(session_, options);
    std::string sentence;
    std::vector<std::size_t> starts;
    for (const std::string_view word : words) {
      if (!starts.empty()) sentence += delimiter;
      starts.push_back(sentence.size());
      sentence += word;
    }
    if (words.empty()) return {};
    const Collector collector(session_, labels_, options);
    std::vector<Entity> entities;
    std::size_t count = 0;
    const auto windows = [&](std::size_t) {
      std::vector<Encoding> own = windows_for(session_.tokenizer().encode_words(words, encode));
      count = own.size();
      return own;
    };
    const auto take = [&](const tasks::WindowOutput& window) { collector.take(window, sentence, starts, entities); };
    tasks::run_windows(session_, {.hidden_states = false, .pooled_output = false, .logits = true}, 1, windows, take);
    finish(entities, count, sentence, options.offsets);
    return entities;
  });
}

}  // namespace v0
}  // namespace bertrt
