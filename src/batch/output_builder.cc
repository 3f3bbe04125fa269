#include "batch/output_builder.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <string>
#include <utility>

#include "bertrt/error.h"

namespace bertrt::batch {
namespace {

bool one_a_token(OutputRole role) {
  return role == OutputRole::hidden_state || role == OutputRole::token_logits || role == OutputRole::start_logits ||
         role == OutputRole::end_logits;
}

std::string text_of(std::span<const std::size_t> shape) {
  std::string out = "[";
  for (const std::size_t size : shape) out += (out.size() > 1 ? ", " : "") + std::to_string(size);
  return out + "]";
}

}  // namespace

OutputBuilder::OutputBuilder(const Batch& batch, const RunRequest& request, std::span<const OutputInfo> outputs)
    : batch_(batch),
      request_(request),
      outputs_(outputs),
      wanted_(wanted_rows(batch, request)),
      last_hidden_(outputs.size()),
      rows_(outputs.size()),
      more_(outputs.size()) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].role == OutputRole::hidden_state && !outputs[i].in_more) last_hidden_ = i;
  }
}

bool OutputBuilder::wants(std::size_t output) const {
  const OutputInfo& info = outputs_[output];
  if (info.in_more) return request_.more;
  switch (info.role) {
    case OutputRole::hidden_state:
      return request_.hidden_states && (request_.all_encoder_layers || output == last_hidden_);
    case OutputRole::pooled_output: return request_.pooled_output;
    case OutputRole::other: return request_.more;
    default: return request_.logits;
  }
}

void OutputBuilder::reject(std::size_t output, std::size_t text, std::span<const std::size_t> shape) const {
  const OutputInfo& info = outputs_[output];
  throw Error(ErrorCode::runtime, "output " + info.name + " of text " + std::to_string(text),
              "the shape of " + std::string(to_string(info.role)) + " for " + std::to_string(batch_.length(text)) +
                  " tokens, the same width for every text",
              text_of(shape));
}

float* OutputBuilder::place(Rows& rows, std::size_t total, std::size_t width, std::size_t row) {
  if (rows.data.empty()) {
    rows.width = width;
    rows.data.resize(total * width);
  }
  return rows.width == width ? rows.data.data() + row * width : nullptr;
}

void OutputBuilder::add(std::size_t output, std::size_t text, std::span<const std::size_t> shape,
                        std::span<const float> data) {
  const OutputInfo& info = outputs_[output];
  const std::size_t size = std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>());
  if (size != data.size()) reject(output, text, shape);
  if (info.in_more || info.role == OutputRole::other) {
    more_[output].resize(batch_.size());
    more_[output][text] = {{shape.begin(), shape.end()}, {data.begin(), data.end()}};
    return;
  }
  if (!one_a_token(info.role)) {
    if (shape.size() > 1 || size == 0) reject(output, text, shape);
    float* to = place(rows_[output], batch_.size(), size, text);
    if (to == nullptr) reject(output, text, shape);
    std::copy(data.begin(), data.end(), to);
    return;
  }
  const std::size_t tokens = batch_.length(text);
  if (shape.empty() || shape.size() > 2 || shape[0] != tokens || size == 0) reject(output, text, shape);
  const std::size_t width = size / tokens;
  if (info.role != OutputRole::token_logits) {
    float* to = place(rows_[output], batch_.total_tokens(), width, (*batch_.row_offsets)[text]);
    if (to == nullptr) reject(output, text, shape);
    std::copy(data.begin(), data.end(), to);
    return;
  }
  const std::size_t first = (*wanted_.row_offsets)[text];
  const std::size_t count = (*wanted_.row_offsets)[text + 1] - first;
  if (wanted_.row_offsets == batch_.row_offsets) return add_wanted(output, text, width, data);
  std::vector<float> picked;
  picked.reserve(count * width);
  for (std::size_t i = first; i < first + count; ++i) {
    const auto row = data.subspan((wanted_.rows[i] - (*batch_.row_offsets)[text]) * width, width);
    picked.insert(picked.end(), row.begin(), row.end());
  }
  add_wanted(output, text, width, picked);
}

void OutputBuilder::add_wanted(std::size_t output, std::size_t text, std::size_t width, std::span<const float> rows) {
  const std::size_t first = (*wanted_.row_offsets)[text];
  const std::size_t count = (*wanted_.row_offsets)[text + 1] - first;
  if (count == 0) return;
  float* to = place(rows_[output], wanted_.rows.size(), width, first);
  const std::size_t shape[] = {count, width};
  if (to == nullptr || rows.size() != count * width) reject(output, text, shape);
  std::copy(rows.begin(), rows.end(), to);
}

EncoderOutput OutputBuilder::finish() && {
  EncoderOutput out;
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    const OutputInfo& info = outputs_[i];
    if (!more_[i].empty()) out.more.push_back({info.name, info.role, std::move(more_[i])});
    Rows& rows = rows_[i];
    if (rows.data.empty()) continue;
    const auto tokens = [&] { return TokenRows(batch_.row_offsets, rows.width, std::move(rows.data)); };
    const auto texts = [&] { return Matrix{batch_.size(), rows.width, std::move(rows.data)}; };
    switch (info.role) {
      case OutputRole::hidden_state: out.all_encoder_layers.push_back(tokens()); break;
      case OutputRole::pooled_output: out.pooled_output = texts(); break;
      case OutputRole::token_logits:
        out.token_logits = TokenRows(wanted_.row_offsets, rows.width, std::move(rows.data));
        break;
      case OutputRole::text_logits: out.text_logits = texts(); break;
      case OutputRole::start_logits: out.start_logits = tokens(); break;
      case OutputRole::end_logits: out.end_logits = tokens(); break;
      case OutputRole::other: break;
    }
  }
  return out;
}

}  // namespace bertrt::batch
