#include "tokenizer/hub/esm.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "bertrt/error.h"
#include "text/gpt2_classes.h"
#include "text/utf8.h"
#include "tokenizer/pipeline_model.h"
#include "tokenizer/token_id.h"
#include "tokenizer/wordlevel/wordlevel_words.h"

namespace bertrt::tokenizer {
namespace {

using Kind = TemplatePiece::Kind;

// Python's idea of white space has four characters more than Unicode's.
bool is_python_space(char32_t c) { return text::is_white_space(c) || (c >= 0x1C && c <= 0x1F); }
constexpr std::string_view kPythonSpaces = R"([\s\x1c-\x1f]+)";

std::string_view stripped(std::string_view line) {
  while (!line.empty()) {
    const text::Decoded c = text::decode_utf8(line, 0);
    if (!is_python_space(c.code_point)) break;
    line.remove_prefix(c.length);
  }
  while (!line.empty()) {
    const std::size_t last = text::previous_utf8(line, line.size());
    if (!is_python_space(text::decode_utf8(line, last).code_point)) break;
    line = line.substr(0, last);
  }
  return line;
}

/// A token a line. What Python would take apart further, or give two ids, is refused.
SubwordVocab read_vocab(std::string_view bytes, const std::string& where) {
  const auto refuse = [&](const std::string& found) {
    throw Error(ErrorCode::invalid_format, where, "a token a line, each once", found);
  };
  if (!text::is_valid_utf8(bytes)) refuse("bytes that are no UTF-8");
  SubwordVocab vocab;
  std::int64_t id = 0;
  for (std::size_t at = 0; at < bytes.size(); ++id) {
    const std::size_t end = std::min(bytes.find('\n', at), bytes.size());
    const std::string_view token = stripped(bytes.substr(at, end - at));
    if (token.empty()) refuse("line " + std::to_string(id + 1) + " without one");
    for (std::size_t i = 0; i < token.size();) {
      const text::Decoded c = text::decode_utf8(token, i);
      if (c.code_point < 0x20 || c.code_point == 0x85 || c.code_point == 0x2028 || c.code_point == 0x2029) {
        refuse("a control character in line " + std::to_string(id + 1));
      }
      i += c.length;
    }
    if (vocab.find(token)) refuse("\"" + std::string(token) + "\" twice");
    vocab.add(token, id, where);
    at = end + 1;
  }
  if (vocab.count() == 0) refuse("an empty file");
  return vocab;
}

/// Adds the files' tokens, which keep their ids here, to those of the vocabulary. Special is what has a name, not what
/// a file calls so. Whether ids are left out.
bool add_at_their_ids(const Settings& settings, const std::set<std::string_view>& special_words,
                      AddedVocabulary& added) {
  const auto size = static_cast<std::int64_t>(added.by_id().size());
  for (const auto& [id, value] : settings.added_tokens()) {
    const auto known = added.find(value.content);
    if (id > kMaxTokenId || (known ? *known != id : id < size)) {
      throw Error(ErrorCode::unsupported, settings.where(),
                  "added tokens at the vocabulary's ids or behind them under EsmTokenizer",
                  "\"" + value.content + "\" at " + std::to_string(id));
    }
    AddedToken token = value.token();
    token.special = special_words.contains(token.content);
    token.normalized = false;
    added.put(static_cast<std::int32_t>(id), token);
  }
  return static_cast<std::size_t>(added.by_id().rbegin()->first) + 1 != added.by_id().size();
}

}  // namespace

LoadedTokenizer load_esm(std::string_view bytes, const std::string& where, const Settings& settings,
                         NamedTokens& tokens) {
  if (settings.flag("split_special_tokens", false)) {
    throw Error(ErrorCode::unsupported, settings.where(), "no split_special_tokens under EsmTokenizer", "true");
  }
  const auto named = [&](const char* key, const char* usual) { return settings.named(key, TokenValue::text(usual)); };
  tokens = {settings.named("bos_token", std::nullopt),
            named("eos_token", "<eos>"),
            named("unk_token", "<unk>"),
            settings.named("sep_token", std::nullopt),
            named("pad_token", "<pad>"),
            named("cls_token", "<cls>"),
            named("mask_token", "<mask>")};
  SubwordVocab vocab = read_vocab(bytes, where);
  if (!tokens.unk || !tokens.cls || !tokens.eos || !vocab.find(tokens.unk->content)) {
    throw Error(ErrorCode::unsupported, where,
                "a vocabulary with EsmTokenizer's unk_token, and a cls_token and an eos_token", "none");
  }
  const std::vector<TokenValue> extra = settings.extra().value_or(std::vector<TokenValue>{});
  std::set<std::string_view> special_words;
  for (const auto* token :
       {&tokens.bos, &tokens.eos, &tokens.unk, &tokens.sep, &tokens.pad, &tokens.cls, &tokens.mask}) {
    if (*token) special_words.insert((*token)->content);
  }
  for (const auto& [key, value] : settings.model_specific()) special_words.insert(value.content);
  for (const TokenValue& value : extra) special_words.insert(value.content);
  std::vector<AddedToken> words;
  for (std::size_t id = 0; id < vocab.size(); ++id) {
    const auto token = vocab.token(static_cast<std::int32_t>(id));
    words.push_back({.content = std::string(*token), .normalized = false, .special = special_words.contains(*token)});
  }
  LoadedTokenizer loaded;
  Stages stages;
  stages.pre_tokenizer =
      PreTokenizer({pre_tokenizers::Split{std::make_shared<const text::Regex>(kPythonSpaces, std::string("pattern")),
                                          pre_tokenizers::Behavior::removed, false, false}});
  loaded.stages = std::make_shared<const Stages>(std::move(stages));
  loaded.model = std::make_unique<PipelineModel>(
      loaded.stages, std::make_shared<WordLevelWords>(std::move(vocab), tokens.unk->content));
  TokenizerConfig& config = loaded.config;
  config.added.add(words, loaded.model->words(), loaded.stages->normalizer);
  const bool has_gaps = add_at_their_ids(settings, special_words, config.added);
  const std::size_t before = config.added.by_id().size();
  add_named_tokens({}, tokens, settings.model_specific(), extra, loaded);
  if (has_gaps && config.added.by_id().size() > before) {
    throw Error(ErrorCode::unsupported, settings.where(),
                "no new special token behind added tokens whose ids have gaps under EsmTokenizer",
                config.added.by_id().rbegin()->second.token.content);
  }
  for (const auto& [id, entry] : config.added.by_id()) {
    if (entry.token.single_word) {
      throw Error(ErrorCode::unsupported, settings.where(), "no added token of single_word under EsmTokenizer",
                  entry.token.content);
    }
  }
  const auto special = [&](const TokenValue& token) {
    return TemplatePiece{Kind::special, config.added.find(token.content).value_or(-1), 0};
  };
  const TemplatePiece first{Kind::first, -1, 0};
  const TemplatePiece second{Kind::second, -1, 0};
  const auto cls = special(*tokens.cls);
  const auto eos = special(*tokens.eos);
  config.post_processors = {
      post_processors::TemplateProcessing{{{cls, first, eos}, {cls, first, eos, second, eos}}, {}, {}}};
  config.is_python = true;
  return loaded;
}

}  // namespace bertrt::tokenizer
