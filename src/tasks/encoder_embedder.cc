#include "tasks/encoder_embedder.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/enum_names.h"
#include "bertrt/error.h"
#include "session/session_impl.h"
#include "tasks/embedder_impl.h"
#include "tasks/output_embedder.h"
#include "tasks/pooling.h"
#include "tasks/sentence_plan.h"
#include "tasks/span_means.h"
#include "tasks/token_batches.h"
#include "tasks/what_it_has.h"

namespace bertrt::tasks {
namespace {

struct Planned {
  SentencePlan plan;
  EmbedderInfo info;
};

bool has_pooling(const family::SentenceModules& modules) {
  for (const family::SentenceModule& module : modules.modules) {
    if (std::holds_alternative<family::PoolingModule>(module)) return true;
  }
  return false;
}

// sentence-transformers makes another model of what was saved as another kind: the encoder alone, pooled by mean.
void require_own_kind(const family::SentenceModules& modules) {
  if (modules.model_type.empty() || modules.model_type == "SentenceTransformer") return;
  throw Error(ErrorCode::unsupported, "Embedder",
              "\"model_type\": \"SentenceTransformer\" in config_sentence_transformers.json for the modules of the "
              "model's files",
              "\"" + modules.model_type + "\", of which Python takes none of them");
}

Planned plan_of(const BertSession& session, const EmbedderOptions& options) {
  for (const Pooling pooling : options.pooling) base::check_named("EmbedderOptions::pooling", pooling);
  const std::size_t width = hidden_width(session, "Embedder", options.least);
  const std::optional<family::SentenceModules>& modules = session::Access::impl(session).settings().sentence;
  Planned result;
  SentencePlan& plan = result.plan;
  if (modules && has_pooling(*modules)) {
    require_own_kind(*modules);
    plan = plan_modules(*modules, token_width(session, *modules, "Embedder", options.least), "Embedder");
    result.info.pooling_why = "the model's own";
    if (!options.pooling.empty()) {
      if (!plan.text_steps.empty() && options.pooling.size() != plan.pooling.size()) {
        throw Error(ErrorCode::invalid_argument, "EmbedderOptions::pooling",
                    "as many modes as the modules behind them take (" + std::to_string(plan.pooling.size()) + ")",
                    std::to_string(options.pooling.size()));
      }
      if (plan.text_steps.empty()) plan.text_steps = VectorSteps(plan.token_steps.out() * options.pooling.size());
      plan.pooling = options.pooling;
      result.info.pooling_why = "the caller's";
    }
  } else if (options.pooling.empty() && modules) {
    throw Error(ErrorCode::unsupported, "Embedder", "a model with a Pooling module (or EmbedderOptions::pooling)",
                what_it_has(session));
  } else {
    plan.token_steps = VectorSteps(width);
    plan.pooling = options.pooling;
    result.info.pooling_why = modules ? "the caller's; the modules of the model's files are not used" : "the caller's";
    if (plan.pooling.empty()) {
      plan.pooling = {Pooling::mean};
      result.info.pooling_why = "mean: the model's files name no pooling";
    }
    plan.text_steps = VectorSteps(width * plan.pooling.size());
  }
  result.info.pooling = plan.pooling;
  result.info.dimensions = plan.text_steps.out();
  if (modules && !modules->similarity.empty()) {
    result.info.similarity = parse<Similarity>(modules->similarity).value_or(Similarity::cosine);
  }
  return result;
}

class EncoderEmbedder final : public EmbedderImpl {
 public:
  EncoderEmbedder(BertSession session, Planned planned, std::size_t max_length, std::size_t model_dimensions)
      : EmbedderImpl(SentenceText(session, max_length), std::move(planned.info), model_dimensions),
        session_(std::move(session)),
        plan_(std::move(planned.plan)) {}

 private:
  std::vector<float> vectors(std::span<const std::string_view> texts, std::string_view prompt,
                             std::size_t batch_tokens) const override {
    const std::size_t skip = plan_.include_prompt || prompt.empty() ? 0 : text().prompt_tokens(prompt);
    const std::vector<Encoding> encodings = text().encode(texts, prompt);
    std::vector<float> out(texts.size() * info().dimensions);
    const RunRequest request = plan_.request();
    for_token_batches(encodings, plan_.batch_tokens(batch_tokens), [&](auto batch, auto indexes) {
      const EncoderOutput output = session_.run(batch, request);
      std::vector<float> pooled(batch.size() * plan_.text_steps.in());
      for (std::size_t i = 0; i < batch.size(); ++i) {
        const std::vector<float> rows = plan_.rows(output, i);
        pool(rows, plan_.token_steps.out(), skip, {}, plan_.pooling,
             std::span(pooled).subspan(i * plan_.text_steps.in(), plan_.text_steps.in()));
      }
      pooled = plan_.text_steps.run(std::move(pooled));
      const std::size_t width = plan_.text_steps.out();
      for (std::size_t i = 0; i < batch.size(); ++i) {
        std::copy_n(pooled.begin() + static_cast<std::ptrdiff_t>(i * width), width,
                    out.begin() + static_cast<std::ptrdiff_t>(indexes[i] * width));
      }
    });
    return out;
  }

  std::vector<float> span_vectors(std::string_view whole, std::string_view prompt, std::span<const Offset> spans,
                                  std::size_t batch_tokens) const override {
    const std::size_t width = plan_.token_steps.out();
    if (plan_.text_steps.in() != width) {
      throw Error(ErrorCode::unsupported, "Embedder::chunks", "a model that pools in one way", "several joined");
    }
    // Half of a window, as far as its special tokens leave room for it.
    const std::size_t stride = text().max_length() < 8 ? 0 : text().max_length() / 2 - 2;
    const std::vector<Encoding> windows = text().encode_windows(whole, prompt, stride);
    SpanMeans means(spans, width);
    const RunRequest request = plan_.request();
    for_token_batches(windows, plan_.batch_tokens(batch_tokens), [&](auto batch, auto indexes) {
      const EncoderOutput output = session_.run(batch, request);
      for (std::size_t i = 0; i < batch.size(); ++i) {
        const std::size_t front = indexes[i] == 0 ? 0 : stride / 2;
        const std::size_t back = indexes[i] + 1 == windows.size() ? 0 : stride - stride / 2;
        means.add(*batch[i], plan_.rows(output, i), front, back);
      }
    });
    return plan_.text_steps.run(std::move(means).take());
  }

  BertSession session_;
  SentencePlan plan_;
};

}  // namespace

std::shared_ptr<const EmbedderImpl> make_encoder_embedder(BertSession session, const EmbedderOptions& options) {
  const auto& modules = session::Access::impl(session).settings().sentence;
  if (!modules && options.pooling.empty()) {
    if (const OutputInfo* own = own_vector(session)) {
      const OutputInfo output = *own;
      return make_output_embedder(std::move(session), output, options);
    }
  }
  Planned planned = plan_of(session, options);
  const std::size_t dimensions = modules ? modules->truncate_dim.value_or(0) : 0;
  return std::make_shared<const EncoderEmbedder>(std::move(session), std::move(planned), options.max_length,
                                                 dimensions);
}

}  // namespace bertrt::tasks
