#include "label_output.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "json.h"
#include "printable.h"
#include "terminal.h"

namespace bertrt::cli {

void write_labels_json(std::span<const LabelScore> labels, std::string& out) {
  JsonWriter writer(out);
  writer.begin_object().key("labels").begin_array();
  for (const LabelScore& label : labels) {
    writer.begin_object().key("label").value(label.label).key("score").value(label.score).end_object();
  }
  writer.end_array().end_object();
  out += '\n';
}

void write_labels(const Query& query, std::span<const LabelScore> labels, std::string& out) {
  out += title(query);
  std::size_t width = 8;
  for (const LabelScore& label : labels) width = std::max(width, printable(label.label).size());
  for (const LabelScore& label : labels) {
    out += "  " + pad_right(printable(label.label), width) + "  " + short_score(label.score) + "  " +
           bar(static_cast<double>(label.score), 20) + '\n';
  }
}

std::string title(const Query& query) {
  return bold(printable(query.text)) + (query.pair ? "  /  " + bold(printable(*query.pair)) : "") + '\n';
}

std::string short_score(float score) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%5.3f", static_cast<double>(score));
  return text.data();
}

TextPair pair_of(const Query& query) {
  TextPair pair{query.text};
  if (query.pair) pair.pair = *query.pair;
  return pair;
}

}  // namespace bertrt::cli
