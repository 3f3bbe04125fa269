#include "engine/packed/pass.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace bertrt::engine::packed {
namespace {

using Reads = Head::Reads;

// Rows that go through a head at a time: bounds its memory.
constexpr std::size_t kHeadRows = 256;

}  // namespace

Pass::Pass(const Encoder& encoder, std::span<const std::unique_ptr<const Head>> heads, const batch::Batch& batch,
           const PackedRequest& request, WorkspacePool& workspaces, kernels::ThreadPool& pool)
    : encoder_(encoder),
      heads_(heads),
      batch_(batch),
      request_(request),
      workspaces_(workspaces),
      lease_(workspaces.take()),
      workspace_(*lease_),
      pool_(pool),
      caller_(pool),
      width_(encoder.weights().hidden) {}

PackedOutput Pass::run(const PackedTuning& tuning) {
  choose_rows();
  run_encoder(tuning);
  PackedOutput output;
  if (!request_.last_rows.empty()) {
    output.last_rows = {request_.last_rows.size(), width_, std::vector<float>(request_.last_rows.size() * width_)};
    float* to = output.last_rows.data.data();
    for (const std::size_t row : request_.last_rows) to = std::copy_n(last_row(row), width_, to);
  }
  Matrix pooled;
  if (pooled_) pooled = run_pooler();
  for (const PackedRequest::HeadRows& wanted : request_.heads) output.heads.push_back(run_head(wanted, pooled));
  if (request_.pooled) output.pooled = std::move(pooled);
  output.states.reserve(states_.size());
  for (auto& state : states_) output.states.emplace_back(batch_.row_offsets, width_, std::move(state));
  return output;
}

// Which rows of the last state anybody reads.
void Pass::choose_rows() {
  std::vector<std::size_t>& wanted = workspace_.wanted;
  wanted.clear();
  bool first = request_.pooled;
  pooled_ = request_.pooled;
  std::span<const std::size_t> every;
  const auto add = [&](std::span<const std::size_t> rows) { wanted.insert(wanted.end(), rows.begin(), rows.end()); };
  for (const PackedRequest::HeadRows& head : request_.heads) {
    const Reads reads = head_of(head).reads();
    pooled_ = pooled_ || reads == Reads::pooled;
    switch (reads) {
      case Reads::mean:
      case Reads::late: every = all_rows(); break;
      case Reads::first_token:
      case Reads::pooled: first = true; break;
      case Reads::last_token: add(last_tokens(head_of(head))); break;
      case Reads::tokens: head.rows ? add(*head.rows) : void(every = all_rows()); break;
    }
  }
  has_last_ = !request_.states.empty() && request_.states.back() == encoder_.layers();
  states_.resize(request_.states.size());
  for (auto& state : states_) state.resize(batch_.total_tokens() * width_);
  if (has_last_) return wanted.clear();

  if (!every.empty()) {
    wanted.assign(every.begin(), every.end());
  } else {
    if (first) add(first_rows());
    add(request_.last_rows);
    std::sort(wanted.begin(), wanted.end());
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  }
  kept_ = reinterpret_cast<float*>(workspace_.kept.reserve(wanted.size() * width_ * sizeof(float)));
}

std::span<const std::size_t> Pass::all_rows() {
  if (all_rows_.empty()) {
    all_rows_.resize(batch_.total_tokens());
    std::iota(all_rows_.begin(), all_rows_.end(), std::size_t{0});
  }
  return all_rows_;
}

std::vector<std::size_t> Pass::last_tokens(const Head& head) const {
  std::vector<std::size_t> rows;
  for (std::size_t text = 0; text < batch_.size(); ++text) {
    const std::size_t begin = (*batch_.row_offsets)[text];
    std::size_t row = (*batch_.row_offsets)[text + 1] - 1;
    while (row > begin && batch_.input_ids[row] == head.padding_id()) --row;
    rows.push_back(row);
  }
  return rows;
}

