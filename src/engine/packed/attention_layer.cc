#include "engine/packed/attention_layer.h"

#include <algorithm>

#include "engine/packed/row_pitch.h"
#include "kernels/ops/attention.h"

namespace bertrt::engine::packed {
namespace {

// Cost of a head of a text, in rows of scores: proportional to the square of the length, and what is done once a row.
double head_cost(std::size_t length) {
  constexpr double kRowOverhead = 24;
  const auto n = static_cast<double>(length);
  return n * (n + kRowOverhead);
}

// The query row at which a border of the work falls: a multiple of the kernels' block.
std::size_t border_row(double share, std::size_t length) {
  constexpr std::size_t kRowBlock = 8;
  if (share <= 0) return 0;
  if (share >= 1) return length;
  const auto row = static_cast<std::size_t>(share * static_cast<double>(length));
  return std::min(length, (row + kRowBlock / 2) / kRowBlock * kRowBlock);
}

}  // namespace

void attend(const Slice& slice, const float* qkv, const AttentionCall& call, kernels::ThreadPool& pool,
            kernels::AlignedBuffer& scratch, float* context) {
  const std::size_t hidden = call.hidden;
  const std::size_t head_size = hidden / call.heads;
  const std::size_t qkv_stride = row_pitch(3 * hidden);
  const std::size_t context_stride = row_pitch(hidden);
  std::size_t longest = 0;
  double total = 0;
  for (std::size_t text = 0; text < slice.size(); ++text) {
    longest = std::max(longest, slice.length(text));
    total += head_cost(slice.length(text)) * static_cast<double>(call.heads);
  }
  const std::size_t parts = pool.threads();
  const std::size_t part_scratch = call.disentangled != nullptr
                                       ? call.disentangled->scratch_size(longest)
                                       : kernels::ops::attention_scratch_size(longest, head_size);
  auto* memory = reinterpret_cast<float*>(scratch.reserve(parts * part_scratch * sizeof(float)));

  pool.run(parts, [&](std::size_t part) {
    const double first = total * static_cast<double>(part) / static_cast<double>(parts);
    const double last =
        part + 1 == parts ? total * 2 : total * static_cast<double>(part + 1) / static_cast<double>(parts);
    double cost = 0;
    for (std::size_t text = 0; text < slice.size() && cost < last; ++text) {
      const std::size_t length = slice.length(text);
      const double step = head_cost(length);
      const std::size_t row = slice.begin(text);
      for (std::size_t head = 0; head < call.heads; ++head, cost += step) {
        kernels::ops::AttentionTask task;
        task.row_begin = border_row((first - cost) / step, length);
        task.row_end = border_row((last - cost) / step, length);
        if (task.row_begin >= task.row_end) continue;
        task.query = qkv + row * qkv_stride + head * head_size;
        task.key = task.query + hidden;
        task.value = task.key + hidden;
        task.stride = qkv_stride;
        task.length = length;
        task.head_size = head_size;
        task.scale = call.scale;
        if (call.takes_mask && !slice.batch.attention_mask.empty()) {
          task.mask = slice.batch.attention_mask.data() + slice.batch_row(text);
        }
        if (!call.bias.empty()) task.bias = call.bias.head(head);
        task.out = context + row * context_stride + head * head_size;
        task.out_stride = context_stride;
        if (call.disentangled != nullptr) {
          call.disentangled->attend(task, call.layer, head, memory + part * part_scratch);
        } else {
          kernels::ops::attention(task, memory + part * part_scratch);
        }
      }
    }
  });
}

}  // namespace bertrt::engine::packed
