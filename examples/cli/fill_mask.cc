#include "bertrt/fill_mask.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bertrt/error.h"
#include "bertrt/runtime.h"
#include "commands.h"
#include "json.h"
#include "model_options.h"
#include "option_values.h"
#include "printable.h"
#include "queries.h"
#include "terminal.h"

namespace bertrt::cli {
namespace {

struct FillMaskCommand {
  explicit FillMaskCommand(CLI::App& command) : queries(command, Pairs::taken, "a text with [MASK] in it") {
    add_model_options(command, model);
    add_length_options(command, length);
    command.add_option("-k,--top-k", top_k, "Words for each mask")->transform(whole_number(1))->capture_default_str();
    add_list(command, "--targets", targets,
             "Only these words, e.g. france,spain; a word that is no token counts as its first piece");
    command.add_flag("--json", json, "One JSON object a line");
  }

  void run();

  Queries queries;
  ModelOptions model;
  LengthOptions length;
  std::size_t top_k = 5;
  std::vector<std::string> targets;
  bool json = false;
};

void write_json(const Query& query, const std::vector<MaskAnswer>& masks, std::string& out) {
  JsonWriter writer(out);
  writer.begin_object().key("text").value(query.text);
  if (query.pair) writer.key("pair").value(*query.pair);
  writer.key("masks").begin_array();
  for (const MaskAnswer& mask : masks) {
    writer.begin_object().key("position").value(mask.position).key("predictions").begin_array();
    for (const MaskPrediction& prediction : mask.predictions) {
      writer.begin_object().key("token").value(prediction.token).key("token_id").value(prediction.token_id);
      writer.key("score").value(prediction.score).key("sequence").value(prediction.sequence).end_object();
    }
    writer.end_array().end_object();
  }
  writer.end_array().end_object();
  out += '\n';
}

void write_readable(const Query& query, const std::vector<MaskAnswer>& masks, std::string& out) {
  out += bold(printable(query.text)) + (query.pair ? "  /  " + bold(printable(*query.pair)) : "") + '\n';
  std::size_t width = 8;
  for (const MaskAnswer& mask : masks) {
    for (const MaskPrediction& prediction : mask.predictions) {
      width = std::max(width, printable(prediction.token).size());
    }
  }
  for (const MaskAnswer& mask : masks) {
    out += "  position " + std::to_string(mask.position) + '\n';
    for (const MaskPrediction& prediction : mask.predictions) {
      std::array<char, 16> score{};
      std::snprintf(score.data(), score.size(), "%5.3f", static_cast<double>(prediction.score));
      out += "    " + pad_right(printable(prediction.token), width) + "  " + score.data() + "  " +
             bar(static_cast<double>(prediction.score), 20) + "  " + printable(prediction.sequence) + '\n';
    }
  }
}

// A target that is no token is scored as something else: whoever asked has to know. Once, and not for each batch.
void note_warnings() {
  set_warning_handler([said = std::make_shared<std::set<std::string, std::less<>>>()](std::string_view message) {
    if (said->emplace(message).second) std::fprintf(stderr, "bertrt: note: %s\n", printable(message).c_str());
  });
}

void FillMaskCommand::run() {
  const BertSession session = load_session(model);
  const FillMask fill(session);
  if (!targets.empty()) note_warnings();
  const Tokenizer& tokenizer = session.tokenizer();
  const std::int32_t mask_id = tokenizer.special_tokens().mask;
  const EncodeOptions options = encode_options(length, session.info().max_length);

  const auto prepare = [&](const Query& query) {
    Encoding encoding = encode_for_model(tokenizer, query, options);
    if (!query.blank() && std::count(encoding.input_ids.begin(), encoding.input_ids.end(), mask_id) == 0) {
      const auto token = tokenizer.id_to_token(mask_id);
      throw Error(ErrorCode::missing_mask_token, "text", "at least one " + std::string(token.value_or("mask token")),
                  encoding.overflowing.empty() ? "none" : "none in what truncation left");
    }
    return encoding;
  };
  const auto answer = [&](std::span<const Query> batch, std::span<const Encoding> encodings) {
    // An empty text has no mask, so its answer is an empty list, and the model need not see it.
    std::vector<Encoding> asked;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (!batch[i].blank()) asked.push_back(encodings[i]);
    }
    std::vector<std::vector<MaskAnswer>> answers;
    if (!asked.empty()) answers = fill(asked, {.top_k = top_k, .targets = targets});
    std::string out;
    std::size_t next = 0;
    for (const Query& query : batch) {
      const auto masks = query.blank() ? std::vector<MaskAnswer>() : answers[next++];
      json ? write_json(query, masks, out) : write_readable(query, masks, out);
    }
    return written(std::move(out));
  };
  const Query sample{std::string(tokenizer.id_to_token(mask_id).value_or("a")), std::nullopt};
  answer_all(queries, prepare, answer, sample);
}

}  // namespace

void add_fill_mask(CLI::App& app) {
  CLI::App* command = app.add_subcommand("fill-mask", "The likeliest words for each [MASK] in a text");
  const auto state = std::make_shared<FillMaskCommand>(*command);
  command->callback([state] { state->run(); });
}

}  // namespace bertrt::cli
