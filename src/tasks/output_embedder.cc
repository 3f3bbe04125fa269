#include "tasks/output_embedder.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "bertrt/error.h"
#include "tasks/embedder_impl.h"
#include "tasks/token_batches.h"
#include "tasks/what_it_has.h"

namespace bertrt::tasks {
namespace {

// Of a text, not of its tokens: no axis that is as long as it.
bool is_of_the_text(const OutputInfo& output) {
  return std::none_of(output.shape.begin(), output.shape.end(), [](std::int64_t size) { return size < 0; });
}

bool is_vector(const OutputInfo& output) { return output.shape.size() == 1 && output.shape.front() > 1; }

class OutputEmbedder final : public EmbedderImpl {
 public:
  OutputEmbedder(BertSession session, const OutputInfo& output, EmbedderInfo info, std::size_t max_length)
      : EmbedderImpl(SentenceText(session, max_length), std::move(info), 0),
        session_(std::move(session)),
        name_(output.name),
        pooled_(output.role == OutputRole::pooled_output && !output.in_more) {}

 private:
  std::vector<float> vectors(std::span<const std::string_view> texts, std::string_view prompt,
                             std::size_t batch_tokens) const override {
    const std::size_t width = info().dimensions;
    const std::vector<Encoding> encodings = text().encode(texts, prompt);
    std::vector<float> out(texts.size() * width);
    const RunRequest request{.hidden_states = false, .pooled_output = pooled_, .more = !pooled_};
    for_token_batches(encodings, batch_tokens, [&](auto batch, auto indexes) {
      const EncoderOutput output = session_.run(batch, request);
      for (std::size_t i = 0; i < batch.size(); ++i) {
        const std::span<const float> vector = vector_of(output, i);
        if (vector.size() != width) {
          throw Error(ErrorCode::model_mismatch, "Embedder, output " + name_,
                      "a vector of " + std::to_string(width) + " numbers", std::to_string(vector.size()));
        }
        std::copy(vector.begin(), vector.end(), out.begin() + static_cast<std::ptrdiff_t>(indexes[i] * width));
      }
    });
    return out;
  }

  std::vector<float> span_vectors(std::string_view, std::string_view, std::span<const Offset>,
                                  std::size_t) const override {
    throw Error(ErrorCode::unsupported, "Embedder::chunks", "a model whose hidden states are pooled",
                "one that gives a text's vector by itself (output " + name_ + ")");
  }

  std::span<const float> vector_of(const EncoderOutput& output, std::size_t text) const {
    if (pooled_) return output.pooled_output ? output.pooled_output->row(text) : std::span<const float>();
    for (const ModelOutput& each : output.more) {
      if (each.name == name_) return each.texts[text].data;
    }
    return {};
  }

  BertSession session_;
  std::string name_;
  bool pooled_;
};

}  // namespace

const OutputInfo* own_vector(const BertSession& session) {
  const OutputInfo* only = nullptr;
  bool states = false;
  std::size_t of_texts = 0;
  for (const OutputInfo& output : session.info().outputs) {
    if (output.added) continue;
    states = states || output.role == OutputRole::hidden_state;
    if (!is_of_the_text(output)) continue;
    if (output.name == "sentence_embedding" && is_vector(output)) return &output;
    ++of_texts;
    if (is_vector(output) && (output.role == OutputRole::other || output.role == OutputRole::pooled_output)) {
      only = &output;
    }
  }
  if (states || of_texts == 0) return nullptr;
  if (of_texts == 1 && only != nullptr) return only;
  throw Error(ErrorCode::unsupported, "Embedder",
              "a model that gives a vector of a text, or hidden states (or EmbedderOptions::pooling, which pools those "
              "of the last layer)",
              what_it_has(session));
}

std::shared_ptr<const EmbedderImpl> make_output_embedder(BertSession session, const OutputInfo& output,
                                                         const EmbedderOptions& options) {
  EmbedderInfo info;
  info.pooling_why = "the model's own: its output " + output.name;
  info.dimensions = static_cast<std::size_t>(output.shape.front());
  return std::make_shared<const OutputEmbedder>(std::move(session), output, std::move(info), options.max_length);
}

}  // namespace bertrt::tasks
