#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/model_file.h"

namespace bertrt::model {

/// Whether libtorch may be given this code. It may when every line is of the kinds that tracing prints and every call
/// is of an operator that the table allows (operator_table.h), of a class or function of the archive, or of a
/// submodule's forward: so a list of what is known, in which all else is refused, not a list of what is known to do
/// harm. Besides operators, refused are: loops but `for` over a literal range; functions of Python's data model
/// (__setstate__, __init__, …), which libtorch calls by itself; whatever could hide what is called (a call of a
/// computed value, another name for a function, unusual characters); classes of C++ (torch.classes); decorators and
/// keywords that tracing does not print.
///
/// What this cannot promise is that the code ends, or stays within any memory; docs/security.md.
///
/// One finding a name, all of severity `refuse` but one: as_strided, which libtorch checks and every Longformer has, is
/// a `warning`. In time linear in the code, and memory in proportion to its longest statement.
std::vector<Finding> scan_code(const std::map<std::string, std::string, std::less<>>& code);

}  // namespace bertrt::model
