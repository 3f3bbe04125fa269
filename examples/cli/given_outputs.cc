#include "given_outputs.h"

#include <utility>

namespace bertrt::cli {
namespace {

// A head with one number a token or a text may give it without an axis of its own.
GivenOutput of_tokens(const OutputInfo& info, const TokenRows& rows, std::size_t text) {
  GivenOutput given{&info, {rows.sequence(text)}, rows.text(text)};
  if (info.shape.size() != 1) given.shape.push_back(rows.width());
  return given;
}

GivenOutput of_text(const OutputInfo& info, const Matrix& matrix, std::size_t text) {
  GivenOutput given{&info, {}, matrix.row(text)};
  if (!info.shape.empty() || matrix.cols != 1) given.shape.push_back(matrix.cols);
  return given;
}

}  // namespace

std::vector<GivenOutput> given_outputs(const EncoderOutput& output, const std::vector<OutputInfo>& infos,
                                       std::size_t text) {
  std::vector<GivenOutput> all;
  std::size_t layer = 0;
  std::size_t more = 0;
  for (const OutputInfo& info : infos) {
    if (info.in_more || info.role == OutputRole::other) {
      if (more >= output.more.size()) continue;
      const TextTensor& tensor = output.more[more++].texts[text];
      all.push_back({&info, tensor.shape, tensor.data});
      continue;
    }
    switch (info.role) {
      case OutputRole::hidden_state:
        if (layer < output.all_encoder_layers.size()) {
          all.push_back(of_tokens(info, output.all_encoder_layers[layer++], text));
        }
        break;
      case OutputRole::pooled_output:
        if (output.pooled_output) all.push_back(of_text(info, *output.pooled_output, text));
        break;
      case OutputRole::token_logits:
        if (output.token_logits) all.push_back(of_tokens(info, *output.token_logits, text));
        break;
      case OutputRole::text_logits:
        if (output.text_logits) all.push_back(of_text(info, *output.text_logits, text));
        break;
      case OutputRole::start_logits:
        if (output.start_logits) all.push_back(of_tokens(info, *output.start_logits, text));
        break;
      case OutputRole::end_logits:
        if (output.end_logits) all.push_back(of_tokens(info, *output.end_logits, text));
        break;
      case OutputRole::other: break;
    }
  }
  return all;
}

std::string shape_text(std::span<const std::size_t> shape) {
  std::string text = "[";
  for (const std::size_t size : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

}  // namespace bertrt::cli
