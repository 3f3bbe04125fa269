#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "bertrt/error.h"
#include "bertrt/tokenizer.h"
#include "commands.h"
#include "json.h"
#include "model_options.h"
#include "option_values.h"
#include "printable.h"
#include "queries.h"
#include "terminal.h"

namespace bertrt::cli {
namespace {

struct TokenizeCommand {
  explicit TokenizeCommand(CLI::App& command) : queries(command, Pairs::taken) {
    command
        .add_option(
            "-m,--model", model.model,
            "Model (a file or checkpoint folder) whose tokenizer is used; default: $BERTRT_MODEL, else the demo")
        ->check(not_empty());
    command.add_option("--tokenizer", model.tokenizer, "Tokenizer file or folder instead of a model's")
        ->check(not_empty());
    add_length_options(command, length);
    command.add_option("--stride", stride, "Tokens that neighbouring windows of a truncated text share")
        ->transform(whole_number(0));
    command.add_option("--pad-to", pad_to, "Pad to this many tokens")->transform(whole_number(0));
    command.add_option("--offsets", offsets, "What offsets count")
        ->check(CLI::IsMember({"byte", "codepoint"}))
        ->capture_default_str();
    command.add_flag("--no-special-tokens", no_special_tokens, "Leave the family's template ([CLS] ... [SEP]) out");
    command.add_flag("--literal", literal, "Special tokens written in the text are plain text");
    command.add_flag("--json", json, "One JSON object a line");
  }

  void run();
  Tokenizer load() const;

  Queries queries;
  ModelOptions model;
  LengthOptions length;
  std::size_t stride = 0;
  std::size_t pad_to = 0;
  std::string offsets = "byte";
  bool no_special_tokens = false;
  bool literal = false;
  bool json = false;
};

Tokenizer TokenizeCommand::load() const {
  if (!model.tokenizer.empty()) return Tokenizer::load(model.tokenizer);
  // The limit is the model's, whatever gives it; else the tokenizer is all that is wanted.
  if (length.truncation == "none" || length.max_length != 0) return BertSession::load_tokenizer(model_path(model));
  SessionOptions options = session_options(model);
  options.warmup = false;
  options.prove = false;
  return BertSession::load(model_path(model), options).tokenizer();
}

void write_json(const Tokenizer& tokenizer, const Encoding& encoding, JsonWriter& writer) {
  writer.begin_object().key("input_ids").array(std::span(encoding.input_ids));
  writer.key("token_type_ids").array(std::span(encoding.token_type_ids));
  writer.key("attention_mask").array(std::span(encoding.attention_mask));
  writer.key("special_tokens_mask").array(std::span(encoding.special_tokens_mask));
  writer.key("sequence_ids").begin_array();
  for (const std::int8_t id : encoding.sequence_ids) id < 0 ? writer.null() : writer.value(id);
  writer.end_array().key("tokens").begin_array();
  for (const std::string_view token : tokenizer.tokens(encoding)) writer.value(token);
  writer.end_array().key("offsets").begin_array();
  for (const Offset& offset : encoding.offsets) {
    writer.begin_array().value(offset.begin).value(offset.end).end_array();
  }
  writer.end_array().key("overflowing").begin_array();
  for (const Encoding& window : encoding.overflowing) write_json(tokenizer, window, writer);
  writer.end_array().end_object();
}

void write_readable(const Tokenizer& tokenizer, const Query& query, const Encoding& encoding, std::string& out) {
  out += bold(printable(query.text)) + (query.pair ? "  /  " + bold(printable(*query.pair)) : "") + '\n';
  const auto tokens = tokenizer.tokens(encoding);
  for (std::size_t i = 0; i < encoding.size(); ++i) {
    const Offset& offset = encoding.offsets[i];
    out += "  " + pad_right(std::to_string(i), 5) + pad_right(std::to_string(encoding.input_ids[i]), 8) +
           pad_right(printable(tokens[i]), 20);
    if (encoding.sequence_ids[i] >= 0) {
      out += "  " + std::string(encoding.sequence_ids[i] == 0 ? "first" : "second") + ' ' +
             std::to_string(offset.begin) + ".." + std::to_string(offset.end);
    }
    out += '\n';
  }
  if (!encoding.overflowing.empty()) {
    out += "  and " + std::to_string(encoding.overflowing.size()) + " more windows\n";
  }
}

void TokenizeCommand::run() {
  const Tokenizer tokenizer = load();
  EncodeOptions options = encode_options(length, 0);
  options.stride = stride;
  options.pad_to = pad_to;
  options.add_special_tokens = !no_special_tokens;
  options.parse_special_tokens = !literal;

  const auto prepare = [&](const Query& query) {
    Encoding encoding = encode(tokenizer, query, options);
    if (offsets == "byte") return encoding;
    return code_point_offsets(std::move(encoding), query.text, query.pair.value_or(""));
  };
  const auto answer = [&](std::span<const Query> batch, std::span<const Encoding> encodings) {
    std::string out;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (!json) {
        write_readable(tokenizer, batch[i], encodings[i], out);
        continue;
      }
      JsonWriter writer(out);
      write_json(tokenizer, encodings[i], writer);
      out += '\n';
    }
    return written(std::move(out));
  };
  answer_all(queries, prepare, answer);
}

}  // namespace

void add_tokenize(CLI::App& app) {
  CLI::App* command = app.add_subcommand("tokenize", "Token ids, tokens and offsets of a text");
  const auto state = std::make_shared<TokenizeCommand>(*command);
  command->callback([state] { state->run(); });
}

}  // namespace bertrt::cli
