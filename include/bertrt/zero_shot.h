#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bertrt/export.h"
#include "bertrt/session.h"
#include "bertrt/task_types.h"

namespace bertrt {
inline namespace v0 {

struct ZeroShotOptions {
  /// What is made of a label, as Python's str.format() makes it: "{}" (or "{0}", "{:}", "{!s}") stands for it, "{{" and
  /// "}}" for braces. Other formats are refused.
  std::string hypothesis_template = "This example is {}.";
  /// Each label by itself, against its contradiction; else the labels share one. One label is always by itself.
  bool multi_label = false;
};

/// Classification by labels that come with the call: a model of natural language inference says whether a text entails
/// "This example is sport.".
///
///   bertrt::ZeroShot ask(session);
///   auto answer = ask("Who are you voting for?", {"politics", "sport"});   // answer[0].label == "politics"
///
/// One run of the model for each text and label. Texts are cut to the tokenizer's limit or the model's, the smaller;
/// hypotheses never. Const calls may run on many threads at once.
class BERTRT_API ZeroShot {
 public:
  /// Entailment is the first label of the model's label2id that begins with "entail"; without one it is the last
  /// column, with a warning.
  /// @throws Error unsupported when the model has no head for texts or no tokenizer
  explicit ZeroShot(BertSession session, Evidence least = Evidence::by_name);

  /// Best first; equals in reverse order of the labels, as Python has them. LabelScore::index is the place in `labels`.
  /// @throws Error invalid_argument for an empty text, no label, or a template that comes out with the first label as
  /// it
  ///         went in. That is Python's check: "{{}}", which becomes "{}" for every label, passes.
  std::vector<LabelScore> operator()(std::string_view text, const std::vector<std::string>& labels,
                                     const ZeroShotOptions& options = {}) const;
  /// One list for each, in order. An Error names the text by its number.
  std::vector<std::vector<LabelScore>> operator()(std::span<const std::string> batch,
                                                  const std::vector<std::string>& labels,
                                                  const ZeroShotOptions& options = {}) const;
  /// So that a text of {"one", "two"} means two texts.
  std::vector<std::vector<LabelScore>> operator()(std::initializer_list<std::string_view> batch,
                                                  const std::vector<std::string>& labels,
                                                  const ZeroShotOptions& options = {}) const;

  /// "sport, politics" as two labels: cut at commas, white space at the ends off, empty ones dropped.
  static std::vector<std::string> split_labels(std::string_view labels);
  /// {"one", "two"} would be one text, between pointers that have nothing in common: it is a list of labels already.
  static std::vector<std::string> split_labels(std::initializer_list<std::string_view> labels) = delete;

 private:
  BertSession session_;
  std::ptrdiff_t entailment_ = -1;  ///< column; -1: the last one
};

}  // namespace v0
}  // namespace bertrt
