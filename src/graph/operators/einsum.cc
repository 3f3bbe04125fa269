#include <algorithm>
#include <array>

#include "graph/operators/arithmetic.h"
#include "graph/operators/common.h"
#include "graph/operators/products.h"
#include "graph/operators/table.h"

namespace bertrt::graph {
namespace {

/// The axes of an operand by letter: 0 to 51 for letters, from 64 on for those of "…".
using Labels = std::vector<int>;
constexpr int kEllipsis = 64;

int label_of(const Call& c, char letter) {
  if (letter >= 'A' && letter <= 'Z') return letter - 'A';
  if (letter >= 'a' && letter <= 'z') return 26 + letter - 'a';
  c.fail("letters, commas and dots", std::string(1, letter));
}

Labels labels_of(const Call& c, std::string_view text, std::int64_t rank, std::int64_t ellipsis_axes) {
  Labels labels;
  std::int64_t letters = 0;
  for (const char letter : text) letters += letter != '.' && letter != ' ' ? 1 : 0;
  const std::int64_t more = rank < 0 ? ellipsis_axes : rank - letters;
  bool dots = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ') continue;
    if (text[i] != '.') {
      labels.push_back(label_of(c, text[i]));
      continue;
    }
    if (dots || text.substr(i, 3) != "..." || more < 0) c.fail("one ... an operand", std::string(text));
    dots = true;
    i += 2;
    // Counted from the last, so that operands with fewer of them are lined up at their ends.
    for (std::int64_t axis = more; axis-- > 0;) labels.push_back(kEllipsis + static_cast<int>(axis));
  }
  if (rank >= 0 && static_cast<std::int64_t>(labels.size()) != rank) {
    c.fail("a letter for each axis", std::string(text) + " for " + std::to_string(rank) + " axes");
  }
  return labels;
}

/// The operand with one axis for each label of `order`, of size 1 where it has none; an axis that stands twice is its
/// diagonal.
Tensor arranged(const Call& c, Tensor a, Labels labels, const Labels& order) {
  for (std::size_t i = 0; i < labels.size(); ++i) {
    for (std::size_t j = i + 1; j < labels.size();) {
      if (labels[j] != labels[i]) {
        ++j;
        continue;
      }
      if (a.sizes()[i] != a.sizes()[j]) c.fail("one size for a letter that stands twice", to_string(a.sizes()));
      Sizes sizes = a.sizes();
      Sizes strides = a.strides();
      if (__builtin_add_overflow(strides[i], strides[j], &strides[i])) strides[i] = 0;  // of one element
      sizes.erase(sizes.begin() + static_cast<std::ptrdiff_t>(j));
      strides.erase(strides.begin() + static_cast<std::ptrdiff_t>(j));
      labels.erase(labels.begin() + static_cast<std::ptrdiff_t>(j));
      a = a.view_as(std::move(sizes), std::move(strides), a.offset());
    }
  }
  Sizes sizes;
  Sizes strides;
  for (const int label : order) {
    const auto found = std::find(labels.begin(), labels.end(), label);
    const auto at = static_cast<std::size_t>(found - labels.begin());
    sizes.push_back(found == labels.end() ? 1 : a.sizes()[at]);
    strides.push_back(found == labels.end() ? 0 : a.strides()[at]);
  }
  return a.view_as(std::move(sizes), std::move(strides), a.offset());
}

Tensor summed(Call& c, const Tensor& a, std::size_t kept) {
  // The axes behind the kept ones are summed by a product with ones.
  Sizes front(a.sizes().begin(), a.sizes().begin() + static_cast<std::ptrdiff_t>(kept));
  const std::int64_t size =
      count_elements(Sizes(a.sizes().begin() + static_cast<std::ptrdiff_t>(kept), a.sizes().end()));
  Tensor ones = c.make(a.type(), {size});
  fill(ones, Value(std::int64_t{1}));
  const Tensor rows = reshaped(c, a, {count_elements(front), size});
  return reshaped(c, matrix_product(c, rows, ones), front);
}

/// Products of two: labels of both that are not in `kept` are summed.
Tensor contracted(Call& c, const Tensor& a, const Labels& a_labels, const Tensor& b, const Labels& b_labels,
                  const Labels& kept) {
  Labels batch;
  Labels left;
  Labels right;
  Labels gone;
  const auto has = [](const Labels& labels, int label) {
    return std::find(labels.begin(), labels.end(), label) != labels.end();
  };
  const auto size_in = [](const Tensor& t, const Labels& labels, int label) {
    const auto found = std::find(labels.begin(), labels.end(), label);
    return found == labels.end() ? std::int64_t{1} : t.size(found - labels.begin());
  };
  Labels all = a_labels;
  for (const int label : b_labels) {
    if (!has(all, label)) all.push_back(label);
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  std::vector<std::int64_t> sizes;
  for (const int label : all) {
    const std::int64_t x = size_in(a, a_labels, label);
    const std::int64_t y = size_in(b, b_labels, label);
    if (x != y && x != 1 && y != 1) c.fail("one size for a letter", std::to_string(x) + " and " + std::to_string(y));
    const bool in_both = has(a_labels, label) && has(b_labels, label);
    if (!has(kept, label)) {
      gone.push_back(label);
    } else if (in_both) {
      batch.push_back(label);
    } else {
      (has(a_labels, label) ? left : right).push_back(label);
    }
  }
  const auto sizes_of = [&](const Labels& labels) {
    Sizes result;
    for (const int label : labels) {
      const std::int64_t x = size_in(a, a_labels, label);
      result.push_back(x == 1 ? size_in(b, b_labels, label) : x);
    }
    return result;
  };
  const auto joined = [](std::initializer_list<const Labels*> parts) {
    Labels labels;
    for (const Labels* part : parts) labels.insert(labels.end(), part->begin(), part->end());
    return labels;
  };
  const auto as_matrix = [&](const Tensor& t, const Labels& labels, const Labels& rows, const Labels& columns) {
    const Labels order = joined({&batch, &rows, &columns});
    const Tensor view = expand(arranged(c, t, labels, order), sizes_of(order));
    return reshaped(
        c, view, {count_elements(sizes_of(batch)), count_elements(sizes_of(rows)), count_elements(sizes_of(columns))});
  };
  const Tensor product = matrix_product(c, as_matrix(a, a_labels, left, gone), as_matrix(b, b_labels, gone, right));
  const Labels order = joined({&batch, &left, &right});
  const Tensor result = reshaped(c, product, sizes_of(order));
  return arranged(c, result, order, kept);
}

void einsum(Call& c) {
  const std::string& equation = c.text(0);
  const std::vector<Tensor> operands = c.tensors(1);
  if (operands.empty()) c.fail("at least one operand", "none");
  if (equation.size() > 256) c.fail("an equation of at most 256 letters", std::to_string(equation.size()));
  const std::size_t arrow = equation.find("->");
  std::string_view left = std::string_view(equation).substr(0, arrow);
  std::vector<Labels> labels;
  std::int64_t dots = 0;
  for (const Tensor& operand : operands) {
    const std::size_t comma = std::min(left.find(','), left.size());
    const std::string_view one = left.substr(0, comma);
    labels.push_back(labels_of(c, one, operand.rank(), 0));
    dots = std::max<std::int64_t>(
        dots, std::count_if(labels.back().begin(), labels.back().end(), [](int l) { return l >= kEllipsis; }));
    left.remove_prefix(std::min(comma + 1, left.size()));
  }
  if (!left.empty()) c.fail("as many operands as parts", equation);
  Labels result;
  if (arrow != std::string::npos) {
    result = labels_of(c, std::string_view(equation).substr(arrow + 2), -1, dots);
  } else {
    for (std::int64_t axis = dots; axis-- > 0;) result.push_back(kEllipsis + static_cast<int>(axis));
    std::array<int, 52> seen{};
    for (const Labels& one : labels) {
      for (const int label : one) {
        if (label < 52) ++seen[static_cast<std::size_t>(label)];
      }
    }
    for (int label = 0; label < 52; ++label) {
      if (seen[static_cast<std::size_t>(label)] == 1) result.push_back(label);
    }
  }
  for (std::size_t i = 0; i < result.size(); ++i) {
    const bool known = std::any_of(labels.begin(), labels.end(), [&](const Labels& one) {
      return std::find(one.begin(), one.end(), result[i]) != one.end();
    });
    if (!known || std::count(result.begin(), result.end(), result[i]) != 1)
      c.fail("letters of the operands, once each", equation);
  }
  Tensor value = operands[0];
  Labels have = labels[0];
  for (std::size_t next = 1; next < operands.size(); ++next) {
    if (operands[next].type() != value.type()) c.fail("operands of one type", describe(c.argument(1)));
    // What later operands or the result need is kept.
    Labels kept;
    for (const Labels* source : {static_cast<const Labels*>(&have), static_cast<const Labels*>(&labels[next])}) {
      for (const int label : *source) {
        bool needed = std::find(result.begin(), result.end(), label) != result.end();
        for (std::size_t later = next + 1; later < operands.size(); ++later) {
          needed = needed || std::find(labels[later].begin(), labels[later].end(), label) != labels[later].end();
        }
        if (needed && std::find(kept.begin(), kept.end(), label) == kept.end()) kept.push_back(label);
      }
    }
    value = contracted(c, value, have, operands[next], labels[next], kept);
    have = kept;
  }
  Labels order = result;
  for (const int label : have) {
    if (std::find(order.begin(), order.end(), label) == order.end()) order.push_back(label);
  }
  value = arranged(c, value, have, order);
  c.give(order.size() == result.size() ? value : summed(c, value, result.size()));
}

void tensordot(Call& c) {
  const Tensor& a = c.tensor(0);
  const Tensor& b = c.tensor(1);
  const Sizes from = c.wrap_axes(c.integers(2), a.rank());
  const Sizes to = c.wrap_axes(c.integers(3), b.rank());
  if (from.size() != to.size() || a.type() != b.type() || a.rank() + b.rank() > 52)
    c.fail("as many axes on both sides", to_string(to));
  Labels left;
  Labels right(b.sizes().size());
  Labels kept;
  for (std::int64_t i = 0; i < a.rank(); ++i) left.push_back(static_cast<int>(i));
  for (std::int64_t i = 0; i < b.rank(); ++i) right[static_cast<std::size_t>(i)] = static_cast<int>(a.rank() + i);
  for (std::size_t i = 0; i < from.size(); ++i) right[static_cast<std::size_t>(to[i])] = static_cast<int>(from[i]);
  for (const Labels* side : {&left, &right}) {
    for (const int label : *side) {
      if (std::find(from.begin(), from.end(), label) == from.end()) kept.push_back(label);
    }
  }
  c.give(contracted(c, a, left, b, right, kept));
}

}  // namespace

void add_einsum(Table& t) {
  t.add("aten::einsum", {{"einsum(str equation, Tensor[] tensors, *, int[]? path=None) -> Tensor", einsum}});
  t.add("aten::tensordot",
        {{"tensordot(Tensor self, Tensor other, int[] dims_self, int[] dims_other) -> Tensor", tensordot}});
}

}  // namespace bertrt::graph
