#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "bertrt/encoding.h"
#include "bertrt/output.h"
#include "bertrt/session.h"
#include "bertrt/tokenizer.h"

namespace bertrt::tasks {

/// One window of one text, and what the model gives for it: text `row` of `output`.
struct WindowOutput {
  std::size_t text;
  std::size_t window;  ///< 0 for the first of the text
  const Encoding& encoding;
  const EncoderOutput& output;
  std::size_t row;
};

/// The windows of a text: what truncation kept, then its overflow.
std::vector<Encoding> windows_of(Encoding encoding);

/// Takes the types out of an encoding where the tokenizer's types are no input of a model: XLM-R's tokenizer numbers
/// the texts of a pair in its overflow, and the model knows one type.
void drop_types(const Tokenizer& tokenizer, Encoding& encoding);

/// Whether padding goes to the left (padding_side), where transformers' pipelines order a question's texts by it.
bool pads_left(const Tokenizer& tokenizer);

/// Runs many texts in batches of a few thousand tokens, so that memory does not grow with their number. Texts are
/// encoded when their batch comes.
/// @param windows  gives text i's windows, none for a text that needs no run
/// @param take     is called for each window, texts and windows in order
/// @param runs     for each of the caller's texts, for messages: zero-shot runs a text once for each label
/// @throws Error, with "text i" in front of its place where there are several texts
void run_windows(const BertSession& session, const RunRequest& request, std::size_t texts,
                 const std::function<std::vector<Encoding>(std::size_t text)>& windows,
                 const std::function<void(const WindowOutput&)>& take, std::size_t runs = 1);

/// The longest encoding that a text is cut to: `asked` tokens, 0 standing for the tokenizer's own limit, as far as the
/// model takes it. 0: there is no limit that is known.
/// @param option  that asks, for messages
/// @throws Error invalid_argument where more is asked for than the model takes
std::size_t length_limit(const BertSession& session, std::size_t asked, const char* option);

}  // namespace bertrt::tasks
