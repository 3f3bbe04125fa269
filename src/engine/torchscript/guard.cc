#include "engine/torchscript/guard.h"

#include <exception>
#include <new>

#include "engine/torchscript/host.h"

namespace bertrt::engine::torchscript {
namespace {

constexpr std::size_t kLongestMessage = 400;

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

}  // namespace

void WarningBridge::process(const c10::Warning& warning) { host().warn(one_line(warning.msg())); }

TorchScope::TorchScope() : warnings_(&bridge_), executor_(false) {
  const int wanted = static_cast<int>(host().num_threads());
  if (at::get_num_threads() != wanted) at::set_num_threads(wanted);
}

std::string one_line(std::string_view message) {
  // An interpreter message is a heading, a traceback and, last, "RuntimeError: what happened".
  for (const std::string_view marker : {"RuntimeError: ", "Error: "}) {
    const auto at = message.rfind(marker);
    if (at != std::string_view::npos && message.starts_with("The following operation failed")) {
      message = message.substr(at + marker.size());
      break;
    }
  }
  std::string line(trimmed(message.substr(0, trimmed(message).find('\n'))));
  if (line.size() > kLongestMessage) line = line.substr(0, kLongestMessage) + "…";
  return line.empty() ? "no message" : line;
}

Error current_exception_as_error(ErrorCode code, std::string_view where, std::string_view expected) {
  std::string found;
  try {
    throw;
  } catch (const Error& error) {
    return error;
  } catch (const c10::Error& error) {
    found = one_line(error.what_without_backtrace());
  } catch (const std::bad_alloc&) {
    code = ErrorCode::out_of_resources;
    found = "not enough memory";
  } catch (const std::exception& error) {
    found = one_line(error.what());
  } catch (...) {
    found = "an exception of unknown type";
  }
  return Error(code, std::string(where), std::string(expected), std::move(found));
}

}  // namespace bertrt::engine::torchscript
