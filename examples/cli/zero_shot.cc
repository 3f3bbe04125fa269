#include "bertrt/zero_shot.h"

#include <memory>
#include <string>
#include <vector>

#include "bertrt/error.h"
#include "commands.h"
#include "label_output.h"
#include "model_options.h"
#include "terminal.h"

namespace bertrt::cli {
namespace {

struct ZeroShotCommand {
  explicit ZeroShotCommand(CLI::App& command) : queries(command) {
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
        if (query.pair) throw Error(ErrorCode::invalid_argument, "text", "one text", "a pair");
        texts.push_back(query.text);
      }
      const auto answers = ask(texts, names, options);
      std::string out;
      for (std::size_t i = 0; i < batch.size(); ++i) {
        json ? write_labels_json(answers[i], out) : write_labels(batch[i], answers[i], out);
      }
      write_stdout(out);
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
