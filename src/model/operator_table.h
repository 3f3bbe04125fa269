#pragma once

#include <string_view>

namespace bertrt::model {

enum class OperatorRule {
  allowed,  ///< arithmetic on tensors, or on Python values
  warning,  ///< unknown here, or from another library: the file needs attention
  refuse,   ///< reaches files, the network or memory outside of its tensors
};

struct OperatorVerdict {
  OperatorRule rule = OperatorRule::allowed;
  std::string_view why;  ///< static text; empty for allowed ones
};

/// What an operator may do, by namespace ("aten", "prim", …) and name. An operator that this table does not list is
/// never `allowed`.
OperatorVerdict judge_operator(std::string_view space, std::string_view name);

/// The same for a name that stands behind a dot, whatever it stands on: the code's `x.save(…)` can call aten::save.
/// `allowed` here means no more than that the name alone is no reason for a finding.
OperatorVerdict judge_member(std::string_view name);

/// The same for a function that is called by its bare name (`print`, `fork`).
OperatorVerdict judge_builtin(std::string_view name);

}  // namespace bertrt::model
