#include "family/recognize.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "archive/parallel.h"
#include "bertrt/error.h"
#include "family/encoder_match.h"
#include "family/gathered_heads.h"
#include "family/lengths.h"
#include "family/looked_lengths.h"
#include "family/pairs_apart.h"
#include "family/probe_limits.h"
#include "family/repeated_heads.h"
#include "family/roles.h"
#include "family/same_spec.h"
#include "graph/call.h"

namespace bertrt::family {
namespace {

// Longest text that a program without a limit of its own is looked at with; longer ones where a number in its code says
// that something could begin there.
constexpr std::size_t kFarthest = 512;
constexpr std::size_t kFarthestMark = 4096;
constexpr std::size_t kNoMark = std::size_t{1} << 31U;  // the end of everything (slices), and no length of a text

// One look at a program: an instance and what was found in it.
struct Look {
  std::size_t length = 0;
  std::optional<MatchedEncoder> encoder;
  std::vector<HeadSpec> heads;
  std::vector<OutputPlan> outputs;
  std::vector<graph::Slot> states;
  std::optional<graph::Slot> pooled;
  std::string why;
};

graph::Slot slot_of(const Instance& instance, NodeId node) {
  return instance.program().instructions[instance.node(node).instruction].outputs[0];
}

// Whether something is written into a node's result behind it: then its slot holds another value in the end.
bool is_overwritten(const Instance& instance, NodeId node) {
  const graph::Storage* storage = instance.node(node).result.tensor.storage().get();
  for (NodeId id = node + 1; id < instance.nodes().size(); ++id) {
    const graph::Tensor& made = instance.node(id).result.tensor;
    if (made.defined() && made.storage().get() == storage) return true;
  }
  return false;
}

Look look_at(const graph::Program& program, const Probe& probe) {
  Look look;
  look.length = probe.length;
  const Instance instance(program, arguments_of(program, probe));
  const InputNames names = input_names(program);
  if (!names.ids) {
    look.why = "no input_ids";
  } else if (names.others) {
    look.why = "an input that no encoder of the family takes";
  } else {
    look.encoder = match_encoder(instance, probe, look.why);
  }
  if (look.encoder) {
    std::vector<NodeId> kept = look.encoder->states;
    if (look.encoder->pooled) kept.push_back(*look.encoder->pooled);
    if (std::any_of(kept.begin(), kept.end(), [&](NodeId node) { return is_overwritten(instance, node); })) {
      look.encoder.reset();
      look.why = "a layer's state that is written to in place later on";
    }
  }
  look.outputs = find_roles(instance, look.encoder ? &*look.encoder : nullptr, look.heads);
  if (!look.encoder) return look;
  for (const NodeId state : look.encoder->states) look.states.push_back(slot_of(instance, state));
  if (look.encoder->pooled) look.pooled = slot_of(instance, *look.encoder->pooled);
  return look;
}

// A text too short for a window shows none of it: takes what the longer of two looks sees. False where they disagree.
bool settle_windows(EncoderSpec& a, std::size_t a_length, const EncoderSpec& b, std::size_t b_length) {
  for (std::size_t i = 0; i < a.layers.size(); ++i) {
    std::size_t& window = a.layers[i].window;
    const std::size_t other = b.layers[i].window;
    if (window == other) continue;
    const bool hidden_to_a = window == 0 && a_length <= other + 1;
    const bool hidden_to_b = other == 0 && b_length <= window + 1;
    if (!hidden_to_a && !hidden_to_b) return false;
    if (hidden_to_a) window = other;
  }
  return true;
}

constexpr const char* kOtherOutputs = "other heads or outputs";

// What differs between what was seen up to `a_length` tokens and another look; empty: nothing. `a` takes windows that
// only `b` shows, and `b` an order of tokens that its masks do not show.
std::string difference(Look& a, std::size_t a_length, Look& b) {
  if (!b.encoder) return b.why.empty() ? "no encoder" : b.why;
  if (b.encoder->spec.layers.size() != a.encoder->spec.layers.size()) {
    return std::to_string(b.encoder->spec.layers.size()) + " layers" + (b.why.empty() ? "" : ": " + b.why);
  }
  if (b.encoder->may_be_causal) b.encoder->spec.causal = a.encoder->spec.causal;
  if (!same_spec(a.encoder->spec, b.encoder->spec)) return "another encoder";
  if (!settle_windows(a.encoder->spec, a_length, b.encoder->spec, b.length)) return "another window of attention";
  if (a.encoder->key_heads != b.encoder->key_heads || a.encoder->head_steps != b.encoder->head_steps)
    return "other heads of keys";
  if (a.encoder->positions_given != b.encoder->positions_given || a.encoder->neighbours != b.encoder->neighbours) {
    return "other positions";
  }
  if (a.encoder->zeroed != b.encoder->zeroed) return "other tokens that start as zeros";
  if (a.states != b.states || a.pooled != b.pooled) return "states in other places";
  if (a.heads.size() != b.heads.size() || a.outputs.size() != b.outputs.size()) return kOtherOutputs;
  for (std::size_t i = 0; i < a.heads.size(); ++i) {
    if (!same_head(a.heads[i], b.heads[i])) return "another head";
  }
  for (std::size_t i = 0; i < a.outputs.size(); ++i) {
    const OutputPlan& x = a.outputs[i];
    const OutputPlan& y = b.outputs[i];
    if (x.role != y.role || x.source != y.source || x.index != y.index || x.column != y.column) {
      return "another output " + x.name;
    }
  }
  return {};
}

// Heads out of joined layers, each of keys and values as often as heads of queries read it, and pairs that are turned
// half a head apart.
// @return what the new weights lie in
std::shared_ptr<const std::deque<std::vector<float>>> make_weights(EncoderSpec& spec, const MatchedEncoder& encoder) {
  auto made = std::make_shared<std::deque<std::vector<float>>>();
  for (std::size_t i = 0; i < spec.layers.size(); ++i) {
    LayerSpec& layer = spec.layers[i];
    const std::size_t size = spec.head_size();
    const std::size_t step = encoder.head_steps[i];
    gather_heads(layer.query, spec.heads, size, step, *made);
    gather_heads(layer.key, encoder.key_heads, size, step, *made);
    gather_heads(layer.value, encoder.key_heads, size, step, *made);
    repeat_heads(layer.key, encoder.key_heads, spec.heads / encoder.key_heads, *made);
    repeat_heads(layer.value, encoder.key_heads, spec.heads / encoder.key_heads, *made);
    if (layer.rotary >= spec.rotary.size() || !encoder.neighbours[layer.rotary]) continue;
    put_pairs_apart(layer, spec.heads, spec.rotary[layer.rotary].values, *made);
  }
  return made;
}

// Whether the farthest distances that were seen have a table's first and last row: those beyond have them, too.
bool reaches_ends(const DisentangledSpec& positions) {
  return positions.rows.front() == 0 && positions.rows.back() + 1 == positions.table.tensor.shape[0];
}

std::size_t longest_text(const EncoderSpec& spec) {
  const Embeddings& embeddings = spec.embeddings;
  std::size_t longest = 0;
  for (const RotarySpec& rotary : spec.rotary) {
    if (rotary.table.empty()) continue;
    const std::size_t rows = rotary.table.size() / (2 * rotary.frequencies.size());
    longest = longest == 0 ? rows : std::min(longest, rows);
  }
  for (const LayerSpec& layer : spec.layers) {
    if (!layer.distances) continue;
    const auto reach = static_cast<std::size_t>(layer.distances->table.tensor.shape[0] + 1) / 2;
    longest = longest == 0 ? reach : std::min(longest, reach);
  }
  if (!embeddings.positions) return longest;
  const std::int64_t rows = embeddings.positions->tensor.shape[0];
  const std::int64_t first =
      embeddings.position_scheme == PositionScheme::counted ? embeddings.padding_id + 1 : embeddings.first_position;
  const auto reach = static_cast<std::size_t>(std::max<std::int64_t>(rows - first, 0));
  return longest == 0 ? reach : std::min(longest, reach);
}

class Reader {
 public:
  Reader(const graph::Program& program, const RecognizeOptions& options) : program_(program), options_(options) {
    const InputNames names = input_names(program);
    mask_ = names.mask ? MaskShape::holed : MaskShape::full;
  }

