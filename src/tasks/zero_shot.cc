#include "bertrt/zero_shot.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "base/out_of_memory.h"
#include "base/plain_text.h"
#include "base/warnings.h"
#include "bertrt/error.h"
#include "tasks/head.h"
#include "tasks/lower_case.h"
#include "tasks/scores.h"
#include "tasks/softmax.h"
#include "tasks/windows.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace bertrt {
inline namespace v0 {
namespace {

// A template that was read, as Python's str.format() reads one that is given a single value.
class Hypothesis {
 public:
  explicit Hypothesis(std::string_view given) : given_(given) {
    bool counted = false;
    bool numbered = false;
    parts_.emplace_back();
    for (std::size_t i = 0; i < given.size(); ++i) {
      const char c = given[i];
      const bool doubled = i + 1 < given.size() && given[i + 1] == c;
      if ((c == '{' || c == '}') && doubled) {
        parts_.back().push_back(c);
        ++i;
      } else if (const std::size_t length = field_length(given.substr(i)); length != 0) {
        const bool bare = given[i + 1] != '0';
        if (bare && counted) refuse("one {}, since a hypothesis has one label");
        (bare ? counted : numbered) = true;
        if (counted && numbered) refuse("either {} or {0}");
        i += length - 1;
        parts_.emplace_back();
      } else if (c == '{' || c == '}') {
        refuse("{} where the label stands, {{ and }} for braces");
      } else {
        parts_.back().push_back(c);
      }
    }
  }

  std::string with(std::string_view label) const {
    std::string text = parts_.front();
    for (std::size_t i = 1; i < parts_.size(); ++i) text.append(label).append(parts_[i]);
    return text;
  }
  std::string_view given() const noexcept { return given_; }
  [[noreturn]] void refuse(const char* expected) const {
    throw Error(ErrorCode::invalid_argument, "ZeroShotOptions::hypothesis_template", expected, base::printable(given_));
  }

 private:
  // The length of the field that a text begins with, of those that give the label as it is: {}, {0}, {:}, {!s}, {0!s:}
  // and their like. 0: it begins with something else.
  static std::size_t field_length(std::string_view text) {
    std::size_t at = 0;
    for (const std::string_view part : {"{", "0", "!s", ":"}) {
      if (text.substr(at).starts_with(part)) at += part.size();
    }
    return text.starts_with('{') && text.substr(at).starts_with('}') ? at + 1 : 0;
  }

  std::string_view given_;
  std::vector<std::string> parts_;  ///< between the labels
};

// Python's str.strip().
std::string_view stripped(std::string_view text) {
  const auto is_space = [](char32_t c) {
    return (text::unicode_flags(c) & text::kSpace) != 0 || (c >= 0x1C && c <= 0x1F);
  };
  while (!text.empty()) {
    const text::Decoded c = text::decode_utf8(text, 0);
    if (!is_space(c.code_point)) break;
    text.remove_prefix(c.length);
  }
  for (std::size_t end = text.size(); end > 0;) {
    std::size_t at = end - 1;
    while (at > 0 && end - at < 4 && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) --at;
    const text::Decoded c = text::decode_utf8(text, at);
    if (at + c.length != end || !is_space(c.code_point)) break;
    text.remove_suffix(c.length);
    end = at;
  }
  return text;
}

std::ptrdiff_t entailment_of(const BertSession& session) {
  for (const auto& [label, id] : tasks::settings_of(session).label_ids) {
    if (!tasks::lower_case(label).starts_with("entail")) continue;
    const OutputInfo* const output = session.info().find_output(OutputRole::text_logits);
    const std::int64_t columns = output->shape.empty() ? -1 : output->shape.back();
    if (id < 0 || (columns >= 0 && id >= columns)) {
      throw Error(ErrorCode::model_mismatch, "label2id: " + base::printable(label),
                  "one of the head's " + std::to_string(columns) + " columns", std::to_string(id));
    }
    return static_cast<std::ptrdiff_t>(id);
  }
  base::warn("no label of the model begins with \"entail\": the last column of its head is taken for entailment");
  return -1;
}

// Python's quirk in zero-shot alone: a hypothesis that is longer than what a text can give up is not cut at all.
Encoding encode(const Tokenizer& tokenizer, std::string_view text, std::string_view hypothesis,
                const EncodeOptions& options) {
  try {
    return tokenizer.encode(text, hypothesis, options);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::input_too_long) throw;
    EncodeOptions whole = options;
    whole.truncation = Truncation::none;
    whole.max_length = 0;
    return tokenizer.encode(text, hypothesis, whole);
  }
}

std::vector<LabelScore> answer_of(const std::vector<float>& entail, const std::vector<float>& contradict, bool apart,
                                  const std::vector<std::string>& labels) {
  std::vector<float> scores = tasks::scores_of(entail, ScoreFunction::softmax);
  for (std::size_t i = 0; apart && i < scores.size(); ++i) {
    const float two[] = {contradict[i], entail[i]};
    scores[i] = tasks::Softmax(two).probability(1);
  }
  std::vector<std::size_t> order(labels.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  // What is no number stands last: compared as itself it would be no order at all.
  const auto key = [&](std::size_t i) {
    return std::isnan(scores[i]) ? -std::numeric_limits<float>::infinity() : scores[i];
  };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  std::vector<LabelScore> answer;
  for (auto at = order.rbegin(); at != order.rend(); ++at) answer.push_back({labels[*at], *at, scores[*at]});
  return answer;
}

}  // namespace

ZeroShot::ZeroShot(BertSession session, Evidence least) : session_(std::move(session)) {
  base::or_out_of_memory("ZeroShot", [&] {
    tasks::require_head(session_, {.task = "ZeroShot", .heads = {"sequence-classification"}, .least = least});
    entailment_ = entailment_of(session_);
  });
}

std::vector<LabelScore> ZeroShot::operator()(std::string_view text, const std::vector<std::string>& labels,
                                             const ZeroShotOptions& options) const {
  return base::or_out_of_memory("ZeroShot", [&] {
    const std::string one(text);
    return std::move((*this)(std::span(&one, 1), labels, options).front());
  });
}

std::vector<std::vector<LabelScore>> ZeroShot::operator()(std::initializer_list<std::string_view> batch,
                                                          const std::vector<std::string>& labels,
                                                          const ZeroShotOptions& options) const {
  return base::or_out_of_memory("ZeroShot", [&] {
    const std::vector<std::string> texts(batch.begin(), batch.end());
    return (*this)(std::span<const std::string>(texts), labels, options);
  });
}

std::vector<std::vector<LabelScore>> ZeroShot::operator()(std::span<const std::string> batch,
                                                          const std::vector<std::string>& labels,
                                                          const ZeroShotOptions& options) const {
  return base::or_out_of_memory("ZeroShot", [&] {
    if (labels.empty()) throw Error(ErrorCode::invalid_argument, "labels", "at least one label", "none");
    const Hypothesis hypothesis(options.hypothesis_template);
    if (hypothesis.with(labels.front()) == hypothesis.given()) hypothesis.refuse("{} where the label stands");

    const Tokenizer& tokenizer = session_.tokenizer();
    EncodeOptions encoding;
    encoding.with_offsets = false;
    encoding.with_overflow = false;
    encoding.truncation = Truncation::only_first;
    encoding.max_length = tasks::length_limit(session_, 0, "");
    const auto windows = [&](std::size_t place) {
      const std::string& text = batch[place / labels.size()];
      if (text.empty()) throw Error(ErrorCode::invalid_argument, "text", "a text to classify", "an empty one");
      return std::vector<Encoding>{encode(tokenizer, text, hypothesis.with(labels[place % labels.size()]), encoding)};
    };
    std::vector<std::vector<LabelScore>> answers;
    std::vector<float> entail;
    std::vector<float> contradict;
    const auto take = [&](const tasks::WindowOutput& window) {
      const std::span<const float> logits = window.output.text_logits.value().row(window.row);
      const auto last = static_cast<std::ptrdiff_t>(logits.size()) - 1;
      const std::ptrdiff_t column = entailment_ < 0 ? last : std::min(entailment_, last);
      entail.push_back(logits[static_cast<std::size_t>(column)]);
      contradict.push_back(logits[static_cast<std::size_t>(entailment_ == 0 ? last : 0)]);
      if (entail.size() < labels.size()) return;
      answers.push_back(answer_of(entail, contradict, options.multi_label || labels.size() == 1, labels));
      entail.clear();
      contradict.clear();
    };
    const std::size_t places = batch.size() * labels.size();
    tasks::run_windows(session_, {.hidden_states = false, .pooled_output = false, .logits = true}, places, windows,
                       take, labels.size());
    return answers;
  });
}

std::vector<std::string> ZeroShot::split_labels(std::string_view labels) {
  return base::or_out_of_memory("ZeroShot", [&] {
    std::vector<std::string> result;
    for (std::size_t begin = 0; begin <= labels.size();) {
      const std::size_t end = std::min(labels.find(',', begin), labels.size());
      const std::string_view label = stripped(labels.substr(begin, end - begin));
      if (!label.empty()) result.emplace_back(label);
      begin = end + 1;
    }
    return result;
  });
}

}  // namespace v0
}  // namespace bertrt
