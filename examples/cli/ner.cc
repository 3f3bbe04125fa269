#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bertrt/token_classifier.h"
#include "bertrt/zero_shot.h"
#include "commands.h"
#include "json.h"
#include "label_output.h"
#include "model_options.h"
#include "option_values.h"
#include "printable.h"
#include "terminal.h"

namespace bertrt::cli {
namespace {

struct NerCommand {
  explicit NerCommand(CLI::App& command) : queries(command, Pairs::refused) {
    add_model_options(command, model);
    command.add_option("--aggregation", aggregation, "How tokens become entities")
        ->check(CLI::IsMember({"none", "simple", "first", "average", "max"}))
        ->capture_default_str();
    command
        .add_option("--stride", stride,
                    "Tokens that windows of a long text share; without it, what is too long is cut off")
        ->transform(whole_number(0));
    command.add_option("--max-length", options.max_length, "Tokens of a window; default: the tokenizer's limit")
        ->transform(whole_number(1));
    command.add_option("--ignore-labels", ignore, "Labels to leave out, with commas between them")
        ->capture_default_str();
    command.add_option("--offsets", offsets, "What start and end count")
        ->check(CLI::IsMember({"byte", "codepoint"}))
        ->capture_default_str();
    command.add_flag("--json", json, "One JSON object a line");
  }

  void run();

  Queries queries;
  ModelOptions model;
  std::string aggregation = "none";
  std::optional<std::size_t> stride;
  std::string ignore = "O";
  std::string offsets = "byte";
  TokenClassifierOptions options;
  bool json = false;
};

// The text with its entities in colour, a label's always in the same; entities that overlap stay plain.
std::string coloured(const std::string& text, const std::vector<Entity>& entities) {
  std::map<std::string, std::size_t> colours;
  std::string out;
  std::size_t done = 0;
  for (const Entity& entity : entities) {
    if (entity.start < done || entity.end > text.size() || entity.start >= entity.end) continue;
    const std::size_t colour = colours.emplace(entity.label, colours.size()).first->second;
    out += printable(std::string_view(text).substr(done, entity.start - done));
    out += in_colour(printable(entity.text), colour);
    done = entity.end;
  }
  return out + printable(std::string_view(text).substr(done));
}

void write(const Query& query, const std::vector<Entity>& entities, std::string& out) {
  out += coloured(query.text, entities) + '\n';
  std::size_t width = 6;
  for (const Entity& entity : entities) width = std::max(width, printable(entity.label).size());
  for (const Entity& entity : entities) {
    out += "  " + pad_right(printable(entity.label), width) + "  " + short_score(entity.score) + "  " +
           printable(entity.text) + '\n';
  }
}

void write_json(const std::vector<Entity>& entities, std::string& out) {
  JsonWriter writer(out);
  writer.begin_object().key("entities").begin_array();
  for (const Entity& entity : entities) {
    writer.begin_object().key("label").value(entity.label).key("score").value(entity.score);
    if (entity.index) writer.key("index").value(*entity.index);
    writer.key("word").value(entity.word).key("start").value(entity.start).key("end").value(entity.end);
    writer.key("text").value(entity.text).end_object();
  }
  writer.end_array().end_object();
  out += '\n';
}

void NerCommand::run() {
  const TokenClassifier find(load_session(model));
  options.aggregation = parse<Aggregation>(aggregation).value();
  options.stride = stride;
  options.ignore_labels = ZeroShot::split_labels(ignore);
  if (json && offsets == "codepoint") options.offsets = OffsetUnit::code_points;  // people are shown the text itself
  answer_texts(queries, [&](std::span<const Query> batch) {
    std::vector<std::string> texts;
    for (const Query& query : batch) {
      texts.push_back(query.text);
    }
    const auto answers = find(texts, options);
    std::string out;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      json ? write_json(answers[i], out) : write(batch[i], answers[i], out);
    }
    return written(std::move(out));
  });
}

}  // namespace

void add_ner(CLI::App& app) {
  CLI::App* command = app.add_subcommand("ner", "Names and other entities in a text");
  const auto state = std::make_shared<NerCommand>(*command);
  command->callback([state] { state->run(); });
}

}  // namespace bertrt::cli
