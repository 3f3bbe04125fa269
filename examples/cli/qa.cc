#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bertrt/question_answering.h"
#include "commands.h"
#include "json.h"
#include "label_output.h"
#include "model_options.h"
#include "option_values.h"
#include "printable.h"
#include "terminal.h"

namespace bertrt::cli {
namespace {

struct QaCommand {
  explicit QaCommand(CLI::App& command) : queries(command, Pairs::refused, "a text that holds the answer") {
    add_model_options(command, model);
    const auto some = whole_number(1);
    command.add_option("-q,--question", question, "What is asked")->required()->check(not_empty());
    command.add_option("-k,--top-k", options.top_k, "At most so many answers")->transform(some)->capture_default_str();
    command.add_option("--max-answer-length", options.max_answer_length, "Longest answer in tokens")
        ->transform(some)
        ->capture_default_str();
    command
        .add_option("--doc-stride", doc_stride, "Tokens that windows of a long text share; default: half, at most 128")
        ->transform(whole_number(0));
    command.add_option("--max-length", options.max_length, "Tokens of a window; default: the model's, at most 384")
        ->transform(some);
    command.add_flag("--impossible", options.handle_impossible, "\"No answer\" takes part, as an empty one");
    command.add_flag("--no-align", no_align, "Answers may be parts of words");
    command.add_option("--offsets", offsets, "What start and end count")
        ->check(CLI::IsMember({"byte", "codepoint"}))
        ->capture_default_str();
    command.add_flag("--json", json, "One JSON object a line");
  }

  void run() {
    const QuestionAnswering ask(load_session(model));
    options.doc_stride = doc_stride;
    options.align_to_words = !no_align;
    options.offsets = offsets == "byte" ? OffsetUnit::bytes : OffsetUnit::code_points;
    answer_texts(queries, [&](std::span<const Query> batch) {
      std::vector<QuestionContext> asked;
      for (const Query& query : batch) {
        asked.push_back({question, query.text});
      }
      const auto answers = ask(asked, options);
      std::string out;
      for (std::size_t i = 0; i < batch.size(); ++i)
        json ? write_json(answers[i], out) : write(batch[i], answers[i], out);
      return written(std::move(out));
    });
  }

  static void write_json(const std::vector<bertrt::Answer>& answers, std::string& out) {
    JsonWriter writer(out);
    writer.begin_object().key("answers").begin_array();
    for (const bertrt::Answer& answer : answers) {
      writer.begin_object().key("answer").value(answer.text).key("score").value(answer.score);
      writer.key("start").value(answer.start).key("end").value(answer.end).end_object();
    }
    writer.end_array().end_object();
    out += '\n';
  }

  static void write(const Query& query, const std::vector<bertrt::Answer>& answers, std::string& out) {
    out += printable(query.text) + '\n';
    if (answers.empty()) out += "  no answer\n";
    for (const bertrt::Answer& answer : answers) {
      const std::string text = answer.text.empty() ? "(no answer)" : bold(printable(answer.text));
      out += "  " + short_score(answer.score) + "  " + bar(static_cast<double>(answer.score), 20) + "  " + text + '\n';
    }
  }

  Queries queries;
  ModelOptions model;
  std::string question;
  QuestionAnsweringOptions options;
  std::optional<std::size_t> doc_stride;
  std::string offsets = "byte";
  bool no_align = false;
  bool json = false;
};

}  // namespace

void add_qa(CLI::App& app) {
  CLI::App* command = app.add_subcommand("qa", "Where a text answers a question");
  const auto state = std::make_shared<QaCommand>(*command);
  command->callback([state] { state->run(); });
}

}  // namespace bertrt::cli
