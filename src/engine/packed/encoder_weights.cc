#include "engine/packed/encoder_weights.h"

#include <functional>
#include <string>
#include <utility>

#include "bertrt/error.h"
#include "engine/packed/weight_source.h"

namespace bertrt::engine::packed {
namespace {

// What packing costs is done on all threads at once, after everything was found and checked.
class PackJobs {
 public:
  template <typename Pointer>
  void add(Pointer& to, DenseParts parts, DType dtype) {
    jobs_.push_back([&to, parts = std::move(parts), dtype] { to = pack(parts, dtype); });
  }
  void run(kernels::ThreadPool& pool) const {
    pool.run(jobs_.size(), [this](std::size_t job) { jobs_[job](); });
  }

 private:
  std::vector<std::function<void()>> jobs_;
};

std::string join(const std::string& prefix, std::string_view name) { return prefix + std::string(name); }

std::size_t stored_layers(WeightSource& source, const WeightNames& names) {
  std::size_t count = 0;
  while (source.has(join(names.layer_prefix(count), names.query))) ++count;
  return count;
}

RowTable optional_table(WeightSource& source, const std::string& name, bool halve, kernels::ThreadPool& pool) {
  const model::Parameter* parameter = source.find(name);
  return parameter == nullptr ? RowTable() : RowTable::copy(*parameter, halve, pool);
}

void check_width(const RowTable& table, std::size_t width, const std::string& name) {
  if (table.rows() != 0 && table.width() != width) {
    throw Error(ErrorCode::model_mismatch, name, "width " + std::to_string(width), std::to_string(table.width()));
  }
}

void load_embeddings(WeightSource& source, const WeightNames& names, const EncoderDescription& description, bool halve,
                     EncoderWeights& weights, PackJobs& jobs, kernels::ThreadPool& pool) {
  weights.words = std::make_shared<const RowTable>(
      RowTable::copy(source.require("embeddings.word_embeddings.weight"), halve, pool));
  weights.positions = RowTable::copy(source.require("embeddings.position_embeddings.weight"), halve, pool);
  weights.types = optional_table(source, "embeddings.token_type_embeddings.weight", halve, pool);
  const std::size_t width = weights.words->width();
  check_width(weights.positions, width, "embeddings.position_embeddings.weight");
  check_width(weights.types, width, "embeddings.token_type_embeddings.weight");
  weights.embedding_norm = source.norm("embeddings.LayerNorm", width);
  if (source.has(names.projection)) {
    const std::string name(names.projection);
    jobs.add(weights.projection, dense_parts(source, {&name, 1}, description.hidden, width), DType::fp32);
  } else if (width != description.hidden) {
    throw Error(ErrorCode::model_mismatch, source.file().name(),
                "word embeddings as wide as the hidden size " + std::to_string(description.hidden),
                std::to_string(width) + " and no projection");
  }
  const auto skipped =
      description.offset_positions ? static_cast<std::size_t>(description.pad_token_id + 1) : std::size_t{0};
  if (weights.positions.rows() <= skipped) {
    throw Error(ErrorCode::model_mismatch, source.file().name(), "positions past the padding's",
                std::to_string(weights.positions.rows()) + " positions");
  }
  weights.max_length = weights.positions.rows() - skipped;
}

void load_layer(WeightSource& source, const WeightNames& names, std::size_t index, std::size_t hidden, DType dtype,
                LayerWeights& layer, PackJobs& jobs) {
  const std::string prefix = names.layer_prefix(index);
  const std::string qkv[3] = {join(prefix, names.query), join(prefix, names.key), join(prefix, names.value)};
  jobs.add(layer.qkv, dense_parts(source, qkv, hidden, hidden), dtype);
  const std::string out = join(prefix, names.attention_out);
  jobs.add(layer.attention_out, dense_parts(source, {&out, 1}, hidden, hidden), dtype);
  layer.attention_norm = source.norm(join(prefix, names.attention_norm), hidden);
  const std::string up = join(prefix, names.ffn_in);
  const std::string down = join(prefix, names.ffn_out);
  const auto& shape = source.require(up + ".weight").tensor.shape;
  const std::size_t intermediate = shape.empty() ? 0 : static_cast<std::size_t>(shape[0]);
  jobs.add(layer.ffn_in, dense_parts(source, {&up, 1}, intermediate, hidden), dtype);
  jobs.add(layer.ffn_out, dense_parts(source, {&down, 1}, hidden, intermediate), dtype);
  layer.ffn_norm = source.norm(join(prefix, names.ffn_norm), hidden);
}

}  // namespace

EncoderWeights load_encoder_weights(const model::ModelFile& file, const FoundNames& found,
                                    const EncoderDescription& description, DType dtype, kernels::ThreadPool& pool) {
  const WeightNames& names = *found.names;
  WeightSource source(file, found.prefix);
  EncoderWeights weights;
  PackJobs jobs;
  // Halved embeddings keep int8 below half of the fp32 size; their rounding is far below that of the int8 weights.
  load_embeddings(source, names, description, dtype == DType::int8, weights, jobs, pool);

  const std::size_t stored = stored_layers(source, names);
  if (stored == 0 || description.layers % stored != 0) {
    throw Error(ErrorCode::model_mismatch, file.name(), std::to_string(description.layers) + " layers",
                std::to_string(stored) + " stored ones");
  }
  weights.stored.resize(stored);
  for (std::size_t i = 0; i < stored; ++i) {
    load_layer(source, names, i, description.hidden, dtype, weights.stored[i], jobs);
  }
  for (std::size_t i = 0; i < description.layers; ++i) weights.layer.push_back(i / (description.layers / stored));

  if (!names.relative_bias.empty()) {
    weights.relative_bias =
        RelativeBias(source.require(std::string(names.relative_bias)).tensor, description.heads, weights.max_length);
  }
  if (source.has(names.pooler)) {
    const std::string name(names.pooler);
    jobs.add(weights.pooler, dense_parts(source, {&name, 1}, description.hidden, description.hidden), DType::fp32);
  }
  if (!found.prefix.empty() || description.task == "encoder") {
    if (const std::vector<std::string> unknown = source.left_over(); !unknown.empty()) {
      throw Error(ErrorCode::unsupported, file.name(), "an encoder with no weights beside those of its architecture",
                  unknown.front());
    }
  }
  jobs.run(pool);
  return weights;
}

}  // namespace bertrt::engine::packed
