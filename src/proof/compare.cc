#include "proof/compare.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "proof/agreement.h"

namespace bertrt::proof {
namespace {

// One output as rows: of a text's tokens, or a row a text.
struct Rows {
  std::vector<std::span<const float>> rows;
  std::string shape;  // for messages, and to compare
};

Rows rows_of(const TokenRows& tokens) {
  Rows rows{{}, "tokens x " + std::to_string(tokens.width())};
  for (std::size_t text = 0; text < tokens.batch_size(); ++text) {
    for (std::size_t token = 0; token < tokens.sequence(text); ++token) rows.rows.push_back(tokens.row(text, token));
  }
  return rows;
}

Rows rows_of(const Matrix& matrix) {
  Rows rows{{}, "texts x " + std::to_string(matrix.cols)};
  for (std::size_t i = 0; i < matrix.rows; ++i) rows.rows.push_back(matrix.row(i));
  return rows;
}

Rows rows_of(const ModelOutput& output) {
  Rows rows;
  for (const TextTensor& text : output.texts) {
    rows.shape += '[';
    for (const std::size_t size : text.shape) rows.shape += std::to_string(size) + ' ';
    rows.shape += ']';
    const std::size_t width = text.shape.empty() ? 1 : std::max<std::size_t>(text.shape.back(), 1);
    const std::span<const float> all = text.data;
    for (std::size_t at = 0; at + width <= all.size(); at += width) rows.rows.push_back(all.subspan(at, width));
  }
  return rows;
}

template <typename Part>
std::optional<Rows> rows_of(const std::optional<Part>& part) {
  return part ? std::optional<Rows>(rows_of(*part)) : std::nullopt;
}

// The output that infos[index] describes.
std::optional<Rows> find(const Outputs& outputs, std::size_t index) {
  const OutputInfo& info = outputs.infos[index];
  if (info.in_more) {
    std::size_t place = 0;
    for (std::size_t i = 0; i < index; ++i) place += outputs.infos[i].in_more ? 1 : 0;
    if (place >= outputs.values.more.size()) return std::nullopt;
    return rows_of(outputs.values.more[place]);
  }
  switch (info.role) {
    case OutputRole::hidden_state: {
      std::size_t layer = 0;
      for (std::size_t i = 0; i < index; ++i) {
        layer += outputs.infos[i].role == OutputRole::hidden_state && !outputs.infos[i].in_more ? 1 : 0;
      }
      const auto& layers = outputs.values.all_encoder_layers;
      return layer < layers.size() ? std::optional<Rows>(rows_of(layers[layer])) : std::nullopt;
    }
    case OutputRole::pooled_output: return rows_of(outputs.values.pooled_output);
    case OutputRole::token_logits: return rows_of(outputs.values.token_logits);
    case OutputRole::text_logits: return rows_of(outputs.values.text_logits);
    case OutputRole::start_logits: return rows_of(outputs.values.start_logits);
    case OutputRole::end_logits: return rows_of(outputs.values.end_logits);
    case OutputRole::other: return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

Comparison compare(const Outputs& expected, const Outputs& found, DType dtype) {
  Comparison result;
  const auto object = [&](const OutputInfo& info, const std::string& why) {
    result.differ.insert(info.role);
    if (!result.objection) {
      result.objection = "output " + info.name + " (" + std::string(to_string(info.role)) + "): " + why;
    }
  };
  if (expected.infos.empty()) result.objection = "nothing to compare: the reference gives no outputs";
  for (std::size_t i = 0; i < expected.infos.size(); ++i) {
    const OutputInfo& info = expected.infos[i];
    const auto same = std::find_if(found.infos.begin(), found.infos.end(), [&](const OutputInfo& other) {
      return other.name == info.name && other.role == info.role && other.in_more == info.in_more;
    });
    if (same == found.infos.end()) {
      object(info, "it is not given");
      continue;
    }
    const auto want = find(expected, i);
    const auto have = find(found, static_cast<std::size_t>(same - found.infos.begin()));
    if (!want || !have) {
      object(info, want ? "it was not computed" : "the reference did not compute it");
      continue;
    }
    if (want->shape != have->shape || want->rows.size() != have->rows.size()) {
      object(info, have->shape + " for " + want->shape);
      continue;
    }
    Agreement agreement(bound_of(info.role, dtype));
    for (std::size_t row = 0; row < want->rows.size(); ++row) agreement.add(want->rows[row], have->rows[row]);
    result.values += agreement.values();
    float& largest = result.differences[info.role];
    largest = std::max(largest, agreement.max_difference());
    float& scaled = result.scaled[info.role];
    scaled = std::max(scaled, agreement.max_scaled());
    if (const auto why = agreement.objection()) object(info, *why);
  }
  return result;
}

}  // namespace bertrt::proof
