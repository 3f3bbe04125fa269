#include "tokenizer/templates/truncation.h"

#include <algorithm>
#include <string>

#include "bertrt/error.h"

namespace bertrt::tokenizer {
namespace {

/// Windows of at most `limit` tokens over `size`.
Windows windows(std::size_t size, std::size_t limit, std::size_t stride, Side side) {
  if (limit >= size) return {{0, size}};
  if (limit == 0) return {{0, 0}, {0, size}};
  if (stride >= limit) {
    throw Error(ErrorCode::invalid_argument, "stride", "less than the " + std::to_string(limit) + " tokens of a window",
                std::to_string(stride));
  }
  const std::size_t step = limit - stride;
  Windows result;
  if (side == Side::right) {
    for (std::size_t begin = 0;; begin += step) {
      result.emplace_back(begin, std::min(begin + limit, size));
      if (result.back().second == size) return result;
    }
  }
  for (std::size_t end = size;; end -= step) {
    result.emplace_back(end > limit ? end - limit : 0, end);
    if (result.back().first == 0) return result;
  }
}

/// How many tokens each of a pair keeps: the shorter one whole if that is possible, else half each.
std::pair<std::size_t, std::size_t> longest_first(std::size_t first, std::size_t second, std::size_t room) {
  std::size_t shorter = std::min(first, second);
  std::size_t longer = shorter > room ? shorter : std::max(shorter, room - shorter);
  if (shorter + longer > room) {
    shorter = room / 2;
    longer = shorter + room % 2;
  }
  return first > second ? std::pair{longer, shorter} : std::pair{shorter, longer};
}

}  // namespace

PairWindows truncate(std::size_t first_size, std::size_t second_size, bool is_pair, std::size_t room,
                     Truncation truncation, std::size_t stride, Side side) {
  const std::size_t total = first_size + second_size;
  if (total <= room && room > 0) return {{{0, first_size}}, {{0, second_size}}};
  if (total > room && truncation == Truncation::none) {
    throw Error(ErrorCode::input_too_long, "text",
                "at most " + std::to_string(room) + " tokens beside the special ones",
                std::to_string(total) + "; choose a truncation or shorten the text");
  }
  if (room == 0) return {windows(first_size, 0, stride, side), windows(second_size, 0, stride, side)};
  if (truncation == Truncation::longest_first) {
    if (!is_pair) return {windows(first_size, room, stride, side), {{0, 0}}};
    const auto [first, second] = longest_first(first_size, second_size, room);
    return {windows(first_size, first, stride, side), windows(second_size, second, stride, side)};
  }
  const bool cut_first = truncation == Truncation::only_first;
  if (!cut_first && !is_pair) {
    throw Error(ErrorCode::invalid_argument, "truncation", "a second text for only_second", "one text");
  }
  const std::size_t size = cut_first ? first_size : second_size;
  const std::size_t to_remove = total - room;
  if (size <= to_remove) {
    throw Error(ErrorCode::input_too_long, cut_first ? "first text" : "second text",
                "more than the " + std::to_string(to_remove) + " tokens that have to go",
                std::to_string(size) + "; truncate the other text or both");
  }
  Windows cut = windows(size, size - to_remove, stride, side);
  if (cut_first) return {std::move(cut), {{0, second_size}}};
  return {{{0, first_size}}, std::move(cut)};
}

}  // namespace bertrt::tokenizer
