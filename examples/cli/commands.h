#pragma once

#include <CLI/CLI.hpp>
#include <stdexcept>

namespace bertrt::cli {

/// Each adds one command; what it does runs when the command line has been parsed.
void add_fill_mask(CLI::App& app);
void add_tokenize(CLI::App& app);
void add_encode(CLI::App& app);
void add_embed(CLI::App& app);
void add_run(CLI::App& app);
void add_inspect(CLI::App& app);
void add_verify(CLI::App& app);
void add_bench(CLI::App& app);
void add_classify(CLI::App& app);
void add_zero_shot(CLI::App& app);
void add_rerank(CLI::App& app);
void add_ner(CLI::App& app);
void add_qa(CLI::App& app);
void add_next_sentence(CLI::App& app);

/// Bad usage that the parser cannot see, or bad input that is not a model's; exit status 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Standard output that takes no more; exit status 1.
class OutputLost : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A check whose answer is no (verify); exit status 1, nothing more to print.
class CheckFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace bertrt::cli
