#include "engine/torchscript/collector.h"

#include <utility>

namespace bertrt::engine::torchscript {

Collector::Collector(const batch::Batch& batch, const RunRequest& request, const OutputPlan& plan,
                     std::span<const OutputInfo> outputs, std::optional<std::size_t> head)
    : batch_(batch), plan_(plan), head_(head), builder_(batch, request, outputs) {}

void Collector::add(const batch::Group& group, const Unpacked& outputs) {
  std::vector<std::size_t> shape;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::size_t own = head_ && i >= *head_ ? i + 1 : i;
    if (!builder_.wants(own)) continue;
    for (std::size_t row = 0; row < group.texts.size(); ++row) {
      const std::size_t text = group.texts[row];
      const at::Tensor part = plan_.part(outputs, i, row, batch_.length(text));
      shape.assign(part.sizes().begin(), part.sizes().end());
      builder_.add(own, text, shape, {part.const_data_ptr<float>(), static_cast<std::size_t>(part.numel())});
    }
  }
}

std::vector<std::int64_t> Collector::head_rows(const batch::Group& group, std::size_t length) const {
  const batch::WantedRows& wanted = builder_.wanted();
  std::vector<std::int64_t> rows;
  for (std::size_t row = 0; row < group.texts.size(); ++row) {
    const std::size_t text = group.texts[row];
    for (std::size_t i = (*wanted.row_offsets)[text]; i < (*wanted.row_offsets)[text + 1]; ++i) {
      rows.push_back(static_cast<std::int64_t>(row * length + wanted.rows[i] - (*batch_.row_offsets)[text]));
    }
  }
  return rows;
}

void Collector::add_head(const batch::Group& group, const at::Tensor& logits) {
  const auto width = static_cast<std::size_t>(logits.size(1));
  const std::span<const float> all(logits.const_data_ptr<float>(), static_cast<std::size_t>(logits.numel()));
  std::size_t next = 0;
  for (const std::size_t text : group.texts) {
    const auto& offsets = *builder_.wanted().row_offsets;
    const std::size_t count = (offsets[text + 1] - offsets[text]) * width;
    builder_.add_wanted(*head_, text, width, all.subspan(next, count));
    next += count;
  }
}

}  // namespace bertrt::engine::torchscript
