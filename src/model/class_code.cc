#include "model/class_code.h"

#include <charconv>
#include <cstring>

#include "model/signature.h"

namespace bertrt::model {
namespace {

bool in_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

// The items between an open bracket at `open` and the one that closes it, split at the commas in between.
std::vector<std::string> items_in_brackets(std::string_view text, std::size_t open) {
  std::vector<std::string> items;
  std::string item;
  std::size_t depth = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    const char c = text[i];
    const bool opens = c == '(' || c == '[' || c == '{';
    const bool closes = c == ')' || c == ']' || c == '}';
    if (closes && --depth == 0) {
      if (!item.empty()) items.push_back(std::move(item));
      return items;
    }
    if (depth == 1 && c == ',') {
      items.push_back(std::move(item));
      item.clear();
    } else if (i > open && c != ' ' && c != '\n') {
      item += c;
    }
    if (opens) ++depth;
  }
  return {};  // no closing bracket
}

template <typename T>
std::optional<T> parse(std::string_view text) {
  T value{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::vector<Arguments> ClassCode::calls(std::string_view name) const {
  const std::string wanted = "torch." + std::string(name) + "(";
  std::vector<Arguments> result;
  for (std::size_t at = text_.find(wanted); at != std::string_view::npos; at = text_.find(wanted, at + 1)) {
    if (at > 0 && in_name(text_[at - 1])) continue;
    result.push_back(items_in_brackets(text_, at + wanted.size() - 1));
  }
  return result;
}

std::size_t ClassCode::methods(std::string_view name) const {
  const std::string wanted = "  def " + std::string(name);
  std::size_t count = 0;
  for (std::size_t at = text_.find(wanted); at != std::string_view::npos; at = text_.find(wanted, at + 1)) {
    std::size_t end = at + wanted.size();
    while (end < text_.size() && text_[end] >= '0' && text_[end] <= '9') ++end;
    if (end < text_.size() && text_[end] == '(') ++count;
  }
  return count;
}

ClassCode class_code(const ModelFile& file, std::string_view class_name) {
  if (class_name.empty()) return ClassCode({});
  const auto entry = file.code().find(code_entry_of(class_name));
  if (entry == file.code().end()) return ClassCode({});
  const std::string_view text = entry->second;
  const std::string head = "class " + std::string(class_name.substr(class_name.rfind('.') + 1)) + "(";
  std::size_t begin = text.find(head);
  while (begin != std::string_view::npos && begin > 0 && text[begin - 1] != '\n') begin = text.find(head, begin + 1);
  if (begin == std::string_view::npos) return ClassCode({});
  const std::size_t end = text.find("\nclass ", begin);
  return ClassCode(text.substr(begin, end == std::string_view::npos ? end : end - begin));
}

std::vector<std::string> list_items(std::string_view text) {
  return text.starts_with('[') ? items_in_brackets(text, 0) : std::vector<std::string>();
}

Arguments call_arguments(std::string_view text, std::string_view callee) {
  if (!text.starts_with(callee) || text.size() <= callee.size() || text[callee.size()] != '(') return {};
  return items_in_brackets(text, callee.size());
}

std::optional<std::int64_t> whole_number(std::string_view text) { return parse<std::int64_t>(text); }
std::optional<double> real_number(std::string_view text) { return parse<double>(text); }

std::optional<double> scalar(const archive::TensorView& tensor) {
  if (tensor.elements() != 1) return std::nullopt;
  if (tensor.type == archive::ElementType::int64) {
    std::int64_t value = 0;
    std::memcpy(&value, tensor.storage.data() + tensor.storage_offset * 8, sizeof(value));
    return static_cast<double>(value);
  }
  if (tensor.type == archive::ElementType::float64) {
    double value = 0;
    std::memcpy(&value, tensor.storage.data() + tensor.storage_offset * 8, sizeof(value));
    return value;
  }
  if (tensor.type != archive::ElementType::float32) return std::nullopt;
  return static_cast<double>(archive::to_float32(tensor)[0]);
}

}  // namespace bertrt::model
