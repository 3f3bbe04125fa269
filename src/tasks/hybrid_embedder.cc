#include "bertrt/hybrid_embedder.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "base/out_of_memory.h"
#include "bertrt/error.h"
#include "session/session_impl.h"
#include "tasks/sentence_text.h"
#include "tasks/state_dict_linear.h"
#include "tasks/token_batches.h"
#include "tasks/vector_steps.h"
#include "tasks/what_it_has.h"

namespace bertrt {
inline namespace v0 {
namespace {

tasks::VectorSteps linear_of(const BertSession& session, const char* name, std::size_t width) {
  const std::optional<family::ModuleFolder>& folder = session::Access::impl(session).settings().beside;
  if (!folder || !folder->has(name)) {
    throw Error(ErrorCode::unsupported, "HybridEmbedder", "a model with sparse_linear.pt and colbert_linear.pt",
                std::string(name) + " is not there; " + tasks::what_it_has(session));
  }
  return tasks::read_linear(folder->read(name), folder->where(name), width);
}

std::vector<float> copy(std::span<const float> values) { return {values.begin(), values.end()}; }

}  // namespace

class HybridEmbedder::Impl {
 public:
  Impl(BertSession session, const EmbedderOptions& options)
      : session_(std::move(session)),
        width_(tasks::hidden_width(session_, "HybridEmbedder", options.least)),
        text_(session_, options.max_length),
        sparse_(linear_of(session_, "sparse_linear.pt", width_)),
        rows_(linear_of(session_, "colbert_linear.pt", width_)) {
    if (sparse_.out() != 1) {
      throw Error(ErrorCode::model_mismatch, "sparse_linear.pt", "one number a token", std::to_string(sparse_.out()));
    }
    rows_.add_normalize();
  }

  std::vector<HybridVectors> embed(std::span<const std::string_view> texts) const {
    std::vector<HybridVectors> out(texts.size());
    RunRequest request;
    request.pooled_output = false;
    for (std::size_t at = 0; at < texts.size(); at += tasks::kShare) {
      const auto encodings = text_.encode(texts.subspan(at, std::min(tasks::kShare, texts.size() - at)), {});
      tasks::for_token_batches(encodings, tasks::kBatchTokens, [&](auto batch, auto indexes) {
        const EncoderOutput output = session_.run(batch, request);
        for (std::size_t i = 0; i < batch.size(); ++i) {
          out[at + indexes[i]] = vectors(*batch[i], output.last_hidden_state().text(i));
        }
      });
    }
    return out;
  }

 private:
  HybridVectors vectors(const Encoding& encoding, std::span<const float> hidden) const {
    HybridVectors result;
    result.dense = copy(hidden.first(width_));
    tasks::normalize_rows(result.dense, width_);
    result.sparse = words(encoding, sparse_.run(copy(hidden)));
    result.rows = Matrix{encoding.size() - 1, rows_.out(), rows_.run(copy(hidden.subspan(width_)))};
    return result;
  }

  // A word that occurs twice has its greater weight.
  SparseVector words(const Encoding& encoding, const std::vector<float>& weights) const {
    const SpecialTokenIds& ids = text_.tokenizer().special_tokens();
    const std::array<std::int32_t, 4> special = {ids.cls, ids.sep, ids.pad, ids.unk};
    std::map<std::int32_t, float> greatest;
    for (std::size_t token = 0; token < weights.size(); ++token) {
      const std::int32_t id = encoding.input_ids[token];
      if (!(weights[token] > 0) || std::find(special.begin(), special.end(), id) != special.end()) continue;
      float& weight = greatest[id];
      weight = std::max(weight, weights[token]);
    }
    SparseVector vector;
    for (const auto& [id, weight] : greatest) {
      vector.indices.push_back(id);
      vector.values.push_back(weight);
    }
    return vector;
  }

  BertSession session_;
  std::size_t width_;
  tasks::SentenceText text_;
  tasks::VectorSteps sparse_;
  tasks::VectorSteps rows_;
};

HybridEmbedder::HybridEmbedder(BertSession session, const EmbedderOptions& options)
    : impl_(base::or_out_of_memory("HybridEmbedder",
                                   [&] { return std::make_shared<const Impl>(std::move(session), options); })) {}

const HybridEmbedder::Impl& HybridEmbedder::impl() const {
  if (!impl_) throw Error(ErrorCode::invalid_argument, "HybridEmbedder", "an object", "one that was moved from");
  return *impl_;
}

HybridVectors HybridEmbedder::operator()(std::string_view text) const {
  return base::or_out_of_memory("HybridEmbedder", [&] { return std::move(impl().embed(std::span(&text, 1)).front()); });
}

std::vector<HybridVectors> HybridEmbedder::operator()(std::span<const std::string_view> texts) const {
  return base::or_out_of_memory("HybridEmbedder", [&] { return impl().embed(texts); });
}

std::vector<HybridVectors> HybridEmbedder::operator()(const std::vector<std::string>& texts) const {
  return base::or_out_of_memory("HybridEmbedder", [&] {
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    return impl().embed(views);
  });
}

std::size_t HybridEmbedder::stream(const std::function<std::optional<std::string>()>& next,
                                   const std::function<void(HybridVectors vectors)>& each) const {
  tasks::TextStream stream("HybridEmbedder::stream", next, static_cast<bool>(each));
  std::size_t count = 0;
  for (auto texts = stream.take(); !texts.empty(); texts = stream.take()) {
    for (HybridVectors& vectors : (*this)(texts)) each(std::move(vectors));
    count += texts.size();
  }
  return count;
}

}  // namespace v0
}  // namespace bertrt
