#include "bertrt/reranker.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/enum_names.h"
#include "base/out_of_memory.h"
#include "base/plain_text.h"
#include "bertrt/error.h"
#include "family/torch_function.h"
#include "tasks/head.h"
#include "tasks/scores.h"
#include "tasks/sentence_text.h"
#include "tasks/softmax.h"
#include "tasks/windows.h"

namespace bertrt {
inline namespace v0 {
namespace {

// Python's: what sentence_bert_config.json says, else the tokenizer's limit; without one as many tokens as the model
// has positions.
std::size_t pair_limit(const BertSession& session, std::size_t asked) {
  const std::optional<family::SentenceModules>& sentence = tasks::settings_of(session).sentence;
  if (asked == 0 && sentence && sentence->max_seq_length.value_or(0) != 0) return tasks::sentence_length(session);
  const std::size_t limit = tasks::length_limit(session, asked, "RerankerOptions::max_length");
  return limit == 0 ? tasks::settings_of(session).position_embeddings : limit;
}

std::string_view activation_for(const std::optional<ScoreFunction>& asked, const std::string& own, std::size_t labels) {
  if (!asked) return !own.empty() ? std::string_view(own) : labels == 1 ? "Sigmoid" : "Identity";
  switch (*asked) {
    case ScoreFunction::sigmoid: return "Sigmoid";
    case ScoreFunction::softmax: return "Softmax";
    case ScoreFunction::none: break;
  }
  return "Identity";
}

void check_one_label(std::size_t labels) {
  if (labels == 1) return;
  throw Error(ErrorCode::unsupported, "Reranker", "a model with one label, whose scores have an order",
              std::to_string(labels) + " labels; predict() gives them all");
}

}  // namespace

Reranker::Reranker(BertSession session, Evidence least) : session_(std::move(session)) {
  base::or_out_of_memory("Reranker", [&] {
    tasks::require_head(session_, {.task = "Reranker", .heads = {"sequence-classification"}, .least = least});
    texts_ = std::make_shared<tasks::SentenceText>(session_, 0);
    // sentence-transformers' own file comes before config.json.
    const session::TaskSettings& settings = tasks::settings_of(session_);
    const bool is_saved = settings.sentence && settings.sentence->model_type == "CrossEncoder" &&
                          !settings.sentence->cross_encoder_activation.empty();
    const std::string& named =
        is_saved ? settings.sentence->cross_encoder_activation : settings.cross_encoder_activation;
    activation_ = family::last_part(named);
    if (named.empty()) return;
    if (!named.starts_with("torch.") || !tasks::knows_activation(activation_)) {
      throw Error(ErrorCode::unsupported, "activation function of the model's config.json",
                  "one of torch.nn's " + family::torch_function_names() + " or Softmax", base::printable(named));
    }
  });
}

Matrix Reranker::predict(std::span<const TextPair> pairs, const RerankerOptions& options) const {
  return base::or_out_of_memory("Reranker", [&] {
    if (options.activation) base::check_named("RerankerOptions::activation", *options.activation);
    EncodeOptions encode;
    encode.with_offsets = false;
    encode.with_overflow = false;
    encode.truncation = Truncation::longest_first;
    encode.max_length = pair_limit(session_, options.max_length);
    Matrix scores;
    scores.rows = pairs.size();
    const std::string prompt = texts_->prompts().resolve(options.prompt, options.prompt_name);
    const auto windows = [&](std::size_t text) {
      const std::string query = std::string(prompt).append(pairs[text].text);
      return std::vector<Encoding>{
          texts_->tokenizer().encode(query, pairs[text].pair.value_or(std::string_view()), encode)};
    };
    const auto take = [&](const tasks::WindowOutput& window) {
      const std::span<const float> logits = window.output.text_logits.value().row(window.row);
      scores.cols = logits.size();
      std::vector<float> row(logits.begin(), logits.end());
      tasks::activate(activation_for(options.activation, activation_, row.size()), row);
      if (options.apply_softmax && row.size() > 1) row = tasks::scores_of(row, ScoreFunction::softmax);
      scores.data.insert(scores.data.end(), row.begin(), row.end());
    };
    tasks::run_windows(session_, {.hidden_states = false, .pooled_output = false, .logits = true}, pairs.size(),
                       windows, take);
    return scores;
  });
}

float Reranker::operator()(std::string_view query, std::string_view document, const RerankerOptions& options) const {
  return base::or_out_of_memory("Reranker", [&] {
    const TextPair pair{query, document};
    const Matrix scores = predict(std::span(&pair, 1), options);
    check_one_label(scores.cols);
    return scores.data.front();
  });
}

std::vector<RankedDocument> Reranker::rank(std::string_view query, std::span<const std::string> documents,
                                           std::optional<std::size_t> top_k, const RerankerOptions& options) const {
  return base::or_out_of_memory("Reranker", [&] {
    const std::vector<std::string_view> views(documents.begin(), documents.end());
    return rank(query, std::span<const std::string_view>(views), top_k, options);
  });
}

std::vector<RankedDocument> Reranker::rank(std::string_view query, std::span<const std::string_view> documents,
                                           std::optional<std::size_t> top_k, const RerankerOptions& options) const {
  return base::or_out_of_memory("Reranker", [&] {
    std::vector<TextPair> pairs;
    for (const std::string_view document : documents) pairs.push_back({query, document});
    const OutputInfo* const output = session_.info().find_output(OutputRole::text_logits);
    const std::int64_t columns = output->shape.empty() ? 1 : output->shape.back();
    if (columns >= 0) check_one_label(static_cast<std::size_t>(columns));
    const Matrix scores = predict(pairs, options);
    if (scores.rows > 0) check_one_label(scores.cols);
    std::vector<RankedDocument> ranked;
    for (const std::size_t index : tasks::top_indices(scores.data, top_k.value_or(scores.rows))) {
      ranked.push_back({index, scores.data[index]});
    }
    return ranked;
  });
}

}  // namespace v0
}  // namespace bertrt
