#pragma once

#include <string_view>

namespace bertrt::model {

struct OperatorVerdict {
  bool allowed = true;
  std::string_view why;  ///< static text; empty for allowed ones
};

/// Whether libtorch may be given a model that calls an operator, by namespace ("aten", "prim", …) and name. Allowed is
/// what this table lists; what it does not know it refuses.
OperatorVerdict judge_operator(std::string_view space, std::string_view name);

/// The same for a function that is called by its bare name (`annotate`, `print`).
OperatorVerdict judge_builtin(std::string_view name);

/// Whether the operator divides whole numbers, which ends the process where the divisor is 0 or -1: allowed by a number
/// that stands in the code.
bool divides(std::string_view name);

}  // namespace bertrt::model
