#include "bertrt/fill_mask.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/out_of_memory.h"
#include "base/plain_text.h"
#include "base/warnings.h"
#include "bertrt/error.h"
#include "bertrt/output.h"
#include "tasks/head.h"
#include "tasks/scores.h"
#include "tasks/softmax.h"
#include "tasks/windows.h"

namespace bertrt {
inline namespace v0 {
namespace {

// The mask tokens of a batch, in order. A text without one is an error: its answer would be empty for no reason.
std::vector<TokenPlace> find_masks(std::span<const Encoding> batch, const Tokenizer& tokenizer) {
  const std::int32_t mask = tokenizer.special_tokens().mask;
  std::vector<TokenPlace> places;
  for (std::size_t text = 0; text < batch.size(); ++text) {
    const std::size_t before = places.size();
    const Encoding& encoding = batch[text];
    for (std::size_t token = 0; token < encoding.size(); ++token) {
      const bool padding = token < encoding.attention_mask.size() && encoding.attention_mask[token] == 0;
      if (encoding.input_ids[token] == mask && !padding) places.push_back({text, token});
    }
    if (places.size() == before) {
      throw Error(ErrorCode::missing_mask_token, "text " + std::to_string(text),
                  "at least one mask token, " + std::string(tokenizer.id_to_token(mask).value_or("[MASK]")), "none");
    }
  }
  return places;
}

// The ids of the targets, each once: as they stand in the vocabulary, else the first token that is made of them.
// Those from `words` on have no score.
std::vector<std::size_t> find_targets(const std::vector<std::string>& targets, const Tokenizer& tokenizer,
                                      std::size_t words) {
  std::vector<std::size_t> ids;
  for (const std::string& target : targets) {
    std::optional<std::int32_t> id = tokenizer.token_to_id(target);
    if (!id) {
      std::vector<std::int32_t> pieces;
      tokenizer.encode_ids(target, pieces);
      if (pieces.empty()) {
        base::warn("the target \"" + base::printable(target) + "\" gives no token and is left out");
        continue;
      }
      id = pieces.front();
      base::warn("the target \"" + base::printable(target) + "\" is no token of the vocabulary; \"" +
                 base::printable(tokenizer.id_to_token(*id).value_or(std::string_view())) + "\" is taken for it");
    }
    const auto index = static_cast<std::size_t>(*id);
    if (index >= words) {
      throw Error(ErrorCode::invalid_argument, "FillMaskOptions::targets",
                  "tokens that the model has rows for (" + std::to_string(words) + ")",
                  "\"" + base::printable(target) + "\", which is token " + std::to_string(index));
    }
    if (std::find(ids.begin(), ids.end(), index) == ids.end()) ids.push_back(index);
  }
  if (ids.empty() && !targets.empty()) {
    throw Error(ErrorCode::invalid_argument, "FillMaskOptions::targets", "at least one that gives a token", "none");
  }
  return ids;
}

// Ids to text; rows of the decoder that no token belongs to give nothing.
std::string decode(const Tokenizer& tokenizer, std::vector<std::int32_t> ids, bool skip_special_tokens) {
  const auto words = static_cast<std::int32_t>(tokenizer.vocab_size());
  std::erase_if(ids, [&](std::int32_t id) { return id < 0 || id >= words; });
  return tokenizer.decode(ids, skip_special_tokens);
}

// The text with one mask filled and without padding. Special tokens stay where other masks have to be seen.
std::string filled_in(const Tokenizer& tokenizer, const Encoding& encoding, std::size_t position, std::int32_t token,
                      bool is_only_mask) {
  std::vector<std::int32_t> ids = encoding.input_ids;
  ids[position] = token;
  if (const std::int32_t pad = tokenizer.special_tokens().pad; pad >= 0) std::erase(ids, pad);
  return decode(tokenizer, std::move(ids), is_only_mask);
}

std::vector<std::size_t> best_tokens(std::span<const float> logits, std::span<const std::size_t> targets,
                                     std::size_t top_k) {
  if (targets.empty()) return tasks::top_indices(logits, top_k);
  std::vector<float> values;
  for (const std::size_t target : targets) values.push_back(logits[target]);
  std::vector<std::size_t> best = tasks::top_indices(values, top_k);
  for (std::size_t& index : best) index = targets[index];
  return best;
}

void check_top_k(std::size_t top_k, std::size_t most) {
  if (top_k > 0 && top_k <= most) return;
  throw Error(ErrorCode::invalid_argument, "FillMaskOptions::top_k",
              "1 to " + std::to_string(most) + " (the vocabulary)", std::to_string(top_k));
}

}  // namespace

FillMask::FillMask(BertSession session, Evidence least) : session_(std::move(session)) {
  base::or_out_of_memory("FillMask", [&] {
    tasks::require_head(session_,
                        {.task = "FillMask", .heads = {"masked-lm"}, .role = OutputRole::token_logits, .least = least});
    if (session_.tokenizer().special_tokens().mask < 0) {
      throw Error(ErrorCode::unsupported, "FillMask", "a vocabulary with a mask token", "none");
    }
  });
}

std::vector<MaskAnswer> FillMask::one(std::string_view text, const std::string_view* pair,
                                      const FillMaskOptions& options) const {
  return base::or_out_of_memory("FillMask", [&] {
    const EncodeOptions encode = tasks::encode_options(session_, options.truncation, 0, "");
    const Tokenizer& tokenizer = session_.tokenizer();
    Encoding encoding = pair == nullptr ? tokenizer.encode(text, encode) : tokenizer.encode(text, *pair, encode);
    tasks::drop_types(tokenizer, encoding);
    return (*this)(std::span<const Encoding>(&encoding, 1), options).front();
  });
}

std::vector<std::vector<MaskAnswer>> FillMask::operator()(std::span<const Encoding> batch,
                                                          const FillMaskOptions& options) const {
  return base::or_out_of_memory("FillMask", [&]() -> std::vector<std::vector<MaskAnswer>> {
    if (batch.empty()) return {};
    const Tokenizer& tokenizer = session_.tokenizer();
    const std::size_t words = tasks::words_with_rows(session_);
    const std::vector<std::size_t> targets = find_targets(options.targets, tokenizer, words);
    const std::size_t top_k = targets.empty() ? options.top_k : std::min(options.top_k, targets.size());
    const OutputInfo* const info = session_.info().find_output(OutputRole::token_logits);
    const bool is_known = !info->shape.empty() && info->shape.back() > 0;
    if (is_known || top_k == 0)
      check_top_k(top_k, is_known ? static_cast<std::size_t>(info->shape.back()) : tokenizer.vocab_size());
    RunRequest request{.hidden_states = false, .pooled_output = false, .logits = true};
    request.logit_tokens = find_masks(batch, tokenizer);
    const EncoderOutput output = session_.run(batch, request);
    if (!output.token_logits || output.token_logits->width() < words) {
      throw Error(ErrorCode::unsupported, "FillMask", "logits over the vocabulary for each token",
                  output.token_logits ? std::to_string(output.token_logits->width()) + " classes" : "none");
    }
    check_top_k(top_k, output.token_logits->width());
    std::vector<std::size_t> masks(batch.size());
    for (const TokenPlace& place : request.logit_tokens) ++masks[place.text];
    std::vector<std::vector<MaskAnswer>> answers(batch.size());
    for (const TokenPlace& place : request.logit_tokens) {
      std::vector<MaskAnswer>& own = answers[place.text];
      const std::span<const float> logits = output.token_logits->row(place.text, own.size());
      const tasks::Softmax softmax(logits);
      MaskAnswer answer{place.token, {}};
      for (const std::size_t index : best_tokens(logits, targets, top_k)) {
        const auto id = static_cast<std::int32_t>(index);
        answer.predictions.push_back({std::string(tokenizer.id_to_token(id).value_or(std::string_view())), id,
                                      softmax.probability(index),
                                      filled_in(tokenizer, batch[place.text], place.token, id, masks[place.text] == 1),
                                      decode(tokenizer, {id}, false)});
      }
      own.push_back(std::move(answer));
    }
    return answers;
  });
}

}  // namespace v0
}  // namespace bertrt
