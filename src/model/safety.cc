#include "model/safety.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/plain_text.h"
#include "model/code_text.h"
#include "model/operator_table.h"
#include "model/statement_check.h"

namespace bertrt::model {
namespace {

constexpr std::size_t kMaxStatements = 50000;  // of all code together; a model of 24 layers has some 10,000
constexpr std::size_t kMaxFindings = 200;      // by different names; a hostile file could have any number

class Findings {
 public:
  void add(Finding::Severity severity, std::string where, std::string_view name, std::string_view why) {
    const auto known = found_.find(name);
    if (known != found_.end()) {
      ++known->second.count;
    } else if (found_.size() < kMaxFindings) {
      const std::string shown = base::printable(name);
      found_.emplace(std::string(name), Place{severity, std::move(where), shown + " " + std::string(why), 1});
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

  std::map<std::string, Place, std::less<>> found_;
};

}  // namespace

std::vector<Finding> scan_code(const std::map<std::string, std::string, std::less<>>& code) {
  Findings findings;
  std::vector<CodeToken> line;
  std::size_t statements = 0;
  for (const auto& [entry, text] : code) {
    const std::string shown = base::printable(entry);
    const auto report = [&](std::uint32_t at, std::string_view name, std::string_view why, bool refuse) {
      findings.add(refuse ? Finding::Severity::refuse : Finding::Severity::warning, shown + ":" + std::to_string(at),
                   name, why);
    };
    if (const auto strange = find_strange_character(text)) {
      report(strange->line, strange->what, "does not stand in code that tracing prints", true);
    }
    CodeReader reader(text);
    while (reader.read_line(line)) {
      if (line.empty()) continue;
      if (++statements == kMaxStatements) report(line[0].line, "a program of this length", "is no model's", true);
      StatementCheck(line, report).run();
    }
  }
  return findings.take();
}

}  // namespace bertrt::model
