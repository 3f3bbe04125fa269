#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bertrt/session.h"

namespace bertrt::tasks_test {

using Json = nlohmann::json;

/// The folders of tests/data/tasks (and of the folder that the variable BERTRT_MORE_GOLDEN names, where it is set)
/// whose expected.json is for `task`.
std::vector<std::filesystem::path> golden_folders(const std::string& task);

Json expected_of(const std::filesystem::path& folder);

BertSession load(const std::filesystem::path& folder);

/// Why two answers are not the same: numbers with a fraction may differ by 2e-5 (of the larger of 1 and their size),
/// all else by nothing. Empty: they are.
std::string difference(const Json& found, const Json& wanted, const std::string& place = "answer");

/// Runs every case of every folder. `answer` gives our answer in Python's form, or throws an Error where Python has an
/// "error". A failure of the test for each case that differs, with what it was.
void check_cases(const std::string& task, const std::function<Json(const BertSession&, const Json& the_case)>& answer,
                 std::size_t at_least);

/// A float as it stands, so that it compares as one.
inline Json number(float value) { return static_cast<double>(value); }

}  // namespace bertrt::tasks_test
