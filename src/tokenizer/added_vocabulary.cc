#include "tokenizer/added_vocabulary.h"

#include <algorithm>

#include "bertrt/error.h"

namespace bertrt::tokenizer {

std::optional<std::int32_t> AddedVocabulary::find(std::string_view content) const {
  const auto found = by_content_.find(content);
  if (found == by_content_.end()) return std::nullopt;
  return found->second;
}

void AddedVocabulary::add(std::span<const AddedToken> tokens, const WordModel& model, const Normalizer& normalizer) {
  auto next = static_cast<std::int32_t>(model.token_count());
  if (!by_id_.empty() && (by_id_.rbegin()->first >= next || next == 0)) next = by_id_.rbegin()->first + 1;
  for (const AddedToken& token : tokens) {
    if (token.content.empty()) continue;
    auto id = find(token.content);
    if (id && by_id_.contains(*id) && by_id_.at(*id).token == token) continue;
    if (!id) id = model.token_to_id(token.content);
    if (!id) id = next++;
    keep_form(*id, token, normalizer);
    by_content_.insert_or_assign(token.content, *id);
    if (token.special) special_.insert(token.content);
    by_id_.insert_or_assign(*id, Entry{token, {}, {}, false});
  }
}

void AddedVocabulary::keep_form(std::int32_t id, const AddedToken& token, const Normalizer& normalizer) {
  if (!token.normalized || normalizer.empty()) return;
  if (std::string form = normalizer.apply(token.content); form != token.content) normalized_[id] = std::move(form);
}

AddedVocabulary AddedVocabulary::under(const Normalizer& normalizer, const std::string& where) const {
  AddedVocabulary other = *this;
  other.normalized_.clear();
  for (const auto& [id, entry] : by_id_) other.keep_form(id, entry.token, normalizer);
  other.finish(where);
  return other;
}

void AddedVocabulary::put(std::int32_t id, const AddedToken& token) {
  by_content_.insert_or_assign(token.content, id);
  if (token.special) special_.insert(token.content);
  by_id_.insert_or_assign(id, Entry{token, {}, {}, false});
}

void AddedVocabulary::finish(const std::string& where) {
  std::set<std::pair<bool, std::string>> searched;
  for (auto& [id, entry] : by_id_) {
    const auto form = normalized_.find(id);
    entry.decoded = form != normalized_.end() ? form->second : entry.token.content;
    entry.searched = entry.token.normalized ? entry.decoded : entry.token.content;
    // The decoder skips by content, so a normalized form that differs is not skipped.
    entry.is_skipped = special_.contains(entry.decoded);
    if (entry.searched.empty() || !searched.emplace(entry.token.normalized, entry.searched).second) {
      throw Error(ErrorCode::unsupported, where, "added tokens that differ after the normalizer, and are not empty",
                  "\"" + entry.token.content + "\"");
    }
  }
}

}  // namespace bertrt::tokenizer
