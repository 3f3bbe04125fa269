#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/model_file.h"

namespace bertrt::model {

/// A call's arguments as texts without spaces, in order.
using Arguments = std::vector<std::string>;

/// The code of one class, for reading the constants that a tracer wrote into it.
class ClassCode {
 public:
  explicit ClassCode(std::string_view text) : text_(text) {}

  bool empty() const noexcept { return text_.empty(); }
  /// The arguments of each call of torch.NAME, in the code's order.
  std::vector<Arguments> calls(std::string_view name) const;
  /// Methods with this name, numbered ones included ("forward", "forward1", …).
  std::size_t methods(std::string_view name) const;

 private:
  std::string_view text_;
};

/// A class's code by its full name; empty when the file has none. Valid as long as the file.
ClassCode class_code(const ModelFile& file, std::string_view class_name);

/// The items of a text "[a, b]"; empty for other texts.
std::vector<std::string> list_items(std::string_view text);
/// The arguments of a text "callee(a, b)"; empty for other texts.
Arguments call_arguments(std::string_view text, std::string_view callee);
std::optional<std::int64_t> whole_number(std::string_view text);
std::optional<double> real_number(std::string_view text);
/// A one-element tensor's value.
std::optional<double> scalar(const archive::TensorView& tensor);

}  // namespace bertrt::model
