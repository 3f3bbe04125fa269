#include "engine/packed/pass.h"

#include <algorithm>
#include <utility>

namespace bertrt::engine::packed {
namespace {

// Rows that go through a head at a time: bounds its memory.
constexpr std::size_t kHeadRows = 256;

}  // namespace

Pass::Pass(const Encoder& encoder, const Head* head, const batch::Batch& batch, const RunRequest& request,
           WorkspacePool& workspaces, kernels::ThreadPool& pool)
    : encoder_(encoder),
      head_(head),
      batch_(batch),
      request_(request),
      workspaces_(workspaces),
      lease_(workspaces.take()),
      workspace_(*lease_),
      pool_(pool) {
  pooled_ = request.pooled_output && encoder.weights().pooler != nullptr;
  logits_ = request.logits && head != nullptr;
}

EncoderOutput Pass::run(const PackedTuning& tuning) {
  choose_rows();
  run_encoder(tuning);
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
    // A span head's logits come for every token.
    token_rows_ = batch::wanted_rows(batch_, head_->kind() == Head::Kind::token ? request_ : RunRequest{});
    wanted.insert(wanted.end(), token_rows_.rows.begin(), token_rows_.rows.end());
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

void Pass::run_encoder(const PackedTuning& tuning) {
  if (layers_.empty() && workspace_.wanted.empty()) return;
  Plan& plan = workspace_.plan;
  plan.make(batch_, encoder_.description().hidden, pool_.threads());
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
    first = last;
  }
}

void Pass::run_slice(const Slice& slice, Workspace& workspace, kernels::ThreadPool& pool) {
  const std::size_t layers = encoder_.description().layers;
  const std::size_t width = encoder_.description().hidden;
  if (!layers_.empty()) {
    const std::size_t first_layer = layers - layers_.size();
    const auto keep = [&](std::size_t layer, const float* rows, std::size_t stride) {
      for (std::size_t text = 0; text < slice.size(); ++text) {
        float* to = layers_[layer - first_layer].data() + slice.batch_row(text) * width;
        for (std::size_t row = slice.begin(text); row < slice.begin(text) + slice.length(text); ++row) {
          to = std::copy_n(rows + row * stride, width, to);
        }
      }
    };
    return encoder_.run(slice, {first_layer, {}}, keep, workspace, pool);
  }
  std::vector<std::size_t>& last_rows = workspace.last_rows;
  last_rows.clear();
  for (std::size_t text = 0; text < slice.size(); ++text) {
    for (const std::size_t row : wanted_of(slice, text)) {
      last_rows.push_back(row - slice.batch_row(text) + slice.begin(text));
    }
  }
  const auto keep = [&](std::size_t, const float* rows, std::size_t stride) {
    for (std::size_t text = 0; text < slice.size(); ++text) {
      const std::span<const std::size_t> wanted = wanted_of(slice, text);
      float* to = kept_ + static_cast<std::size_t>(wanted.data() - workspace_.wanted.data()) * width;
      for (std::size_t i = 0; i < wanted.size(); ++i, rows += stride) to = std::copy_n(rows, width, to);
    }
  };
  encoder_.run(slice, {layers, last_rows}, keep, workspace, pool);
}

// The rows of a slice's text that somebody reads, numbered as in the batch.
std::span<const std::size_t> Pass::wanted_of(const Slice& slice, std::size_t text) const {
  const std::vector<std::size_t>& wanted = workspace_.wanted;
  const std::size_t begin = slice.batch_row(text);
  const auto from = std::lower_bound(wanted.begin(), wanted.end(), begin);
  return {from, std::lower_bound(from, wanted.end(), begin + slice.length(text))};
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
  const kernels::Linear& pooler = *encoder_.weights().pooler;
  Matrix pooled{batch_.size(), pooler.out(), std::vector<float>(batch_.size() * pooler.out())};
  for_blocks({batch_.row_offsets->data(), batch_.size()}, [&](const float* rows, std::size_t first, std::size_t count) {
    pooler.run(rows, count, pooled.data.data() + first * pooled.cols, {.activation = kernels::Activation::tanh}, pool_,
               workspace_.linear);
  });
  output.pooled_output = std::move(pooled);
}

void Pass::run_head(EncoderOutput& output) {
  const bool texts = head_->kind() == Head::Kind::text;
  const std::span<const std::size_t> rows =
      texts ? std::span(batch_.row_offsets->data(), batch_.size()) : std::span<const std::size_t>(token_rows_.rows);
  const std::size_t classes = head_->classes();
  std::vector<float> logits(rows.size() * classes);
  for_blocks(rows, [&](const float* block, std::size_t first, std::size_t count) {
    head_->run(block, count, logits.data() + first * classes, workspace_, pool_);
  });
  if (texts) {
    output.text_logits = Matrix{rows.size(), classes, std::move(logits)};
  } else {
    output.token_logits = TokenRows(token_rows_.row_offsets, classes, std::move(logits));
  }
}

void Pass::run_span_head(EncoderOutput& output) {
  const std::vector<std::size_t>& rows = token_rows_.rows;
  std::vector<float> start(rows.size());
  std::vector<float> end(rows.size());
  std::vector<float> both(std::min(kHeadRows, rows.size()) * 2);
  for_blocks(rows, [&](const float* block, std::size_t first, std::size_t count) {
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
