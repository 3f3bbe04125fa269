#include "bertrt/fill_mask.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "bertrt/error.h"
#include "bertrt/output.h"
#include "tasks/softmax.h"

namespace bertrt {
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

// A target is one token as it stands in the vocabulary, or a word that the tokenizer makes one token of.
std::vector<std::size_t> find_targets(const std::vector<std::string>& targets, const Tokenizer& tokenizer) {
  std::vector<std::size_t> ids;
  for (const std::string& target : targets) {
    std::optional<std::int32_t> id = tokenizer.token_to_id(target);
    if (!id) {
      std::vector<std::int32_t> pieces;
      tokenizer.encode_ids(target, pieces);
      if (pieces.size() == 1 && pieces.front() != tokenizer.special_tokens().unk) id = pieces.front();
    }
    if (!id) {
      throw Error(ErrorCode::invalid_argument, "FillMaskOptions::targets", "words that are one token of the vocabulary",
                  target);
    }
    const auto index = static_cast<std::size_t>(*id);
    if (std::find(ids.begin(), ids.end(), index) == ids.end()) ids.push_back(index);
  }
  return ids;
}

// The text with one mask filled: what the template put in is left out, other masks stay visible.
std::string filled_in(const Tokenizer& tokenizer, const Encoding& encoding, std::size_t position, std::int32_t token) {
  const SpecialTokenIds& special = tokenizer.special_tokens();
  std::vector<std::int32_t> ids;
  for (std::size_t i = 0; i < encoding.size(); ++i) {
    const std::int32_t id = i == position ? token : encoding.input_ids[i];
    const bool from_template = encoding.special_tokens_mask.size() == encoding.size()
                                   ? encoding.special_tokens_mask[i] != 0
                                   : id == special.cls || id == special.sep || id == special.pad;
    if (!from_template || i == position) ids.push_back(id);
  }
  return tokenizer.decode(ids, /*skip_special_tokens=*/false);
}

MaskAnswer answer(const Tokenizer& tokenizer, const Encoding& encoding, std::size_t position,
                  std::span<const float> logits, std::span<const std::size_t> targets, std::size_t top_k) {
  const tasks::Softmax softmax(logits);
  MaskAnswer out;
  out.position = position;
  std::vector<std::size_t> best;
  if (targets.empty()) {
    // Rows that only pad the embedding have no token, and are passed over; they count in the softmax.
    best = tasks::top_indices(logits.first(std::min(logits.size(), tokenizer.vocab_size())), top_k);
  } else {
    std::vector<float> values;
    for (const std::size_t target : targets) values.push_back(logits[target]);
    for (const std::size_t index : tasks::top_indices(values, top_k)) best.push_back(targets[index]);
  }
  for (const std::size_t id : best) {
    const auto token_id = static_cast<std::int32_t>(id);
    const auto token = tokenizer.id_to_token(token_id);
    out.predictions.push_back({std::string(token.value_or(std::string_view())), token_id, softmax.probability(id),
                               filled_in(tokenizer, encoding, position, token_id)});
  }
  return out;
}

}  // namespace

FillMask::FillMask(BertSession session, Evidence least) : session_(std::move(session)) {
  const std::string& task = session_.info().task;
  const OutputInfo* logits = session_.info().find_output(OutputRole::token_logits);
  const auto refuse = [](std::string expected, std::string found) {
    throw Error(ErrorCode::unsupported, "FillMask", std::move(expected), std::move(found));
  };
  if (logits == nullptr || (!task.empty() && task != "masked-lm")) {
    refuse("a model with a masked-token head",
           task.empty() ? "one that is not known to give token logits" : "one for " + task);
  } else if (logits->evidence < least) {
    refuse("logits that are token logits " + std::string(to_string(least)),
           "output " + logits->name + ", which is only " + std::string(to_string(logits->evidence)));
  }
  if (session_.tokenizer().special_tokens().mask < 0) refuse("a vocabulary with a mask token", "none");
}

std::vector<MaskAnswer> FillMask::one(std::string_view text, const std::string_view* pair,
                                      const FillMaskOptions& options) const {
  EncodeOptions encode;
  encode.truncation = options.truncation;  // to the model's limit
  const Tokenizer& tokenizer = session_.tokenizer();
  const Encoding encoding = pair == nullptr ? tokenizer.encode(text, encode) : tokenizer.encode(text, *pair, encode);
  return (*this)(std::span<const Encoding>(&encoding, 1), options).front();
}

std::vector<std::vector<MaskAnswer>> FillMask::operator()(std::span<const Encoding> batch,
                                                          const FillMaskOptions& options) const {
  const Tokenizer& tokenizer = session_.tokenizer();
  if (options.top_k == 0 || options.top_k > tokenizer.vocab_size()) {
    throw Error(ErrorCode::invalid_argument, "FillMaskOptions::top_k",
                "1 to " + std::to_string(tokenizer.vocab_size()) + " (the vocabulary)", std::to_string(options.top_k));
  }
  const std::vector<std::size_t> targets = find_targets(options.targets, tokenizer);
  RunRequest request{.hidden_states = false, .pooled_output = false, .logits = true};
  request.logit_tokens = find_masks(batch, tokenizer);
  const EncoderOutput output = session_.run(batch, request);
  if (!output.token_logits || output.token_logits->width() < tokenizer.vocab_size()) {
    throw Error(ErrorCode::unsupported, "FillMask", "logits over the vocabulary for each token",
                output.token_logits ? std::to_string(output.token_logits->width()) + " classes" : "none");
  }
  std::vector<std::vector<MaskAnswer>> answers(batch.size());
  for (const TokenPlace& place : request.logit_tokens) {
    std::vector<MaskAnswer>& own = answers[place.text];
    own.push_back(answer(tokenizer, batch[place.text], place.token, output.token_logits->row(place.text, own.size()),
                         targets, options.top_k));
  }
  return answers;
}

}  // namespace bertrt
