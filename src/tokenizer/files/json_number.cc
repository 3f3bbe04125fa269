#include "tokenizer/files/json_number.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <system_error>

namespace bertrt::tokenizer {
namespace {

constexpr int kMostPower = std::numeric_limits<double>::max_exponent10;  // 308
constexpr int kMostExponent = std::numeric_limits<std::int32_t>::max();

double nearest(std::string_view text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

const std::array<double, kMostPower + 1>& powers_of_ten() {
  static const auto kPowers = [] {
    std::array<double, kMostPower + 1> powers{};
    for (std::size_t i = 0; i < powers.size(); ++i) powers[i] = nearest("1e" + std::to_string(i));
    return powers;
  }();
  return kPowers;
}

/// A number as JSON writes it, cut into what tokenizers makes of it: digits x 10^exponent.
class Decimal {
 public:
  /// Bytes of the number; 0 for none.
  std::size_t read(std::string_view text) {
    text_ = text;
    negative_ = take('-');
    const std::size_t whole = at_;
    while (is_digit()) add_digit(false);
    if (at_ == whole || (text_[whole] == '0' && at_ > whole + 1)) return 0;
    if (take('.')) {
      // Digits that come behind some that did not fit count again where they fit: so it is there.
      is_full_ = false;
      const std::size_t fraction = at_;
      while (is_digit()) add_digit(true);
      if (at_ == fraction) return 0;
    }
    if ((take('e') || take('E')) && !read_exponent()) return 0;
    return at_;
  }

  /// Not finite beyond the largest double.
  double value() const {
    const auto& powers = powers_of_ten();
    auto value = static_cast<double>(digits_);
    std::int64_t exponent = exponent_;
    for (; exponent < -kMostPower && value != 0; exponent += kMostPower) value /= powers.back();
    if (value == 0) {
      // Whatever the exponent.
    } else if (exponent > kMostPower) {
      value = std::numeric_limits<double>::infinity();
    } else if (exponent >= 0) {
      value *= powers[static_cast<std::size_t>(exponent)];
    } else {
      value /= powers[static_cast<std::size_t>(-exponent)];
    }
    return negative_ ? -value : value;
  }

 private:
  bool is_digit() const { return at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; }
  bool take(char c) {
    const bool is_here = at_ < text_.size() && text_[at_] == c;
    at_ += is_here ? 1 : 0;
    return is_here;
  }
  void add_digit(bool is_fraction) {
    const auto digit = static_cast<std::uint64_t>(text_[at_++] - '0');
    is_full_ = is_full_ || digits_ > (std::numeric_limits<std::uint64_t>::max() - digit) / 10;
    if (!is_full_) digits_ = digits_ * 10 + digit;
    if (is_full_ != is_fraction) exponent_ += is_full_ ? 1 : -1;
  }
  bool read_exponent() {
    const bool is_below = take('-');
    if (!is_below) take('+');
    if (!is_digit()) return false;
    std::int64_t exponent = 0;
    for (; is_digit(); ++at_) exponent = std::min<std::int64_t>(exponent * 10 + (text_[at_] - '0'), kMostExponent);
    exponent_ += is_below ? -exponent : exponent;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool negative_ = false;
  bool is_full_ = false;  ///< one digit did not fit, and none behind it counts
  std::uint64_t digits_ = 0;
  std::int64_t exponent_ = 0;
};

}  // namespace

JsonNumber read_json_number(std::string_view text, JsonReader reader) {
  Decimal decimal;
  JsonNumber number;
  number.size = decimal.read(text);
  if (number.size == 0) return {};
  number.value = decimal.value();
  if (!std::isfinite(number.value)) return {};
  if (reader == JsonReader::python) {
    // One that is too small for from_chars is a zero in both.
    const char* const begin = text.data();
    const auto result = std::from_chars(begin, begin + number.size, number.value);
    if (result.ec != std::errc{} && std::fabs(number.value) > 1) return {};
  }
  return number;
}

}  // namespace bertrt::tokenizer
