#include "model/safety.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "model/code_text.h"
#include "model/operator_table.h"

namespace bertrt::model {
namespace {

constexpr std::size_t kMaxFindings = 200;  // by different names; a hostile file could have any number

class Scan {
 public:
  void entry(const std::string& name, std::string_view code) {
    entry_ = &name;
    tokens_ = tokenize_code(code);
    std::erase_if(tokens_, [](const CodeToken& token) { return token.kind == TokenKind::newline; });
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (tokens_[i].kind == TokenKind::name) look_at(i);
      if (is(i, "^")) report(i, OperatorRule::refuse, "a call of Python (^)", "runs outside of the model");
    }
  }

  std::vector<Finding> take() {
    std::vector<Finding> findings;
    findings.reserve(found_.size());
    for (auto& [what, place] : found_) {
      std::string message = std::move(place.message);
      if (place.count > 1) message += " (" + std::to_string(place.count) + " places)";
      findings.push_back({place.severity, std::move(place.where), std::move(message)});
    }
    // What decides comes first.
    std::stable_sort(findings.begin(), findings.end(),
                     [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
    return findings;
  }

 private:
  struct Place {
    Finding::Severity severity = Finding::Severity::note;
    std::string where;
    std::string message;
    std::size_t count = 0;
  };

  bool is(std::size_t index, std::string_view text) const {
    return index < tokens_.size() && tokens_[index].text == text;
  }
  bool is_name(std::size_t index) const { return index < tokens_.size() && tokens_[index].kind == TokenKind::name; }
  bool behind_dot(std::size_t index) const { return index > 0 && tokens_[index - 1].text.back() == '.'; }

  void look_at(std::size_t at) {
    const std::string_view name = tokens_[at].text;
    if (name == "__setstate__") {
      report(at, OperatorRule::refuse, "__setstate__", "runs code while the file is loaded");
    } else if (behind_dot(at)) {
      const OperatorVerdict verdict = judge_member(name);
      report(at, verdict.rule, name, verdict.why);
      // The class's full name, in a type or a call of its constructor: __torch__.torch.classes.space.Name
      if (name == "classes" && at >= 2 && tokens_[at - 2].text == "torch") {
        report(at, OperatorRule::warning, "a C++ class (torch.classes)", "is built from data by libtorch's own code");
      }
    } else if (name == "torch") {
      qualified(at, at + 2, "aten");
    } else if (name == "ops") {
      if (is(at + 1, ".") && is_name(at + 2)) {
        qualified(at, at + 4, tokens_[at + 2].text);
      } else {
        report(at, OperatorRule::refuse, "ops", "hides which operator is called");
      }
    } else if (name == "getattr" && is(at + 1, "(")) {
      attribute_by_text(at);
    } else if (is(at + 1, "(")) {
      const OperatorVerdict verdict = judge_builtin(name);
      report(at, verdict.rule, name, verdict.why);
    }
  }

  // torch.NAME or ops.SPACE.NAME; without its name the namespace itself is passed on, and nobody can tell what for.
  void qualified(std::size_t at, std::size_t name_at, std::string_view space) {
    if (!is(name_at - 1, ".") || !is_name(name_at)) {
      report(at, OperatorRule::refuse, tokens_[at].text, "hides which operator is called");
      return;
    }
    const std::string_view name = tokens_[name_at].text;
    const OperatorVerdict verdict = judge_operator(space, name);
    // A name that is judged anywhere behind a dot will be met again as such.
    if (judge_member(name).rule != OperatorRule::allowed) return;
    report(at, verdict.rule, std::string(space) + "::" + std::string(name), verdict.why);
  }

  // getattr(object, "name"): the name is a member like any other.
  void attribute_by_text(std::size_t at) {
    std::size_t depth = 0;
    for (std::size_t i = at + 1; i < tokens_.size(); ++i) {
      const std::string_view text = tokens_[i].text;
      if (text == "(" || text == "[") ++depth;
      if ((text == ")" || text == "]") && --depth == 0) break;
      if (depth != 1 || text != ",") continue;
      const bool literal = i + 1 < tokens_.size() && tokens_[i + 1].kind == TokenKind::text;
      if (!literal || tokens_[i + 1].text.find('\\') != std::string_view::npos) {
        report(at, OperatorRule::refuse, "getattr", "hides which attribute is meant");
      } else {
        std::string_view name = tokens_[i + 1].text;
        name = name.substr(1, name.size() >= 2 ? name.size() - 2 : 0);
        const OperatorVerdict verdict = judge_member(name);
        report(at, verdict.rule, name, verdict.why);
      }
      return;
    }
  }

  void report(std::size_t at, OperatorRule rule, std::string_view name, std::string_view why) {
    if (rule == OperatorRule::allowed) return;
    const auto known = found_.find(name);
    if (known != found_.end()) {
      ++known->second.count;
      return;
    }
    const bool refuse = rule == OperatorRule::refuse;
    if (found_.size() >= kMaxFindings && !refuse) return;
    if (found_.size() >= 2 * kMaxFindings) return;
    Place place;
    place.severity = refuse ? Finding::Severity::refuse : Finding::Severity::warning;
    place.where = *entry_ + ":" + std::to_string(tokens_[at].line);
    place.message = std::string(name.substr(0, 100)) + " " + std::string(why);
    place.count = 1;
    found_.emplace(std::string(name), std::move(place));
  }

  const std::string* entry_ = nullptr;
  std::vector<CodeToken> tokens_;
  std::map<std::string, Place, std::less<>> found_;
};

}  // namespace

std::vector<Finding> scan_code(const std::map<std::string, std::string, std::less<>>& code) {
  Scan scan;
  for (const auto& [entry, text] : code) scan.entry(entry, text);
  return scan.take();
}

}  // namespace bertrt::model
