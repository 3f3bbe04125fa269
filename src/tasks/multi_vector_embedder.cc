#include "bertrt/multi_vector_embedder.h"

#include <algorithm>
#include <utility>

#include "base/enum_names.h"
#include "base/out_of_memory.h"
#include "base/plain_text.h"
#include "bertrt/error.h"
#include "session/session_impl.h"
#include "tasks/multi_vector_embedder_impl.h"
#include "tasks/token_batches.h"
#include "tasks/what_it_has.h"
#include "tasks/windows.h"
#include "tokenizer/whole_tokens.h"

namespace bertrt::tasks {
namespace {

constexpr std::string_view kWhiteSpace = " \t\n\r\f\v";
constexpr std::size_t kMostExpanded = 65536;  // where the model has no limit

const family::SentenceModules& modules_of(const BertSession& session) {
  const std::optional<family::SentenceModules>& modules = session::Access::impl(session).settings().sentence;
  if (!modules) {
    throw Error(ErrorCode::unsupported, "MultiVectorEmbedder", "a model with modules that keep one vector a token",
                what_it_has(session));
  }
  return *modules;
}

SentencePlan plan_of(const BertSession& session, const EmbedderOptions& options) {
  const family::SentenceModules& modules = modules_of(session);
  if (!options.pooling.empty()) {
    throw Error(ErrorCode::unsupported, "EmbedderOptions::pooling", "none: the tokens' vectors stay apart",
                std::string(to_string(options.pooling.front())));
  }
  SentencePlan plan =
      plan_modules(modules, token_width(session, modules, "MultiVectorEmbedder", options.least), "MultiVectorEmbedder");
  if (!plan.pooling.empty() || (plan.token_steps.empty() && !plan.mask)) {
    throw Error(ErrorCode::unsupported, "MultiVectorEmbedder", "a model with modules that keep one vector a token",
                what_it_has(session));
  }
  return plan;
}

// The session's tokenizer, with the markers in front of the model's texts as tokens of their own where it knows them
// and would take them apart: they were put in by their ids when the model was made.
Tokenizer tokenizer_of(const BertSession& session) {
  const Tokenizer& tokenizer = session.tokenizer();
  std::vector<std::string> whole;
  for (const std::string& marker : modules_of(session).markers) {
    const std::size_t begin = marker.find_first_not_of(kWhiteSpace);
    if (begin == std::string::npos) continue;
    const std::string word = marker.substr(begin, marker.find_first_of(kWhiteSpace, begin) - begin);
    for (const std::string& token : {marker, word}) {
      const std::optional<std::int32_t> id = tokenizer.token_to_id(token);
      if (!id) continue;
      std::vector<std::int32_t> ids;
      tokenizer.encode_ids(token, ids);
      if (ids.size() != 1 || ids[0] != *id) whole.push_back(token);
      break;
    }
  }
  if (whole.empty()) return tokenizer;
  Tokenizer other = tokenizer::load_with_whole_tokens(session::Access::impl(session).settings().tokenizer, whole);
  session::Access::set_model_limit(other, session.info().max_length);
  return other;
}

bool has(const std::vector<std::int32_t>& sorted, std::int32_t id) {
  return std::binary_search(sorted.begin(), sorted.end(), id);
}

}  // namespace

MultiVectorEmbedderImpl::MultiVectorEmbedderImpl(BertSession session, const EmbedderOptions& options)
    : session_(std::move(session)),
      plan_(plan_of(session_, options)),
      text_(session_, options.max_length, tokenizer_of(session_)) {
  const family::SentenceModules& modules = modules_of(session_);
  query_ = side(modules, TextRole::query);
  document_ = side(modules, TextRole::document);
  if (!modules.query_expansion) return;
  const Tokenizer& tokenizer = text_.tokenizer();
  const std::string& token = modules.query_expansion->token;
  const std::int32_t id = token.empty() ? tokenizer.special_tokens().mask : tokenizer.token_to_id(token).value_or(-1);
  if (id < 0) {
    throw Error(ErrorCode::unsupported, "query_expansion", "a token of the vocabulary",
                token.empty() ? "no mask token" : base::printable(token));
  }
  if (modules.query_expansion->cuts && pads_left(tokenizer)) {
    throw Error(ErrorCode::unsupported, "query_expansion \"fixed\"", "a tokenizer that pads on the right",
                "one that pads, and so expands, on the left");
  }
  const std::size_t longest = session_.info().max_length == 0 ? kMostExpanded : session_.info().max_length;
  if (modules.query_expansion->length == 0 || modules.query_expansion->length > longest) {
    throw Error(ErrorCode::unsupported, "query_expansion", "a length from 1 to " + std::to_string(longest),
                std::to_string(modules.query_expansion->length));
  }
  if (modules.query_length && *modules.query_length < modules.query_expansion->length) {
    throw Error(ErrorCode::unsupported, "query_length",
                "at least " + std::to_string(modules.query_expansion->length) + ", the length of query_expansion",
                std::to_string(*modules.query_length));
  }
  expansion_ =
      Expansion{modules.query_expansion->length, modules.query_expansion->cuts, modules.query_expansion->attend, id};
}

MultiVectorEmbedderImpl::Side MultiVectorEmbedderImpl::side(const family::SentenceModules& modules,
                                                            TextRole role) const {
  Side side;
  side.max_length = (role == TextRole::query ? modules.query_length : modules.document_length).value_or(0);
  const std::size_t reach = session_.info().max_length;
  if (reach != 0) side.max_length = std::min(side.max_length, reach);
  if (!plan_.mask) return side;
  const std::vector<std::string>& tasks = plan_.mask->skiplist_tasks;
  const bool named = std::find(tasks.begin(), tasks.end(), to_string(role)) != tasks.end();
  if (named || (tasks.empty() && role == TextRole::document)) {
    for (const std::string& word : plan_.mask->skiplist_words) {
      // A word that is no token would stand for every unknown one.
      if (const auto id = text_.tokenizer().token_to_id(word)) side.skipped.push_back(*id);
    }
  }
  if (role == TextRole::document && plan_.mask->keep_only_token_ids && !plan_.mask->keep_only_token_ids->empty()) {
    side.keeps_some = true;
    for (const std::int64_t id : *plan_.mask->keep_only_token_ids) {
      if (id >= 0 && id <= INT32_MAX) side.kept.push_back(static_cast<std::int32_t>(id));
    }
  }
  std::sort(side.skipped.begin(), side.skipped.end());
  std::sort(side.kept.begin(), side.kept.end());
  return side;
}

// Filled up with a token that counts; the others do not look at it unless the model says so.
void MultiVectorEmbedderImpl::expand(Encoding& encoding) const {
  const std::size_t length = std::max(expansion_->length, encoding.size());
  encoding.attention_mask.resize(encoding.size(), 1);
  encoding.token_type_ids.resize(encoding.size(), 0);
  encoding.input_ids.resize(length, expansion_->token);
  encoding.attention_mask.resize(length, expansion_->attend ? 1 : 0);
  encoding.token_type_ids.resize(length, 0);
}

// @param real  tokens that are not the expansion's
Matrix MultiVectorEmbedderImpl::counted(const Encoding& encoding, std::size_t real, TextRole role,
                                        std::vector<float> rows, bool normalize) const {
  const Side& rules = role == TextRole::query ? query_ : document_;
  const std::size_t columns = width();
  Matrix out;
  out.cols = columns;
  for (std::size_t token = 0; token < encoding.size(); ++token) {
    // Without a mask module the encoder's own mask says what counts.
    const bool expanded = token >= real && !plan_.mask && !expansion_->attend;
    const std::int32_t id = encoding.input_ids[token];
    if (expanded || has(rules.skipped, id) || (rules.keeps_some && !has(rules.kept, id))) continue;
    const auto* row = rows.data() + token * columns;
    out.data.insert(out.data.end(), row, row + columns);
    ++out.rows;
  }
  if (normalize) normalize_rows(out.data, columns);
  return out;
}

std::vector<Matrix> MultiVectorEmbedderImpl::embed(std::span<const std::string_view> texts, TextRole role,
                                                   const MultiVectorOptions& options) const {
  base::check_named("role", role);
  const bool is_query = role == TextRole::query;
  const std::string_view name = options.prompt_name.empty() ? to_string(role) : std::string_view(options.prompt_name);
  const std::string prompt = text_.prompts().resolve(options.prompt, name);
  const bool expands = is_query && expansion_.has_value();
  const bool fixed = expands && expansion_->cuts;
  const std::size_t max_length = fixed ? expansion_->length : (is_query ? query_ : document_).max_length;
  RunRequest request = plan_.request();
  request.padding_rows = expands;
  std::vector<Matrix> out(texts.size());
  for (std::size_t at = 0; at < texts.size(); at += kShare) {
    std::vector<Encoding> encodings =
        text_.encode(texts.subspan(at, std::min(kShare, texts.size() - at)), prompt, max_length);
    std::vector<std::size_t> real;
    for (Encoding& encoding : encodings) {
      real.push_back(encoding.size());
      if (expands) expand(encoding);
    }
    for_token_batches(encodings, plan_.batch_tokens(kBatchTokens), [&](auto batch, auto indexes) {
      const EncoderOutput output = session_.run(batch, request);
      for (std::size_t i = 0; i < batch.size(); ++i) {
        out[at + indexes[i]] = counted(*batch[i], real[indexes[i]], role, plan_.rows(output, i), options.normalize);
      }
    });
  }
  return out;
}

}  // namespace bertrt::tasks

