#include "tasks/head.h"

#include <algorithm>

#include "base/enum_names.h"
#include "bertrt/error.h"
#include "session/session_impl.h"
#include "tasks/what_it_has.h"

namespace bertrt::tasks {
namespace {

template <typename List>
std::string joined(const List& names, std::string_view between) {
  std::string text;
  for (const auto& name : names) text.append(text.empty() ? "" : between).append(name);
  return text;
}

// What a model has, for people who asked it for something else.
std::string found_in(const BertSession& session) {
  const std::vector<std::string>& heads = settings_of(session).heads;
  if (!heads.empty()) return "one with " + joined(heads, " and ");
  const SessionInfo& info = session.info();
  if (!info.task.empty() && info.task != "encoder") return "one for " + info.task;
  std::vector<std::string> roles;
  for (const OutputInfo& output : info.outputs) {
    std::string role(to_string(output.role));
    if (std::find(roles.begin(), roles.end(), role) == roles.end()) roles.push_back(std::move(role));
  }
  std::string text = "one without a head; it gives " + (roles.empty() ? "nothing" : joined(roles, ", "));
  for (const std::string& finding : info.findings) {
    const bool why = finding.starts_with("architectures:") || finding.starts_with("weights that no head");
    if (why) text += "; " + finding;
  }
  return text;
}

}  // namespace

const session::TaskSettings& settings_of(const BertSession& session) {
  return session::Access::impl(session).settings();
}

void require_head(const BertSession& session, const HeadWanted& wanted) {
  const auto refuse = [&](std::string expected, std::string found) {
    throw Error(ErrorCode::unsupported, std::string(wanted.task), std::move(expected), std::move(found));
  };
  base::check_named("the evidence that is asked for", wanted.least);
  const std::string expected = "a model with a head for " + joined(wanted.heads, " or ");
  const std::vector<std::string>& heads = settings_of(session).heads;
  const auto is_there = [&](std::string_view head) {
    return std::find(heads.begin(), heads.end(), head) != heads.end();
  };
  if (!heads.empty() && std::none_of(wanted.heads.begin(), wanted.heads.end(), is_there)) {
    refuse(expected, found_in(session));
  }
  const OutputInfo* const output = session.info().find_output(wanted.role);
  if (output == nullptr && !heads.empty()) {
    return refuse("a model that gives " + std::string(to_string(wanted.role)), what_it_has(session));
  }
  if (output == nullptr) return refuse(expected, found_in(session));
  for (const OutputInfo& other : session.info().outputs) {
    if (&other == output || other.role != wanted.role) continue;
    refuse("a model with one head that gives " + std::string(to_string(wanted.role)),
           "outputs " + output->name + " and " + other.name + ": BertSession::run gives both");
  }
  if (output->evidence < wanted.least) {
    refuse(std::string(to_string(wanted.role)) + " that are known " + std::string(to_string(wanted.least)),
           "output " + output->name + ", which is known " + std::string(to_string(output->evidence)));
  }
  const std::int64_t classes = output->shape.empty() ? 1 : output->shape.back();
  if (wanted.classes != 0 && classes >= 0 && static_cast<std::size_t>(classes) != wanted.classes) {
    refuse(expected + ", " + std::to_string(wanted.classes) + " numbers a text", std::to_string(classes));
  }
  static_cast<void>(session.tokenizer());  // an error where there is none
}

std::size_t words_with_rows(const BertSession& session) {
  const std::size_t tokens = session.tokenizer().vocab_size();
  const std::size_t rows = session.info().vocab_size;
  return rows == 0 ? tokens : std::min(tokens, rows);
}

std::string label_name(std::span<const std::string> labels, std::size_t index) {
  return index < labels.size() ? labels[index] : "LABEL_" + std::to_string(index);
}

std::vector<std::string> labels_of(const BertSession& session) {
  const std::vector<std::string>& labels = settings_of(session).labels;
  return labels.empty() ? session.info().labels : labels;
}

}  // namespace bertrt::tasks
