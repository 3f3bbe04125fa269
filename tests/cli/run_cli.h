#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bertrt::cli_test {

struct Outcome {
  int status = -1;
  std::string out;
  std::string err;
};

/// Runs build/bin/bertrt with these arguments and this standard input.
Outcome run(const std::vector<std::string>& arguments, const std::string& input = {});

/// Runs a line of the shell, with the binary's path in $BERTRT.
Outcome run_shell(const std::string& line);

/// The lines of a successful run's standard output, each parsed; a failure of the test where it is something else.
std::vector<nlohmann::json> run_json(std::vector<std::string> arguments, const std::string& input = {});

/// A bad run: this status, nothing on standard output, one line on standard error that holds `part`.
void expect_refused(const std::vector<std::string>& arguments, int status, const std::string& part,
                    const std::string& input = {});

/// A file of the test's own with this content; its path.
std::string write_file(const std::string& name, const std::string& content);

}  // namespace bertrt::cli_test
