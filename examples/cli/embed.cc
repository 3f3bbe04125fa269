#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bertrt/embedder.h"
#include "bertrt/error.h"
#include "bertrt/multi_vector_embedder.h"
#include "bertrt/quantize.h"
#include "bertrt/runtime.h"
#include "bertrt/sparse_embedder.h"
#include "commands.h"
#include "embed_rows.h"
#include "files.h"
#include "json.h"
#include "model_options.h"
#include "npy_file.h"
#include "option_values.h"
#include "printable.h"
#include "queries.h"
#include "terminal.h"
#include "text_stream.h"

namespace bertrt::cli {
namespace {

// Vectors that ranges of int8 and uint8 are taken from, where no file has them.
constexpr std::size_t kCalibration = 4096;

struct EmbedCommand {
  explicit EmbedCommand(CLI::App& command) : queries(command, Pairs::refused) {
    add_model_options(command, model);
    add_list(command, "--pooling", pooling, "How the tokens' vectors become one; default: as the model says, else mean",
             {"cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"});
    command.add_flag("--normalize", normalize, "Vectors of unit length");
    command.add_option("--dimensions", dimensions, "The first so many columns alone")
        ->transform(whole_number(1, 1000000));
    CLI::Option* name =
        command.add_option("--prompt", prompt_name, "One of the model's prompts by name")->check(not_empty());
    prompt_option = command.add_option("--prompt-text", prompt, "A text in front of each")->excludes(name);
    command.add_option("--max-length", max_length, "Longest text in tokens, cut silently; default: as the model says")
        ->transform(whole_number(1));
    command.add_option("--precision", precision, "How values are stored")
        ->check(CLI::IsMember({"float32", "int8", "uint8", "binary", "ubinary"}))
        ->capture_default_str();
    command
        .add_option("--ranges", ranges,
                    "Least and greatest value of each column for int8 and uint8 (.npy, [2, D]); "
                    "default: those of the first 4096 texts")
        ->check(not_empty());
    command.add_option("--save-ranges", save_ranges, "Where to write the ranges in use")->check(not_empty());
    CLI::Option* sparse_option = command.add_flag("--sparse", sparse, "Weights of the vocabulary's tokens");
    command.add_option("--multi-vector", role, "A vector a token: the texts are queries or documents")
        ->check(CLI::IsMember({"query", "document"}))
        ->excludes(sparse_option);
    command.add_option("--output", output, "Write the vectors to this .npy file, share by share of the texts")
        ->check(not_empty());
    command.add_option("--skip", skip, "Pass over so many texts; an --output that has so many rows is gone on with")
        ->transform(whole_number(0, std::uint64_t{1} << 40U));
    command.add_flag("--json", json, "One JSON object a line");
  }

  void run();
  void check_usage() const;
  void check_files() const;
  EmbedderOptions embedder_options() const;
  EmbedOptions embed_options() const;
  TextStream::Answer dense();
  TextStream::Answer sparse_answer();
  TextStream::Answer multi_vector();
  void read_ranges();
  void check_ranges(std::size_t columns) const;
  void find_ranges(TextStream& stream);
  void write_ranges() const;
  void open_output(std::size_t width);
  void failed(const Error& error);

  Queries queries;
  ModelOptions model;
  std::vector<std::string> pooling;
  bool normalize = false;
  std::size_t dimensions = 0;
  std::string prompt_name;
  std::string prompt;
  CLI::Option* prompt_option = nullptr;
  std::size_t max_length = 0;
  std::string precision = "float32";
  std::string ranges;
  std::string save_ranges;
  bool sparse = false;
  std::string role;
  std::string output;
  std::size_t skip = 0;
  bool json = false;

  std::optional<Embedder> embedder;
  std::optional<QuantizationRanges> in_use;
  std::unique_ptr<NpyFile> file;
  std::string empty_row;  ///< of the file, in a bad text's place

