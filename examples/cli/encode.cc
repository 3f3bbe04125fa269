#include <memory>
#include <string>

#include "bertrt/error.h"
#include "bertrt/session.h"
#include "commands.h"
#include "json.h"
#include "model_options.h"
#include "printable.h"
#include "queries.h"
#include "terminal.h"

namespace bertrt::cli {
namespace {

struct EncodeCommand {
  explicit EncodeCommand(CLI::App& command) : queries(command, Pairs::taken) {
    add_model_options(command, model);
    add_length_options(command, length);
    command.add_flag("--all-layers", all_layers, "Every layer's output, not the last one's alone");
    command.add_flag("--json", json, "One JSON object a line");
  }

  void run();

  Queries queries;
  ModelOptions model;
  LengthOptions length;
  bool all_layers = false;
  bool json = false;
};

/// {"shape":[sequence,width],"data":[…]}: one text's rows.
void write_rows(const TokenRows& rows, std::size_t text, JsonWriter& writer) {
  writer.begin_object().key("shape").begin_array().value(rows.sequence(text)).value(rows.width()).end_array();
  writer.key("data").array(rows.text(text)).end_object();
}

void write_json(const Encoding& encoding, const EncoderOutput& output, std::size_t text, bool all_layers,
                std::string& out) {
  JsonWriter writer(out);
  writer.begin_object().key("input_ids").array(std::span(encoding.input_ids)).key("last_hidden_state");
  write_rows(output.last_hidden_state(), text, writer);
  if (output.pooled_output) {
    writer.key("pooled_output").begin_object().key("shape").begin_array().value(output.pooled_output->cols).end_array();
    writer.key("data").array(output.pooled_output->row(text)).end_object();
  }
  if (all_layers) {
    writer.key("all_encoder_layers").begin_array();
    for (const TokenRows& layer : output.all_encoder_layers) write_rows(layer, text, writer);
    writer.end_array();
  }
  writer.end_object();
  out += '\n';
}

constexpr std::size_t kShown = 6;  // values of a row

void write_readable(const Tokenizer& tokenizer, const Query& query, const Encoding& encoding,
                    const EncoderOutput& output, std::size_t text, std::string& out) {
  out += bold(printable(query.text)) + (query.pair ? "  /  " + bold(printable(*query.pair)) : "") + '\n';
  const TokenRows& last = output.last_hidden_state();
  out += "  last_hidden_state [" + std::to_string(last.sequence(text)) + ", " + std::to_string(last.width()) + "]\n";
  const auto tokens = tokenizer.tokens(encoding);
  for (std::size_t i = 0; i < encoding.size(); ++i) {
    out += "    " + pad_right(printable(tokens[i]), 16) + first_values(last.row(text, i), kShown) + '\n';
  }
  if (output.pooled_output) {
    out += "  pooled_output [" + std::to_string(output.pooled_output->cols) + "]\n    " + std::string(16, ' ') +
           first_values(output.pooled_output->row(text), kShown) + '\n';
  }
}

void EncodeCommand::run() {
  const BertSession session = load_session(model);
  if (session.info().find_output(OutputRole::hidden_state) == nullptr) {
    throw Error(ErrorCode::unsupported, model_path(model).string(), "a model file that gives hidden states",
                "one that can only give logits; models/export.py makes files that give both");
  }
  const Tokenizer& tokenizer = session.tokenizer();
  const EncodeOptions options = encode_options(length, session.info().max_length);
  const RunRequest request{.all_encoder_layers = all_layers, .logit_tokens = {}};

  const auto prepare = [&](const Query& query) { return encode_for_model(tokenizer, query, options); };
  const auto answer = [&](std::span<const Query> batch, std::span<const Encoding> encodings) {
    const auto output = std::make_shared<const EncoderOutput>(session.run(encodings, request));
    return [this, &tokenizer, batch, encodings, output] {
      for (std::size_t i = 0; i < batch.size(); ++i) {
        std::string out;  // a text's alone: numbers take more room as text than they do in memory
        json ? write_json(encodings[i], *output, i, all_layers, out)
             : write_readable(tokenizer, batch[i], encodings[i], *output, i, out);
        write_stdout(out);
      }
    };
  };
  answer_all(queries, prepare, answer);
}

}  // namespace

void add_encode(CLI::App& app) {
  CLI::App* command = app.add_subcommand("encode", "Hidden states and the pooled output of a text");
  const auto state = std::make_shared<EncodeCommand>(*command);
  command->callback([state] { state->run(); });
}

}  // namespace bertrt::cli
