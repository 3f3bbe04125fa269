#include "family/lengths.h"

#include <algorithm>
#include <utility>

#include "archive/parallel.h"
#include "bertrt/error.h"
#include "family/length_look.h"
#include "family/other_length.h"
#include "family/written_lengths.h"

namespace bertrt::family {
namespace {

// Beyond this nobody looks: a model that takes it takes what memory holds.
constexpr std::size_t kFarthest = 4096;

Probe one_text(std::size_t length, const ProbeLimits& limits) {
  Probe probe = make_probe(1, length, MaskShape::full, limits, 0);
  // No id is padding: RoBERTa's positions then reach as far as they ever do.
  const std::int64_t id =
      limits.ids > 1 && limits.padding == limits.ids - 1 ? limits.ids - 2 : std::max<std::int64_t>(limits.ids - 1, 0);
  std::fill(probe.ids.begin(), probe.ids.end(), id);
  std::fill(probe.types.begin(), probe.types.end(), 0);
  const std::int64_t first = limits.position_padding < 0 ? 0 : limits.position_padding + 1;
  for (std::size_t i = 0; i < probe.positions.size(); ++i) probe.positions[i] = first + static_cast<std::int64_t>(i);
  return probe;
}

}  // namespace

Lengths::Lengths(std::shared_ptr<const graph::Program> program, std::size_t traced, const ProbeLimits& limits)
    : program_(std::move(program)), traced_(traced), limits_(limits) {
  search();
  usual_ = find_usual();
}

LengthLook Lengths::look_at_length(std::size_t length) const {
  return {*program_, arguments_of(*program_, one_text(length, limits_)), length};
}

std::string Lengths::look(std::size_t length) const {
  try {
    const LengthLook here = look_at_length(length);
    if (reference_ == nullptr || length == reference_->length) return {};
    if (here.mean_of_nothing && !reference_->mean_of_nothing) return "a mean of no tokens";
    if (here.baked_strides) return "strides of the traced length are written into it";
    for (const auto& [instruction, slice] : here.slices) {
      const auto written = written_.find(instruction);
      if (written == written_.end()) continue;
      const LengthLook::Slice& then = reference_->slices.at(instruction);
      // A table of positions is all of it where the traced text was as long as the model takes.
      if (slice.size() == then.size()) continue;
      const bool window = written->second;
      if (then.end >= slice.size() && !(window && (slice.size() > then.size() || slice.size() <= then.first))) continue;
      return (window ? "a window of the traced length's at " : "a slice of the traced length at ") +
             program_->where(program_->instructions[instruction].place);
    }
    if (std::string written = written_length(*program_, *reference_, here,
                                             [this](std::size_t instruction) { return moves(instruction); });
        !written.empty())
      return written;
    for (std::size_t i = 0; i < here.outputs.size() && i < reference_->outputs.size(); ++i) {
      const graph::Sizes& then = reference_->outputs[i];
      const graph::Sizes& now = here.outputs[i];
      if (then.size() != now.size()) return "an output of another rank";
      if (then.size() < 3) continue;
      const bool had = then[1] == static_cast<std::int64_t>(reference_->length);
      if (!had || now[1] == static_cast<std::int64_t>(length)) continue;
      if (now[1] != then[1] || !has_by_itself(i, length)) return "an output that is as long as the traced text";
    }
    return {};
  } catch (const Error& error) {
    if (error.code() == ErrorCode::out_of_resources) throw;  // says nothing of the model
    return error.what();
  }
}

// Whether an output has an axis as long as the traced text whatever the text is (as many labels, layers or learned
// queries as it has tokens), told by the same code with another length in it.
bool Lengths::has_by_itself(std::size_t output, std::size_t length) const {
  bool ran = false;  // else: what else the number may stand for cannot be told
  for (const graph::Program& guess : traced_at(*program_, traced_, length)) {
    try {
      const LengthLook look(guess, arguments_of(guess, one_text(length, limits_)), length);
      if (look.outputs.at(output) != reference_->outputs[output]) return false;
      ran = true;
    } catch (const Error& error) {
      if (error.code() == ErrorCode::out_of_resources) throw;
    }
  }
  return ran;
}

const std::string& Lengths::objection(std::size_t length) const {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = known_.find(length); found != known_.end()) return found->second;
  }
  std::string answer;
  if (only_ != 0) {
    if (length != only_) answer = why_;
  } else {
    answer = look(length);
  }
  const std::lock_guard lock(mutex_);
  return known_.emplace(length, std::move(answer)).first->second;
}

// What has another number at another length is computed from it, and may have the traced one's by chance.
bool Lengths::moves(std::size_t instruction) const {
  std::call_once(moving_once_, [this] {  // few traces have a number to ask for
    for (const std::size_t length : {2 * traced_, traced_ + 1, traced_ / 2}) {
      if (length == 0 || length == traced_) continue;
      try {
        moving_.merge(moved_numbers(*reference_, look_at_length(length)));
      } catch (const Error& error) {
        if (error.code() == ErrorCode::out_of_resources) throw;
      }
    }
  });
  return moving_.contains(instruction);
}

