#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/model_file.h"

namespace bertrt::model {

/// Reads what the code could do and reports everything that reaches outside of arithmetic on tensors: entry by entry,
/// one finding a name and entry. `refuse` means that the file must not be given to libtorch unless the user vouches
/// for it; `warning` asks for attention; see operator_table.h for the names.
std::vector<Finding> scan_code(const std::map<std::string, std::string, std::less<>>& code);

}  // namespace bertrt::model
