#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bertrt/session.h"
#include "commands.h"
#include "given_outputs.h"
#include "ids.h"
#include "json.h"
#include "model_options.h"
#include "printable.h"
#include "queries.h"
#include "terminal.h"

namespace bertrt::cli {
namespace {

struct RunCommand {
  explicit RunCommand(CLI::App& command) : queries(command, Pairs::taken) {
    add_model_options(command, model);
    add_length_options(command, length);
    CLI::Option* as_ids =
        command
            .add_option("--ids", ids,
                        "A text as token ids, \"I,I,...[;T,T,...[;M,M,...]]\": ids, types, mask; an empty part stands "
                        "for the default. Several are run as one batch")
            ->allow_extra_args(false)
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    // What is about texts does nothing for ids.
    for (const char* of_texts :
         {"--max-length", "--truncation", "--pair-separator", "--input-format", "--keep-going"}) {
      as_ids->excludes(of_texts);
    }
    command
        .add_option("--input", inputs,
                    "A further input of the model, NAME=v,v,..., each token's values together; once for each text "
                    "of --ids")
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    command.add_flag("--json", json, "One JSON object a line");
  }

  void run();

  Queries queries;
  ModelOptions model;
  LengthOptions length;
  std::vector<std::string> ids;
  std::vector<std::string> inputs;
  bool json = false;
};

void write_json(const SessionInfo& info, const std::vector<GivenOutput>& outputs, std::string& out) {
  JsonWriter writer(out);
  writer.begin_object().key("engine").value(to_string(info.engine)).key("engine_why").value(info.engine_why);
  writer.key("outputs").begin_array();
  for (const GivenOutput& output : outputs) {
    writer.begin_object().key("name").value(output.info->name).key("role").value(to_string(output.info->role));
    writer.key("shape").array(std::span(output.shape)).key("data").array(output.data).end_object();
  }
  writer.end_array().key("findings").array(std::span(info.findings)).end_object();
  out += '\n';
}

// Any number that a model gives, small or large.
std::string general_text(float value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%10.4g", static_cast<double>(value));
  return text.data();
}

void write_readable(const std::string& title, const std::vector<GivenOutput>& outputs, std::string& out) {
  out += bold(title) + '\n';
  std::size_t width = 8;
  for (const GivenOutput& output : outputs) width = std::max(width, printable(output.info->name).size());
  for (const GivenOutput& output : outputs) {
    out += "  " + pad_right(printable(output.info->name), width) + "  " + pad_right(to_string(output.info->role), 13) +
           "  " + pad_right(shape_text(output.shape), 12) + first_values(output.data, 6, general_text) + '\n';
  }
  if (outputs.empty()) out += "  nothing\n";
}

void RunCommand::run() {
  if (!ids.empty() && !queries.from_stdin()) throw UsageError("give a text or --ids, not both");
  if (!inputs.empty() && ids.empty()) throw UsageError("--input goes with --ids: a value for each of their tokens");
  std::vector<Encoding> texts;
  for (const std::string& argument : ids) texts.push_back(parse_ids(argument));
  add_inputs(inputs, texts);

  const BertSession session = load_session(model);
  const SessionInfo& info = session.info();
  std::string head;  // goes out with the first answer
  const auto write = [&](const EncoderOutput& output, std::size_t text, const std::string& title) {
    std::string out = std::exchange(head, {});
    const auto given = given_outputs(output, info.outputs, text);
    json ? write_json(info, given, out) : write_readable(title, given, out);
    write_stdout(out);
  };
  if (!json) {
    head = bold("engine " + std::string(to_string(info.engine))) + ": " + printable(info.engine_why) + '\n';
    for (const std::string& finding : info.findings) head += "  " + printable(finding) + '\n';
  }
  if (!texts.empty()) {
    const EncoderOutput output = session.run(texts, RunRequest::everything());
    for (std::size_t i = 0; i < texts.size(); ++i) write(output, i, "text " + std::to_string(i));
    return;
  }
  const Tokenizer& tokenizer = session.tokenizer();
  const EncodeOptions options = encode_options(length, info.max_length);
  const auto prepare = [&](const Query& query) { return encode_for_model(tokenizer, query, options); };
  const auto answer = [&](std::span<const Query> batch, std::span<const Encoding> encodings) {
    const auto output = std::make_shared<const EncoderOutput>(session.run(encodings, RunRequest::everything()));
    return [&write, batch, output] {
      for (std::size_t i = 0; i < batch.size(); ++i) {
        write(*output, i, printable(batch[i].text) + (batch[i].pair ? "  /  " + printable(*batch[i].pair) : ""));
      }
    };
  };
  answer_all(queries, prepare, answer);
}

}  // namespace

void add_run(CLI::App& app) {
  CLI::App* command = app.add_subcommand("run", "Everything that a model gives for a text, with its names and roles");
  const auto state = std::make_shared<RunCommand>(*command);
  command->callback([state] { state->run(); });
}

}  // namespace bertrt::cli