namespace bertrt {
inline namespace v0 {

std::string_view to_string(TextRole role) noexcept {
  switch (role) {
    case TextRole::query: return "query";
    case TextRole::document: return "document";
  }
  return "unknown";
}

template <>
std::optional<TextRole> parse(std::string_view name) noexcept {
  if (name == "query") return TextRole::query;
  if (name == "document") return TextRole::document;
  return std::nullopt;
}

const tasks::MultiVectorEmbedderImpl& MultiVectorEmbedder::impl() const {
  if (!impl_) throw Error(ErrorCode::invalid_argument, "MultiVectorEmbedder", "an object", "one that was moved from");
  return *impl_;
}

MultiVectorEmbedder::MultiVectorEmbedder(BertSession session, const EmbedderOptions& options)
    : impl_(base::or_out_of_memory("MultiVectorEmbedder", [&] {
        return std::make_shared<const tasks::MultiVectorEmbedderImpl>(std::move(session), options);
      })) {}

Matrix MultiVectorEmbedder::query(std::string_view text, const MultiVectorOptions& options) const {
  return base::or_out_of_memory("MultiVectorEmbedder", [&] {
    return std::move(impl().embed(std::span(&text, 1), TextRole::query, options).front());
  });
}

Matrix MultiVectorEmbedder::document(std::string_view text, const MultiVectorOptions& options) const {
  return base::or_out_of_memory("MultiVectorEmbedder", [&] {
    return std::move(impl().embed(std::span(&text, 1), TextRole::document, options).front());
  });
}

std::vector<Matrix> MultiVectorEmbedder::operator()(std::span<const std::string_view> texts, TextRole role,
                                                    const MultiVectorOptions& options) const {
  return base::or_out_of_memory("MultiVectorEmbedder", [&] { return impl().embed(texts, role, options); });
}

std::vector<Matrix> MultiVectorEmbedder::operator()(const std::vector<std::string>& texts, TextRole role,
                                                    const MultiVectorOptions& options) const {
  return base::or_out_of_memory("MultiVectorEmbedder", [&] {
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    return impl().embed(views, role, options);
  });
}

std::size_t MultiVectorEmbedder::stream(TextRole role, const std::function<std::optional<std::string>()>& next,
                                        const std::function<void(Matrix rows)>& each,
                                        const MultiVectorOptions& options) const {
  tasks::TextStream stream("MultiVectorEmbedder::stream", next, static_cast<bool>(each));
  std::size_t count = 0;
  for (auto texts = stream.take(); !texts.empty(); texts = stream.take()) {
    for (Matrix& rows : (*this)(texts, role, options)) each(std::move(rows));
    count += texts.size();
  }
  return count;
}

std::size_t MultiVectorEmbedder::width() const { return impl().width(); }

}  // namespace v0
}  // namespace bertrt
