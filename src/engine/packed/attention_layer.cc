#include "engine/packed/attention_layer.h"

#include <algorithm>
#include <vector>

#include "engine/packed/row_pitch.h"
#include "engine/packed/slope_bias.h"
#include "kernels/ops/attention.h"

namespace bertrt::engine::packed {
namespace {

// Query rows of a window layer that are scored against the same keys. Blocks begin at multiples of it, so that a
// value's bits do not depend on how the work was cut.
constexpr std::size_t kWindowRows = 128;

// Cost of a head of a text, in rows of scores: the keys that a row sees, and what is done once a row.
double head_cost(std::size_t length, std::size_t window) {
  constexpr double kRowOverhead = 24;
  const auto n = static_cast<double>(length);
  const auto seen = static_cast<double>(window == 0 ? length : std::min(length, 2 * window + kWindowRows));
  return n * (seen + kRowOverhead);
}

// The query row at which a border of the work falls: a multiple of the kernels' block.
std::size_t border_row(double share, std::size_t length) {
  constexpr std::size_t kRowBlock = 8;
  if (share <= 0) return 0;
  if (share >= 1) return length;
  const auto row = static_cast<std::size_t>(share * static_cast<double>(length));
  return std::min(length, (row + kRowBlock / 2) / kRowBlock * kRowBlock);
}

constexpr float kHides = -1e30F;  // below any score; a hidden and masked key's sum stays finite

// For each distance key - query from -length on, at `length`: 0 for keys that are not behind, else what hides them.
std::vector<float> causal_bias(std::size_t length) {
  std::vector<float> bias(2 * length + kernels::ops::kAttentionColumns, kHides);
  std::fill_n(bias.begin(), length + 1, 0.0F);
  return bias;
}

// A head of which each query sees the keys up to its own: blocks of queries, each against the keys up to its end.
void attend_causal(const kernels::ops::AttentionTask& whole, const float* bias,
                   const kernels::ops::AttentionKernel& kernel, float* scratch) {
  for (std::size_t row = whole.row_begin; row < whole.row_end;) {
    const std::size_t end = std::min(row / kWindowRows * kWindowRows + kWindowRows, whole.length);
    kernels::ops::AttentionTask task = whole;
    task.length = end;
    task.row_begin = row;
    task.row_end = std::min(end, whole.row_end);
    task.bias = bias;
    kernel.run(task, scratch);
    row = task.row_end;
  }
}

// For each distance key - query from -reach on, at `reach`: 0 within the window, else what hides a key.
std::vector<float> window_bias(std::size_t window) {
  const std::size_t reach = kWindowRows + 2 * window;
  std::vector<float> bias(2 * reach + kernels::ops::kAttentionColumns, kHides);
  std::fill_n(bias.begin() + static_cast<std::ptrdiff_t>(reach - window), 2 * window + 1, 0.0F);
  return bias;
}

// A query that sees no key at all gets zeros, as of torch's scaled_dot_product_attention.
void clear_blind_rows(const kernels::ops::AttentionTask& task, std::size_t window, std::size_t begin, std::size_t end) {
  for (std::size_t row = begin; row < end; ++row) {
    const std::int32_t* first = task.mask + (row > window ? row - window : 0);
    const std::int32_t* last = task.mask + std::min(row + window + 1, task.length);
    if (std::all_of(first, last, [](std::int32_t shown) { return shown == 0; })) {
      std::fill_n(task.out + row * task.out_stride, task.head_size, 0.0F);
    }
  }
}

// A window layer's head: blocks of queries, each against the keys that any of it sees.
void attend_window(const kernels::ops::AttentionTask& whole, std::size_t window, const std::vector<float>& bias,
                   const kernels::ops::AttentionKernel& kernel, float* scratch) {
  for (std::size_t row = whole.row_begin; row < whole.row_end;) {
    const std::size_t block = row / kWindowRows * kWindowRows;
    const std::size_t end = std::min(block + kWindowRows, whole.length);
    const std::size_t first = block > window ? block - window : 0;
    const std::size_t last = std::min(end + window, whole.length);
    kernels::ops::AttentionTask task = whole;
    task.query += first * whole.stride;
    task.key += first * whole.stride;
    task.value += first * whole.stride;
    task.out += first * whole.out_stride;
    if (task.mask != nullptr) task.mask += first;
    task.length = last - first;
    task.row_begin = row - first;
    task.row_end = std::min(end, whole.row_end) - first;
    task.bias = bias.data() + kWindowRows + 2 * window;
    kernel.run(task, scratch);
    const std::size_t done = std::min(end, whole.row_end);
    if (whole.mask != nullptr) clear_blind_rows(whole, window, row, done);
    row = done;
  }
}

}  // namespace

void attend(const Slice& slice, const float* qkv, const AttentionCall& call, kernels::ThreadPool& pool,
            kernels::AlignedBuffer& scratch, float* context) {
  const std::size_t width = call.width;
  const std::size_t head_size = width / call.heads;
  const std::size_t qkv_stride = row_pitch(3 * width);
  const std::size_t context_stride = row_pitch(width);
  std::size_t longest = 0;
  double total = 0;
  for (std::size_t text = 0; text < slice.size(); ++text) {
    longest = std::max(longest, slice.length(text));
    total += head_cost(slice.length(text), call.window) * static_cast<double>(call.heads);
  }
  const std::vector<float> before = call.causal ? causal_bias(longest) : std::vector<float>();
  const std::vector<float> bias =
      call.window != 0 && longest > call.window + 1 ? window_bias(call.window) : std::vector<float>();
  if (!bias.empty()) longest = std::min(longest, std::max(2 * call.window + kWindowRows, call.window + 1));
  const std::size_t parts = pool.threads();
  const std::size_t slope_room = call.slopes.empty() ? 0 : slope_bias_size(longest);
  const std::size_t part_scratch =
      slope_room + (call.disentangled != nullptr ? call.disentangled->scratch_size(longest, call.kernel)
                                                 : call.kernel.scratch_size(longest, head_size));
  auto* memory = reinterpret_cast<float*>(scratch.reserve(parts * part_scratch * sizeof(float)));

  pool.run(parts, [&](std::size_t part) {
    const double first = total * static_cast<double>(part) / static_cast<double>(parts);
    const double last =
        part + 1 == parts ? total * 2 : total * static_cast<double>(part + 1) / static_cast<double>(parts);
    float* const slopes = memory + part * part_scratch;
    float* const own = slopes + slope_room;
    double cost = 0;
    for (std::size_t text = 0; text < slice.size() && cost < last; ++text) {
      const std::size_t length = slice.length(text);
      const double step = head_cost(length, call.window);
      const std::size_t row = slice.begin(text);
      for (std::size_t head = 0; head < call.heads; ++head, cost += step) {
        kernels::ops::AttentionTask task;
        task.row_begin = border_row((first - cost) / step, length);
        task.row_end = border_row((last - cost) / step, length);
        if (task.row_begin >= task.row_end) continue;
        task.query = qkv + row * qkv_stride + head * head_size;
        task.key = task.query + width;
        task.value = task.key + width;
        task.stride = qkv_stride;
        task.length = length;
        task.head_size = head_size;
        task.scale = call.scale;
        if (call.takes_mask && !slice.batch.attention_mask.empty()) {
          task.mask = slice.batch.attention_mask.data() + slice.batch_row(text);
        }
        if (!call.bias.empty()) task.bias = call.bias.head(head);
        if (!call.slopes.empty()) task.bias = slope_bias(call.slopes[head], length, slopes);
        task.out = context + row * context_stride + head * head_size;
        task.out_stride = context_stride;
        if (call.causal) {
          attend_causal(task, before.data() + longest, call.kernel, own);
        } else if (call.window != 0 && length > call.window + 1) {
          attend_window(task, call.window, bias, call.kernel, own);
        } else if (call.disentangled != nullptr) {
          call.disentangled->attend(task, call.layer, head, call.kernel, own);
        } else {
          call.kernel.run(task, own);
        }
      }
    }
  });
}

}  // namespace bertrt::engine::packed