  Reading read() {
    Reading reading;
    const std::size_t length = options_.only_length != 0    ? options_.only_length
                               : options_.usual_length != 0 ? options_.usual_length
                                                            : usual_length(options_.min_length, options_.max_length);
    limits_ = probe_limits(program_, length);
    Look first = first_look(length);
    reading.outputs = first.outputs;
    reading.not_explained = first.why;
    if (!first.encoder) return reading;
    std::size_t limit = longest_text(first.encoder->spec);
    if (options_.only_length != 0) limit = options_.only_length;
    if (options_.max_length != 0) limit = std::min(limit == 0 ? options_.max_length : limit, options_.max_length);
    limits_.padding = first.encoder->spec.embeddings.position_scheme == PositionScheme::counted
                          ? first.encoder->spec.embeddings.padding_id
                          : limits_.padding;
    // Where nothing limits a text, it is looked at as far as this, and at each number in the code. What begins at one
    // beyond those is seen by nobody: texts end there.
    const bool unlimited = limit == 0;
    std::size_t beyond = 0;
    if (unlimited) {
      limit = kFarthest;
      const std::set<std::size_t> marks = landmarks(program_, kNoMark);
      if (const auto far = marks.upper_bound(kFarthestMark); far != marks.end()) beyond = *far;
    }
    Look best = first;
    if (!compare(best, lengths_to(limit, unlimited ? kFarthestMark : limit), limit, unlimited, reading, beyond)) {
      return reading;
    }
    // Distances are known as far as they were looked at: on until their table ends.
    const EncoderSpec& spec = best.encoder->spec;
    while (unlimited && beyond == 0 && spec.disentangled && !reaches_ends(*spec.disentangled) &&
           2 * limit <= kFarthestMark && !may_be_unknown(spec, 2 * limit)) {
      limit *= 2;
      if (!compare(best, {limit}, limit, false, reading, beyond)) return reading;
    }
    if (unlimited && !spec.relative_bias && (!spec.disentangled || reaches_ends(*spec.disentangled))) limit = beyond;
    reading.not_explained = best.why;
    Recognition found;
    found.spec = std::move(best.encoder->spec);
    found.spec.embeddings.zero_masked = best.encoder->zeroed && found.spec.mask == MaskKind::keys;
    found.spec.max_length = limit;
    found.made = make_weights(found.spec, *best.encoder);
    found.positions_given = best.encoder->positions_given;
    found.states = std::move(best.states);
    found.pooled = best.pooled;
    found.heads = std::move(best.heads);
    found.outputs = std::move(best.outputs);
    reading.recognition = std::move(found);
    return reading;
  }

