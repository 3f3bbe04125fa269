#include "ids.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include "commands.h"

namespace bertrt::cli {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

template <typename T>
std::vector<T> numbers(std::string_view text, const char* what) {
  std::vector<T> values;
  if (trimmed(text).empty()) return values;
  for (std::string_view part : split(text, ',')) {
    part = trimmed(part);
    T value{};
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (error != std::errc() || end != part.data() + part.size()) {
      throw UsageError(std::string(what) + ": \"" + std::string(part) + "\" is no " +
                       (std::is_integral_v<T> ? "whole number that fits" : "number"));
    }
    values.push_back(value);
  }
  return values;
}

bool has_reals(std::string_view values) { return values.find_first_of(".eEnN") != std::string_view::npos; }

void add_input(Encoding& text, const std::string& name, std::string_view values) {
  const std::string where = "--input " + name;
  if (name == "position_ids") {
    text.position_ids = numbers<std::int32_t>(values, where.c_str());
    return;
  }
  NamedInput input;
  input.name = name;
  if (has_reals(values)) {
    input.real_values = numbers<float>(values, where.c_str());
  } else {
    input.values = numbers<std::int64_t>(values, where.c_str());
  }
  const std::size_t count = input.values.size() + input.real_values.size();
  if (count == 0 || text.size() == 0 || count % text.size() != 0) {
    throw UsageError(where + ": " + std::to_string(count) + " values for " + std::to_string(text.size()) +
                     " tokens; each token takes the same number");
  }
  input.width = count / text.size();
  text.extra_inputs.push_back(std::move(input));
}

}  // namespace

Encoding parse_ids(const std::string& argument) {
  const auto parts = split(argument, ';');
  if (parts.size() > 3) throw UsageError("--ids: at most three parts (ids;types;mask) in \"" + argument + "\"");
  Encoding encoding;
  encoding.input_ids = numbers<std::int32_t>(parts[0], "--ids");
  if (parts.size() > 1) encoding.token_type_ids = numbers<std::int32_t>(parts[1], "--ids, types");
  if (parts.size() > 2) encoding.attention_mask = numbers<std::int32_t>(parts[2], "--ids, mask");
  if (encoding.input_ids.empty()) throw UsageError("--ids: no ids in \"" + argument + "\"");
  return encoding;
}

void add_inputs(const std::vector<std::string>& arguments, std::vector<Encoding>& texts) {
  std::map<std::string, std::vector<std::string_view>> by_name;
  for (const std::string& argument : arguments) {
    const std::size_t at = argument.find('=');
    if (at == std::string::npos || at == 0) throw UsageError("--input takes NAME=v,v,…, not \"" + argument + "\"");
    by_name[argument.substr(0, at)].push_back(std::string_view(argument).substr(at + 1));
  }
  for (const auto& [name, values] : by_name) {
    if (values.size() != texts.size()) {
      throw UsageError("--input " + name + ": given " + std::to_string(values.size()) + " times for " +
                       std::to_string(texts.size()) + " texts; one for each, in their order");
    }
    for (std::size_t i = 0; i < texts.size(); ++i) add_input(texts[i], name, values[i]);
  }
}

}  // namespace bertrt::cli
