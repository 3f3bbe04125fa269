#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bertrt/output.h"
#include "bertrt/session.h"
#include "session/task_settings.h"

namespace bertrt::tasks {

/// What a task wants of a model.
struct HeadWanted {
  std::string_view task;                          ///< the class, for messages
  std::initializer_list<std::string_view> heads;  ///< any of these, as TaskSettings::heads names them
  OutputRole role = OutputRole::text_logits;
  Evidence least = Evidence::by_name;
  std::size_t classes = 0;  ///< columns that it must have, 0: any
};

/// Sees that the session has what a task wants, and a tokenizer. Where the model's files do not name their heads (a
/// bare trace), the role of its outputs decides alone.
/// @throws Error unsupported; the message names the heads, or the outputs, that are there
void require_head(const BertSession& session, const HeadWanted& wanted);

const session::TaskSettings& settings_of(const BertSession& session);

/// How many words a masked-token head must have logits for: the tokenizer's ids, without the added tokens that the word
/// embedding has no row for.
std::size_t words_with_rows(const BertSession& session);

/// A label's name: the model's, else LABEL_n.
std::string label_name(std::span<const std::string> labels, std::size_t index);

/// The labels of the session's head.
std::vector<std::string> labels_of(const BertSession& session);

}  // namespace bertrt::tasks
