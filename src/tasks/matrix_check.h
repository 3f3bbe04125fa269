#pragma once

#include "bertrt/output.h"

namespace bertrt::tasks {

/// @throws Error invalid_argument for a matrix whose values are not rows x cols
void check_matrix(const char* where, const Matrix& matrix);

}  // namespace bertrt::tasks