void Pass::run_encoder(const PackedTuning& tuning) {
  if (states_.empty() && workspace_.wanted.empty()) return;
  Plan& plan = workspace_.plan;
  plan.make(batch_, width_, pool_.threads());
  if (plan.shares() == 1) return run_texts(plan.texts(0), tuning.slice_tokens, workspace_, pool_);
  pool_.run(plan.shares(), [&](std::size_t share) {
    const WorkspacePool::Lease own = workspaces_.take();
    run_texts(plan.texts(share), tuning.share_slice_tokens, *own, kernels::ThreadPool::serial());
  });
}

// Slice by slice, evenly filled.
void Pass::run_texts(std::span<const std::size_t> texts, std::size_t slice_tokens, Workspace& workspace,
                     kernels::ThreadPool& pool) {
  std::size_t tokens = 0;
  for (const std::size_t text : texts) tokens += batch_.length(text);
  const std::size_t slices = std::max<std::size_t>(1, (tokens + slice_tokens - 1) / slice_tokens);
  const std::size_t target = (tokens + slices - 1) / slices;
  std::vector<std::size_t>& offsets = workspace.offsets;
  for (std::size_t first = 0; first < texts.size();) {
    offsets.assign(1, 0);
    std::size_t last = first;
    do {
      offsets.push_back(offsets.back() + batch_.length(texts[last++]));
    } while (last < texts.size() && offsets.back() + batch_.length(texts[last]) <= target);
    run_slice({batch_, texts.subspan(first, last - first), offsets}, workspace, pool);
    pool.look_around();
    first = last;
  }
}

void Pass::run_slice(const Slice& slice, Workspace& workspace, kernels::ThreadPool& pool) {
  std::vector<std::size_t>& last_rows = workspace.last_rows;
  last_rows.clear();
  for (std::size_t text = 0; text < slice.size() && !has_last_; ++text) {
    for (const std::size_t row : wanted_of(slice, text)) {
      last_rows.push_back(row - slice.batch_row(text) + slice.begin(text));
    }
  }
  const auto keep = [&](std::size_t state, const float* rows, std::size_t stride) {
    if (state == encoder_.layers() && !has_last_) return keep_last_rows(slice, rows, stride);
    keep_state(slice, state, rows, stride);
  };
  encoder_.run(slice, {request_.states, last_rows}, keep, workspace, pool);
}

void Pass::keep_state(const Slice& slice, std::size_t state, const float* rows, std::size_t stride) {
  const auto at = std::lower_bound(request_.states.begin(), request_.states.end(), state) - request_.states.begin();
  for (std::size_t text = 0; text < slice.size(); ++text) {
    float* to = states_[static_cast<std::size_t>(at)].data() + slice.batch_row(text) * width_;
    for (std::size_t row = slice.begin(text); row < slice.begin(text) + slice.length(text); ++row) {
      to = std::copy_n(rows + row * stride, width_, to);
    }
  }
}

void Pass::keep_last_rows(const Slice& slice, const float* rows, std::size_t stride) {
  for (std::size_t text = 0; text < slice.size(); ++text) {
    const std::span<const std::size_t> wanted = wanted_of(slice, text);
    float* to = kept_ + static_cast<std::size_t>(wanted.data() - workspace_.wanted.data()) * width_;
    for (std::size_t i = 0; i < wanted.size(); ++i, rows += stride) to = std::copy_n(rows, width_, to);
  }
}

// The rows of a slice's text that somebody reads, numbered as in the batch.
std::span<const std::size_t> Pass::wanted_of(const Slice& slice, std::size_t text) const {
  const std::vector<std::size_t>& wanted = workspace_.wanted;
  const std::size_t begin = slice.batch_row(text);
  const auto from = std::lower_bound(wanted.begin(), wanted.end(), begin);
  return {from, std::lower_bound(from, wanted.end(), begin + slice.length(text))};
}

const float* Pass::last_row(std::size_t row) const {
  if (has_last_) return states_.back().data() + row * width_;
  const std::vector<std::size_t>& wanted = workspace_.wanted;
  const auto at = std::lower_bound(wanted.begin(), wanted.end(), row) - wanted.begin();
  return kept_ + static_cast<std::size_t>(at) * width_;
}

