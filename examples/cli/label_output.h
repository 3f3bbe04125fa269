#pragma once

#include <span>
#include <string>

#include "bertrt/task_types.h"
#include "queries.h"

namespace bertrt::cli {

/// {"labels":[{"label","score"}]}, one line.
void write_labels_json(std::span<const LabelScore> labels, std::string& out);

/// The text, and a line with a bar for each label.
void write_labels(const Query& query, std::span<const LabelScore> labels, std::string& out);

/// The text of a query in bold, both texts of a pair; one line.
std::string title(const Query& query);

/// A score as people read it: three places.
std::string short_score(float score);

/// The query as the tasks take it; views on it.
TextPair pair_of(const Query& query);

}  // namespace bertrt::cli
