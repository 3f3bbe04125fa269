#include "family/embeddings_match.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "family/ids_use.h"
#include "family/norm_match.h"
#include "family/scaled_words.h"
#include "family/terms.h"

namespace bertrt::family {
namespace {

using graph::Sizes;

// A table that rows are taken from, and which row for each token of the probe.
struct Lookup {
  Weight table;
  std::vector<std::int64_t> rows;  // [texts, length]
  std::int64_t padding = -1;       // the operator's padding_idx
  bool fixed = false;              // one row for all, whatever the inputs' values are
  bool by_ids = false;             // the ids are the rows
  IdsUse use = {};                 // what the rows know of the ids
};

bool all_one(const std::vector<std::int64_t>& rows) {
  return std::all_of(rows.begin(), rows.end(), [&](std::int64_t row) { return row == rows.front(); });
}

// Whether no input of the program is the same for all tokens of a probe (masks have holes when it is first looked at):
// what is the same for all then depends on none of them
// (zeros that positions are gathered from).
bool has_all_sorts(const Instance& instance, const Probe& probe) {
  const InputNames names = input_names(instance.program());
  return !all_one(probe.ids) && (!names.types || !all_one(probe.types)) &&
         (!names.positions || !all_one(probe.positions));
}

// What an operator takes rows from, and by which indices.
struct TakenRows {
  Weight table;
  Ref indices;
  std::int64_t padding = -1;  // the operator's padding_idx
};

std::int64_t padding_of(const Node& lookup) {
  return static_cast<std::int64_t>(number(lookup.arguments[2]).value_or(-1));
}

const Node* whole_lookup(const Instance& instance, const Ref& ref) {
  return whole_node(instance, ref, "aten::embedding");
}

// to(rows of integers) * rows of scales, by the same indices: what the exporter makes of words in int8.
std::optional<TakenRows> scaled_rows(const Instance& instance, const Node& product) {
  if (product.name != "aten::mul" || !product.refs[0].tensor.defined() || !product.refs[1].tensor.defined() ||
      product.refs[0].tensor.sizes() != product.result.tensor.sizes() ||
      product.result.tensor.type() != graph::ElementType::float32) {
    return std::nullopt;
  }
  const Node* widened = whole_node(instance, product.refs[0], "aten::to");
  const Node* rows = widened == nullptr ? nullptr : whole_lookup(instance, widened->refs[0]);
  const Node* scales = whole_lookup(instance, product.refs[1]);
  if (rows == nullptr || scales == nullptr || !is_same_view(rows->refs[1], scales->refs[1])) {
    return std::nullopt;
  }
  auto table = scaled_integers(instance, rows->refs[0], scales->refs[0]);
  if (!table) return std::nullopt;
  return TakenRows{std::move(*table), rows->refs[1], padding_of(*rows)};
}

std::optional<TakenRows> taken_rows(const Instance& instance, const Node& node) {
  if (node.partial) return std::nullopt;
  if (node.name != "aten::embedding") return scaled_rows(instance, node);
  auto table = weight(instance, node.refs[0]);
  if (!table) return std::nullopt;
  return TakenRows{std::move(*table), node.refs[1], padding_of(node)};
}

std::optional<Lookup> read_lookup(const Instance& instance, const Probe& probe, const Ref& term, std::int64_t width) {
  const Sizes sizes = {static_cast<std::int64_t>(probe.texts), static_cast<std::int64_t>(probe.length), width};
  const auto wide = broadcast(term, sizes);
  if (!wide) return std::nullopt;
  const Element first = instance.first(*wide);
  if (first.producer == kNoNode) return std::nullopt;
  auto taken = taken_rows(instance, instance.node(first.producer));
  if (!taken || !taken->indices.tensor.known()) return std::nullopt;
  const archive::TensorView& table = taken->table.tensor;
  if (table.shape.size() != 2 || table.shape[1] != width) return std::nullopt;
  const std::vector<std::int64_t> indices = graph::to_integers(taken->indices.tensor);
  Lookup lookup{std::move(taken->table), {}, taken->padding};
  lookup.by_ids = are_ids(instance, taken->indices);
  lookup.use = ids_use(instance, taken->indices);
  for (std::int64_t text = 0; text < sizes[0]; ++text) {
    for (std::int64_t token = 0; token < sizes[1]; ++token) {
      const Element from = instance.element(*wide, sizes, {text, token, 0});
      const Element to = instance.element(*wide, sizes, {text, token, width - 1});
      if (from.producer != first.producer || to.producer != first.producer || from.index < 0 ||
          from.index % width != 0 || to.index != from.index + width - 1) {
        return std::nullopt;
      }
      lookup.rows.push_back(indices[static_cast<std::size_t>(from.index / width)]);
    }
  }
  // A table of one row has no other.
  lookup.fixed = all_one(lookup.rows) && (lookup.table.tensor.shape[0] == 1 || !taken->indices.tensor.varies() ||
                                          has_all_sorts(instance, probe));
  return lookup;
}

// RoBERTa's: padding + 1, + 2, …, tokens that are padding get its own.
std::vector<std::int64_t> counted_positions(const Probe& probe, std::int64_t padding) {
  std::vector<std::int64_t> positions;
  for (std::size_t text = 0; text < probe.texts; ++text) {
    std::int64_t seen = 0;
    for (std::size_t token = 0; token < probe.length; ++token) {
      positions.push_back(probe.at(probe.ids, text, token) == padding ? padding : padding + ++seen);
    }
  }
  return positions;
}

std::vector<std::int64_t> absolute_positions(const Probe& probe, std::int64_t first) {
  std::vector<std::int64_t> positions;
  for (std::size_t text = 0; text < probe.texts; ++text) {
    for (std::size_t token = 0; token < probe.length; ++token) {
      positions.push_back(first + static_cast<std::int64_t>(token));
    }
  }
  return positions;
}

// Counted from a padding id that stands in no file by name: the row before the first token's that is no padding.
std::optional<std::int64_t> counted_padding(const Probe& probe, const std::vector<std::int64_t>& rows) {
  for (std::int64_t padding = 0; padding < 8; ++padding) {
    if (rows == counted_positions(probe, padding)) return padding;
  }
  return std::nullopt;
}

bool take_positions(const Probe& probe, Lookup& lookup, MatchedEmbeddings& found) {
  Embeddings& embeddings = found.embeddings;
  if (embeddings.positions) return false;
  if (lookup.rows == absolute_positions(probe, lookup.rows.front()) && probe.length > 1) {
    embeddings.position_scheme = PositionScheme::absolute;
    embeddings.first_position = lookup.rows.front();
  } else if (const auto padding = counted_padding(probe, lookup.rows)) {
    embeddings.position_scheme = PositionScheme::counted;
    embeddings.padding_id = *padding;
  } else if (lookup.rows == probe.positions && !all_one(probe.positions)) {
    // The caller's. What a caller who gives none means, the table says: RoBERTa's has a row for padding.
    found.positions_given = true;
    embeddings.position_scheme = lookup.padding < 0 ? PositionScheme::absolute : PositionScheme::counted;
    embeddings.padding_id = std::max<std::int64_t>(lookup.padding, 0);
  } else {
    return false;
  }
  embeddings.positions = std::move(lookup.table);
  return true;
}

}  // namespace

bool may_be_embeddings(const Node& node) {
  const bool rows = node.name == "aten::embedding" || (node.name == "aten::mul" && node.refs[1].tensor.defined());
  return may_be_norm(node) || rows || node.name == "aten::div";
}

std::optional<MatchedEmbeddings> match_embeddings(const Instance& instance, const Probe& probe, NodeId node,
                                                  std::string& why) {
  auto norm = find_norm(instance, node);
  Ref sum = norm ? norm->input : instance.node(node).result;
  MatchedEmbeddings found;
  // DeBERTa: the dense layer that makes them as wide as the layers stands under the norm.
  if (auto dense = norm ? find_dense(instance, instance.whole(sum)) : std::nullopt) {
    found.embeddings.projection = std::move(dense->dense);
    found.embeddings.norm_last = true;
    sum = dense->input;
  }
  if (sum.tensor.rank() == 0) return std::nullopt;
  const std::int64_t width = sum.tensor.sizes().back();
  found.state = node;
  found.embeddings.position_scheme = PositionScheme::none;
  found.embeddings.takes_types = false;
  bool words = false;
  std::vector<Lookup> others;
  for (const Ref& term : terms(instance, sum)) {
    const auto scaled = find_scaled_words(instance, probe, term);
    auto lookup = scaled ? read_lookup(instance, probe, scaled->rows, width) : std::nullopt;
    if (!lookup) {
      why = "a term of the embeddings that is no row of a table";
      return std::nullopt;
    }
    if (!words && lookup->by_ids && lookup->rows == probe.ids && !all_one(lookup->rows)) {
      found.embeddings.words = std::move(lookup->table);
      found.embeddings.scale = scaled->scale;
      found.embeddings.dropped = scaled->dropped;
      found.counts_mask = scaled->counts_mask;
      words = true;
    } else if (scaled->scale != 1 || scaled->dropped) {
      why = "rows of " + lookup->table.name + " that are scaled";
      return std::nullopt;
    } else {
      others.push_back(std::move(*lookup));
    }
  }
  if (!words) {
    why = "embeddings without words";
    return std::nullopt;
  }
  std::vector<std::int64_t> compared;
  for (Lookup& lookup : others) {
    if (lookup.use.read) {
      why = "rows of " + lookup.table.name + " that ids choose";
      return std::nullopt;
    }
    compared.insert(compared.end(), lookup.use.compared.begin(), lookup.use.compared.end());
    if (take_positions(probe, lookup, found)) continue;
    const bool given = lookup.rows == probe.types && !all_one(probe.types);
    if (found.embeddings.types || (!given && !lookup.fixed)) {
      why = "rows of " + lookup.table.name + " that are chosen in a way that no model of this family has";
      return std::nullopt;
    }
    found.embeddings.takes_types = given;
    if (!found.embeddings.takes_types) found.embeddings.fixed_type = lookup.rows.front();
    found.embeddings.types = std::move(lookup.table);
  }
  // Where ids are padding is known: positions are counted by it, and the probe shows it. Another id's place is not.
  const auto known = [&](std::int64_t id) {
    const bool counted = found.embeddings.position_scheme == PositionScheme::counted;
    return id == probe.padding || (counted && id == found.embeddings.padding_id);
  };
  if (!std::all_of(compared.begin(), compared.end(), known)) {
    why = "rows that depend on where an id stands";
    return std::nullopt;
  }
  if (norm) found.embeddings.norm = std::move(norm->norm);
  // ELECTRA and ALBERT: a dense layer between the embeddings and the first layer. Whose input that is, is seen from
  // the layers: the caller asks for it.
  return found;
}

}  // namespace bertrt::family
