#include "run_cli.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace bertrt::cli_test {
namespace {

std::string quoted(const std::string& argument) {
  std::string result = "'";
  for (const char c : argument) c == '\'' ? result += "'\\''" : result += c;
  return result + "'";
}

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

std::string write_file(const std::string& name, const std::string& text) {
  // Tests run side by side, each in a process of its own.
  const auto folder = std::filesystem::temp_directory_path() / ("bertrt-cli-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const std::string path = (folder / name).string();
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

Outcome run(const std::vector<std::string>& arguments, const std::string& input) {
  const std::string in = write_file("in", input);
  const std::string out = write_file("out", "");
  const std::string err = write_file("err", "");
  std::string command = quoted(BERTRT_CLI);
  for (const std::string& argument : arguments) command += ' ' + quoted(argument);
  command += " <" + quoted(in) + " >" + quoted(out) + " 2>" + quoted(err);
  const int status = std::system(command.c_str());
  Outcome outcome{WIFEXITED(status) ? WEXITSTATUS(status) : -1, content(out), content(err)};
  std::filesystem::remove_all(std::filesystem::path(in).parent_path());
  return outcome;
}

Outcome run_shell(const std::string& line) {
  const std::string out = write_file("out", "");
  const std::string err = write_file("err", "");
  const std::string command =
      "BERTRT=" + quoted(BERTRT_CLI) + "; { " + line + "; } 1>" + quoted(out) + " 2>" + quoted(err);
  const int status = std::system(command.c_str());
  Outcome outcome{WIFEXITED(status) ? WEXITSTATUS(status) : -1, content(out), content(err)};
  std::filesystem::remove_all(std::filesystem::path(out).parent_path());
  return outcome;
}

std::vector<nlohmann::json> run_json(std::vector<std::string> arguments, const std::string& input) {
  arguments.emplace_back("--json");
  const Outcome outcome = run(arguments, input);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  std::vector<nlohmann::json> result;
  std::istringstream lines(outcome.out);
  for (std::string line; std::getline(lines, line);) result.push_back(nlohmann::json::parse(line));
  return result;
}

void expect_refused(const std::vector<std::string>& arguments, int status, const std::string& part,
                    const std::string& input) {
  const Outcome outcome = run(arguments, input);
  EXPECT_EQ(outcome.status, status) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_NE(outcome.err.find(part), std::string::npos) << outcome.err;
}

}  // namespace bertrt::cli_test
