#include "engine/packed/packed_outputs.h"

#include <algorithm>

namespace bertrt::engine::packed {

using Kind = PackedSource::Kind;

void PackedOutputs::want(const PackedSource& source, bool all_rows) {
  if (source.kind == Kind::state) {
    request_.states.push_back(source.index);
  } else if (source.kind == Kind::pooled) {
    request_.pooled = true;
  } else {
    const bool tokens = model_.reads(source.index) == Head::Reads::tokens;
    const bool some = tokens && !all_rows && !source.column;
    const std::size_t place = head(source.index);
    if (place == request_.heads.size()) {
      request_.heads.push_back({source.index, {}});
      if (some) request_.heads.back().rows = builder_.wanted().rows;
    } else if (!some) {
      request_.heads[place].rows.reset();
    }
  }
}

const PackedRequest& PackedOutputs::request() {
  std::sort(request_.states.begin(), request_.states.end());
  request_.states.erase(std::unique(request_.states.begin(), request_.states.end()), request_.states.end());
  return request_;
}

std::size_t PackedOutputs::state(std::size_t index) const {
  const auto found = std::lower_bound(request_.states.begin(), request_.states.end(), index);
  return static_cast<std::size_t>(found - request_.states.begin());
}

std::size_t PackedOutputs::head(std::size_t index) const {
  const auto found = std::find_if(request_.heads.begin(), request_.heads.end(),
                                  [&](const PackedRequest::HeadRows& one) { return one.head == index; });
  return static_cast<std::size_t>(found - request_.heads.begin());
}

void PackedOutputs::add(std::size_t output, const PackedSource& source, bool all_rows, const PackedOutput& done) {
  for (std::size_t text = 0; text < batch_.size(); ++text) {
    if (source.kind == Kind::state) {
      const TokenRows& rows = done.states[state(source.index)];
      builder_.add(output, text, std::vector<std::size_t>{batch_.length(text), rows.width()}, rows.text(text));
    } else if (source.kind == Kind::pooled) {
      builder_.add(output, text, std::vector<std::size_t>{done.pooled->cols}, done.pooled->row(text));
    } else {
      add_head(output, source, all_rows, done, text);
    }
  }
}

void PackedOutputs::add_head(std::size_t output, const PackedSource& source, bool all_rows, const PackedOutput& done,
                             std::size_t text) {
  const Matrix& logits = done.heads[head(source.index)];
  const std::span<const float> all = logits.data;
  if (model_.reads(source.index) != Head::Reads::tokens) {
    builder_.add(output, text, std::vector<std::size_t>{logits.cols}, logits.row(text));
    return;
  }
  const std::vector<std::size_t>& offsets = *batch_.row_offsets;
  const std::size_t length = batch_.length(text);
  if (source.column) {
    std::vector<float> column;
    for (std::size_t row = offsets[text]; row < offsets[text + 1]; ++row)
      column.push_back(logits.row(row)[*source.column]);
    builder_.add(output, text, std::vector<std::size_t>{length}, column);
  } else if (all_rows || !request_.heads[head(source.index)].rows) {
    builder_.add(output, text, std::vector<std::size_t>{length, logits.cols},
                 all.subspan(offsets[text] * logits.cols, length * logits.cols));
  } else {
    const std::vector<std::size_t>& wanted = *builder_.wanted().row_offsets;
    builder_.add_wanted(output, text, logits.cols,
                        all.subspan(wanted[text] * logits.cols, (wanted[text + 1] - wanted[text]) * logits.cols));
  }
}

}  // namespace bertrt::engine::packed
