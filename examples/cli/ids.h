#pragma once

#include <string>
#include <vector>

#include "bertrt/encoding.h"

namespace bertrt::cli {

/// "I,I,…[;T,T,…[;M,M,…]]": ids, types and mask of one text; an empty part stands for the default.
/// @throws UsageError
Encoding parse_ids(const std::string& argument);

/// "NAME=v,v,…": an input beside these, integers, or floats where one of the values has a point, an exponent or is
/// inf or nan. "position_ids" is Encoding::position_ids. A name's first value goes to the first text, and so on.
/// @throws UsageError for a number of values that the texts' tokens do not divide, or more or fewer than the texts
void add_inputs(const std::vector<std::string>& arguments, std::vector<Encoding>& texts);

}  // namespace bertrt::cli
