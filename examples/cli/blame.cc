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

Blame::Blame(const Queries& queries, std::function<void()> ask, Put put)
    : queries_(queries), ask_(std::move(ask)), put_(std::move(put)) {}

void Blame::report(const Query& query, const Error& error) {
  const bool says_all = query.line == 0 && !queries_.keeps_going();  // it ends the job, and there is no line to name
  if (says_all || is_of_the_job(error)) throw error;
  put(query, error);
}

void Blame::refuse(const Query& query) const {
  put(query, Error(ErrorCode::invalid_argument, "input", queries_.expected(), query.bad));
}

void Blame::put(const Query& query, const Error& error) const {
  const Error named = at_line(query, error);
  if (!queries_.keeps_going()) throw named;
  put_(named);
}

// Whether the error is about what the command was asked with, so that no text can be answered.
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
