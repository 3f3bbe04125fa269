#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bertrt/embedder.h"
#include "bertrt/sparse_embedder.h"

namespace bertrt::embedding_test {

using Json = nlohmann::ordered_json;

/// The folders of tests/data/tasks, and of the folder that the variable BERTRT_MORE_GOLDEN names where it is set, whose
/// expected.json is for `task`.
std::vector<std::filesystem::path> folders(const std::string& task);
Json expected(const std::filesystem::path& folder);

/// encode, encode_query, encode_document, with Python's arguments.
Matrix python_call(const Embedder& embed, const Json& the_case, const std::string& method);

/// The largest difference of two matrices as Python has them, in units of max(1, |expected|); infinity for two shapes.
double difference(const Matrix& found, const Json& expected);
double difference(const SparseVector& found, const Json& expected);

}  // namespace bertrt::embedding_test
