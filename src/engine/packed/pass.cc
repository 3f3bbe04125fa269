#include "engine/packed/pass.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "bertrt/error.h"

namespace bertrt::engine::packed {
namespace {

// Rows that go through a head at a time: bounds its memory.
constexpr std::size_t kHeadRows = 256;

template <typename T>
std::span<const T> part_of(const std::vector<T>& values, std::size_t begin, std::size_t end) {
  return values.empty() ? std::span<const T>() : std::span<const T>(values).subspan(begin, end - begin);
}

}  // namespace

Pass::Pass(const Encoder& encoder, const Head* head, const batch::Batch& batch, const RunRequest& request,
           Workspace& workspace, ThreadPool& pool)
    : encoder_(encoder), head_(head), batch_(batch), request_(request), workspace_(workspace), pool_(pool) {
  pooled_ = request.pooled_output && encoder.weights().pooler != nullptr;
  logits_ = request.logits && head != nullptr;
}

EncoderOutput Pass::run(std::size_t slice_tokens) {
  choose_rows();
  run_encoder(slice_tokens);
  EncoderOutput output;
  if (pooled_) run_pooler(output);
  if (logits_) head_->kind() == Head::Kind::span ? run_span_head(output) : run_head(output);
  split_layers(output);
  return output;
}

// Which rows of the last layer anybody reads; all of them when hidden states are wanted.
void Pass::choose_rows() {
  std::vector<std::size_t>& wanted = workspace_.wanted;
  wanted.clear();
  const bool texts = pooled_ || (logits_ && head_->kind() == Head::Kind::text);
  if (texts) wanted.assign(batch_.row_offsets->begin(), batch_.row_offsets->end() - 1);
  if (logits_ && head_->kind() != Head::Kind::text) {
    if (head_->kind() == Head::Kind::token && !request_.logit_rows.empty()) {
      token_rows_ = request_.logit_rows;
    } else {
      token_rows_.resize(batch_.total_tokens());
      std::iota(token_rows_.begin(), token_rows_.end(), std::size_t{0});
    }
    for (const std::size_t row : token_rows_) {
      if (row >= batch_.total_tokens()) {
        throw Error(ErrorCode::invalid_argument, "RunRequest::logit_rows",
                    "rows below " + std::to_string(batch_.total_tokens()), std::to_string(row));
      }
    }
    wanted.insert(wanted.end(), token_rows_.begin(), token_rows_.end());
    std::sort(wanted.begin(), wanted.end());
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  }
  const std::size_t width = encoder_.description().hidden;
  if (request_.hidden_states) {
    layers_.resize(request_.all_encoder_layers ? encoder_.description().layers : 1);
    for (auto& layer : layers_) layer.resize(batch_.total_tokens() * width);
  } else {
    kept_ = reinterpret_cast<float*>(workspace_.kept.reserve(wanted.size() * width * sizeof(float)));
  }
}

void Pass::run_encoder(std::size_t slice_tokens) {
  const std::vector<std::size_t>& offsets = *batch_.row_offsets;
  const std::vector<std::size_t>& wanted = workspace_.wanted;
  if (layers_.empty() && wanted.empty()) return;
  const std::size_t width = encoder_.description().hidden;
  const std::size_t slices = std::max<std::size_t>(1, (batch_.total_tokens() + slice_tokens - 1) / slice_tokens);
  const std::size_t target = (batch_.total_tokens() + slices - 1) / slices;  // evenly filled

  std::vector<float*> to(layers_.empty() ? 0 : encoder_.description().layers, nullptr);
  std::vector<std::size_t> last_rows;
  for (std::size_t first = 0; first < batch_.size();) {
    std::size_t last = first + 1;
    while (last < batch_.size() &&
           offsets[last + 1] - offsets[first] <= std::max(target, offsets[first + 1] - offsets[first]))
      ++last;
    const std::size_t begin = offsets[first];
    const std::size_t end = offsets[last];
    const Slice slice{std::span<const std::size_t>(offsets).subspan(first, last - first + 1),
                      part_of(batch_.input_ids, begin, end), part_of(batch_.token_type_ids, begin, end),
                      part_of(batch_.attention_mask, begin, end), part_of(batch_.position_ids, begin, end)};
    SliceResults results;
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      to[to.size() - layers_.size() + i] = layers_[i].data() + begin * width;
    }
    results.layers = to;
    if (layers_.empty()) {
      const auto from = std::lower_bound(wanted.begin(), wanted.end(), begin);
      const auto until = std::lower_bound(from, wanted.end(), end);
      last_rows.assign(from, until);
      for (std::size_t& row : last_rows) row -= begin;
      results.last_rows = last_rows;
      results.last = kept_ + static_cast<std::size_t>(from - wanted.begin()) * width;
    }
    encoder_.run(slice, results, workspace_, pool_);
    first = last;
  }
}

