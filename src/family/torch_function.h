#pragma once

#include <string>
#include <string_view>

namespace bertrt::family {

/// What an activation of torch.nn makes of one value, with the settings that it has by default.
using TorchFunction = double (*)(double);

/// @param name  of the class, without its module: "Tanh"
/// @return null for one that is not known
TorchFunction torch_function(std::string_view name) noexcept;

/// The names that are known, for messages.
std::string torch_function_names();

/// The last part of a dotted name: what a Python class is called in its module.
std::string last_part(std::string_view dotted);

}  // namespace bertrt::family