 private:
  Look look(std::size_t length, std::size_t texts, MaskShape mask, std::uint32_t seed) const {
    return look_at(program_, make_probe(texts, length, mask, limits_, seed));
  }

  // A look that compare() will ask for.
  struct Ahead {
    std::size_t length;
    MaskShape mask;
    std::uint32_t seed;
    std::optional<Look> look;
    std::exception_ptr failed;
  };

  static std::size_t texts_of(const Ahead& each) { return each.length > 64 ? 1 : 2; }
  Look look_now(const Ahead& each) const { return look(each.length, texts_of(each), each.mask, each.seed); }

  // The short ones, on several threads; the others have memory to themselves.
  void look_ahead(std::vector<Ahead>& all) const {
    const auto last = std::find_if(all.begin(), all.end(), [](const Ahead& each) { return each.length > kFarthest; });
    const auto count = static_cast<std::size_t>(last - all.begin());
    archive::run_each(count, [&](std::size_t i) {
      Ahead& each = all[count - 1 - i];  // the dear ones first
      try {
        each.look = look_now(each);
      } catch (...) {
        each.failed = std::current_exception();
      }
    });
  }

  // Whether that a text is alone changes the outputs (squeeze() leaves its axis out), and nothing else does.
  bool is_of_one_text(const Look& best, std::size_t longest, const Ahead& each) const {
    if (texts_of(each) != 1) return false;
    try {
      Look first = best;
      Look two = look(each.length, 2, each.mask, each.seed);
      return difference(first, longest, two).empty();
    } catch (const Error& error) {
      if (error.code() == ErrorCode::out_of_resources) throw;
      return false;
    }
  }

  Look look(Ahead& each) const {
    if (each.failed) std::rethrow_exception(each.failed);
    return each.look ? std::move(*each.look) : look_now(each);
  }

