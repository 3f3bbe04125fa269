#include "bertrt/zero_shot.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "label_output.h"
#include "model_options.h"

namespace bertrt::cli {
namespace {

struct ZeroShotCommand {
  explicit ZeroShotCommand(CLI::App& command) : queries(command, Pairs::refused) {
    add_model_options(command, model);
    command.add_option("--labels", labels, "The labels, e.g. sport,politics")->required();
    command.add_option("--template", options.hypothesis_template, "What is asked of a text; {} stands for the label")
        ->capture_default_str();
    command.add_flag("--multi-label", options.multi_label, "Each label by itself; else they share one");
    command.add_flag("--json", json, "One JSON object a line");
  }

  void run() {
    const std::vector<std::string> names = ZeroShot::split_labels(labels);
    if (names.empty()) throw UsageError("--labels has none: give some with commas between them");
    const ZeroShot ask(load_session(model));
    answer_texts(queries, [&](std::span<const Query> batch) {
      std::vector<std::string> texts;
      for (const Query& query : batch) {
        texts.push_back(query.text);
      }
      const auto answers = ask(texts, names, options);
      std::string out;
      for (std::size_t i = 0; i < batch.size(); ++i) {
        json ? write_labels_json(answers[i], out) : write_labels(batch[i], answers[i], out);
      }
      return written(std::move(out));
    });
  }

  Queries queries;
  ModelOptions model;
  std::string labels;
  ZeroShotOptions options;
  bool json = false;
};

}  // namespace

void add_zero_shot(CLI::App& app) {
  CLI::App* command = app.add_subcommand("zero-shot", "Which of your own labels fit a text");
  const auto state = std::make_shared<ZeroShotCommand>(*command);
  command->callback([state] { state->run(); });
}

}  // namespace bertrt::cli
