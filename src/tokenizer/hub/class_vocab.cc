#include "tokenizer/hub/class_vocab.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "bertrt/error.h"
#include "tokenizer/hub/languages.h"
#include "tokenizer/unigram/sentencepiece_bpe.h"

namespace bertrt::tokenizer {
namespace {

std::string content_of(const std::optional<TokenValue>& token) { return token ? token->content : std::string(); }

/// The id of the piece that has this text and the score 0, as Python's list.index finds it; -1 for none.
std::int32_t index_of(const UnigramPieces& pieces, std::string_view text, bool any_score) {
  for (std::size_t i = 0; i < pieces.vocab.size(); ++i) {
    const auto id = static_cast<std::int32_t>(i);
    if (pieces.vocab.piece(id) == text && (any_score || pieces.vocab.score(id) == 0)) return id;
  }
  return -1;
}

bool takes_as_it_stands(std::string_view name) { return name == "TokenizersBackend" || name == "FNetTokenizer"; }

std::vector<std::string> names_of(const SentencePieceModel& model) {
  std::vector<std::string> names;
  for (const SentencePieceModel::Piece& piece : model.pieces) names.emplace_back(piece.text);
  return names;
}

/// Puts the contents of added tokens in the place of the pieces that have their ids, but for a content that another
/// piece keeps.
void rename_pieces(const Settings& settings, std::vector<std::string>& names) {
  const auto& added = settings.added_tokens();
  std::set<std::string, std::less<>> kept;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!added.contains(static_cast<std::int64_t>(i))) kept.insert(names[i]);
  }
  for (const auto& [id, token] : added) {
    if (static_cast<std::uint64_t>(id) >= names.size() || kept.contains(token.content)) continue;
    names[static_cast<std::size_t>(id)] = token.content;
  }
}

UnigramPieces pieces_of(std::string_view name, const ClassPlan& plan, const Settings& settings,
                        const SentencePieceModel& model, const std::string& where) {
  std::vector<std::pair<std::string, double>> before;
  std::vector<std::string> behind;
  std::size_t left_out = 0;
  // The names that the files give, not the class's: what is renamed is renamed in the vocabulary, too.
  const auto name_of = [&](const char* key, const char* usual) {
    const auto token = settings.named(key, TokenValue::text(usual));
    if (!token)
      throw Error(ErrorCode::unsupported, settings.where() + ": " + key, "a token beside a sentencepiece model",
                  "null");
    return token->content;
  };
  if (name == "XLMRobertaTokenizer" || name == "MBartTokenizer") {
    before = {{name_of("bos_token", "<s>"), 0},
              {name_of("pad_token", "<pad>"), 0},
              {name_of("eos_token", "</s>"), 0},
              {name_of("unk_token", "<unk>"), 0}};
    left_out = 3;
    if (name == "MBartTokenizer") behind.assign(kLanguages.begin(), kLanguages.end());
    behind.push_back(name_of("mask_token", "<mask>"));
  } else if (name == "CamembertTokenizer") {
    before = {{"<s>NOTUSED", 0},
              {name_of("pad_token", "<pad>"), 0},
              {"</s>NOTUSED", 0},
              {name_of("unk_token", "<unk>"), 0},
              {"<unk>NOTUSED", -100}};
    left_out = 1;
    behind = {name_of("mask_token", "<mask>")};
  } else if (name == "T5Tokenizer") {
    for (std::size_t i = plan.usual_extra.size(); i > 0; --i)
      behind.push_back("<extra_id_" + std::to_string(i - 1) + ">");
  }
  UnigramPieces pieces;
  std::size_t bytes = 64;
  for (const SentencePieceModel::Piece& piece : model.pieces) bytes += piece.text.size();
  pieces.vocab.reserve(model.pieces.size() + before.size() + behind.size(), bytes);
  for (const auto& [piece, score] : before) pieces.vocab.add(piece, score, where);
  for (std::size_t i = left_out; i < model.pieces.size(); ++i) {
    pieces.vocab.add(model.pieces[i].text, model.pieces[i].score, where);
  }
  for (const std::string& piece : behind) pieces.vocab.add(piece, 0, where);
  pieces.unk_id = model.unk_id;
  return pieces;
}

}  // namespace

std::vector<std::string> piece_names(ClassModel kind, const Settings& settings, const SentencePieceModel& model) {
  std::vector<std::string> names = names_of(model);
  if (kind == ClassModel::bpe) rename_pieces(settings, names);
  return names;
}

void set_class_options(std::string_view name, const ClassPlan& plan, const Settings& settings,
                       const SentencePieceModel* model, ModelSpec& spec) {
  const std::string unk = content_of(plan.tokens.unk);
  if (auto* words = std::get_if<WordPieceFiles>(&spec)) {
    words->options = {};
    words->options.unk_token = unk;
  } else if (auto* bpe = std::get_if<BpeSpec>(&spec)) {
    if (!bpe->prefix.empty()) {
      throw Error(ErrorCode::unsupported, "tokenizer.json: model",
                  "no continuing_subword_prefix under " + std::string(name), bpe->prefix);
    }
    bpe->suffix = plan.bpe.suffix;
    bpe->unk_token = plan.bpe.unk_token;
    bpe->fuse_unk = plan.bpe.fuse_unk;
    bpe->byte_fallback = plan.bpe.byte_fallback;
    bpe->ignore_merges = plan.bpe.ignore_merges;
  } else if (auto* pieces = std::get_if<UnigramPieces>(&spec)) {
    const bool as_it_stands = takes_as_it_stands(name);
    if (!as_it_stands) pieces->byte_fallback = false;
    std::int32_t id = as_it_stands ? pieces->unk_id : 3;  // 3: XLM-R, Barthez
    if (name == "AlbertTokenizer") id = 1;
    if (name == "RemBertTokenizer" || name == "T5Tokenizer") id = 2;
    // A constructor's unk_id: a sentencepiece model's, else tokenizer_config.json's; tokenizer.json's does not count.
    const auto unk_id = [&](std::int32_t usual) {
      return model != nullptr ? model->unk_id : static_cast<std::int32_t>(settings.number("unk_id", usual));
    };
    if (name == "XLNetTokenizer") id = unk_id(0);
    if (name == "CamembertTokenizer") id = std::max(index_of(*pieces, unk, true), 0);
    if (name == "DebertaV2Tokenizer" || name == "BigBirdTokenizer") {
      id = index_of(*pieces, unk, false);
      if (id < 0) id = name == "BigBirdTokenizer" ? 100 : unk_id(1);
    }
    if (id < 0 || static_cast<std::size_t>(id) >= pieces->vocab.size()) {
      throw Error(ErrorCode::invalid_format, std::string(name),
                  "the unknown piece " + std::to_string(id) + " in the vocabulary",
                  std::to_string(pieces->vocab.size()) + " pieces");
    }
    pieces->unk_id = id;
  }
}

ModelSpec sentencepiece_spec(std::string_view name, const ClassPlan& plan, const Settings& settings,
                             const SentencePieceModel& model, const std::string& where) {
  const bool as_it_stands = takes_as_it_stands(name);
  if (plan.model == ClassModel::bpe) {
    if (as_it_stands) {
      return sentencepiece_bpe(piece_names(plan.model, settings, model), model, MergeOrder::by_score, where);
    }
    return sentencepiece_bpe(names_of(model), model, MergeOrder::by_id, where);
  }
  UnigramPieces pieces = pieces_of(name, plan, settings, model, where);
  if (as_it_stands) pieces.byte_fallback = model.byte_fallback;
  return pieces;
}

}  // namespace bertrt::tokenizer
