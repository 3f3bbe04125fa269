#include "bertrt/sparse_embedder.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "base/out_of_memory.h"
#include "bertrt/error.h"
#include "tasks/softmax.h"
#include "tasks/sparse_embedder_impl.h"
#include "tasks/token_batches.h"

namespace bertrt {
inline namespace v0 {

namespace {

void check_pairs(const char* where, const SparseVector& vector) {
  if (vector.values.size() == vector.indices.size()) return;
  throw Error(
      ErrorCode::invalid_argument, where, "a value for each index",
      std::to_string(vector.values.size()) + " values for " + std::to_string(vector.indices.size()) + " indices");
}

void check_vector(const char* where, const SparseVector& vector) {
  check_pairs(where, vector);
  const auto wrong = std::adjacent_find(vector.indices.begin(), vector.indices.end(), std::greater_equal<>());
  if (wrong == vector.indices.end()) return;
  throw Error(ErrorCode::invalid_argument, where, "indices that ascend, each once",
              std::to_string(wrong[1]) + " behind " + std::to_string(wrong[0]));
}

}  // namespace

float dot(const SparseVector& a, const SparseVector& b) {
  check_vector("dot", a);
  check_vector("dot", b);
  double sum = 0;
  for (std::size_t i = 0, j = 0; i < a.indices.size() && j < b.indices.size();) {
    if (a.indices[i] == b.indices[j]) {
      sum += static_cast<double>(a.values[i++]) * static_cast<double>(b.values[j++]);
    } else {
      ++(a.indices[i] < b.indices[j] ? i : j);
    }
  }
  return static_cast<float>(sum);
}

SparseEmbedder::SparseEmbedder(std::shared_ptr<const tasks::SparseEmbedderImpl> impl) noexcept
    : impl_(std::move(impl)) {}

const tasks::SparseEmbedderImpl& SparseEmbedder::impl() const {
  if (!impl_) throw Error(ErrorCode::invalid_argument, "SparseEmbedder", "an object", "one that was moved from");
  return *impl_;
}

SparseEmbedder::SparseEmbedder(BertSession session, const EmbedderOptions& options)
    : impl_(base::or_out_of_memory("SparseEmbedder", [&] { return tasks::make_splade(std::move(session), options); })) {
}

SparseEmbedder SparseEmbedder::load(const std::filesystem::path& folder, const SessionOptions& session,
                                    const EmbedderOptions& options) {
  return base::or_out_of_memory("SparseEmbedder", [&] {
    if (auto weights = tasks::make_token_weights(folder, session, options)) return SparseEmbedder(std::move(weights));
    return SparseEmbedder(BertSession::load(folder, session), options);
  });
}

SparseVector SparseEmbedder::operator()(std::string_view text, const SparseEmbedOptions& options) const {
  return base::or_out_of_memory("SparseEmbedder",
                                [&] { return std::move((*this)(std::span(&text, 1), options).front()); });
}

std::vector<SparseVector> SparseEmbedder::operator()(std::span<const std::string_view> texts,
                                                     const SparseEmbedOptions& options) const {
  return base::or_out_of_memory("SparseEmbedder", [&] {
    const std::string prompt = impl().text().prompts().resolve(options.prompt, options.prompt_name);
    std::vector<SparseVector> vectors;
    vectors.reserve(texts.size());
    for (std::size_t at = 0; at < texts.size(); at += tasks::kShare) {
      auto share = impl().embed(texts.subspan(at, std::min(tasks::kShare, texts.size() - at)), prompt, options);
      std::move(share.begin(), share.end(), std::back_inserter(vectors));
    }
    return vectors;
  });
}

std::vector<SparseVector> SparseEmbedder::operator()(const std::vector<std::string>& texts,
                                                     const SparseEmbedOptions& options) const {
  return base::or_out_of_memory("SparseEmbedder", [&] {
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    return (*this)(std::span<const std::string_view>(views), options);
  });
}

std::size_t SparseEmbedder::stream(const std::function<std::optional<std::string>()>& next,
                                   const std::function<void(SparseVector vector)>& each,
                                   const SparseEmbedOptions& options) const {
  tasks::TextStream stream("SparseEmbedder::stream", next, static_cast<bool>(each));
  std::size_t count = 0;
  for (auto texts = stream.take(); !texts.empty(); texts = stream.take()) {
    for (SparseVector& vector : (*this)(texts, options)) each(std::move(vector));
    count += texts.size();
  }
  return count;
}

std::vector<SparseToken> SparseEmbedder::decode(const SparseVector& vector, std::size_t top_k) const {
  return base::or_out_of_memory("SparseEmbedder", [&] {
    check_pairs("SparseEmbedder::decode", vector);
    std::vector<SparseToken> tokens;
    const std::size_t count = top_k == 0 ? vector.values.size() : top_k;
    for (const std::size_t i : tasks::top_indices(vector.values, count)) {
      const std::int32_t id = vector.indices[i];
      if (id < 0 || static_cast<std::size_t>(id) >= vocabulary()) {
        throw Error(ErrorCode::invalid_argument, "SparseEmbedder::decode",
                    "indices below the vocabulary's " + std::to_string(vocabulary()), std::to_string(id));
      }
      tokens.push_back(
          {std::string(impl().text().tokenizer().id_to_token(id).value_or(std::string_view())), id, vector.values[i]});
    }
    return tokens;
  });
}

const std::string& SparseEmbedder::pooling_why() const { return impl().why(); }

std::size_t SparseEmbedder::vocabulary() const { return impl().vocabulary(); }

}  // namespace v0
}  // namespace bertrt
