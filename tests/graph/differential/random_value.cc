#include "differential/random_value.h"

#include <cctype>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "graph/operators/common.h"

namespace bertrt::graph {
namespace {

class Reader {
 public:
  Reader(std::string_view text, std::mt19937& random) : text_(text), random_(random) {}

  std::vector<std::pair<std::string, Value>> arguments() {
    std::vector<std::pair<std::string, Value>> all;
    for (skip(); at_ < text_.size(); skip()) {
      std::string name;
      const std::size_t equals = text_.find('=', at_);
      const std::size_t space = std::min(text_.find(' ', at_), text_.size());
      if (equals < space && text_[at_] != '\'') {
        name = text_.substr(at_, equals - at_);
        at_ = equals + 1;
      }
      all.emplace_back(std::move(name), value());
    }
    return all;
  }

 private:
  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool take(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  std::string number() {
    const std::size_t start = at_;
    while (std::isdigit(static_cast<unsigned char>(peek())) || peek() == '-' || peek() == '.' || peek() == 'e') ++at_;
    return std::string(text_.substr(start, at_ - start));
  }

  Value scalar() {
    if (take("-inf")) return Value(-INFINITY);
    if (take("inf")) return Value(static_cast<double>(INFINITY));
    if (take("nan")) return Value(std::nan(""));
    const std::string digits = number();
    if (digits.empty()) throw std::logic_error("an argument at " + std::string(text_.substr(at_)));
    if (digits.find_first_of(".e") != std::string::npos) return Value(std::stod(digits));
    return Value(static_cast<std::int64_t>(std::stoll(digits)));
  }

  Value value() {
    if (take("True")) return Value(true);
    if (take("False")) return Value(false);
    if (take("None")) return {};
    if (take("device")) return Value(Device{"cpu"});
    if (take("'")) {
      const std::size_t end = text_.find('\'', at_);
      std::string word(text_.substr(at_, end - at_));
      at_ = end + 1;
      return Value(std::move(word));
    }
    if (take("[")) {
      std::vector<Value> items;
      while (!take("]")) {
        items.push_back(value());
        take(",");
      }
      return Value::list(std::move(items));
    }
    if (peek() == 'w') {
      ++at_;
      const Value held = scalar();
      Tensor tensor = held.real() ? Tensor::scalar(*held.real(), ElementType::float64)
                                  : Tensor::scalar(*held.integer(), ElementType::int64);
      tensor.wrapped_number = true;
      return Value(tensor);
    }
    if (take("l{")) {
      Sizes numbers;
      while (!take("}")) {
        numbers.push_back(std::stoll(number()));
        take(",");
      }
      const Tensor tensor = Tensor::make(ElementType::int64, {static_cast<std::int64_t>(numbers.size())});
      std::copy(numbers.begin(), numbers.end(), tensor.mutable_data<std::int64_t>());
      return Value(tensor);
    }
    if (peek(1) == '[' && std::isalpha(static_cast<unsigned char>(peek()))) return Value(tensor());
    return scalar();
  }

  static ElementType type_of(char letter) {
    switch (letter) {
      case 'f': return ElementType::float32;
      case 'd': return ElementType::float64;
      case 'l': return ElementType::int64;
      case 'i': return ElementType::int32;
      case 'h': return ElementType::int16;
      case 'c': return ElementType::int8;
      case 'u': return ElementType::uint8;
      case 'b': return ElementType::boolean;
      default: throw std::logic_error("a type " + std::string(1, letter));
    }
  }

  Tensor tensor() {
    const ElementType type = type_of(text_[at_]);
    at_ += 2;
    Sizes sizes;
    while (!take("]")) {
      sizes.push_back(std::stoll(number()));
      take(",");
    }
    char layout = 'c';
    if (take(":")) layout = text_[at_++];
    std::string kind;
    if (take("~")) {
      kind = text_[at_++];
      while (std::isdigit(static_cast<unsigned char>(peek()))) kind += text_[at_++];
    }
    Tensor result = laid_out(type, sizes, layout);
    fill_with(result.storage(), kind);
    return result;
  }

  Tensor laid_out(ElementType type, Sizes sizes, char layout) {
    const auto rank = static_cast<std::int64_t>(sizes.size());
    if (layout == 'h' && rank >= 3) {
      std::swap(sizes[static_cast<std::size_t>(rank - 3)], sizes[static_cast<std::size_t>(rank - 2)]);
      return transposed(Tensor::make(type, sizes), rank - 3, rank - 2);
    }
    if ((layout == 't' || layout == 'p') && rank >= 2) {
      const auto other = static_cast<std::size_t>(layout == 't' ? rank - 2 : 0);
      std::swap(sizes[other], sizes.back());
      return transposed(Tensor::make(type, sizes), static_cast<std::int64_t>(other), rank - 1);
    }
    if (layout == 's' && rank >= 1) {
      Sizes wide = sizes;
      for (std::int64_t& size : wide) size = 2 * size + 1;
      const Tensor base = Tensor::make(type, wide);
      Sizes strides = base.strides();
      for (std::int64_t& stride : strides) stride *= 2;
      return base.view_as(sizes, strides, base.elements() == 0 ? 0 : 1);
    }
    if (layout == 'e' && rank >= 1) {
      Sizes small = sizes;
      small[0] = 1;
      return expand(Tensor::make(type, small), sizes);
    }
    if (layout == 'o') {
      const std::int64_t elements = count_elements(sizes);
      return Tensor::make(type, {elements + 3}).view_as(sizes, contiguous_strides(sizes), 3);
    }
    return Tensor::make(type, sizes);
  }

  void fill_with(const std::shared_ptr<Storage>& storage, const std::string& kind) {
    with_type(storage->type(), [&]<typename T>() {
      T* values = reinterpret_cast<T*>(storage->mutable_data());
      for (std::int64_t i = 0; i < storage->elements(); ++i) values[i] = one<T>(storage->type(), kind);
    });
  }

  template <typename T>
  T one(ElementType type, const std::string& kind) {
    const auto below = [&](int bound) { return static_cast<int>(random_() % static_cast<unsigned>(bound)); };
    if (type == ElementType::boolean || kind == "m") return static_cast<T>(below(2));
    if (kind.starts_with("k")) return static_cast<T>(below(std::stoi(kind.substr(1))));
    if (kind == "x" && below(3) == 0) {
      return below(2) == 0 ? std::numeric_limits<T>::lowest() : std::numeric_limits<T>::max();
    }
    if (kind == "z" && below(3) == 0) return T{0};
    if constexpr (std::is_floating_point_v<T>) {
      if (kind == "n" && below(3) == 0) {
        const int which = below(3);
        return which == 0   ? std::numeric_limits<T>::quiet_NaN()
               : which == 1 ? std::numeric_limits<T>::infinity()
                            : -std::numeric_limits<T>::infinity();
      }
      const T value = static_cast<T>(std::uniform_real_distribution<double>(-3, 3)(random_));
      return kind == "p"   ? std::fabs(value) + T(0.1)
             : kind == "q" ? std::fabs(value) / 4 + T(0.05)
             : kind == "y" ? value / 4
                           : value;
    }
    if constexpr (std::is_unsigned_v<T>) return static_cast<T>(below(7) + (kind == "p" ? 1 : 0));
    return static_cast<T>(kind == "p" ? below(6) + 1 : below(13) - 6);
  }

  std::string_view text_;
  std::mt19937& random_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<std::pair<std::string, Value>> random_arguments(std::string_view text, std::mt19937& random) {
  return Reader(text, random).arguments();
}

}  // namespace bertrt::graph
