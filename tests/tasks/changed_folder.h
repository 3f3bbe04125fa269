#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "golden_cases.h"

namespace bertrt::tasks_test {

/// A golden folder with another config.json.
class Changed {
 public:
  Changed(const std::string& name, const nlohmann::json& change) {
    const std::filesystem::path from = std::filesystem::path(BERTRT_TEST_DATA) / "tasks" / name;
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("bertrt_labels_" + std::to_string(std::random_device()()) + "_" + name);
    std::filesystem::remove_all(folder_);
    std::filesystem::copy(from, folder_);
    std::ifstream file(folder_ / "config.json");
    nlohmann::json config = nlohmann::json::parse(file);
    config.merge_patch(change);
    std::filesystem::permissions(folder_ / "config.json", std::filesystem::perms::owner_write,
                                 std::filesystem::perm_options::add);
    std::ofstream(folder_ / "config.json") << config.dump();
  }
  ~Changed() { std::filesystem::remove_all(folder_); }
  Changed(const Changed&) = delete;
  Changed& operator=(const Changed&) = delete;
  void add(const std::string& file, const std::string& text) const { std::ofstream(folder_ / file) << text; }
  nlohmann::json config() const {
    std::ifstream file(folder_ / "config.json");
    return nlohmann::json::parse(file);
  }
  BertSession session() const { return load(folder_); }

 private:
  std::filesystem::path folder_;
};

}  // namespace bertrt::tasks_test