  // That a trace has one text may be written into it, or that nothing but its end is hidden: its operators run one text
  // at a time then, as far as they do.
  Look first_look(std::size_t length) const {
    struct Attempt {
      std::size_t texts;
      MaskShape mask;
      const char* without;
    };
    const Attempt attempts[] = {{2, mask_, ""},
                                {1, mask_, "two texts at once do not run: "},
                                {1, MaskShape::full, "a text with hidden tokens does not run: "}};
    std::optional<Error> failed;
    for (const Attempt& attempt : attempts) {
      try {
        Look found = look(length, attempt.texts, attempt.mask, 1);
        if (!failed) return found;
        found.encoder.reset();
        found.why = std::string(attempt.without) + failed->what();
        return found;
      } catch (const Error& error) {
        if (error.code() == ErrorCode::out_of_resources) throw;  // says nothing of the model
        failed = error;
      }
    }
    throw Error(*failed);
  }

  // Whether what scores depend on can be too large to be known in a text of so many tokens.
  static bool may_be_unknown(const EncoderSpec& spec, std::size_t length) {
    const std::size_t heads = spec.slopes.empty() ? 1 : spec.heads;
    return heads * length * length > static_cast<std::size_t>(graph::Call::kSmall);
  }

  std::set<std::size_t> lengths_to(std::size_t limit, std::size_t marks_to) const {
    std::set<std::size_t> lengths = {options_.only_length};
    if (options_.only_length == 0) lengths = other_lengths(program_, limit, marks_to, options_.thorough);
    std::erase_if(lengths, [&](std::size_t length) { return length < options_.min_length; });
    return lengths;
  }

  // The other lengths, ascending, and masks; `best`, the first look, takes what longer texts show beyond it.
  // @param unlimited  nothing limits a text
  // @param beyond     becomes the longest text, where longer ones cannot be looked at
  bool compare(Look& best, const std::set<std::size_t>& lengths, std::size_t limit, bool unlimited, Reading& reading,
               std::size_t& beyond) const {
    std::vector<Ahead> all;
    std::uint32_t seed = 2;
    for (const std::size_t length : lengths) {
      std::vector<MaskShape> masks = {mask_};
      if (mask_ == MaskShape::holed && (options_.thorough || length <= 8)) masks.push_back(MaskShape::prefix);
      if (mask_ == MaskShape::holed && options_.thorough) masks.push_back(MaskShape::full);
      for (const MaskShape mask : masks) all.push_back({length, mask, seed++, {}, {}});
    }
    look_ahead(all);
    std::size_t longest = best.length;
    for (Ahead& each : all) {
      const std::size_t length = each.length;
      const MaskShape mask = each.mask;
      Look other;
      try {
        other = look(each);
      } catch (const Error& error) {
        if (error.code() == ErrorCode::out_of_resources) throw;  // says nothing of the model
        reading.not_explained = "at " + std::to_string(length) + " tokens: " + error.what();
        return false;
      }
      // A mask that shows all, or all of one text, says nothing about masks.
      if (other.encoder && mask != MaskShape::holed && other.encoder->spec.mask == MaskKind::none) {
        other.encoder->spec.mask = best.encoder->spec.mask;
      }
      std::string other_is = difference(best, longest, other);
      if (other_is == kOtherOutputs && is_of_one_text(best, longest, each)) other_is.clear();
      if (!other_is.empty()) {
        if (unlimited && length > longest && may_be_unknown(best.encoder->spec, length)) {
          beyond = length - 1;
          return true;
        }
        reading.not_explained = "at " + std::to_string(length) + " tokens it is another model: " + other_is;
        return false;
      }
      longest = std::max(longest, length);
      if (other.encoder->spec.relative_bias && length == limit) {
        best.encoder->spec.relative_bias = other.encoder->spec.relative_bias;
      }
      if (other.encoder->spec.disentangled && length == longest) {
        best.encoder->spec.disentangled = other.encoder->spec.disentangled;
      }
    }
    return true;
  }

  const graph::Program& program_;
  const RecognizeOptions& options_;
  MaskShape mask_ = MaskShape::full;
  ProbeLimits limits_;
};

}  // namespace

Reading read_model(const graph::Program& program, const RecognizeOptions& options) {
  return Reader(program, options).read();
}

}  // namespace bertrt::family
