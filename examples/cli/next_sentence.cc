#include "bertrt/next_sentence.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "json.h"
#include "label_output.h"
#include "model_options.h"
#include "terminal.h"

namespace bertrt::cli {
namespace {

struct NextSentenceCommand {
  explicit NextSentenceCommand(CLI::App& command)
      : queries(command, Pairs::taken, "two sentences (see --pair-separator)") {
    add_model_options(command, model);
    add_length_options(command, length);
    command.add_flag("--json", json, "One JSON object a line");
  }

  void run() {
    const NextSentence follows(load_session(model));
    const EncodeOptions lengths = encode_options(length, 0);
    const NextSentenceOptions options{lengths.truncation, lengths.max_length};
    answer_texts(queries,
                 [&](std::span<const Query> batch) {
                   std::vector<TextPair> pairs;
                   for (const Query& query : batch) pairs.push_back(pair_of(query));
                   const auto answers = follows(pairs, options);
                   std::string out;
                   for (std::size_t i = 0; i < batch.size(); ++i)
                     json ? write_json(answers[i], out) : write(batch[i], answers[i], out);
                   return written(std::move(out));
                 },
                 {"a", "b"});
  }

  static void write_json(const NextSentenceScore& score, std::string& out) {
    JsonWriter(out)
        .begin_object()
        .key("is_next")
        .value(score.is_next)
        .key("not_next")
        .value(score.not_next)
        .end_object();
    out += '\n';
  }

  static void write(const Query& query, const NextSentenceScore& score, std::string& out) {
    out += title(query);
    out += "  is next   " + short_score(score.is_next) + "  " + bar(static_cast<double>(score.is_next), 20) + '\n';
    out += "  not next  " + short_score(score.not_next) + "  " + bar(static_cast<double>(score.not_next), 20) + '\n';
  }

  Queries queries;
  ModelOptions model;
  LengthOptions length;
  bool json = false;
};

}  // namespace

void add_next_sentence(CLI::App& app) {
  CLI::App* command = app.add_subcommand("next-sentence", "Whether a sentence follows another one");
  const auto state = std::make_shared<NextSentenceCommand>(*command);
  command->callback([state] { state->run(); });
}

}  // namespace bertrt::cli
