#include "engine/graph/fast_attention.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

#include "kernels/linear_scratch.h"
#include "kernels/ops/attention.h"

namespace bertrt::engine::graph {
namespace {

using bertrt::graph::ElementType;
using bertrt::graph::Event;
using bertrt::graph::Tensor;
using bertrt::graph::Value;

// A mask of attention as rows to add to scores, each readable past its end.
struct AddedMask {
  std::vector<float> rows;
  std::size_t stride = 0;       // from one query's row to the next
  std::size_t head_stride = 0;  // from one head's to the next; 0: all alike
};

// Nothing for a mask that hides every key of some query: what comes out then is for the plain evaluation to say.
std::optional<AddedMask> added_mask(const Tensor& mask, std::int64_t heads, std::int64_t queries, std::int64_t keys) {
  const std::int64_t rank = mask.rank();
  if (rank < 2 || rank > 4 || (rank == 4 && mask.size(0) != 1)) return std::nullopt;
  const std::int64_t own_heads = rank >= 3 ? mask.size(rank - 3) : 1;
  const bool fits = (mask.size(rank - 1) == keys || mask.size(rank - 1) == 1) &&
                    (mask.size(rank - 2) == queries || mask.size(rank - 2) == 1) &&
                    (own_heads == heads || own_heads == 1);
  if (!fits) return std::nullopt;
  const bool truth = mask.type() == ElementType::boolean;
  if (!truth && mask.type() != ElementType::float32) return std::nullopt;
  const std::int64_t key_step = mask.size(rank - 1) == 1 ? 0 : mask.stride(rank - 1);
  const std::int64_t query_step = mask.size(rank - 2) == 1 ? 0 : mask.stride(rank - 2);
  const std::int64_t head_step = rank >= 3 && own_heads != 1 ? mask.stride(rank - 3) : 0;
  AddedMask added;
  const std::size_t stride = static_cast<std::size_t>(keys) + kernels::ops::kAttentionColumns;
  const std::int64_t own_rows = query_step == 0 ? 1 : queries;  // one row serves all queries
  added.stride = query_step == 0 ? 0 : stride;
  added.head_stride = head_step == 0 ? 0 : stride * static_cast<std::size_t>(own_rows);
  const std::int64_t planes = head_step == 0 ? 1 : heads;
  added.rows.assign(static_cast<std::size_t>(planes * own_rows) * stride, 0.0F);
  float* to = added.rows.data();
  for (std::int64_t head = 0; head < planes; ++head) {
    for (std::int64_t query = 0; query < own_rows; ++query, to += stride) {
      bool any = false;
      for (std::int64_t key = 0; key < keys; ++key) {
        const std::int64_t at = head * head_step + query * query_step + key * key_step;
        const float value = !truth                               ? mask.data<float>()[at]
                            : mask.data<std::uint8_t>()[at] != 0 ? 0.0F
                                                                 : -std::numeric_limits<float>::infinity();
        if (std::isnan(value) || value > std::numeric_limits<float>::max()) return std::nullopt;
        any = any || value > std::numeric_limits<float>::lowest() / 2;
        to[key] = value;
      }
      if (!any) return std::nullopt;
    }
  }
  return added;
}

}  // namespace

const Tensor* floats(const Value& value) {
  const Tensor* tensor = value.tensor();
  return tensor != nullptr && tensor->defined() && tensor->known() && tensor->type() == ElementType::float32 ? tensor
                                                                                                             : nullptr;
}

// Attention of one text: query, key and value [1, heads, tokens, size] that lie alike.
bool attention(const Event& event, Value& result, kernels::ThreadPool& pool) {
  const Tensor* parts[3] = {floats(event.arguments[0]), floats(event.arguments[1]), floats(event.arguments[2])};
  const auto* dropout = std::get_if<double>(&event.arguments[4].data);
  const auto* causal = std::get_if<bool>(&event.arguments[5].data);
  if (dropout == nullptr || *dropout != 0 || causal == nullptr || *causal) return false;
  for (const Tensor* part : parts) {
    if (part == nullptr || part->rank() != 4 || part->size(0) != 1 || part->sizes() != parts[0]->sizes() ||
        part->stride(3) != 1 || part->stride(2) != parts[0]->stride(2) || part->elements() == 0) {
      return false;
    }
  }
  const std::int64_t heads = parts[0]->size(1);
  const std::int64_t length = parts[0]->size(2);
  const std::int64_t size = parts[0]->size(3);
  std::optional<AddedMask> mask;
  if (!event.arguments[3].none()) {
    const Tensor* given = event.arguments[3].tensor();
    if (given == nullptr || !given->known()) return false;
    mask = added_mask(*given, heads, length, length);
    if (!mask) return false;
  }
  const auto* scale = std::get_if<double>(&event.arguments[6].data);
  // It lies as the plain evaluation's: as the query does, where its heads lie side by side for each token, so that
  // joining them is a view; masks of other ranks go another way there.
  const Tensor* given_mask = event.arguments[3].tensor();
  const bool beside = parts[0]->stride(1) < parts[0]->stride(2) && heads > 1 && length > 1 &&
                      (given_mask == nullptr || given_mask->rank() != 3);
  Tensor made =
      Tensor::make(ElementType::float32, beside ? bertrt::graph::Sizes{1, length, heads, size} : parts[0]->sizes());
  if (beside) made = made.view_as(parts[0]->sizes(), {length * heads * size, size, heads * size, 1}, 0);
  const std::size_t scratch =
      kernels::ops::attention_scratch_size(static_cast<std::size_t>(length), static_cast<std::size_t>(size));
  const std::size_t shares = std::min<std::size_t>(static_cast<std::size_t>(heads), pool.threads());
  pool.run(shares, [&](std::size_t share) {
    const kernels::AlignedBuffer memory(scratch * sizeof(float));
    for (auto head = static_cast<std::int64_t>(share); head < heads; head += static_cast<std::int64_t>(shares)) {
      kernels::ops::AttentionTask task;
      task.query = parts[0]->data<float>() + head * parts[0]->stride(1);
      task.key = parts[1]->data<float>() + head * parts[1]->stride(1);
      task.value = parts[2]->data<float>() + head * parts[2]->stride(1);
      task.stride = static_cast<std::size_t>(parts[0]->stride(2));
      task.length = static_cast<std::size_t>(length);
      task.head_size = static_cast<std::size_t>(size);
      task.row_end = task.length;
      task.scale = scale != nullptr ? static_cast<float>(*scale) : 1 / std::sqrt(static_cast<float>(size));
      if (mask) {
        task.bias = mask->rows.data() + static_cast<std::size_t>(head) * mask->head_stride;
        task.bias_stride = static_cast<std::ptrdiff_t>(mask->stride);
      }
      task.out = made.mutable_data<float>() + head * made.stride(1);
      task.out_stride = static_cast<std::size_t>(made.stride(2));
      kernels::ops::attention(task, reinterpret_cast<float*>(memory.data()));
    }
  });
  result = made;
  return true;
}

}  // namespace bertrt::engine::graph
