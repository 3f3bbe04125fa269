#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/model_file.h"

namespace bertrt::model {

/// "code/__torch__/a/b.py" for a class "__torch__.a.b.Name".
std::string code_entry_of(std::string_view class_name);

/// The methods of a class as its code's text declares them: names, arguments with types, return type, and the keys
/// of a dict that is returned. Helpers that torch adds (names with two underscores) are left out.
std::vector<Method> read_methods(std::string_view code, std::string_view class_name);

}  // namespace bertrt::model
