#include <algorithm>
#include <limits>

#include "graph/call.h"
#include "graph/operators/scalar.h"
#include "graph/operators/table.h"

namespace bertrt::graph {
namespace {

const std::vector<Value>& items_of(const Call& c, std::size_t i) {
  if (const List* list = c.argument(i).list()) return list->items;
  if (const Tuple* tuple = c.argument(i).tuple()) return tuple->items;
  c.fail("a list", describe(c.argument(i)));
}

std::size_t place_of(const Call& c, std::int64_t index, std::size_t size) {
  const auto count = static_cast<std::int64_t>(size);
  if (index < -count || index >= count)
    c.fail("an index into a list of " + std::to_string(count), std::to_string(index));
  return static_cast<std::size_t>(index < 0 ? index + count : index);
}

void length(Call& c) {
  const Value& value = c.argument(0);
  const auto give = [&](std::size_t size) { c.give(Value(static_cast<std::int64_t>(size))); };
  if (value.text()) return give(value.text()->size());
  if (value.dict()) return give(value.dict()->items.size());
  if (value.tensor()) {
    if (c.tensor(0).rank() == 0) c.fail("a tensor with axes", "one without");
    c.depends_on({});
    return c.give(Value(c.tensor(0).size(0)));
  }
  give(items_of(c, 0).size());
}

void get_item(Call& c) {
  if (const Dict* dict = c.argument(0).dict()) {
    const std::string& key = c.text(1);
    for (const auto& item : dict->items) {
      if (item.first == key) return c.give(item.second);
    }
    c.fail("a key of the dict", describe(c.argument(1)));
  }
  const std::vector<Value>& items = items_of(c, 0);
  c.give(items[place_of(c, c.integer(1), items.size())]);
}

void joined(Call& c) {
  std::vector<Value> items = items_of(c, 0);
  const std::vector<Value>& more = items_of(c, 1);
  if (items.size() + more.size() > Nesting::kMaxValues) c.fail("at most 1048576 values", "more");
  items.insert(items.end(), more.begin(), more.end());
  c.give(Value::list(std::move(items)));
}
void repeated(Call& c) {
  const std::vector<Value>& items = items_of(c, 0);
  const std::int64_t times = std::max<std::int64_t>(c.integer(1), 0);
  if (!items.empty() && times > static_cast<std::int64_t>(Nesting::kMaxValues / items.size())) {
    c.fail("at most 1048576 values", std::to_string(times) + " times " + std::to_string(items.size()));
  }
  std::vector<Value> result;
  for (std::int64_t i = 0; !items.empty() && i < times; ++i) result.insert(result.end(), items.begin(), items.end());
  c.give(Value::list(std::move(result)));
}
void sliced(Call& c) {
  const std::vector<Value>& items = items_of(c, 0);
  const auto size = static_cast<std::int64_t>(items.size());
  std::int64_t start = c.integer_or(1, 0);
  std::int64_t end = c.integer_or(2, std::numeric_limits<std::int64_t>::max());
  const std::int64_t step = c.integer(3);
  if (step <= 0) c.fail("a step above 0", std::to_string(step));
  if (start < 0) start += size;
  if (end < 0) end += size;
  start = std::clamp<std::int64_t>(start, 0, size);
  end = std::clamp<std::int64_t>(end, start, size);
  std::vector<Value> result;
  for (std::int64_t i = start; i < end; i += std::min(step, end - i))
    result.push_back(items[static_cast<std::size_t>(i)]);
  c.give(Value::list(std::move(result)));
}
void copied_list(Call& c) { c.give(Value::list(items_of(c, 0))); }

void length_of_range(Call& c) {
  if (c.integer(2) == 0) c.fail("a step that is not 0", "0");
  const std::uint64_t count = range_length(c.integer(0), c.integer(1), c.integer(2));
  if (count > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    c.fail("a length within 64 bits", "more");
  c.give(Value(static_cast<std::int64_t>(count)));
}
void derive_index(Call& c) {
  std::int64_t result = 0;
  if (__builtin_mul_overflow(c.integer(0), c.integer(2), &result) ||
      __builtin_add_overflow(result, c.integer(1), &result)) {
    c.fail("an index within 64 bits", describe(c.argument(0)));
  }
  c.give(Value(result));
}

/// The smallest or largest of a list of numbers.
template <bool largest>
void extreme(Call& c) {
  const std::vector<Value>& items = items_of(c, 0);
  if (items.empty()) c.fail("a list that is not empty", "one that is");
  const auto best = [&](const Value& a, const Value& b) { return to_real(a) < to_real(b); };
  c.give(largest ? *std::max_element(items.begin(), items.end(), best)
                 : *std::min_element(items.begin(), items.end(), best));
}
void sum(Call& c) {
  std::int64_t total = 0;
  double real = 0;
  bool whole = true;
  for (const Value& item : items_of(c, 0)) {
    whole = whole && !item.real();
    real += to_real(item);
    if (whole && __builtin_add_overflow(total, to_integer(item), &total)) c.fail("a number within 64 bits", "more");
  }
  c.give(whole ? Value(total) : Value(real));
}
void same(Call& c) {
  const std::vector<Value>& a = items_of(c, 0);
  const std::vector<Value>& b = items_of(c, 1);
  bool equal = a.size() == b.size();
  for (std::size_t i = 0; equal && i < a.size(); ++i) equal = to_real(a[i]) == to_real(b[i]);
  c.give(Value(equal));
}
void contains(Call& c) {
  if (const Dict* dict = c.argument(0).dict()) {
    const std::string& key = c.text(1);
    return c.give(
        Value(std::any_of(dict->items.begin(), dict->items.end(), [&](const auto& i) { return i.first == key; })));
  }
  const Value& key = c.argument(1);
  bool found = false;
  for (const Value& item : items_of(c, 0)) {
    if (key.text()) {
      found = found || (item.text() && *item.text() == *key.text());
    } else {
      found = found || to_real(item) == to_real(key);
    }
  }
  c.give(Value(found));
}
void is(Call& c) {
  if (!c.argument(0).none() && !c.argument(1).none()) c.refuse("a comparison with None", describe(c.argument(1)));
  c.depends_on({});
  c.give(Value(c.argument(0).none() && c.argument(1).none()));
}
void is_not(Call& c) {
  is(c);
  c.give(Value(!*c.take().boolean()));
}
void unwrapped(Call& c) {
  if (c.argument(0).none()) c.fail("a value", "None");
  c.give(c.argument(0));
}

}  // namespace

void add_lists(Table& t) {
  t.add("aten::len", {{"len(Any a) -> int", length}}, Mixing::row_wise);
  t.add("aten::__getitem__", {{"__getitem__(Any list, Any index) -> Any", get_item}}, Mixing::row_wise);
  t.add("aten::add", {{"add.t(t[] a, t[] b) -> t[]", joined}});
  t.add("aten::mul", {{"mul.left_t(t[] l, int n) -> t[]", repeated}});
  t.add("aten::slice", {{"slice.t(t[] l, int? start=None, int? end=None, int step=1) -> t[]", sliced}});
  t.add("aten::list", {{"list.t(t[] l) -> t[]", copied_list}});
  t.add("aten::copy", {{"copy.t(t[] self) -> t[]", copied_list}});
  t.add("aten::__range_length", {{"__range_length(int lo, int hi, int step) -> int", length_of_range}});
  t.add("aten::__derive_index", {{"__derive_index(int index, int start, int step) -> int", derive_index}});
  t.add("prim::min", {{"min.self_list(t[] self) -> Any", extreme<false>}});
  t.add("prim::max", {{"max.self_list(t[] self) -> Any", extreme<true>}});
  t.add("aten::min", {{"min.self_list(t[] self) -> Any", extreme<false>}});
  t.add("aten::max", {{"max.self_list(t[] self) -> Any", extreme<true>}});
  t.add("aten::sum", {{"sum.list(t[] self) -> Any", sum}});
  t.add("aten::eq", {{"eq.list(t[] a, t[] b) -> bool", same}});
  t.add("aten::__contains__", {{"__contains__(Any l, Any item) -> bool", contains}});
  t.add("aten::__is__", {{"__is__(Any a, Any b) -> bool", is}});
  t.add("aten::__isnot__", {{"__isnot__(Any a, Any b) -> bool", is_not}});
  t.add("aten::_unwrap_optional", {{"_unwrap_optional(Any a) -> Any", unwrapped}}, Mixing::row_wise);
  t.add("prim::unchecked_unwrap_optional", {{"unchecked_unwrap_optional(Any a) -> Any", unwrapped}}, Mixing::row_wise);
}

}  // namespace bertrt::graph
