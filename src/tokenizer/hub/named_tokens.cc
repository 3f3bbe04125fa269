#include "tokenizer/hub/named_tokens.h"

#include <algorithm>
#include <set>

#include "bertrt/error.h"

namespace bertrt::tokenizer {
namespace {

using Kind = TemplatePiece::Kind;
using Around = ClassPlan::Around;

std::vector<const TokenValue*> values_of(const NamedTokens& tokens) {
  std::vector<const TokenValue*> values;
  for (const auto* token :
       {&tokens.bos, &tokens.eos, &tokens.unk, &tokens.sep, &tokens.pad, &tokens.cls, &tokens.mask}) {
    if (*token) values.push_back(&**token);
  }
  return values;
}

/// AddedToken(text, special=True) for a bare text.
AddedToken special_of(const TokenValue& value) {
  TokenValue token = value;
  if (token.is_text) token.special = true;
  return token.token();
}

std::int32_t id_of(const std::string& content, const AddedVocabulary& added, const WordModel& model) {
  if (const auto id = added.find(content)) return *id;
  return model.token_to_id(content).value_or(-1);
}

class Ids {
 public:
  Ids(const AddedVocabulary& added, const WordModel& model) : added_(added), model_(model) {}

  std::int32_t id(const std::optional<TokenValue>& token, const char* what, std::int32_t if_none = -1) const {
    if (!token && if_none >= 0) return if_none;
    return id(token ? token->content : "", what);
  }
  std::int32_t id(const std::string& content, const char* what) const {
    const std::int32_t found = content.empty() ? -1 : id_of(content, added_, model_);
    if (found < 0) {
      throw Error(ErrorCode::invalid_format, "tokenizer", std::string("an id for the ") + what + " of the template",
                  content.empty() ? "no such token" : "\"" + content + "\" without one");
    }
    return found;
  }

