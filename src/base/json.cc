#include "base/json.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "base/plain_text.h"
#include "bertrt/error.h"

namespace bertrt::base {
namespace {

using Json = nlohmann::json;

// Receives the parser's events and builds the document, counting. The parser keeps no stack but this one.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  Builder(const std::string& where, const JsonLimits& limits) : where_(where), limits_(limits) {}

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return false; }  // no JSON text has it
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& value) override {
    const auto [place, is_new] = open_.back()->get_ref<Json::object_t&>().emplace(std::move(value), nullptr);
    if (!is_new)
      throw Error(ErrorCode::invalid_format, where_, "each key once in an object",
                  base::printable(place->first) + " twice");
    member_ = &place->second;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    throw Error(ErrorCode::invalid_format, where_, "JSON",
                std::string(kind_of(error)) + " at byte " + std::to_string(position));
  }

  Json take() { return std::move(root_); }

 private:
  static const char* kind_of(const nlohmann::detail::exception& error) {
    return error.id == 406 ? "a number that is too large" : "something else";
  }

  bool add(Json value) {
    (void)put(std::move(value));
    return true;
  }

  bool open(Json container) {
    if (open_.size() == limits_.depth) {
      throw Error(ErrorCode::invalid_format, where_, "JSON nested at most " + std::to_string(limits_.depth) + " deep",
                  "nested deeper");
    }
    open_.push_back(put(std::move(container)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  // Places of open containers stay where they are: what holds them grows no more while they are open.
  Json* put(Json value) {
    if (++elements_ > limits_.elements) {
      throw Error(ErrorCode::unsupported, where_, "JSON of at most " + std::to_string(limits_.elements) + " values",
                  "more");
    }
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    if (open_.back()->is_array()) {
      auto& list = open_.back()->get_ref<Json::array_t&>();
      list.push_back(std::move(value));
      return &list.back();
    }
    *member_ = std::move(value);
    return member_;
  }

  const std::string& where_;
  const JsonLimits& limits_;
  Json root_;
  std::vector<Json*> open_;
  Json* member_ = nullptr;  // of the object that is open: the value of the last key
  std::size_t elements_ = 0;
};

// Receives the parser's events and keeps the keys of one object.
class KeyCollector final : public nlohmann::json_sax<Json> {
 public:
  explicit KeyCollector(std::string_view member) : member_(member) {}

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return open(); }
  bool start_array(std::size_t) override { return open(); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

  bool key(string_t& value) override {
    if (depth_ == 1) in_member_ = !member_.empty() && value == member_;
    if (depth_ == wanted() && (member_.empty() || in_member_)) keys_.push_back(std::move(value));
    return true;
  }

  std::vector<std::string> take() { return std::move(keys_); }

 private:
  std::size_t wanted() const noexcept { return member_.empty() ? 1 : 2; }
  bool open() {
    ++depth_;
    return true;
  }
  bool close() {
    --depth_;
    return true;
  }

  std::string_view member_;
  std::vector<std::string> keys_;
  std::size_t depth_ = 0;
  bool in_member_ = false;
};

}  // namespace

std::vector<std::string> json_keys_in_order(std::string_view text, std::string_view member) {
  KeyCollector collector(member);
  return Json::sax_parse(text.begin(), text.end(), &collector) ? collector.take() : std::vector<std::string>();
}

Json parse_json(std::string_view text, const std::string& where, const JsonLimits& limits) {
  if (text.size() > limits.bytes) {
    throw Error(ErrorCode::unsupported, where, "JSON of at most " + std::to_string(limits.bytes) + " bytes",
                std::to_string(text.size()));
  }
  Builder builder(where, limits);
  // A false without an error before it does not happen; if it did, half a document must not be taken for a whole one.
  if (!Json::sax_parse(text.begin(), text.end(), &builder)) {
    throw Error(ErrorCode::invalid_format, where, "JSON", "something else");
  }
  return builder.take();
}

}  // namespace bertrt::base
