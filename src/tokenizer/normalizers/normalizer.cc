#include "tokenizer/normalizers/normalizer.h"

#include "bertrt/error.h"
#include "text/rewrite.h"
#include "text/utf8.h"
#include "tokenizer/bpe/byte_level.h"
#include "tokenizer/subword_model.h"

namespace bertrt::tokenizer {
namespace {

/// Collects what BertNormalizer gives.
struct BertSink {
  text::NormalizedText& text;
  void put(char32_t c, std::uint8_t, Offset source) {
    text::append_utf8(c, text.bytes);
    text.source.resize(text.bytes.size(), source);
  }
};

// A file's normalizer may make a text grow, but not without end.
constexpr std::size_t kRoom = std::size_t{1} << 20U;
constexpr std::size_t kMostGrowth = 64;
constexpr std::size_t kLongestContent = 64;

[[noreturn]] void refuse(const std::string& expected, const std::string& found) {
  throw Error(ErrorCode::invalid_argument, "normalizer", expected, found);
}

void check_content(const std::string& content) {
  if (content.size() > kLongestContent) {
    refuse("a content of at most " + std::to_string(kLongestContent) + " bytes", std::to_string(content.size()));
  }
}

struct Apply {
  text::NormalizedText& text;
  text::ChangeList& list;

  void operator()(const normalizers::Bert& step) const {
    list.next.clear();
    BertSink sink{list.next};
    text::BertNormalizer<BertSink> normalizer(step.options, sink);
    for (std::size_t at = 0; at < text.bytes.size();) {
      const text::Decoded c = text::decode_utf8(text.bytes, at);
      normalizer.feed(c.code_point, text.source[at]);
      at += c.length;
    }
    normalizer.finish();
    std::swap(text, list.next);
  }
  void operator()(normalizers::Nfc) const { text::nfc(text, list); }
  void operator()(normalizers::Nfd) const { text::nfd(text, list); }
  void operator()(normalizers::Nfkc) const { text::nfkc(text, list); }
  void operator()(normalizers::Nfkd) const { text::nfkd(text, list); }
  void operator()(const normalizers::Lowercase&) const { text::lowercase(text, list); }
  void operator()(normalizers::StripAccents) const { text::strip_accents(text, list); }
  void operator()(normalizers::Nmt) const { text::nmt(text, list); }
  void operator()(normalizers::ByteLevel) const { text::spell_bytes(text, byte_level_char, list); }
  void operator()(const normalizers::Strip& step) const { text::strip(text, list, step.left, step.right); }
  void operator()(const normalizers::Prepend& step) const {
    check_content(step.content);
    text::prepend(text, step.content);
  }
  void operator()(const normalizers::Replace& step) const {
    check_content(step.content);
    std::vector<text::Match> matches;
    step.pattern->find_all(text.bytes, matches);
    if (!step.content.empty() && !matches.empty() && matches[0].matched && matches[0].end == 0) {
      // What is put in there has no place in the text, and Hugging Face's next stages count wrong from it on.
      refuse("a Replace that puts nothing before the text", "\"" + step.content + "\"");
    }
    text::replace(text, matches, step.content, list);
  }
  void operator()(const normalizers::Precompiled& step) const { step->apply(text, list); }
};

}  // namespace

std::optional<Normalizer> Normalizer::in_lower_case() const {
  for (const normalizers::Step& step : steps_) {
    if (const auto* lower = std::get_if<normalizers::Lowercase>(&step); lower != nullptr && !lower->is_nested)
      return {};
  }
  if (!steps_.empty()) {
    // A Lowercase in front of these gives, for every code point, what they give without it.
    const auto* bert = std::get_if<normalizers::Bert>(&steps_[0]);
    if (bert != nullptr && bert->options.lowercase) return {};
  }
  std::vector<normalizers::Step> steps = {normalizers::Lowercase{}};
  steps.insert(steps.end(), steps_.begin(), steps_.end());
  return Normalizer(std::move(steps));
}

void Normalizer::apply(text::NormalizedText& text, text::ChangeList& list) const {
  const std::size_t most = kRoom + kMostGrowth * text.bytes.size();
  for (const normalizers::Step& step : steps_) {
    std::visit(Apply{text, list}, step);
    if (text.bytes.size() > most)
      refuse("texts that grow to " + std::to_string(kMostGrowth) + " times their size at most", "more");
  }
}

std::string Normalizer::apply(std::string_view text) const {
  text::NormalizedText normalized;
  text::ChangeList list;
  text::align_to_itself(text, normalized);
  apply(normalized, list);
  return std::move(normalized.bytes);
}

}  // namespace bertrt::tokenizer
