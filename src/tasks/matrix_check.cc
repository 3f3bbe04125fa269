#include "tasks/matrix_check.h"

#include <string>

#include "bertrt/error.h"

namespace bertrt::tasks {

void check_matrix(const char* where, const Matrix& matrix) {
  const bool whole = matrix.cols == 0
                         ? matrix.data.empty()
                         : matrix.data.size() % matrix.cols == 0 && matrix.data.size() / matrix.cols == matrix.rows;
  if (whole) return;
  throw Error(ErrorCode::invalid_argument, where,
              "a matrix of " + std::to_string(matrix.rows) + " x " + std::to_string(matrix.cols) + " values",
              std::to_string(matrix.data.size()));
}

}  // namespace bertrt::tasks
