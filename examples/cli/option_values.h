#pragma once

#include <CLI/CLI.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace bertrt::cli {

/// Above what any text has, and any answer.
constexpr std::uint64_t kMostTokens = 100000000;

/// A whole number in decimal digits, `least` to `most`. The parser alone would read 010 as 8, 0x10 as 16 and -1 as the
/// largest there is. For Option::transform().
CLI::Validator whole_number(std::uint64_t least, std::uint64_t most = kMostTokens);

/// A value that is not empty: an empty one is not an option that was left out. For Option::check().
CLI::Validator not_empty();

/// Adds an option whose value is a list with commas, "a,b"; given again, it goes on.
/// @param known  what the parts may be; empty: anything
CLI::Option* add_list(CLI::App& command, const std::string& name, std::vector<std::string>& list,
                      const std::string& description, const std::vector<std::string>& known = {});

/// The same for numbers, each a whole_number() from 1 on.
CLI::Option* add_numbers(CLI::App& command, const std::string& name, std::vector<std::size_t>& list,
                         const std::string& description);

}  // namespace bertrt::cli
