#include "bertrt/fill_mask.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "bertrt/error.h"
#include "bertrt/output.h"
#include "tasks/softmax.h"

namespace bertrt {
namespace {

struct MaskPlace {
  std::size_t text = 0;
  std::size_t token = 0;
};

// The mask tokens of a batch, in order. A text without one is an error: its answer would be empty for no reason.
std::vector<MaskPlace> find_masks(std::span<const Encoding> batch, const Tokenizer& tokenizer) {
  const std::int32_t mask = tokenizer.special_tokens().mask;
  std::vector<MaskPlace> places;
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

// Flat rows of the masks: padding at an encoding's end has no row, and no mask stands behind a text's last token.
std::vector<std::size_t> rows_of(std::span<const Encoding> batch, const std::vector<MaskPlace>& places) {
  std::vector<std::size_t> first(batch.size(), 0);
  for (std::size_t text = 1; text < batch.size(); ++text) {
    const auto& mask = batch[text - 1].attention_mask;
    const auto last = std::find_if(mask.rbegin(), mask.rend(), [](std::int32_t value) { return value != 0; });
    const std::size_t tokens = mask.empty() ? batch[text - 1].size() : static_cast<std::size_t>(mask.rend() - last);
    first[text] = first[text - 1] + tokens;
  }
  std::vector<std::size_t> rows;
  rows.reserve(places.size());
  for (const MaskPlace& place : places) rows.push_back(first[place.text] + place.token);
  return rows;
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
                  std::span<const float> logits, std::size_t top_k) {
  const tasks::Softmax softmax(logits);
  MaskAnswer out;
  out.position = position;
  // Rows that only pad the embedding have no token, and are passed over; they count in the softmax.
  for (const std::size_t id :
       tasks::top_indices(logits.first(std::min(logits.size(), tokenizer.vocab_size())), top_k)) {
    const auto token_id = static_cast<std::int32_t>(id);
    const auto token = tokenizer.id_to_token(token_id);
    out.predictions.push_back({std::string(token.value_or(std::string_view())), token_id, softmax.probability(id),
                               filled_in(tokenizer, encoding, position, token_id)});
  }
  return out;
}

}  // namespace

FillMask::FillMask(BertSession session) : session_(std::move(session)) {
  const auto& outputs = session_.info().outputs;
  const std::string& task = session_.info().task;
  if (std::find(outputs.begin(), outputs.end(), "logits") == outputs.end() || (!task.empty() && task != "masked-lm")) {
    throw Error(ErrorCode::unsupported, "FillMask", "a model with a masked-token head",
                task.empty() ? "one without logits" : "one for " + task);
  }
  if (session_.tokenizer().special_tokens().mask < 0) {
    throw Error(ErrorCode::unsupported, "FillMask", "a vocabulary with a mask token", "none");
  }
}

std::vector<MaskAnswer> FillMask::operator()(std::string_view text, const FillMaskOptions& options) const {
  const Encoding encoding = session_.tokenizer().encode(text, encode_options(options));
  return (*this)(std::span<const Encoding>(&encoding, 1), options).front();
}

std::vector<MaskAnswer> FillMask::operator()(std::string_view text, std::string_view pair,
                                             const FillMaskOptions& options) const {
  const Encoding encoding = session_.tokenizer().encode(text, pair, encode_options(options));
  return (*this)(std::span<const Encoding>(&encoding, 1), options).front();
}

std::vector<std::vector<MaskAnswer>> FillMask::operator()(std::span<const Encoding> batch,
                                                          const FillMaskOptions& options) const {
  const Tokenizer& tokenizer = session_.tokenizer();
  if (options.top_k == 0 || options.top_k > tokenizer.vocab_size()) {
    throw Error(ErrorCode::invalid_argument, "FillMaskOptions::top_k",
                "1 to " + std::to_string(tokenizer.vocab_size()) + " (the vocabulary)", std::to_string(options.top_k));
  }
  const std::vector<MaskPlace> places = find_masks(batch, tokenizer);
  RunRequest request{.all_encoder_layers = false, .hidden_states = false, .pooled_output = false};
  request.logit_rows = rows_of(batch, places);
  const EncoderOutput output = session_.run(batch, request);
  if (!output.logits || output.logits->rows != places.size() || output.logits->cols < tokenizer.vocab_size()) {
    throw Error(ErrorCode::unsupported, "FillMask", "logits over the vocabulary for each token",
                output.logits ? std::to_string(output.logits->cols) + " classes" : "none");
  }
  std::vector<std::vector<MaskAnswer>> answers(batch.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    const MaskPlace& place = places[i];
    answers[place.text].push_back(
        answer(tokenizer, batch[place.text], place.token, output.logits->row(i), options.top_k));
  }
  return answers;
}

EncodeOptions FillMask::encode_options(const FillMaskOptions& options) const {
  EncodeOptions encode;
  encode.truncation = options.truncation;
  if (options.truncation != Truncation::none) encode.max_length = session_.info().max_length;
  return encode;
}

}  // namespace bertrt
