#include "option_values.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <system_error>
#include <utility>

namespace bertrt::cli {
namespace {

std::string enumerated(const std::vector<std::string>& names, const char* separator) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : separator) + name;
  return text;
}

// The parts between the commas, without the empty ones.
std::vector<std::string> split_list(std::string_view list) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    if (end > begin) parts.emplace_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

using TakeParts = std::function<void(const std::vector<std::string>& parts)>;

// Whole values come here: a parser that knows of the comma takes the next argument for a list without parts.
CLI::Option* add_parts(CLI::App& command, const std::string& name, const std::string& description, TakeParts take) {
  const auto split = [name, take = std::move(take)](const std::vector<std::string>& values) {
    for (const std::string& value : values) {
      const std::vector<std::string> parts = split_list(value);
      if (parts.empty()) throw CLI::ValidationError(name, "expected a list with commas, found \"" + value + "\"");
      take(parts);
    }
  };
  return command.add_option_function<std::vector<std::string>>(name, split, description)
      ->expected(1)  // else the help promises several arguments
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

}  // namespace

CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
  const std::string range = std::to_string(least) + " to " + std::to_string(most);
  const auto check = [least, most, range](std::string& text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < least || value > most) {
      return "expected a whole number from " + range + ", found \"" + text + "\"";
    }
    text = std::to_string(value);
    return std::string();
  };
  return {check, range};
}

CLI::Validator not_empty() {
  return {[](std::string& text) { return std::string(text.empty() ? "expected a value, found an empty one" : ""); },
          ""};
}

CLI::Option* add_list(CLI::App& command, const std::string& name, std::vector<std::string>& list,
                      const std::string& description, const std::vector<std::string>& known) {
  const auto take = [name, known, &list](const std::vector<std::string>& parts) {
    for (const std::string& part : parts) {
      if (!known.empty() && std::find(known.begin(), known.end(), part) == known.end()) {
        throw CLI::ValidationError(name, "expected some of " + enumerated(known, ", ") + ", found \"" + part + "\"");
      }
      list.push_back(part);
    }
  };
  return add_parts(command, name, description, take)
      ->type_name(known.empty() ? "TEXT" : "TEXT:{" + enumerated(known, ",") + "}");
}

CLI::Option* add_numbers(CLI::App& command, const std::string& name, std::vector<std::size_t>& list,
                         const std::string& description) {
  const auto take = [name, &list](const std::vector<std::string>& parts) {
    for (std::string part : parts) {
      if (std::string error = whole_number(1)(part); !error.empty()) throw CLI::ValidationError(name, error);
      list.push_back(std::stoul(part));
    }
  };
  return add_parts(command, name, description, take)->type_name("UINT");
}

}  // namespace bertrt::cli