void Lengths::find_written() {
  std::map<std::size_t, bool> written;
  for (const auto& [instruction, slice] : reference_->slices) {
    if (!slice.reaches_the_end()) continue;
    // One of several that a loop wrote, as wide as another one of theirs.
    const bool window = std::any_of(reference_->slices.begin(), reference_->slices.end(), [&](const auto& entry) {
      const LengthLook::Slice& other = entry.second;
      return other.from == slice.from && other.axis == slice.axis && other.first < slice.first &&
             other.end - other.first == slice.end - slice.first;
    });
    written.emplace(instruction, window);
  }
  std::erase_if(written, [&](const auto& entry) { return moves(entry.first); });
  written_ = std::move(written);
}

void Lengths::search() {
  if (traced_ != 0) {
    try {
      reference_ = std::make_shared<const LengthLook>(look_at_length(traced_));
      find_written();
    } catch (const Error& error) {
      if (error.code() == ErrorCode::out_of_resources) throw;
      throw Error(ErrorCode::unsupported, "the trace at its own length of " + std::to_string(traced_) + " tokens",
                  "a run", error.what());
    }
  }
  const std::size_t at = traced_ == 0 ? 8 : traced_;
  look_ahead(at);
  // A trace that takes lengths takes all of these: one with a length written into it fails at some.
  std::size_t failing = 0;
  for (const std::size_t length : first_asked(at)) {
    const std::string& reason = objection(length);
    if (reason.empty()) continue;
    // A longer text may be too long for the model; a shorter one may be so for windows that go over its tokens alone.
    if (length > at && traced_ != 0) continue;
    if (traced_ == 0) {
      throw Error(ErrorCode::unsupported, "a trace that does not say its length", "one that runs at any", reason);
    }
    if (length + 1 == at) return take_only(length);
    failing = std::max(failing, length);
  }
  shortest_ = failing != 0 ? shortest_from(failing, at) : objection(1).empty() ? 1 : 2;
  if (shortest_ == 0) return take_only(failing);
  // The longest: twice as long until it fails. As a rule the last that ran is it; else the gap is halved.
  std::size_t good = at;
  std::size_t bad = 0;
  while (bad == 0 && good < kFarthest) {
    const std::size_t next = std::min(good * 2, kFarthest);
    if (objection(next).empty()) {
      good = next;
    } else {
      bad = next;
    }
  }
  if (bad != 0 && !objection(good + 1).empty()) bad = good + 1;
  while (bad != 0 && bad - good > 1) {
    const std::size_t middle = good + (bad - good) / 2;
    (objection(middle).empty() ? good : bad) = middle;
  }
  longest_ = bad == 0 ? 0 : good;
  why_ = "shapes and positions evaluated for each length: " + std::to_string(shortest_) + " to " +
         (longest_ == 0 ? "what memory holds" : std::to_string(longest_)) + " tokens";
}

// The lengths that say whether one is written into the trace, the nearest to its own first.
std::vector<std::size_t> Lengths::first_asked(std::size_t at) const {
  std::vector<std::size_t> lengths = {at - 1, at + 1, 2, 3, 5, 7};
  std::erase_if(lengths, [&](std::size_t length) { return length == 0 || length == traced_; });
  return lengths;
}

// What search() asks of most traces, on several threads.
void Lengths::look_ahead(std::size_t at) const {
  std::vector<std::size_t> lengths = first_asked(at);
  if (traced_ != 1) lengths.push_back(1);
  if (2 * at <= kFarthest) lengths.push_back(2 * at);
  std::sort(lengths.begin(), lengths.end());
  lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
  archive::run_each(lengths.size(), [&](std::size_t i) { objection(lengths[lengths.size() - 1 - i]); });
}

void Lengths::take_only(std::size_t failing) {
  why_ = "the traced length of " + std::to_string(traced_) + " tokens alone: at " + std::to_string(failing) +
         " tokens: " + objection(failing);
  only_ = shortest_ = longest_ = traced_;
  known_.clear();
}

// The first length above a failing one that is right, as all behind it are up to the traced one, or up to 64 of them:
// a window over the tokens needs so many. 0: lengths fail here and there.
std::size_t Lengths::shortest_from(std::size_t failing, std::size_t at) const {
  constexpr std::size_t kLooks = 64;
  std::size_t first = failing + 1;
  while (first < at && !objection(first).empty()) ++first;
  for (std::size_t length = first; length < std::min(at, first + kLooks); ++length) {
    if (!objection(length).empty()) return 0;
  }
  return first;
}

std::size_t Lengths::find_usual() const {
  const std::size_t first = usual_length(shortest_, longest_);
  if (only_ != 0) return first;
  constexpr std::size_t kTries = 12;
  for (std::size_t length = first; length < first + kTries; ++length) {
    if (longest_ != 0 && length + 1 > longest_) break;
    const std::vector<graph::Sizes> here = output_shapes(length);
    const std::vector<graph::Sizes> next = output_shapes(length + 1);
    bool tells = true;
    for (std::size_t i = 0; i < here.size() && i < next.size(); ++i) {
      for (std::size_t axis = 0; axis < here[i].size() && axis < next[i].size(); ++axis) {
        tells = tells && (here[i][axis] != static_cast<std::int64_t>(length) || next[i][axis] != here[i][axis]);
      }
    }
    if (tells) return length;
  }
  return first;
}

std::vector<graph::Sizes> Lengths::output_shapes(std::size_t length) const {
  LengthLook here = look_at_length(length);
  for (graph::Sizes& sizes : here.outputs) {
    if (!sizes.empty() && sizes[0] == 1) sizes.erase(sizes.begin());
  }
  return std::move(here.outputs);
}

}  // namespace bertrt::family
