#include "bertrt/output.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/enum_names.h"
#include "base/out_of_memory.h"
#include "bertrt/error.h"

namespace bertrt {
inline namespace v0 {
namespace {

void check_index(const char* what, std::size_t index, std::size_t size) {
  if (index < size) return;
  throw Error(ErrorCode::invalid_argument, what,
              size == 0 ? "an output that is not empty" : "an index from 0 to " + std::to_string(size - 1),
              std::to_string(index));
}

}  // namespace

std::string_view to_string(OutputRole role) noexcept {
  switch (role) {
    case OutputRole::hidden_state: return "hidden_state";
    case OutputRole::pooled_output: return "pooled_output";
    case OutputRole::token_logits: return "token_logits";
    case OutputRole::text_logits: return "text_logits";
    case OutputRole::start_logits: return "start_logits";
    case OutputRole::end_logits: return "end_logits";
    case OutputRole::other: return "other";
  }
  return "unknown";
}

template <>
std::optional<OutputRole> parse(std::string_view name) noexcept {
  using enum OutputRole;
  return base::find_by_name({hidden_state, pooled_output, token_logits, text_logits, start_logits, end_logits, other},
                            name);
}

std::string_view to_string(Evidence evidence) noexcept {
  switch (evidence) {
    case Evidence::by_shape: return "by shape";
    case Evidence::by_name: return "by name";
    case Evidence::recognized: return "recognized";
    case Evidence::none: return "none";
  }
  return "unknown";
}

template <>
std::optional<Evidence> parse(std::string_view name) noexcept {
  using enum Evidence;
  return base::find_by_name({none, by_shape, by_name, recognized}, name);
}

TokenRows::TokenRows(std::shared_ptr<const std::vector<std::size_t>> row_offsets, std::size_t width,
                     std::vector<float> data)
    : row_offsets_(std::move(row_offsets)), width_(width), data_(std::move(data)) {
  const auto refuse = [](const char* expected, std::string found) {
    throw Error(ErrorCode::invalid_argument, "TokenRows", expected, std::move(found));
  };
  if (!row_offsets_ || row_offsets_->empty()) refuse("row offsets, one more than there are texts", "none");
  if (row_offsets_->front() != 0) refuse("row offsets from 0 on", std::to_string(row_offsets_->front()));
  if (!std::is_sorted(row_offsets_->begin(), row_offsets_->end())) refuse("row offsets that ascend", "others");
  const std::size_t rows = row_offsets_->back();
  const bool whole = width_ == 0 ? data_.empty() : data_.size() % width_ == 0 && data_.size() / width_ == rows;
  if (!whole) {
    refuse("values for each row",
           std::to_string(data_.size()) + " values for " + std::to_string(rows) + " rows of " + std::to_string(width_));
  }
}

std::size_t TokenRows::sequence(std::size_t text) const {
  check_index("TokenRows::sequence", text, batch_size());
  return (*row_offsets_)[text + 1] - (*row_offsets_)[text];
}

std::span<const std::size_t> TokenRows::row_offsets() const noexcept {
  return row_offsets_ ? std::span<const std::size_t>(*row_offsets_) : std::span<const std::size_t>();
}

std::span<const float> TokenRows::text(std::size_t index) const {
  check_index("TokenRows::text", index, batch_size());
  return std::span<const float>(data_).subspan((*row_offsets_)[index] * width_, sequence(index) * width_);
}

std::span<const float> TokenRows::row(std::size_t text, std::size_t token) const {
  check_index("TokenRows::row", text, batch_size());
  check_index("TokenRows::row, token", token, sequence(text));
  return std::span<const float>(data_).subspan(((*row_offsets_)[text] + token) * width_, width_);
}

PaddedTensor TokenRows::padded(float fill) const {
  return base::or_out_of_memory("TokenRows::padded", [&] {
    PaddedTensor out;
    out.batch = batch_size();
    out.width = width_;
    for (std::size_t i = 0; i < out.batch; ++i) out.sequence = std::max(out.sequence, sequence(i));
    out.data.assign(out.batch * out.sequence * width_, fill);
    for (std::size_t i = 0; i < out.batch; ++i) {
      const auto rows = text(i);
      std::copy(rows.begin(), rows.end(), out.data.begin() + static_cast<std::ptrdiff_t>(i * out.sequence * width_));
    }
    return out;
  });
}

std::vector<float> TokenRows::take() && {
  row_offsets_.reset();
  width_ = 0;
  return std::exchange(data_, {});
}

const TokenRows& EncoderOutput::last_hidden_state() const {
  if (all_encoder_layers.empty()) {
    throw Error(ErrorCode::unsupported, "EncoderOutput::last_hidden_state",
                "a model whose file gives hidden states, and a request with hidden_states on", "no hidden states");
  }
  return all_encoder_layers.back();
}

}  // namespace v0
}  // namespace bertrt
