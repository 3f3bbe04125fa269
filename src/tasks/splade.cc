#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "base/enum_names.h"
#include "bertrt/error.h"
#include "session/session_impl.h"
#include "tasks/head.h"
#include "tasks/sparse_embedder_impl.h"
#include "tasks/sparse_pooling.h"
#include "tasks/token_batches.h"
#include "tasks/what_it_has.h"

namespace bertrt::tasks {
namespace {

class Splade final : public SparseEmbedderImpl {
 public:
  Splade(BertSession session, std::size_t max_length, std::string why, std::size_t vocabulary, SparseRule rule,
         std::size_t active)
      : SparseEmbedderImpl(SentenceText(session, max_length), std::move(why), vocabulary),
        session_(std::move(session)),
        rule_(rule),
        active_(active),
        rows_(logit_rows(vocabulary)) {}

  std::vector<SparseVector> embed(std::span<const std::string_view> texts, std::string_view prompt,
                                  const SparseEmbedOptions& options) const override {
    const std::size_t max_active = options.max_active == 0 ? active_ : options.max_active;
    const std::size_t rows = options.batch_tokens == 0 ? rows_ : options.batch_tokens;
    std::vector<SparseVector> out(texts.size());
    const std::vector<Encoding> encodings = text().encode(texts, prompt);
    for_token_batches(encodings, std::min(rows, kBatchTokens), [&](auto batch, auto indexes) {
      if (batch.front()->size() > rows) {  // alone, as it is longer than a batch
        out[indexes.front()] = long_text(*batch.front(), rows, max_active);
        return;
      }
      const EncoderOutput output = session_.run(batch, request());
      for (std::size_t i = 0; i < batch.size(); ++i) {
        SparsePool pool(vocabulary(), rule_);
        pool.add(logits(output).text(i));
        out[indexes[i]] = std::move(pool).take(max_active);
      }
    });
    return out;
  }

 private:
  static RunRequest request() {
    RunRequest request;
    request.hidden_states = false;
    request.pooled_output = false;
    request.logits = true;
    return request;
  }

  // Its logits need more memory than one run may have: one run for each part of them.
  SparseVector long_text(const Encoding& encoding, std::size_t rows, std::size_t max_active) const {
    SparsePool pool(vocabulary(), rule_);
    for (std::size_t at = 0; at < encoding.size(); at += rows) {
      RunRequest part = request();
      for (std::size_t i = at; i < std::min(at + rows, encoding.size()); ++i) part.logit_tokens.push_back({0, i});
      pool.add(logits(session_.run(encoding, part)).data());
    }
    return std::move(pool).take(max_active);
  }

  const TokenRows& logits(const EncoderOutput& output) const {
    if (!output.token_logits || output.token_logits->width() != vocabulary()) {
      throw Error(ErrorCode::runtime, "SparseEmbedder", "logits of " + std::to_string(vocabulary()) + " columns",
                  output.token_logits ? std::to_string(output.token_logits->width()) : "none");
    }
    return *output.token_logits;
  }

  BertSession session_;
  SparseRule rule_;
  std::size_t active_;  ///< weights that the model's files keep; 0: all
  std::size_t rows_;    ///< of logits at a time
};

// The model's own rule, and what it is called.
std::pair<SparseRule, std::string> rule_of(const BertSession& session) {
  const std::optional<family::SentenceModules>& modules = session::Access::impl(session).settings().sentence;
  if (!modules) return {{}, "max of log1p(relu(x)): the model's files name no pooling"};
  std::optional<SparseRule> rule;
  for (const family::SentenceModule& module : modules->modules) {
    if (const auto* splade = std::get_if<family::SpladePoolingModule>(&module); splade != nullptr && !rule) {
      rule = SparseRule{splade->sum, splade->double_log};
    } else if (!std::holds_alternative<family::TransformerModule>(module)) {
      rule.reset();
      break;
    }
  }
  if (!rule) {
    throw Error(ErrorCode::unsupported, "SparseEmbedder", "a Transformer and one SpladePooling", what_it_has(session));
  }
  const family::TransformerModule* transformer = modules->transformer();
  if (transformer == nullptr || !transformer->masked_lm) {
    throw Error(
        ErrorCode::unsupported, "SparseEmbedder, modules.json",
        "a Transformer whose \"transformer_task\" is fill-mask (or an MLMTransformer) in front of SpladePooling",
        "one for another task, which gives no logits: Python pools its hidden states");
  }
  return {*rule, "the model's own"};
}

}  // namespace

std::shared_ptr<const SparseEmbedderImpl> make_splade(BertSession session, const EmbedderOptions& options) {
  base::check_named("EmbedderOptions::least", options.least);
  const SessionInfo& info = session.info();
  const OutputInfo* output = info.find_output(OutputRole::token_logits);
  if (output == nullptr || (!info.task.empty() && info.task != "masked-lm" && info.task != "sparse")) {
    throw Error(ErrorCode::unsupported, "SparseEmbedder", "a model with a masked-token head", what_it_has(session));
  }
  if (output->evidence < options.least) {
    throw Error(ErrorCode::unsupported, "SparseEmbedder",
                "logits that are token logits " + std::string(to_string(options.least)),
                "output " + output->name + ", which is only " + std::string(to_string(output->evidence)));
  }
  if (!options.pooling.empty()) {
    throw Error(ErrorCode::unsupported, "EmbedderOptions::pooling", "none: a sparse vector is pooled as its model says",
                std::string(to_string(options.pooling.front())));
  }
  auto [rule, why] = rule_of(session);
  const std::size_t vocabulary = output->shape.empty() || output->shape.back() <= 0
                                     ? info.vocab_size
                                     : static_cast<std::size_t>(output->shape.back());
  if (vocabulary == 0 || vocabulary < words_with_rows(session)) {
    throw Error(ErrorCode::unsupported, "SparseEmbedder", "logits over the vocabulary for each token",
                std::to_string(vocabulary) + " classes");
  }
  const auto& modules = session::Access::impl(session).settings().sentence;
  const std::size_t active = modules ? modules->max_active_dims.value_or(0) : 0;
  auto splade = std::make_shared<const Splade>(session, options.max_length, std::move(why), vocabulary, rule, active);
  if (!modules || !modules->query_table) return splade;
  const std::filesystem::path& folder = session::Access::impl(session).settings().folder;
  return with_query_route(token_weights_of(*modules->query_table, *modules, folder, {}, options), std::move(splade));
}

}  // namespace bertrt::tasks
