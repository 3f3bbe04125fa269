#include "bertrt/embedder.h"

#include <algorithm>
#include <utility>

#include "base/out_of_memory.h"
#include "bertrt/error.h"
#include "tasks/embedder_impl.h"
#include "tasks/encoder_embedder.h"
#include "tasks/table_embedder.h"
#include "tasks/token_batches.h"

namespace bertrt::tasks {

EmbedderImpl::EmbedderImpl(SentenceText text, EmbedderInfo info, std::size_t model_dimensions)
    : text_(std::move(text)), info_(std::move(info)), model_dimensions_(model_dimensions) {
  info_.max_length = text_.max_length();
  info_.prompts = text_.prompts().by_name;
  info_.default_prompt_name = text_.prompts().default_name;
}

std::size_t EmbedderImpl::dimensions(const EmbedOptions& options) const {
  if (options.dimensions > info_.dimensions) {
    throw Error(ErrorCode::invalid_argument, "EmbedOptions::dimensions",
                "at most " + std::to_string(info_.dimensions) + ", what the model gives",
                std::to_string(options.dimensions));
  }
  if (options.dimensions != 0) return options.dimensions;
  return model_dimensions_ == 0 ? info_.dimensions : std::min(model_dimensions_, info_.dimensions);
}

void EmbedderImpl::append(std::span<const float> vectors, const EmbedOptions& options, Matrix& out) const {
  const std::size_t before = out.data.size();
  for (std::size_t at = 0; at < vectors.size(); at += info_.dimensions, ++out.rows) {
    const std::span<const float> first = vectors.subspan(at, out.cols);
    out.data.insert(out.data.end(), first.begin(), first.end());
  }
  if (options.normalize) normalize_rows(std::span(out.data).subspan(before), out.cols);
}

Matrix EmbedderImpl::embed(std::span<const std::string_view> texts, const EmbedOptions& options) const {
  Matrix out;
  out.cols = dimensions(options);
  const std::string prompt = text_.prompts().resolve(options.prompt, options.prompt_name);
  const std::size_t batch_tokens = options.batch_tokens == 0 ? kBatchTokens : options.batch_tokens;
  out.data.reserve(texts.size() * out.cols);
  for (std::size_t at = 0; at < texts.size(); at += kShare) {
    append(vectors(texts.subspan(at, std::min(kShare, texts.size() - at)), prompt, batch_tokens), options, out);
  }
  return out;
}

Matrix EmbedderImpl::chunks(std::string_view text, std::span<const Offset> spans, const EmbedOptions& options) const {
  for (const Offset& span : spans) {
    if (span.begin > span.end || span.end > text.size()) {
      throw Error(ErrorCode::invalid_argument, "Embedder::chunks",
                  "spans of the text's " + std::to_string(text.size()) + " bytes",
                  std::to_string(span.begin) + " to " + std::to_string(span.end));
    }
  }
  Matrix out;
  out.cols = dimensions(options);
  const std::string prompt = text_.prompts().resolve(options.prompt, options.prompt_name);
  if (spans.empty()) return out;
  append(span_vectors(text, prompt, spans, options.batch_tokens == 0 ? kBatchTokens : options.batch_tokens), options,
         out);
  return out;
}

}  // namespace bertrt::tasks

namespace bertrt {
inline namespace v0 {

namespace {

EmbedOptions with_prompt(const char* name, EmbedOptions options) {
  if (!options.prompt && options.prompt_name.empty()) options.prompt_name = name;
  return options;
}

}  // namespace

Embedder::Embedder(std::shared_ptr<const tasks::EmbedderImpl> impl) noexcept : impl_(std::move(impl)) {}

Embedder::Embedder(BertSession session, const EmbedderOptions& options)
    : impl_(base::or_out_of_memory("Embedder",
                                   [&] { return tasks::make_encoder_embedder(std::move(session), options); })) {}

Embedder Embedder::load(const std::filesystem::path& folder, const SessionOptions& session,
                        const EmbedderOptions& options) {
  return base::or_out_of_memory("Embedder", [&] {
    if (auto table = tasks::make_table_embedder(folder, session, options)) return Embedder(std::move(table));
    return Embedder(BertSession::load(folder, session), options);
  });
}

std::vector<float> Embedder::operator()(std::string_view text, const EmbedOptions& options) const {
  return base::or_out_of_memory("Embedder", [&] { return std::move(impl().embed(std::span(&text, 1), options).data); });
}

Matrix Embedder::operator()(std::span<const std::string_view> texts, const EmbedOptions& options) const {
  return base::or_out_of_memory("Embedder", [&] { return impl().embed(texts, options); });
}

Matrix Embedder::operator()(std::span<const std::string> texts, const EmbedOptions& options) const {
  return base::or_out_of_memory("Embedder", [&] {
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    return impl().embed(views, options);
  });
}

Matrix Embedder::query(std::span<const std::string> texts, EmbedOptions options) const {
  return base::or_out_of_memory("Embedder", [&] { return (*this)(texts, with_prompt("query", std::move(options))); });
}

Matrix Embedder::query(std::initializer_list<std::string_view> texts, EmbedOptions options) const {
  return base::or_out_of_memory("Embedder", [&] { return (*this)(texts, with_prompt("query", std::move(options))); });
}

Matrix Embedder::document(std::span<const std::string> texts, EmbedOptions options) const {
  return base::or_out_of_memory("Embedder",
                                [&] { return (*this)(texts, with_prompt("document", std::move(options))); });
}

Matrix Embedder::document(std::initializer_list<std::string_view> texts, EmbedOptions options) const {
  return base::or_out_of_memory("Embedder",
                                [&] { return (*this)(texts, with_prompt("document", std::move(options))); });
}

std::size_t Embedder::stream(const std::function<std::optional<std::string>()>& next,
                             const std::function<void(std::span<const float> vector)>& each,
                             const EmbedOptions& options) const {
  tasks::TextStream stream("Embedder::stream", next, static_cast<bool>(each));
  std::size_t count = 0;
  for (auto texts = stream.take(); !texts.empty(); texts = stream.take()) {
    const Matrix vectors = (*this)(texts, options);
    for (std::size_t i = 0; i < vectors.rows; ++i) each(vectors.row(i));
    count += vectors.rows;
  }
  return count;
}

Matrix Embedder::chunks(std::string_view text, std::span<const Offset> spans, const EmbedOptions& options) const {
  return base::or_out_of_memory("Embedder", [&] { return impl().chunks(text, spans, options); });
}

const tasks::EmbedderImpl& Embedder::impl() const {
  if (!impl_) throw Error(ErrorCode::invalid_argument, "Embedder", "an object", "one that was moved from");
  return *impl_;
}

const EmbedderInfo& Embedder::info() const { return impl().info(); }

}  // namespace v0
}  // namespace bertrt
