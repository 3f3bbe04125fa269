#include "bench_inputs.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <numbers>
#include <random>
#include <stdexcept>
#include <string>
#include <system_error>

#include "commands.h"

namespace bertrt::cli {
namespace {

/// A standard normal number, made here (Box-Muller) because the standard library's differs between systems.
double normal(std::mt19937& random) {
  const auto uniform = [&] { return (random() + 0.5) / 4294967296.0; };
  const double radius = std::sqrt(-2 * std::log(uniform()));
  return radius * std::cos(2 * std::numbers::pi * uniform());
}

/// A fraction, a bool and what has no room are no ids; the JSON library would make some of them.
std::int32_t token_id(const nlohmann::json& value) {
  const auto id = value.is_number_integer() ? value.get<std::int64_t>() : std::int64_t{-1};
  const bool fits = value.is_number_integer() && id >= std::numeric_limits<std::int32_t>::min() &&
                    id <= std::numeric_limits<std::int32_t>::max();
  const bool wraps = value.is_number_unsigned() && id < 0;
  if (!fits || wraps) throw std::out_of_range(value.dump());
  return static_cast<std::int32_t>(id);
}

}  // namespace

std::vector<Encoding> read_ids(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::error_code ignored;
  if (!file || std::filesystem::is_directory(path, ignored)) throw UsageError("--ids: cannot read " + path.string());
  const auto refuse = [&](std::size_t number, const std::string& found) {
    throw UsageError("--ids: line " + std::to_string(number) + " of " + path.string() +
                     " is not {\"input_ids\":[...]} with integers of 32 bits" + found);
  };
  std::vector<Encoding> result;
  std::string line;
  for (std::size_t number = 1; std::getline(file, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    try {
      Encoding encoding;
      const auto ids = nlohmann::json::parse(line).at("input_ids").get<std::vector<nlohmann::json>>();
      for (const nlohmann::json& id : ids) encoding.input_ids.push_back(token_id(id));
      result.push_back(std::move(encoding));
    } catch (const nlohmann::json::exception&) {
      refuse(number, "");
    } catch (const std::out_of_range& error) {
      refuse(number, std::string(", found ") + error.what());
    }
  }
  if (result.empty()) throw UsageError("--ids: " + path.string() + " holds no line");
  return result;
}

Encoding one_text(std::size_t length, std::size_t vocab_size) {
  // Word ids of no meaning, below what every vocabulary has.
  const std::size_t ids = vocab_size == 0 ? 1000 : vocab_size;
  const std::size_t first = ids > 2000 ? 1000 : 0;
  Encoding encoding;
  for (std::size_t i = 0; i < length; ++i) {
    encoding.input_ids.push_back(static_cast<std::int32_t>(first + i % (ids - first)));
  }
  return encoding;
}

std::vector<Encoding> typical_mix(std::size_t max_length, std::size_t vocab_size) {
  std::mt19937 random(1);
  std::vector<Encoding> result;
  const std::size_t longest = max_length == 0 ? 81 : std::min<std::size_t>(81, max_length);
  for (int i = 0; i < 96; ++i) {
    const auto length = static_cast<std::size_t>(std::lround(std::exp(2.9 + 0.6 * normal(random))));
    result.push_back(one_text(std::clamp<std::size_t>(length, 1, longest), vocab_size));
  }
  return result;
}

std::vector<std::vector<Encoding>> batches(const std::vector<Encoding>& texts, std::size_t batch_size) {
  std::vector<std::vector<Encoding>> result;
  for (std::size_t begin = 0; begin < texts.size(); begin += batch_size) {
    const std::size_t end = std::min(texts.size(), begin + batch_size);
    result.emplace_back(texts.begin() + static_cast<std::ptrdiff_t>(begin),
                        texts.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return result;
}

}  // namespace bertrt::cli
