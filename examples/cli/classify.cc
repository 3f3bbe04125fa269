#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bertrt/classifier.h"
#include "commands.h"
#include "label_output.h"
#include "model_options.h"
#include "option_values.h"

namespace bertrt::cli {
namespace {

struct ClassifyCommand {
  explicit ClassifyCommand(CLI::App& command) : queries(command, Pairs::taken) {
    add_model_options(command, model);
    add_length_options(command, length);
    command.add_option("-k,--top-k", top_k, "At most so many labels; default: all")->transform(whole_number(1));
    command.add_option("--function", function, "What makes scores of the model's numbers; default: as the model says")
        ->check(CLI::IsMember({"softmax", "sigmoid", "none"}));
    command.add_flag("--json", json, "One JSON object a line");
  }

  void run() {
    const Classifier classify(load_session(model));
    ClassifierOptions options;
    options.top_k = top_k;
    if (!function.empty()) options.function = parse<ScoreFunction>(function);
    const EncodeOptions lengths = encode_options(length, 0);
    options.truncation = lengths.truncation;
    options.max_length = lengths.max_length;
    answer_texts(queries, [&](std::span<const Query> batch) {
      std::vector<TextPair> pairs;
      for (const Query& query : batch) pairs.push_back(pair_of(query));
      const auto answers = classify(std::span<const TextPair>(pairs), options);
      std::string out;
      for (std::size_t i = 0; i < batch.size(); ++i) {
        json ? write_labels_json(answers[i], out) : write_labels(batch[i], answers[i], out);
      }
      return written(std::move(out));
    });
  }

  Queries queries;
  ModelOptions model;
  LengthOptions length;
  std::optional<std::size_t> top_k;
  std::string function;
  bool json = false;
};

}  // namespace

void add_classify(CLI::App& app) {
  CLI::App* command = app.add_subcommand("classify", "The labels of a text or a pair, with scores");
  const auto state = std::make_shared<ClassifyCommand>(*command);
  command->callback([state] { state->run(); });
}

}  // namespace bertrt::cli
