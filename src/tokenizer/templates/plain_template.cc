#include "tokenizer/templates/plain_template.h"

#include <algorithm>
#include <utility>

namespace bertrt::tokenizer {
namespace {

using Kind = TemplatePiece::Kind;

bool is_plain(const std::vector<TemplatePiece>& steps, std::vector<Kind> texts) {
  std::vector<Kind> found;
  for (const TemplatePiece& piece : steps) {
    if (piece.kind != Kind::special) found.push_back(piece.kind);
  }
  return found == texts;
}

}  // namespace

std::optional<PlainTemplate> plain_template(const PostProcessors& processors) {
  PlainTemplate plain;
  if (processors.empty()) {
    plain.steps = {.single = {{Kind::first, -1, 0}}, .pair = {{Kind::first, -1, 0}, {Kind::second, -1, 1}}};
    return plain;
  }
  const bool is_two = processors.size() == 2;
  if (processors.size() > 2) return std::nullopt;
  if (const auto* bytes = std::get_if<post_processors::ByteLevel>(&processors[0])) {
    plain.trims = bytes->trim_offsets;
    plain.keeps_prefix_space = bytes->add_prefix_space;
    if (!is_two) {
      plain.steps = {.single = {{Kind::first, -1, 0}}, .pair = {{Kind::first, -1, 0}, {Kind::second, -1, 1}}};
      plain.overflow_keeps_types = true;
      return plain;
    }
  } else if (is_two) {
    return std::nullopt;
  }
  const post_processors::Step& last = processors.back();
  if (const auto* steps = std::get_if<post_processors::TemplateProcessing>(&last)) {
    if (!steps->missing_single.empty() || !steps->missing_pair.empty()) return std::nullopt;
    if (!is_plain(steps->steps.single, {Kind::first})) return std::nullopt;
    if (!is_plain(steps->steps.pair, {Kind::first, Kind::second})) return std::nullopt;
    plain.steps = steps->steps;
    plain.overflow_keeps_types = true;
    return plain;
  }
  if (const auto* bert = std::get_if<post_processors::Bert>(&last)) {
    plain.steps = bert_template(bert->cls, bert->sep);
    return plain;
  }
  const auto* roberta = std::get_if<post_processors::Roberta>(&last);
  if (roberta == nullptr || is_two) return std::nullopt;
  plain.steps = roberta_template(roberta->cls, roberta->sep);
  plain.trims = roberta->trim_offsets;
  plain.keeps_prefix_space = roberta->add_prefix_space;
  return plain;
}

}  // namespace bertrt::tokenizer