 private:
  const AddedVocabulary& added_;
  const WordModel& model_;
};

/// As transformers' templates write it.
std::string name_of(const std::optional<TokenValue>& token) { return token ? token->content : "None"; }

PostProcessors templates(std::vector<TemplatePiece> single, std::vector<TemplatePiece> pair) {
  return {post_processors::TemplateProcessing{{std::move(single), std::move(pair)}, {}, {}}};
}

/// The list that a class's constructor is given; nullopt: none.
std::optional<std::vector<TokenValue>> given_extra(const Settings& settings, const ClassPlan& plan,
                                                   const SentencePieceModel* pieces) {
  if (pieces == nullptr) return settings.additional();
  // transformers puts a sentencepiece model's pieces in the place of the file's list.
  using Type = SentencePieceModel::PieceType;
  std::vector<TokenValue> tokens;
  for (const SentencePieceModel::Piece& piece : pieces->pieces) {
    const bool is_user = piece.type == Type::user_defined && plan.user_pieces_are_extra;
    if (piece.type != Type::control && !is_user) continue;
    tokens.push_back({.content = std::string(piece.text),
                      .special = piece.type == Type::control,
                      .normalized = false,
                      .is_text = false});
  }
  return tokens;
}

/// T5's "<extra_id_0>" and so on, behind the list that it is given, unless this has them.
void add_extra_ids(const Settings& settings, const ClassPlan& plan, std::vector<TokenValue>& tokens) {
  const auto has_id = [](const TokenValue& token) { return token.content.find("<extra_id_") != std::string::npos; };
  const auto count = static_cast<std::size_t>(std::count_if(tokens.begin(), tokens.end(), has_id));
  if (count == 0) {
    tokens.insert(tokens.end(), plan.usual_extra.begin(), plan.usual_extra.end());
  } else if (!plan.usual_extra.empty() && count != plan.usual_extra.size()) {
    throw Error(ErrorCode::invalid_format, settings.where() + ": extra_ids",
                "as many as the further special tokens have, " + std::to_string(count),
                std::to_string(plan.usual_extra.size()));
  }
}

std::vector<TokenValue> listed_extra(const Settings& settings, const ClassPlan& plan,
                                     const SentencePieceModel* pieces) {
  const std::optional<std::vector<TokenValue>>& own = settings.own_extra();
  if (own && plan.around != Around::eos) return *own;  // counts alone, but T5 looks at both
  std::optional<std::vector<TokenValue>> tokens = given_extra(settings, plan, pieces);
  if (!tokens) {
    tokens = plan.usual_extra;
  } else if (plan.around == Around::mbart) {
    tokens->insert(tokens->begin(), plan.usual_extra.begin(), plan.usual_extra.end());
  } else if (plan.around == Around::eos) {
    add_extra_ids(settings, plan, *tokens);
  }
  return own ? *own : std::move(*tokens);
}

}  // namespace

void add_named_tokens(const std::map<std::int64_t, TokenValue>& of_files, const NamedTokens& tokens,
                      const std::vector<std::pair<std::string, TokenValue>>& specific,
                      const std::vector<TokenValue>& extra, LoadedTokenizer& loaded) {
  AddedVocabulary& added = loaded.config.added;
  std::set<std::string, std::less<>> known;  // contents
  for (const auto& [id, entry] : added.by_id()) known.insert(entry.token.content);
  // transformers adds every token of the files again, in the order of the ids: a named one becomes special so, and of
  // a content under two ids the flags of the higher one count.
  std::vector<TokenValue> wanted;
  for (const auto& [id, value] : of_files) {
    wanted.push_back(value);
    known.insert(value.content);
  }
  std::vector<const TokenValue*> named = values_of(tokens);
  for (const auto& [key, value] : specific) named.push_back(&value);
  const auto want = [&](const TokenValue& value) {
    if (!known.contains(value.content) && std::find(wanted.begin(), wanted.end(), value) == wanted.end())
      wanted.push_back(value);
  };
  for (const TokenValue* value : named) want(*value);
  for (const TokenValue& value : extra) want(value);
  std::vector<AddedToken> list;
  for (TokenValue& value : wanted) {
    const auto is_it = [&](const TokenValue* other) { return other->content == value.content; };
    if (std::any_of(named.begin(), named.end(), is_it)) value.special = true;
    list.push_back(special_of(value));
  }
  added.add(list, loaded.model->words(), loaded.stages->normalizer);
}

void add_again(bool plainly, const NamedTokens& tokens, const std::vector<std::pair<std::string, TokenValue>>& specific,
               const std::vector<TokenValue>& extra, LoadedTokenizer& loaded) {
  std::vector<AddedToken> list;
  const auto add = [&](TokenValue value) {
    if (plainly || value.is_text) value = TokenValue::text(value.content);
    value.special = true;
    list.push_back(value.token());
  };
  for (const TokenValue* value : values_of(tokens)) add(*value);
  for (const auto& [key, value] : specific) add(value);
  for (const TokenValue& value : extra) add(value);
  loaded.config.added.add(list, loaded.model->words(), loaded.stages->normalizer);
}

std::vector<TokenValue> extra_tokens(const Settings& settings, const ClassPlan& plan,
                                     const SentencePieceModel* pieces) {
  std::vector<TokenValue> tokens = listed_extra(settings, plan, pieces);
  for (const TokenValue& further : plan.further_extra) {
    const auto is_it = [&](const TokenValue& other) { return other.content == further.content; };
    if (std::none_of(tokens.begin(), tokens.end(), is_it)) tokens.push_back(further);
  }
  return tokens;
}

SpecialTokenIds special_ids(const NamedTokens& tokens, const AddedVocabulary& added, const WordModel& model) {
  const auto id = [&](const std::optional<TokenValue>& token) {
    return token ? id_of(token->content, added, model) : -1;
  };
  return {.unk = id(tokens.unk),
          .pad = id(tokens.pad),
          .cls = id(tokens.cls),
          .sep = id(tokens.sep),
          .mask = id(tokens.mask)};
}

std::vector<std::int32_t> all_special_ids(const NamedTokens& tokens,
                                          const std::vector<std::pair<std::string, TokenValue>>& specific,
                                          const std::vector<TokenValue>& extra, const AddedVocabulary& added,
                                          const WordModel& model) {
  std::vector<std::int32_t> ids;
  const auto add = [&](const TokenValue& token) {
    const std::int32_t id = id_of(token.content, added, model);
    if (id >= 0 && std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  };
  for (const TokenValue* token : values_of(tokens)) add(*token);
  for (const auto& [key, token] : specific) add(token);
  for (const TokenValue& token : extra) add(token);
  return ids;
}

PostProcessors texts_alone() {
  return templates({{Kind::first, -1, 0}}, {{Kind::first, -1, 0}, {Kind::second, -1, 1}});
}

PostProcessors texts_between(const Settings& settings, const NamedTokens& tokens, const AddedVocabulary& added,
                             const WordModel& model) {
  const Ids ids(added, model);
  const auto put = [&](const char* key, const std::optional<TokenValue>& token, std::int32_t type_id,
                       std::vector<TemplatePiece>& steps) {
    if (token && settings.flag(key, false)) steps.push_back({Kind::special, ids.id(token->content, key), type_id});
  };
  std::vector<TemplatePiece> pair;
  std::vector<TemplatePiece> single;
  for (const std::int32_t type_id : {0, 1}) {
    put("add_bos_token", tokens.bos, type_id, pair);
    pair.push_back({type_id == 0 ? Kind::first : Kind::second, -1, type_id});
    put("add_eos_token", tokens.eos, type_id, pair);
    if (type_id == 0) single = pair;
  }
  return templates(std::move(single), std::move(pair));
}

PostProcessors post_processors_of(const ClassPlan& plan, const NamedTokens& tokens, const AddedVocabulary& added,
                                  const WordModel& model, bool pads_left) {
  const Ids ids(added, model);
  const auto special = [](std::int32_t id, std::int32_t type_id) { return TemplatePiece{Kind::special, id, type_id}; };
  const TemplatePiece first{Kind::first, -1, 0};
  const TemplatePiece second{Kind::second, -1, 1};
  const TemplatePiece second_0{Kind::second, -1, 0};
  switch (plan.around) {
    case Around::none: return texts_alone();
    case Around::bert:
    case Around::splinter: {
      const std::int32_t sep = ids.id(tokens.sep, "sep_token", plan.sep_if_none);
      const std::int32_t own_cls = ids.id(tokens.cls, "cls_token", plan.cls_if_none);
      // transformers' template knows them by their names, and the later one's id counts for one name.
      const auto cls = special(name_of(tokens.cls) == name_of(tokens.sep) ? sep : own_cls, plan.cls_type_id);
      std::vector<TemplatePiece> pair = {cls, first, special(sep, 0), second, special(sep, 1)};
      if (plan.around == Around::splinter) {
        const auto question = special(ids.id("[QUESTION]", "question_token"), 0);
        const auto dot = special(ids.id(".", "dot"), 0);
        pair.insert(pair.begin() + (pads_left ? 4 : 2), {question, dot});
      }
      return templates({cls, first, special(sep, 0)}, std::move(pair));
    }
    case Around::bert_by_types: {
      for (const auto* token : {&tokens.cls, &tokens.sep}) {
        // Hugging Face looks for them before it adds any token.
        if (!*token || !model.token_to_id((*token)->content)) ids.id("", "cls_token or sep_token");
      }
      const std::int32_t cls = ids.id(tokens.cls, "cls_token");
      const std::int32_t sep = ids.id(tokens.sep, "sep_token");
      Template steps = bert_template(cls, sep);
      return templates(std::move(steps.single), std::move(steps.pair));
    }
    case Around::roberta:
      return {post_processors::Roberta{ids.id(tokens.cls, "cls_token", plan.cls_if_none),
                                       ids.id(tokens.sep, "sep_token", plan.sep_if_none), plan.trim_offsets,
                                       plan.add_prefix_space}};
    case Around::clip:
      return {post_processors::Roberta{ids.id(tokens.bos, "bos_token"), ids.id(tokens.eos, "eos_token"), false, false}};
    case Around::roberta_types_0: {
      // DeBERTa names its first and last tokens cls and sep, XLM-R and CamemBERT bos and eos.
      const bool is_deberta = plan.model == ClassModel::bpe;
      Template steps = roberta_template(is_deberta ? ids.id(tokens.cls, "cls_token") : ids.id(tokens.bos, "bos_token"),
                                        is_deberta ? ids.id(tokens.sep, "sep_token") : ids.id(tokens.eos, "eos_token"));
      return templates(std::move(steps.single), std::move(steps.pair));
    }
    case Around::eos: {
      const auto eos = special(ids.id(tokens.eos, "eos_token"), 0);
      return templates({first, eos}, {first, eos, second_0, eos});
    }
    case Around::xlnet: {
      const std::int32_t sep = ids.id(tokens.sep, "sep_token");
      const auto cls = special(ids.id(tokens.cls, "cls_token"), 2);
      return templates({first, special(sep, 0), cls}, {first, special(sep, 0), second, special(sep, 1), cls});
    }
    case Around::mbart: {
      const auto eos = special(ids.id(tokens.eos, "eos_token"), 0);
      const auto language = special(ids.id(plan.language, "src_lang"), 0);
      return templates({first, eos, language}, {first, second_0, eos, language});
    }
    case Around::herbert: return {post_processors::Bert{0, 2}};
  }
  throw Error(ErrorCode::unsupported, "tokenizer", "a template that is known", "another");
}

}  // namespace bertrt::tokenizer
