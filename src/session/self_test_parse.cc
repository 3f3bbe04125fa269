#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "base/json.h"
#include "bertrt/error.h"
#include "session/self_test.h"

namespace bertrt::session {
namespace {

using Json = nlohmann::json;

// The exporter writes some 20 kB; a self-test of many long texts is still within.
constexpr base::JsonLimits kLimits{.depth = 16, .bytes = std::size_t{64} << 20, .elements = std::size_t{4} << 20};

// A part of the self-test and its place in it, for messages: "selftest.json, case 2, last_hidden_state".
class Part {
 public:
  Part(const Json& json, std::string where) : json_(json), where_(std::move(where)) {}

  Error bad(const std::string& expected, const std::string& found) const {
    return Error(ErrorCode::invalid_format, where_, expected + " (docs/bundle.md)", found);
  }

  const Json& list() const {
    if (!json_.is_array()) throw bad("a list", json_.type_name());
    if (json_.empty()) throw bad("a list with at least one entry", "an empty one");
    return json_;
  }

  Part at(const char* key) const {
    if (!json_.is_object()) throw bad("an object", json_.type_name());
    const auto found = json_.find(key);
    if (found == json_.end()) throw bad(std::string("an entry \"") + key + '"', "none");
    return {*found, where_ + ", " + key};
  }
  bool has(const char* key) const {
    const auto found = json_.find(key);
    return found != json_.end() && !found->is_null();
  }

  std::string text() const {
    if (!json_.is_string()) throw bad("a text", json_.type_name());
    return json_.get<std::string>();
  }

  // Whole numbers from 0 up to, and not including, `end`.
  template <typename T>
  std::vector<T> numbers(std::uint64_t end) const {
    std::vector<T> result;
    for (const Json& item : list()) {
      if (!item.is_number_unsigned() || item.get<std::uint64_t>() >= end) {
        const bool number = item.is_number();
        throw bad("whole numbers from 0 to " + std::to_string(end - 1), number ? item.dump() : item.type_name());
      }
      result.push_back(item.get<T>());
    }
    return result;
  }

  std::vector<float> floats() const {
    std::vector<float> result;
    for (const Json& item : list()) {
      const double value = item.is_number() ? item.get<double>() : std::numeric_limits<double>::infinity();
      if (!std::isfinite(static_cast<float>(value))) {
        throw bad("finite numbers", item.is_number() ? item.dump() : item.type_name());
      }
      result.push_back(static_cast<float>(value));
    }
    return result;
  }

 private:
  const Json& json_;
  std::string where_;
};

constexpr std::uint64_t kIdEnd = std::uint64_t{1} << 31U;

// A list of values for each of the rows that `result` has already.
void parse_data(const Part& part, ExpectedRows& result) {
  const Part data = part.at("data");
  std::size_t width = result.columns.size();
  for (const Json& row : data.list()) {
    result.data.push_back(Part(row, "self-test, data").floats());
    if (width == 0) width = result.data.back().size();
    if (result.data.back().size() != width) {
      throw data.bad(std::to_string(width) + " values a row", std::to_string(result.data.back().size()));
    }
  }
  if (result.data.size() != result.rows.size()) {
    throw data.bad(std::to_string(result.rows.size()) + " rows", std::to_string(result.data.size()));
  }
}

ExpectedRows parse_rows(const Part& part, std::size_t tokens) {
  ExpectedRows result;
  result.rows = part.at("rows").numbers<std::size_t>(tokens);
  if (part.has("columns")) result.columns = part.at("columns").numbers<std::int32_t>(kIdEnd);
  parse_data(part, result);
  return result;
}

SelfTestCase parse_case(const Part& part) {
  SelfTestCase test;
  test.text = part.at("text").text();
  if (part.has("pair")) test.pair = part.at("pair").text();
  test.encoding.input_ids = part.at("input_ids").numbers<std::int32_t>(kIdEnd);
  const std::size_t tokens = test.encoding.input_ids.size();
  if (part.has("token_type_ids")) {
    const Part types = part.at("token_type_ids");
    test.encoding.token_type_ids = types.numbers<std::int32_t>(kIdEnd);
    if (test.encoding.token_type_ids.size() != tokens) {
      throw types.bad("a type for each of " + std::to_string(tokens) + " tokens",
                      std::to_string(test.encoding.token_type_ids.size()));
    }
  }
  test.hidden = parse_rows(part.at("last_hidden_state"), tokens);
  if (part.has("logits")) test.logits = parse_rows(part.at("logits"), tokens);
  if (part.has("start_logits")) test.start_logits = parse_rows(part.at("start_logits"), tokens);
  if (part.has("end_logits")) test.end_logits = parse_rows(part.at("end_logits"), tokens);
  if (part.has("text_logits")) {
    ExpectedRows text;
    text.rows = {0};
    parse_data(part.at("text_logits"), text);
    test.text_logits = std::move(text);
  }
  return test;
}

}  // namespace

std::vector<SelfTestCase> parse_self_test(std::string_view json, const std::string& where) {
  const std::string name = where + ", self-test";
  const Json parsed = base::parse_json(json, name, kLimits);
  std::vector<SelfTestCase> cases;
  for (const Json& item : Part(parsed, name).at("cases").list()) {
    cases.push_back(parse_case({item, name + ", case " + std::to_string(cases.size() + 1)}));
  }
  return cases;
}

}  // namespace bertrt::session
