#include "model_options.h"

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>

#include "bertrt/error.h"
#include "bertrt/inspect.h"
#include "bertrt/runtime.h"
#include "commands.h"
#include "demo_model.h"
#include "option_values.h"
#include "printable.h"

namespace bertrt::cli {
namespace {

// Empty where it is not set.
std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

// Engines but libtorch's open no library, and would not say so.
void check_libraries_open(const ModelOptions& options, const SessionOptions& session) {
  std::optional<EngineKind> engine;
  if (session.engine != EngineKind::automatic) {
    engine = session.engine;
  } else {
    try {
      engine = inspect(model_path(options), session).engine;
    } catch (const Error&) {  // the load says what it is
    }
  }
  if (!engine || *engine == EngineKind::torchscript) return;
  throw UsageError("--operator-library is for the torchscript engine: this model runs on the " +
                   std::string(to_string(*engine)) + " engine, which opens none");
}

}  // namespace

void add_model_options(CLI::App& command, ModelOptions& options, bool positional) {
  command
      .add_option(positional ? "model,-m,--model" : "-m,--model", options.model,
                  "Model: a .pt file or a checkpoint folder; default: $BERTRT_MODEL, else the demo model")
      ->check(not_empty());
  command
      .add_option("--tokenizer", options.tokenizer,
                  "Tokenizer file or folder instead of the model's own, or where it has none")
      ->check(not_empty());
  command.add_option("--engine", options.engine, "Engine")
      ->check(CLI::IsMember({"auto", "packed", "graph", "torchscript"}))
      ->capture_default_str();
  command.add_option("--dtype", options.dtype, "Arithmetic of the packed engine")
      ->check(CLI::IsMember({"fp32", "bf16", "int8"}))
      ->capture_default_str();
  command.add_option("--device", options.device, "cpu or cuda:N")->capture_default_str();
  command.add_option("--threads", options.threads, "Threads of a forward pass; 0: one a core")
      ->transform(whole_number(0, 1024))
      ->capture_default_str();
  command
      .add_option("--trust", options.trust,
                  "What the file may do. data: nothing, libtorch never sees it; checked: libtorch may run it where "
                  "all its operators are known; full: you vouch for it. Default: data, and checked with --engine "
                  "torchscript")
      ->check(CLI::IsMember({"data", "checked", "full"}));
  command
      .add_option(
          "--input-names", options.input_names,
          "What a trace's inputs are, in its own order and separated by commas, where they have lost their names: "
          "input_ids,attention_mask,token_type_ids")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(not_empty());
  command.add_option("--operator-library", options.operator_libraries, "Operator library to open before the model")
      ->check(not_empty())
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command
      .add_option("--proof-cache", options.proof_cache,
                  "Folder of your own that keeps proofs of the packed engine, so that a bare trace loads faster the "
                  "next time; default: $BERTRT_PROOF_CACHE, else none")
      ->check(not_empty());
  command.add_flag("--no-proof", options.no_proof, "Use the packed engine unchecked");
  command.add_flag("--verbose", options.verbose, "Show warnings on standard error");
}

std::filesystem::path model_path(const ModelOptions& options) {
  if (!options.model.empty()) return options.model;
  if (std::string given = environment("BERTRT_MODEL"); !given.empty()) return given;
  if (auto demo = demo_model()) return *std::move(demo);
  throw UsageError("the demo model is not here: give --model PATH");
}

SessionOptions session_options(const ModelOptions& options) {
  SessionOptions result;
  // The parser let no other names through.
  result.engine = parse<EngineKind>(options.engine).value();
  result.packed.dtype = parse<DType>(options.dtype).value();
  result.torchscript.device = options.device;
  result.torchscript.input_names = options.input_names;
  result.tokenizer = options.tokenizer;
  if (!options.trust.empty()) result.trust = options.trust == "data" ? Trust::data_only : parse<Trust>(options.trust);
  result.threads = options.threads;
  result.torchscript.operator_libraries.assign(options.operator_libraries.begin(), options.operator_libraries.end());
  result.prove = !options.no_proof;
  result.proof_cache = options.proof_cache.empty() ? environment("BERTRT_PROOF_CACHE") : options.proof_cache;
  if (!options.operator_libraries.empty()) check_libraries_open(options, result);
  return result;
}

BertSession load_session(const ModelOptions& options) {
  if (options.verbose) {
    set_warning_handler(
        [](std::string_view message) { std::fprintf(stderr, "bertrt: warning: %s\n", printable(message).c_str()); });
  }
  try {
    return BertSession::load(model_path(options), session_options(options));
  } catch (const Error& error) {
    // A model that does not even load is bad input, whatever it was that failed in it.
    if (error.code() == ErrorCode::runtime) throw UsageError(error.what());
    throw;
  }
}

void add_length_options(CLI::App& command, LengthOptions& options) {
  command.add_option("--max-length", options.max_length, "Longest input in tokens; default: the model's")
      ->transform(whole_number(1));
  command.add_option("--truncation", options.truncation, "What gives up tokens when a text does not fit")
      ->check(CLI::IsMember({"none", "longest_first", "only_first", "only_second"}))
      ->capture_default_str();
}

EncodeOptions encode_options(const LengthOptions& options, std::size_t model_max) {
  if (model_max != 0 && options.max_length > model_max) {
    throw UsageError("--max-length: expected at most " + std::to_string(model_max) +
                     " tokens (the model's limit), found " + std::to_string(options.max_length));
  }
  EncodeOptions result;
  result.max_length = options.max_length;
  result.truncation = parse<Truncation>(options.truncation).value();
  // What is cut is cut at the smaller of the model's limit and the tokenizer's own; what is not may be as long as the
  // model's.
  if (result.max_length == 0 && result.truncation == Truncation::none) result.max_length = model_max;
  return result;
}

}  // namespace bertrt::cli