const float* Pass::last_row(std::size_t row) const {
  const std::size_t width = encoder_.description().hidden;
  if (!layers_.empty()) return layers_.back().data() + row * width;
  const std::vector<std::size_t>& wanted = workspace_.wanted;
  return kept_ + static_cast<std::size_t>(std::lower_bound(wanted.begin(), wanted.end(), row) - wanted.begin()) * width;
}

template <typename Use>
void Pass::for_blocks(std::span<const std::size_t> wanted, const Use& use) {
  const std::size_t width = encoder_.description().hidden;
  const std::size_t most = std::min(kHeadRows, wanted.size());
  auto* rows = reinterpret_cast<float*>(workspace_.head_rows.reserve(most * width * sizeof(float)));
  for (std::size_t first = 0; first < wanted.size(); first += kHeadRows) {
    const std::size_t count = std::min(kHeadRows, wanted.size() - first);
    for (std::size_t i = 0; i < count; ++i) std::copy_n(last_row(wanted[first + i]), width, rows + i * width);
    use(rows, first, count);
  }
}

void Pass::run_pooler(EncoderOutput& output) {
  const Linear& pooler = *encoder_.weights().pooler;
  Matrix pooled{batch_.size(), pooler.out(), std::vector<float>(batch_.size() * pooler.out())};
  for_blocks({batch_.row_offsets->data(), batch_.size()}, [&](const float* rows, std::size_t first, std::size_t count) {
    pooler.run(rows, count, pooled.data.data() + first * pooled.cols, {.activation = Activation::tanh}, pool_,
               workspace_.linear);
  });
  output.pooled_output = std::move(pooled);
}

void Pass::run_head(EncoderOutput& output) {
  const std::span<const std::size_t> rows = head_->kind() == Head::Kind::text
                                                ? std::span(batch_.row_offsets->data(), batch_.size())
                                                : std::span<const std::size_t>(token_rows_);
  Matrix logits{rows.size(), head_->classes(), std::vector<float>(rows.size() * head_->classes())};
  for_blocks(rows, [&](const float* block, std::size_t first, std::size_t count) {
    head_->run(block, count, logits.data.data() + first * logits.cols, workspace_, pool_);
  });
  output.logits = std::move(logits);
}

void Pass::run_span_head(EncoderOutput& output) {
  std::vector<float> start(token_rows_.size());
  std::vector<float> end(token_rows_.size());
  std::vector<float> both(std::min(kHeadRows, token_rows_.size()) * 2);
  for_blocks(token_rows_, [&](const float* block, std::size_t first, std::size_t count) {
    head_->run(block, count, both.data(), workspace_, pool_);
    for (std::size_t i = 0; i < count; ++i) {
      start[first + i] = both[2 * i];
      end[first + i] = both[2 * i + 1];
    }
  });
  output.start_logits = TokenRows(batch_.row_offsets, 1, std::move(start));
  output.end_logits = TokenRows(batch_.row_offsets, 1, std::move(end));
}

void Pass::split_layers(EncoderOutput& output) {
  output.all_encoder_layers.reserve(layers_.size());
  for (auto& layer : layers_) {
    output.all_encoder_layers.emplace_back(batch_.row_offsets, encoder_.description().hidden, std::move(layer));
  }
}

}  // namespace bertrt::engine::packed
