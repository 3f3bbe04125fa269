#include "tasks/table_embedder.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "archive/tensor.h"
#include "bertrt/error.h"
#include "family/sentence_modules.h"
#include "tasks/embedder_impl.h"
#include "tasks/table_modules.h"

namespace bertrt::tasks {
namespace {

// Signed integers of 4 or 8 bytes, as numpy writes indexes.
std::int64_t integer_at(const archive::TensorView& tensor, std::size_t index) {
  const std::size_t size = archive::element_size(tensor.type);
  const std::byte* at =
      tensor.storage.data() +
      (static_cast<std::size_t>(tensor.storage_offset) + index * static_cast<std::size_t>(tensor.strides[0])) * size;
  if (tensor.type == archive::ElementType::int64) {
    std::int64_t value = 0;
    std::memcpy(&value, at, sizeof(value));
    return value;
  }
  std::int32_t value = 0;
  std::memcpy(&value, at, sizeof(value));
  return value;
}

[[noreturn]] void mismatch(const std::string& where, std::string expected, std::string found) {
  throw Error(ErrorCode::model_mismatch, where, std::move(expected), std::move(found));
}

// The table with a row for each token: the mapping followed, the weights multiplied in.
std::vector<float> rows_of(const family::StaticEmbeddingModule& module, const std::string& where) {
  const std::vector<float> stored = archive::to_float32(module.table.tensor);
  const auto width = static_cast<std::size_t>(module.table.tensor.shape[1]);
  const auto rows = static_cast<std::size_t>(module.table.tensor.shape[0]);
  const std::size_t tokens = module.mapping ? module.mapping->tensor.elements() : rows;
  std::vector<float> weights(tokens, 1.0F);
  if (module.weights) weights = archive::to_float32(module.weights->tensor);
  if (weights.size() != tokens) mismatch(where + ": weights", std::to_string(tokens), std::to_string(weights.size()));
  if (module.mapping && module.mapping->tensor.type != archive::ElementType::int64 &&
      module.mapping->tensor.type != archive::ElementType::int32) {
    throw Error(ErrorCode::unsupported, where + ": mapping", "int64 or int32",
                std::string(to_string(module.mapping->tensor.type)));
  }
  std::vector<float> table(tokens * width);
  for (std::size_t token = 0; token < tokens; ++token) {
    const std::int64_t row =
        module.mapping ? integer_at(module.mapping->tensor, token) : static_cast<std::int64_t>(token);
    if (row < 0 || static_cast<std::size_t>(row) >= rows) {
      mismatch(where + ": mapping", "rows from 0 to " + std::to_string(rows - 1), std::to_string(row));
    }
    for (std::size_t i = 0; i < width; ++i) {
      table[token * width + i] = stored[static_cast<std::size_t>(row) * width + i] * weights[token];
    }
  }
  return table;
}

class TableEmbedder final : public EmbedderImpl {
 public:
  TableEmbedder(SentenceText text, EmbedderInfo info, std::size_t model_dimensions, std::vector<float> table,
                VectorSteps steps)
      : EmbedderImpl(std::move(text), std::move(info), model_dimensions),
        table_(std::move(table)),
        steps_(std::move(steps)) {}

 private:
  std::vector<float> vectors(std::span<const std::string_view> texts, std::string_view prompt,
                             std::size_t /*batch_tokens*/) const override {
    const std::size_t width = steps_.in();
    std::vector<float> out(texts.size() * width);
    const std::vector<Encoding> encodings = text().encode(texts, prompt);
    std::vector<double> sum(width);
    for (std::size_t i = 0; i < encodings.size(); ++i) {
      const std::vector<std::int32_t>& ids = encodings[i].input_ids;
      if (ids.empty()) continue;  // zeros
      std::fill(sum.begin(), sum.end(), 0.0);
      for (const std::int32_t id : ids) {
        check_has_row(id, table_.size() / width);
        const float* row = table_.data() + static_cast<std::size_t>(id) * width;
        for (std::size_t at = 0; at < width; ++at) sum[at] += static_cast<double>(row[at]);
      }
      for (std::size_t at = 0; at < width; ++at) {
        out[i * width + at] = static_cast<float>(sum[at] / static_cast<double>(ids.size()));
      }
    }
    return steps_.run(std::move(out));
  }

  std::vector<float> span_vectors(std::string_view, std::string_view, std::span<const Offset>,
                                  std::size_t) const override {
    throw Error(ErrorCode::unsupported, "Embedder::chunks", "a model that reads tokens in their context",
                "a table of word vectors");
  }

  std::vector<float> table_;  // [vocabulary, steps_.in()]
  VectorSteps steps_;
};

}  // namespace

std::shared_ptr<const EmbedderImpl> make_table_embedder(const std::filesystem::path& folder,
                                                        const SessionOptions& session, const EmbedderOptions& options) {
  const auto modules = table_modules(folder, session);
  if (!modules) return nullptr;
  const auto* module = std::get_if<family::StaticEmbeddingModule>(&modules->modules.front());
  if (module == nullptr) return nullptr;

  const auto width = static_cast<std::size_t>(module->table.tensor.shape[1]);
  if (width == 0) mismatch(folder.string() + ": StaticEmbedding", "columns", "none");
  VectorSteps steps(width);
  for (std::size_t i = 1; i < modules->modules.size(); ++i) {
    const family::SentenceModule& next = modules->modules[i];
    const auto* dense = std::get_if<family::DenseModule>(&next);
    const auto* norm = std::get_if<family::LayerNormModule>(&next);
    const auto* normalize = std::get_if<family::NormalizeModule>(&next);
    if (dense != nullptr && !dense->on_tokens) {
      steps.add(*dense);
    } else if (norm != nullptr) {
      steps.add(*norm);
    } else if (normalize != nullptr && !normalize->on_tokens) {
      steps.add_normalize();
    } else {
      throw Error(ErrorCode::unsupported, "Embedder, modules.json",
                  "Dense, LayerNorm or Normalize on sentence_embedding behind a StaticEmbedding", "another module");
    }
  }
  if (!options.pooling.empty()) {
    throw Error(ErrorCode::unsupported, "EmbedderOptions::pooling",
                "none for a table of word vectors, which has its mean",
                std::string(to_string(options.pooling.front())));
  }
  // sentence-transformers takes tokenizer.json as it stands here, its truncation included.
  const std::filesystem::path own = folder / module->path / "tokenizer.json";
  const bool stands_alone = std::filesystem::exists(own);
  Tokenizer tokenizer = Tokenizer::load(!session.tokenizer.empty() ? session.tokenizer
                                        : stands_alone             ? own
                                                                   : folder / module->path);
  const std::size_t own_length = stands_alone ? tokenizer.model_max_length() : 0;
  std::vector<float> table = rows_of(*module, folder.string());
  check_table_rows(tokenizer, table.size() / width, folder);
  EmbedderInfo info;
  info.pooling_why = "the mean of a table's word vectors: the model's own";
  info.dimensions = steps.out();
  info.similarity = parse<Similarity>(modules->similarity).value_or(Similarity::cosine);
  SentenceText text(std::move(tokenizer), options.max_length != 0 ? options.max_length : own_length,
                    {modules->prompts, modules->default_prompt_name});
  return std::make_shared<const TableEmbedder>(std::move(text), std::move(info), modules->truncate_dim.value_or(0),
                                               std::move(table), std::move(steps));
}

}  // namespace bertrt::tasks
