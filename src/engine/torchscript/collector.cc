#include "engine/torchscript/collector.h"

#include <algorithm>

namespace bertrt::engine::torchscript {

Collector::Collector(const batch::Batch& batch, const RunRequest& request) : batch_(batch), request_(request) {
  const std::size_t count = request.logit_rows.empty() ? batch.total_tokens() : request.logit_rows.size();
  wanted_.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    wanted_.emplace_back(static_cast<std::int64_t>(request.logit_rows.empty() ? i : request.logit_rows[i]), i);
  }
  std::sort(wanted_.begin(), wanted_.end());
}

Collector::RowPairs Collector::logit_rows_in(const batch::Group& group, std::size_t length) const {
  RowPairs pairs;
  for (std::size_t row = 0; row < group.texts.size(); ++row) {
    const auto first = static_cast<std::int64_t>((*batch_.row_offsets)[group.texts[row]]);
    const auto last = static_cast<std::int64_t>((*batch_.row_offsets)[group.texts[row] + 1]);
    auto entry = std::lower_bound(wanted_.begin(), wanted_.end(), std::make_pair(first, std::size_t{0}));
    for (; entry != wanted_.end() && entry->first < last; ++entry) {
      pairs.emplace_back(static_cast<std::int64_t>(row * length) + entry->first - first, entry->second);
    }
  }
  return pairs;
}

void Collector::add_tokens(const batch::Group& group, const at::Tensor& tensor, std::size_t length,
                           std::vector<float>& rows, std::size_t width) const {
  rows.resize(batch_.total_tokens() * width);
  const float* data = tensor.const_data_ptr<float>();
  for (std::size_t row = 0; row < group.texts.size(); ++row) {
    const std::size_t text = group.texts[row];
    std::copy_n(data + row * length * width, batch_.length(text) * width,
                rows.begin() + static_cast<std::ptrdiff_t>((*batch_.row_offsets)[text] * width));
  }
}

void Collector::add_texts(const batch::Group& group, const at::Tensor& tensor, std::optional<Matrix>& matrix) const {
  const auto width = static_cast<std::size_t>(tensor.size(1));
  if (!matrix) matrix = Matrix{batch_.size(), width, std::vector<float>(batch_.size() * width)};
  const float* data = tensor.const_data_ptr<float>();
  for (std::size_t row = 0; row < group.texts.size(); ++row) {
    std::copy_n(data + row * width, width,
                matrix->data.begin() + static_cast<std::ptrdiff_t>(group.texts[row] * width));
  }
}

void Collector::add(const batch::Group& group, const Unpacked& outputs, std::size_t length) {
  if (request_.hidden_states && !outputs.layers.empty()) {
    hidden_ = static_cast<std::size_t>(outputs.layers.back().size(2));
    const std::size_t first = request_.all_encoder_layers ? 0 : outputs.layers.size() - 1;
    layers_.resize(outputs.layers.size() - first);
    for (std::size_t i = first; i < outputs.layers.size(); ++i) {
      add_tokens(group, outputs.layers[i], length, layers_[i - first], hidden_);
    }
  }
  if (request_.pooled_output && outputs.pooled.defined()) add_texts(group, outputs.pooled, out_.pooled_output);
  if (!request_.logits) return;
  if (outputs.logits.defined() && outputs.logits.dim() == 2) add_texts(group, outputs.logits, out_.logits);
  if (outputs.logits.defined() && outputs.logits.dim() == 3) {
    const RowPairs pairs = logit_rows_in(group, length);
    std::vector<std::int64_t> rows;
    for (const auto& pair : pairs) rows.push_back(pair.first);
    const at::Tensor flat = outputs.logits.reshape({-1, outputs.logits.size(2)});
    add_logit_rows(pairs, flat.index_select(0, at::tensor(rows, at::kLong)));
  }
  if (outputs.start_logits.defined() && outputs.end_logits.defined()) {
    add_tokens(group, outputs.start_logits, length, start_, 1);
    add_tokens(group, outputs.end_logits, length, end_, 1);
  }
}

void Collector::add_logit_rows(const RowPairs& pairs, const at::Tensor& logits) {
  const auto width = static_cast<std::size_t>(logits.size(1));
  if (!out_.logits) out_.logits = Matrix{wanted_.size(), width, std::vector<float>(wanted_.size() * width)};
  const float* data = logits.const_data_ptr<float>();
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    std::copy_n(data + i * width, width,
                out_.logits->data.begin() + static_cast<std::ptrdiff_t>(pairs[i].second * width));
  }
}

EncoderOutput Collector::finish() && {
  for (std::vector<float>& layer : layers_) {
    out_.all_encoder_layers.emplace_back(batch_.row_offsets, hidden_, std::move(layer));
  }
  if (!start_.empty()) {
    out_.start_logits = TokenRows(batch_.row_offsets, 1, std::move(start_));
    out_.end_logits = TokenRows(batch_.row_offsets, 1, std::move(end_));
  }
  return std::move(out_);
}

}  // namespace bertrt::engine::torchscript