  bool stores_floats() const { return precision == "float32"; }
  bool needs_ranges() const { return precision == "int8" || precision == "uint8"; }
};

void EmbedCommand::check_usage() const {
  if (!pooling.empty() && parse<Pooling>(queries.given_text())) {
    throw UsageError("--pooling takes several modes with a comma, not a space: --pooling " + pooling.back() + "," +
                     queries.given_text() + "; such a word as the text comes through standard input");
  }
  const bool dense_only = !pooling.empty() || normalize || dimensions != 0 || !stores_floats() || !output.empty();
  if (sparse && dense_only) {
    throw UsageError("--sparse goes without --pooling, --normalize, --dimensions, --precision and --output");
  }
  const bool one_row_only = !pooling.empty() || dimensions != 0 || !stores_floats() || !output.empty();
  if (!role.empty() && one_row_only) {
    throw UsageError("--multi-vector goes without --pooling, --dimensions, --precision and --output");
  }
  if (!needs_ranges() && (!ranges.empty() || !save_ranges.empty())) {
    throw UsageError("--ranges and --save-ranges are for --precision int8 and uint8");
  }
  if (needs_ranges() && ranges.empty() && skip != 0) {
    throw UsageError(
        "--skip with int8 or uint8 needs the --ranges that the rows before were made with (--save-ranges)");
  }
  if (!output.empty() && json) throw UsageError("--output and --json are two ways: give one");
}

// What is written to may be nothing that is read, nor the other one.
void EmbedCommand::check_files() const {
  using Named = std::pair<const char*, std::string>;
  const std::string tokenizer = model.tokenizer;
  for (const Named& written : {Named{"--output", output}, Named{"--save-ranges", save_ranges}}) {
    if (written.second.empty()) continue;
    const auto refuse = [&](const std::string& what) {
      throw UsageError(std::string(written.first) + ' ' + written.second + what + " as well: give another file");
    };
    if (queries.from_stdin() && is_stdin_file(written.second)) refuse(" is the file on standard input");
    for (const Named& read : {Named{"--model", model_path(model).string()}, Named{"--tokenizer", tokenizer},
                              Named{"--ranges", ranges}, Named{"--output", output}}) {
      if (std::string_view(written.first) != read.first && !read.second.empty() &&
          (same_file(written.second, read.second) || is_of_model_folder(written.second, read.second))) {
        refuse(std::string(" belongs to ") + read.first);
      }
    }
  }
}

EmbedderOptions EmbedCommand::embedder_options() const {
  EmbedderOptions options;
  for (const std::string& name : pooling) options.pooling.push_back(parse<Pooling>(name).value());
  options.max_length = max_length;
  return options;
}

EmbedOptions EmbedCommand::embed_options() const {
  EmbedOptions options;
  if (prompt_option->count() > 0) options.prompt = prompt;
  options.prompt_name = prompt_name;
  options.dimensions = dimensions;
  options.normalize = normalize;
  return options;
}

// As the other commands load their session; tables of word vectors are none.
template <typename Loaded>
Loaded load(const ModelOptions& model, const EmbedderOptions& options) {
  if (model.verbose) {
    set_warning_handler(
        [](std::string_view message) { std::fprintf(stderr, "bertrt: warning: %s\n", printable(message).c_str()); });
  }
  try {
    if constexpr (requires { Loaded::load(std::filesystem::path(), SessionOptions(), options); }) {
      return Loaded::load(model_path(model), session_options(model), options);
    } else {
      return Loaded(BertSession::load(model_path(model), session_options(model)), options);
    }
  } catch (const Error& error) {
    // A model that does not even load is bad input, whatever it was that failed in it.
    if (error.code() == ErrorCode::runtime) throw UsageError(error.what());
    throw;
  }
}

TextStream::Answer EmbedCommand::dense() {
  embedder.emplace(load<Embedder>(model, embedder_options()));
  if (model.verbose) std::fprintf(stderr, "bertrt: pooling: %s\n", embedder->info().pooling_why.c_str());
  const EmbedOptions options = embed_options();
  return [this, options](std::span<const std::string> texts) {
    const Matrix vectors = (*embedder)(texts, options);
    std::vector<std::string> answers;
    if (stores_floats()) {
      for (std::size_t i = 0; i < vectors.rows; ++i) {
        const std::span<const float> row = vectors.row(i);
        answers.push_back(file ? raw(row) : json ? dense_json(row) : dense_text(texts[i], row));
      }
      return answers;
    }
    const QuantizedMatrix stored = quantize(vectors, parse<Precision>(precision).value(), in_use ? &*in_use : nullptr);
    for (std::size_t i = 0; i < stored.rows; ++i) {
      answers.push_back(file ? raw(stored, i) : json ? dense_json(stored, i) : dense_text(texts[i], stored, i));
    }
    return answers;
  };
}

TextStream::Answer EmbedCommand::sparse_answer() {
  auto sparse_embedder = std::make_shared<const SparseEmbedder>(load<SparseEmbedder>(model, embedder_options()));
  SparseEmbedOptions options;
  if (prompt_option->count() > 0) options.prompt = prompt;
  options.prompt_name = prompt_name;
  return [this, sparse_embedder, options](std::span<const std::string> texts) {
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    std::vector<std::string> answers;
    for (const SparseVector& vector : (*sparse_embedder)(std::span<const std::string_view>(views), options)) {
      const std::vector<SparseToken> tokens = sparse_embedder->decode(vector);
      answers.push_back(json ? sparse_json(tokens) : sparse_text(texts[answers.size()], tokens));
    }
    return answers;
  };
}

TextStream::Answer EmbedCommand::multi_vector() {
  auto multi = std::make_shared<const MultiVectorEmbedder>(load<MultiVectorEmbedder>(model, embedder_options()));
  MultiVectorOptions options;
  if (prompt_option->count() > 0) options.prompt = prompt;
  options.prompt_name = prompt_name;
  options.normalize = normalize;
  return [this, multi, options](std::span<const std::string> texts) {
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    std::vector<std::string> answers;
    const auto text_role = parse<TextRole>(role).value();
    for (const Matrix& rows : (*multi)(std::span<const std::string_view>(views), text_role, options)) {
      answers.push_back(json ? rows_json(rows) : rows_text(texts[answers.size()], rows));
    }
    return answers;
  };
}

void EmbedCommand::read_ranges() {
  if (ranges.empty()) return;
  const Matrix both = read_npy(ranges);
  if (both.rows != 2) throw UsageError(ranges + " is not a matrix of two rows");
  in_use = QuantizationRanges{{both.row(0).begin(), both.row(0).end()}, {both.row(1).begin(), both.row(1).end()}};
}

// By a vector of our own: what it meets, every text's would.
void EmbedCommand::check_ranges(std::size_t columns) const {
  if (!in_use) return;
  try {
    static_cast<void>(
        quantize(Matrix{1, columns, std::vector<float>(columns)}, parse<Precision>(precision).value(), &*in_use));
  } catch (const Error& error) {
    throw UsageError("--ranges " + ranges + ": expected " + error.expected() + ", found " + error.found());
  }
}

void EmbedCommand::find_ranges(TextStream& stream) {
  if (!in_use) in_use = quantization_ranges((*embedder)(stream.look_ahead(kCalibration), embed_options()));
}

void EmbedCommand::write_ranges() const {
  if (save_ranges.empty()) return;
  NpyFile saved(save_ranges, "<f4", in_use->low.size(), sizeof(float), 0);
  saved.append(raw(in_use->low));
  saved.append(raw(in_use->high));
  saved.flush();
}

void EmbedCommand::open_output(std::size_t width) {
  const bool bits = precision == "binary" || precision == "ubinary";
  const std::size_t columns = bits ? (width + 7) / 8 : width;
  const bool is_signed = precision == "int8" || precision == "binary";
  const std::string type = stores_floats() ? "<f4" : is_signed ? "|i1" : "|u1";
  const std::size_t bytes = stores_floats() ? sizeof(float) : 1;
  file = std::make_unique<NpyFile>(output, type, columns, bytes, skip);
  empty_row = stores_floats() ? raw(std::vector<float>(columns, std::numeric_limits<float>::quiet_NaN()))
                              : std::string(columns, '\0');
}

void EmbedCommand::failed(const Error& error) {
  if (file) {
    std::fprintf(stderr, "bertrt: %s\n", printable(error.what()).c_str());
    file->append(empty_row);
    return;
  }
  std::string line;
  if (json) {
    JsonWriter(line).begin_object().key("error").value(error.what()).end_object();
  } else {
    line = "error: " + printable(error.what());
  }
  write_stdout(line + '\n');
}

void EmbedCommand::run() {
  check_usage();
  check_files();
  read_ranges();
  const TextStream::Answer answer = sparse ? sparse_answer() : !role.empty() ? multi_vector() : dense();
  if (embedder) {
    const Matrix none = (*embedder)(std::vector<std::string>(), embed_options());  // for its width
    check_ranges(none.cols);
    if (!output.empty()) open_output(none.cols);
  }
  const auto write = [&](std::string line) { file ? file->append(line) : write_stdout(line); };
  TextStream stream(queries, answer, write, [this](const Error& error) { failed(error); });
  if (skip != 0 && stream.skip(skip) < skip)
    throw UsageError("--skip " + std::to_string(skip) + ": there are fewer texts");
  if (needs_ranges()) {
    find_ranges(stream);
    write_ranges();
  }
  const auto start = std::chrono::steady_clock::now();
  // What waits here would be lost with the process; whoever writes a line and waits finds its row.
  const std::size_t count = stream.run([this] {
    if (file) file->flush();
  });
  if (!file) return;
  file->flush();  // no text at all is a matrix, too
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::fprintf(stderr, "bertrt: %zu texts in %.1f s, %.0f texts/s\n", count, seconds,
               static_cast<double>(count) / std::max(seconds, 1e-9));
}

}  // namespace

void add_embed(CLI::App& app) {
  CLI::App* command = app.add_subcommand("embed", "Vectors of texts: dense, sparse, or one a token");
  const auto state = std::make_shared<EmbedCommand>(*command);
  command->callback([state] { state->run(); });
}

}  // namespace bertrt::cli
