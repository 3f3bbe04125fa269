#include "tasks/table_modules.h"

#include <string>
#include <string_view>
#include <system_error>

#include "archive/guard.h"
#include "base/warnings.h"
#include "bertrt/error.h"
#include "session/decision.h"
#include "session/tokenizer_choice.h"

namespace bertrt::tasks {
namespace {

void check_without_engine(const SessionOptions& options) {
  session::check_options(options);
  const auto need = [](bool right, const char* option, const char* expected, std::string_view found) {
    if (right) return;
    throw Error(ErrorCode::unsupported, std::string("SessionOptions::") + option,
                std::string(expected) + " for a table in the encoder's place, which no engine runs",
                std::string(found));
  };
  need(options.engine == EngineKind::automatic, "engine", "automatic", to_string(options.engine));
  need(options.packed.dtype == DType::fp32, "packed.dtype", "fp32", to_string(options.packed.dtype));
  need(options.torchscript.device == "cpu", "torchscript.device", "\"cpu\"", options.torchscript.device);
  need(options.torchscript.operator_libraries.empty(), "torchscript.operator_libraries", "none", "some");
}

}  // namespace

std::optional<family::SentenceModules> table_modules(const std::filesystem::path& folder,
                                                     const SessionOptions& session) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) return std::nullopt;
  return archive::guard_memory(folder.string(), [&]() -> std::optional<family::SentenceModules> {
    // Who has an encoder reads its modules by himself.
    if (!family::begins_with_table(folder)) return std::nullopt;
    auto modules = family::read_sentence_modules(folder);
    if (modules && modules->modules.empty()) return std::nullopt;
    if (modules) check_without_engine(session);
    return modules;
  });
}

void check_table_rows(const Tokenizer& tokenizer, std::size_t rows, const std::filesystem::path& folder) {
  if (rows == 0)
    throw Error(ErrorCode::model_mismatch, folder.string(), "a table with a row a token", "one without rows");
  const auto finding = session::check_vocabulary(tokenizer, rows, folder.string());
  if (finding) base::warn(folder.string() + ": " + *finding);
}

void check_has_row(std::int32_t id, std::size_t rows) {
  if (static_cast<std::size_t>(id) < rows) return;
  throw Error(ErrorCode::invalid_argument, "text", "tokens that the table's " + std::to_string(rows) + " rows are for",
              "token " + std::to_string(id));
}

}  // namespace bertrt::tasks
