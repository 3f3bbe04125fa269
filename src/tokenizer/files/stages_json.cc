#include "tokenizer/files/stages_json.h"

#include <limits>
#include <memory>
#include <utility>

#include "bertrt/error.h"
#include "tokenizer/files/base64.h"
#include "tokenizer/files/json_part.h"

namespace bertrt::tokenizer {
namespace {

using nlohmann::json;
using pre_tokenizers::Behavior;
using pre_tokenizers::PrependScheme;

[[noreturn]] void unknown_type(const std::string& where, const char* what, const std::string& type) {
  throw Error(ErrorCode::unsupported, where, what, type);
}

/// {"String": …} or {"Regex": …}.
std::shared_ptr<const text::Regex> read_pattern(const JsonPart& owner, bool& is_literal) {
  const JsonPart pattern = owner.part("pattern");
  pattern.allow({"String", "Regex"});
  if (pattern.json().size() != 1) owner.refuse("pattern", "a String or a Regex");
  is_literal = pattern.has("String");
  if (is_literal) return std::make_shared<const text::Regex>(text::Regex::literal(pattern.text("String")));
  return std::make_shared<const text::Regex>(pattern.text("Regex"), pattern.where());
}

Behavior read_behavior(const JsonPart& owner) {
  const std::string name = owner.text("behavior");
  if (name == "Removed") return Behavior::removed;
  if (name == "Isolated") return Behavior::isolated;
  if (name == "MergedWithPrevious") return Behavior::merged_with_previous;
  if (name == "MergedWithNext") return Behavior::merged_with_next;
  if (name == "Contiguous") return Behavior::contiguous;
  owner.refuse("behavior", "Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous");
}

void read_normalizer_steps(const json& value, const std::string& where, std::size_t depth,
                           std::vector<normalizers::Step>& steps) {
  const JsonPart part(value, where);
  const std::string type = part.type();
  if (type == "Sequence") {
    part.allow({"normalizers"});
    part.each("normalizers",
              [&](const json& one, const std::string& place) { read_normalizer_steps(one, place, depth + 1, steps); });
  } else if (type == "BertNormalizer") {
    part.allow({"clean_text", "handle_chinese_chars", "strip_accents", "lowercase"});
    text::BertNormalizerOptions options;
    options.clean_text = part.flag("clean_text");
    options.handle_chinese_chars = part.flag("handle_chinese_chars");
    options.lowercase = part.flag("lowercase");
    options.strip_accents = part.is_set("strip_accents") ? part.flag("strip_accents") : options.lowercase;
    steps.emplace_back(normalizers::Bert{options});
  } else if (type == "Strip") {
    part.allow({"strip_left", "strip_right"});
    steps.emplace_back(normalizers::Strip{part.flag("strip_left"), part.flag("strip_right")});
  } else if (type == "Prepend") {
    part.allow({"prepend"});
    std::string content = part.text("prepend");
    if (content.empty()) {
      // Hugging Face takes the text's first character for one that was put in, and its next stages count wrong from
      // there.
      throw Error(ErrorCode::unsupported, part.where() + ".prepend", "a text to put in", "an empty one");
    }
    steps.emplace_back(normalizers::Prepend{std::move(content)});
  } else if (type == "Replace") {
    part.allow({"pattern", "content"});
    normalizers::Replace step;
    step.pattern = read_pattern(part, step.is_literal);
    step.content = part.text("content");
    steps.emplace_back(std::move(step));
  } else if (type == "Precompiled") {
    part.allow({"precompiled_charsmap"});
    const std::string map = decode_base64(part.text("precompiled_charsmap"), where);
    steps.emplace_back(std::make_shared<const text::Precompiled>(map, where));
  } else {
    part.allow({});
    if (type == "NFC") return void(steps.emplace_back(normalizers::Nfc{}));
    if (type == "NFD") return void(steps.emplace_back(normalizers::Nfd{}));
    if (type == "NFKC") return void(steps.emplace_back(normalizers::Nfkc{}));
    if (type == "NFKD") return void(steps.emplace_back(normalizers::Nfkd{}));
    if (type == "Lowercase") return void(steps.emplace_back(normalizers::Lowercase{.is_nested = depth > 1}));
    if (type == "StripAccents") return void(steps.emplace_back(normalizers::StripAccents{}));
    if (type == "Nmt") return void(steps.emplace_back(normalizers::Nmt{}));
    if (type == "ByteLevel") return void(steps.emplace_back(normalizers::ByteLevel{}));
    unknown_type(where, "a normalizer of Hugging Face tokenizers 0.23", type);
  }
}

PrependScheme read_scheme(const JsonPart& part) {
  PrependScheme scheme = PrependScheme::always;
  if (part.has("prepend_scheme")) {
    const std::string name = part.text("prepend_scheme");
    if (name == "first") {
      scheme = PrependScheme::first;
    } else if (name == "never") {
      scheme = PrependScheme::never;
    } else if (name != "always") {
      part.refuse("prepend_scheme", "always, first or never");
    }
  }
  const bool forbids = part.is_set("add_prefix_space") && !part.flag("add_prefix_space");
  if (forbids && scheme != PrependScheme::never) part.refuse("add_prefix_space", "what prepend_scheme says");
  return scheme;
}

// Three kinds of stages have the members of a ByteLevel, two those of a Metaspace, and read but some of them. All are
// looked at: Hugging Face reads each as one thing.

struct ByteLevel {
  bool add_prefix_space;
  bool trim_offsets;
  bool use_regex;
};

ByteLevel read_byte_level(const JsonPart& part) {
  part.allow({"add_prefix_space", "trim_offsets", "use_regex"});
  return {part.flag("add_prefix_space"), part.flag("trim_offsets"), part.flag("use_regex", true)};
}

pre_tokenizers::Metaspace read_metaspace(const JsonPart& part) {
  part.allow({"replacement", "add_prefix_space", "prepend_scheme", "split", "str_rep"});
  pre_tokenizers::Metaspace step;
  part.character("replacement");
  step.replacement = part.text("replacement");
  step.scheme = read_scheme(part);
  step.split = part.is_set("split") ? part.flag("split") : true;
  if (part.is_set("str_rep")) part.text("str_rep");  // of no effect
  return step;
}

void read_pre_tokenizer_steps(const json& value, const std::string& where, std::vector<pre_tokenizers::Step>& steps) {
  const JsonPart part(value, where);
  const std::string type = part.type();
  if (type == "Sequence") {
    part.allow({"pretokenizers"});
    part.each("pretokenizers",
              [&](const json& one, const std::string& place) { read_pre_tokenizer_steps(one, place, steps); });
  } else if (type == "ByteLevel") {
    const ByteLevel step = read_byte_level(part);
    steps.emplace_back(pre_tokenizers::ByteLevel{step.add_prefix_space, step.use_regex});
  } else if (type == "Metaspace") {
    steps.emplace_back(read_metaspace(part));
  } else if (type == "Punctuation") {
    part.allow({"behavior"});
    steps.emplace_back(pre_tokenizers::Punctuation{part.has("behavior") ? read_behavior(part) : Behavior::isolated});
  } else if (type == "Digits") {
    part.allow({"individual_digits"});
    steps.emplace_back(pre_tokenizers::Digits{part.flag("individual_digits")});
  } else if (type == "Split") {
    part.allow({"pattern", "behavior", "invert"});
    pre_tokenizers::Split step;
    step.pattern = read_pattern(part, step.is_literal);
    step.behavior = read_behavior(part);
    step.invert = part.flag("invert");
    steps.emplace_back(std::move(step));
  } else if (type == "CharDelimiterSplit") {
    part.allow({"delimiter"});
    steps.emplace_back(pre_tokenizers::CharDelimiter{part.character("delimiter")});
  } else if (type == "FixedLength") {
    part.allow({"length"});
    const std::size_t length = part.has("length") ? part.count("length") : 5;
    if (length == 0) part.refuse("length", "at least 1");
    steps.emplace_back(pre_tokenizers::FixedLength{length});
  } else {
    part.allow({});
    if (type == "BertPreTokenizer") return void(steps.emplace_back(pre_tokenizers::Bert{}));
    if (type == "Whitespace") return void(steps.emplace_back(pre_tokenizers::Whitespace{}));
    if (type == "WhitespaceSplit") return void(steps.emplace_back(pre_tokenizers::WhitespaceSplit{}));
    if (type == "UnicodeScripts") return void(steps.emplace_back(pre_tokenizers::UnicodeScripts{}));
    unknown_type(where, "a pre-tokenizer of Hugging Face tokenizers 0.23", type);
  }
}

void read_decoder_steps(const json& value, const std::string& where, std::vector<decoders::Step>& steps) {
  const JsonPart part(value, where);
  const std::string type = part.type();
  if (type == "Sequence") {
    part.allow({"decoders"});
    part.each("decoders", [&](const json& one, const std::string& place) { read_decoder_steps(one, place, steps); });
  } else if (type == "WordPiece") {
    part.allow({"prefix", "cleanup"});
    steps.emplace_back(decoders::WordPiece{part.text("prefix"), part.flag("cleanup")});
  } else if (type == "ByteLevel") {
    read_byte_level(part);
    steps.emplace_back(decoders::ByteLevel{});
  } else if (type == "Metaspace") {
    const bool prepends = read_metaspace(part).scheme != PrependScheme::never;
    steps.emplace_back(decoders::Metaspace{part.character("replacement"), prepends});
  } else if (type == "BPEDecoder") {
    part.allow({"suffix"});
    steps.emplace_back(decoders::Bpe{part.text("suffix")});
  } else if (type == "Strip") {
    part.allow({"content", "start", "stop"});
    steps.emplace_back(decoders::Strip{part.character("content"), part.count("start"), part.count("stop")});
  } else if (type == "Replace") {
    part.allow({"pattern", "content"});
    bool is_literal = false;
    decoders::Replace step;
    step.pattern = read_pattern(part, is_literal);
    step.content = part.text("content");
    steps.emplace_back(std::move(step));
  } else if (type == "CTC") {
    part.allow({"pad_token", "word_delimiter_token", "cleanup"});
    steps.emplace_back(decoders::Ctc{part.text("pad_token"), part.text("word_delimiter_token"), part.flag("cleanup")});
  } else {
    part.allow({});
    if (type == "ByteFallback") return void(steps.emplace_back(decoders::ByteFallback{}));
    if (type == "Fuse") return void(steps.emplace_back(decoders::Fuse{}));
    unknown_type(where, "a decoder of Hugging Face tokenizers 0.23", type);
  }
}

/// ["[SEP]", 102].
std::int32_t read_token(const JsonPart& part, const char* key) {
  const json& pair = part.at(key);
  if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string()) part.refuse(key, "a token and its id");
  return json_id(pair[1], part.where() + "." + key);
}

std::vector<TemplatePiece> read_template(const JsonPart& part, const char* key, std::string& missing) {
  using Kind = TemplatePiece::Kind;
  const JsonPart special_tokens = part.part("special_tokens");
  std::vector<TemplatePiece> pieces;
  part.each(key, [&](const json& value, const std::string& where) {
    const JsonPart piece(value, where);
    piece.allow({"Sequence", "SpecialToken"});
    if (value.size() != 1) piece.refuse("Sequence", "a Sequence or a SpecialToken");
    if (piece.has("Sequence")) {
      const JsonPart sequence = piece.part("Sequence");
      sequence.allow({"id", "type_id"});
      const std::string id = sequence.text("id");
      if (id != "A" && id != "B") sequence.refuse("id", "A or B");
      pieces.push_back({id == "A" ? Kind::first : Kind::second, -1, sequence.id("type_id")});
      return;
    }
    const JsonPart special = piece.part("SpecialToken");
    special.allow({"id", "type_id"});
    const std::string name = special.text("id");
    const std::int32_t type_id = special.id("type_id");
    if (!special_tokens.has(name.c_str())) {
      missing = name;
      return;
    }
    const JsonPart token = special_tokens.part(name.c_str());
    token.allow({"id", "ids", "tokens"});
    token.text("id");
    token.each("tokens", [&](const json& one, const std::string&) {
      if (!one.is_string()) token.refuse("tokens", "texts");
    });
    bool goes_on = false;
    token.each("ids", [&](const json& id, const std::string& place) {
      pieces.push_back({Kind::special, json_id(id, place), type_id, goes_on});
      goes_on = true;
    });
    if (token.at("ids").size() != token.at("tokens").size()) token.refuse("ids", "as many as tokens");
  });
  return pieces;
}

void read_post_processor_steps(const json& value, const std::string& where, PostProcessors& steps) {
  const JsonPart part(value, where);
  const std::string type = part.type();
  if (type == "Sequence") {
    part.allow({"processors"});
    part.each("processors",
              [&](const json& one, const std::string& place) { read_post_processor_steps(one, place, steps); });
  } else if (type == "TemplateProcessing") {
    part.allow({"single", "pair", "special_tokens"});
    post_processors::TemplateProcessing step;
    step.steps.single = read_template(part, "single", step.missing_single);
    step.steps.pair = read_template(part, "pair", step.missing_pair);
    steps.emplace_back(std::move(step));
  } else if (type == "BertProcessing") {
    part.allow({"sep", "cls"});
    steps.emplace_back(post_processors::Bert{read_token(part, "cls"), read_token(part, "sep")});
  } else if (type == "RobertaProcessing") {
    part.allow({"sep", "cls", "trim_offsets", "add_prefix_space"});
    steps.emplace_back(post_processors::Roberta{read_token(part, "cls"), read_token(part, "sep"),
                                                part.flag("trim_offsets"), part.flag("add_prefix_space")});
  } else if (type == "ByteLevel") {
    const ByteLevel step = read_byte_level(part);
    steps.emplace_back(post_processors::ByteLevel{step.trim_offsets, step.add_prefix_space});
  } else {
    unknown_type(
        where,
        "a post_processor TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel or a Sequence of them",
        type);
  }
}

}  // namespace

Normalizer read_normalizer(const json& part, const std::string& where) {
  std::vector<normalizers::Step> steps;
  if (!part.is_null()) read_normalizer_steps(part, where, 0, steps);
  return Normalizer(std::move(steps));
}

PreTokenizer read_pre_tokenizer(const json& part, const std::string& where) {
  std::vector<pre_tokenizers::Step> steps;
  if (!part.is_null()) read_pre_tokenizer_steps(part, where, steps);
  return PreTokenizer(std::move(steps));
}

Decoder read_decoder(const json& part, const std::string& where) {
  if (part.is_null()) return {};
  std::vector<decoders::Step> steps;
  read_decoder_steps(part, where, steps);
  return Decoder(std::move(steps));
}

PostProcessors read_post_processor(const json& part, const std::string& where) {
  PostProcessors steps;
  if (part.is_null()) return steps;
  read_post_processor_steps(part, where, steps);
  // A Sequence of nothing does something: the texts get their sequence ids.
  if (steps.empty()) steps.emplace_back(post_processors::ByteLevel{false, false});
  return steps;
}

}  // namespace bertrt::tokenizer