template <typename Use>
void Pass::for_blocks(std::span<const std::size_t> wanted, const Use& use) {
  const std::size_t most = std::min(kHeadRows, wanted.size());
  auto* rows = reinterpret_cast<float*>(workspace_.head_rows.reserve(most * width_ * sizeof(float)));
  for (std::size_t first = 0; first < wanted.size(); first += kHeadRows) {
    const std::size_t count = std::min(kHeadRows, wanted.size() - first);
    for (std::size_t i = 0; i < count; ++i) std::copy_n(last_row(wanted[first + i]), width_, rows + i * width_);
    use(rows, first, count);
  }
}

Matrix Pass::run_pooler() {
  const kernels::Linear& pooler = *encoder_.weights().pooler;
  Matrix pooled{batch_.size(), pooler.out(), std::vector<float>(batch_.size() * pooler.out())};
  for_blocks(first_rows(), [&](const float* rows, std::size_t first, std::size_t count) {
    pooler.run(rows, count, pooled.data.data() + first * pooled.cols, {.activation = kernels::Activation::tanh}, pool_,
               workspace_.linear);
  });
  return pooled;
}

Matrix Pass::run_head(const PackedRequest::HeadRows& wanted, const Matrix& pooled) {
  const Head& head = head_of(wanted);
  if (head.reads() == Reads::mean)
    return run_rows(head, means(width_, [this](std::size_t row) { return last_row(row); }));
  if (head.reads() == Reads::pooled) return run_rows(head, pooled);
  if (head.reads() == Reads::late) {
    const Matrix logits = run_tokens(head, all_rows());
    return means(logits.cols, [&](std::size_t row) { return logits.row(row).data(); });
  }
  if (head.reads() == Reads::last_token) return run_tokens(head, last_tokens(head));
  if (head.reads() == Reads::tokens && wanted.rows) return run_tokens(head, *wanted.rows);
  return run_tokens(head, head.reads() == Reads::tokens ? all_rows() : first_rows());
}

// Of each text, the mean of its tokens' rows; those whose attention_mask is 0 do not count.
template <typename RowOf>
Matrix Pass::means(std::size_t width, const RowOf& row_of) const {
  Matrix result{batch_.size(), width, std::vector<float>(batch_.size() * width)};
  std::vector<double> sum(width);
  for (std::size_t text = 0; text < batch_.size(); ++text) {
    std::fill(sum.begin(), sum.end(), 0.0);
    double count = 0;
    for (std::size_t row = (*batch_.row_offsets)[text]; row < (*batch_.row_offsets)[text + 1]; ++row) {
      if (!batch_.attention_mask.empty() && batch_.attention_mask[row] == 0) continue;
      const float* values = row_of(row);
      for (std::size_t i = 0; i < width; ++i) sum[i] += static_cast<double>(values[i]);
      ++count;
    }
    float* to = result.data.data() + text * width;
    for (std::size_t i = 0; i < width; ++i) to[i] = static_cast<float>(sum[i] / count);
  }
  return result;
}

// A head on rows that are there by now.
Matrix Pass::run_rows(const Head& head, const Matrix& rows) {
  Matrix logits{rows.rows, head.classes(), std::vector<float>(rows.rows * head.classes())};
  for (std::size_t first = 0; first < rows.rows; first += kHeadRows) {
    head.run(rows.data.data() + first * rows.cols, std::min(kHeadRows, rows.rows - first),
             logits.data.data() + first * logits.cols, workspace_, pool_);
  }
  return logits;
}

// A head on rows of the last state.
Matrix Pass::run_tokens(const Head& head, std::span<const std::size_t> rows) {
  Matrix logits{rows.size(), head.classes(), std::vector<float>(rows.size() * head.classes())};
  for_blocks(rows, [&](const float* block, std::size_t first, std::size_t count) {
    head.run(block, count, logits.data.data() + first * logits.cols, workspace_, pool_);
  });
  return logits;
}

}  // namespace bertrt::engine::packed
