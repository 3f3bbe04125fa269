#include "golden_cases.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>

#include "bertrt/error.h"

namespace bertrt::tasks_test {
namespace {

namespace fs = std::filesystem;

// Twice what is promised: both Python and this library are up to 1e-5 off what double precision gives for these
// weights, which are larger than any trained model's.
constexpr double kTolerance = 2e-5;

void add_folders(const fs::path& root, const std::string& task, std::vector<fs::path>& folders) {
  for (const auto& entry : fs::directory_iterator(root)) {
    if (!fs::exists(entry.path() / "expected.json")) continue;
    if (expected_of(entry.path()).at("task") == task) folders.push_back(entry.path());
  }
}

}  // namespace

Json expected_of(const fs::path& folder) {
  std::ifstream file(folder / "expected.json");
  return Json::parse(file);
}

std::vector<fs::path> golden_folders(const std::string& task) {
  std::vector<fs::path> folders;
  add_folders(fs::path(BERTRT_TEST_DATA) / "tasks", task, folders);
  if (const char* more = std::getenv("BERTRT_MORE_GOLDEN"); more != nullptr) add_folders(more, task, folders);
  std::sort(folders.begin(), folders.end());
  return folders;
}

BertSession load(const fs::path& folder) { return BertSession::load(folder, {.threads = 1, .warmup = false}); }

std::string difference(const Json& found, const Json& wanted, const std::string& place) {
  const std::string both = place + ": " + found.dump() + " instead of " + wanted.dump();
  if (found.is_number() && wanted.is_number()) {
    if (found.is_number_integer() && wanted.is_number_integer()) return found == wanted ? "" : both;
    const auto a = found.get<double>();
    const auto b = wanted.get<double>();
    return std::abs(a - b) <= kTolerance * std::max(1.0, std::abs(b)) ? "" : both;
  }
  if (found.type() != wanted.type() || found.size() != wanted.size()) return both;
  if (found.is_array()) {
    for (std::size_t i = 0; i < found.size(); ++i) {
      const std::string wrong = difference(found[i], wanted[i], place + "[" + std::to_string(i) + "]");
      if (!wrong.empty()) return wrong;
    }
    return "";
  }
  if (found.is_object()) {
    for (const auto& [key, value] : wanted.items()) {
      if (!found.contains(key)) return both;
      const std::string wrong = difference(found[key], value, place + "." + key);
      if (!wrong.empty()) return wrong;
    }
    return "";
  }
  return found == wanted ? "" : both;
}

void check_cases(const std::string& task, const std::function<Json(const BertSession&, const Json&)>& answer,
                 std::size_t at_least) {
  std::size_t seen = 0;
  for (const fs::path& folder : golden_folders(task)) {
    const BertSession session = load(folder);
    const Json expected = expected_of(folder);
    for (const Json& the_case : expected.at("cases")) {
      ++seen;
      Json asked = the_case;
      asked.erase("result");
      const std::string where = folder.filename().string() + " " + asked.dump().substr(0, 400);
      try {
        const Json found = answer(session, the_case);
        if (the_case.contains("error")) {
          ADD_FAILURE() << where << "\n  answered " << found.dump();
          continue;
        }
        const std::string wrong = difference(found, the_case.at("result"));
        if (!wrong.empty()) ADD_FAILURE() << where << "\n  " << wrong;
      } catch (const Error& error) {
        if (!the_case.contains("error")) ADD_FAILURE() << where << "\n  " << error.what();
      }
    }
  }
  EXPECT_GE(seen, at_least);
}

}  // namespace bertrt::tasks_test
