#pragma once

#include <CLI/CLI.hpp>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "bertrt/session.h"

namespace bertrt::cli {

/// What every command that loads a model asks for.
struct ModelOptions {
  std::string model;  ///< empty: the demo model
  std::string tokenizer;
  std::string engine = "auto";
  std::string dtype = "fp32";
  std::string device = "cpu";
  std::string trust;  ///< empty: left out
  std::vector<std::string> input_names;
  std::vector<std::string> operator_libraries;
  std::string proof_cache;
  bool no_proof = false;
  std::size_t threads = 0;
  bool verbose = false;
};

/// `positional` also takes the model as the command's first argument.
void add_model_options(CLI::App& command, ModelOptions& options, bool positional = false);

/// The file that `options` name, the variable BERTRT_MODEL names, or the demo model's. @throws UsageError
std::filesystem::path model_path(const ModelOptions& options);

/// @throws UsageError for options that the engine of this model would never look at
SessionOptions session_options(const ModelOptions& options);

/// Sets the threads and loads. @throws Error
BertSession load_session(const ModelOptions& options);

/// Adds --max-length and --truncation.
struct LengthOptions {
  std::size_t max_length = 0;  ///< 0: the model's
  std::string truncation = "none";
};
void add_length_options(CLI::App& command, LengthOptions& options);

/// @param model_max  the model's longest text, 0 when unknown. @throws UsageError for a greater --max-length
EncodeOptions encode_options(const LengthOptions& options, std::size_t model_max);

}  // namespace bertrt::cli
