#include "blame.h"

#include <string>
#include <utility>

namespace bertrt::cli {
namespace {

// An option's own domain. (Memory that a text needs too much of is named by its budget, and is the text's affair.)
bool names_an_option(const Error& error) {
  const bool of_use = error.code() == ErrorCode::invalid_argument || error.code() == ErrorCode::unsupported;
  return of_use && error.where().find("Options::") != std::string::npos;
}

}  // namespace

Blame::Blame(std::function<void()> ask) : ask_(std::move(ask)) {}

bool Blame::is_of_the_job(const Error& error) {
  if (names_an_option(error)) return true;
  if (!std::exchange(asked_, true)) {
    try {
      ask_();
    } catch (const Error& met) {
      met_ = met;
    }
  }
  return met_ && met_->code() == error.code() && met_->where() == error.where() && met_->expected() == error.expected();
}

}  // namespace bertrt::cli
