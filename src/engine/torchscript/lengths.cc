#include "engine/torchscript/lengths.h"

#include <algorithm>
#include <array>
#include <utility>

#include "bertrt/error.h"
#include "engine/torchscript/probe.h"

namespace bertrt::engine::torchscript {
namespace {

constexpr std::size_t kShort = 7;           // tokens of the short text, where the traced length allows
constexpr std::size_t kUsualLongest = 512;  // tried when the model's weights do not say how long it may be
// Where the archive does not record the traced length, these are tried in turn: the usual ones first.
constexpr std::array<std::size_t, 10> kUsualLengths = {128, 512, 256, 384, 64, 32, 16, 14, 8, 4};

constexpr std::string_view kNoMask =
    "the trace takes no attention mask: padding would change its answers, so texts of equal length alone are batched";
constexpr std::string_view kNoMaskPadded =
    "the trace takes no attention mask and no other length is proven: texts are padded to the traced length, and "
    "answers depend on that padding";

constexpr std::string_view kPaddingCounts =
    "padding changes this model's answers, mask or not: texts of equal length alone are batched";

// Whether the first made-up text of `tokens` gives what it gave in another run, when it is run at `length`; not, where
// it cannot be told.
bool same_at(const Probe& probe, const Unpacked& other, std::size_t rows, std::size_t tokens, std::size_t length) {
  const auto found = probe.run({{tokens, 1}}, rows, length);
  return found && probe.agree(other, 0, *found, 0, tokens);
}

class Prover {
 public:
  Prover(Program& program, const ModelTraits& traits)
      : program_(program),
        traits_(traits),
        probe_(program, traits),
        traced_(traits.traced_length),
        rows_(std::max<std::size_t>(traits.traced_batch, 1)) {}

  /// @param checks   whether other lengths than the traced one are tried
  /// @param batches  whether another number of texts than the traced one is
  LengthRange prove(bool checks, bool batches) {
    const Unpacked padded = learn();
    LengthRange range;
    range.padded = traced_;
    range.may_pad = program_.inputs().takes(InputRole::attention_mask);
    if (checks && traits_.shortest_alone != 0) {
      range.alone = true;
      range.min = traits_.shortest_alone;
      range.max = traits_.longest_alone;
      range.may_pad = range.may_pad && padding_stays_out(padded, range.min);
    } else if (checks) {
      range.min = range.may_pad ? shortest_against_padded(padded) : shortest_without_mask();
      range.max = range.may_pad ? longest_against_padded() : longest_without_mask(range.min);
    }
    const std::size_t batch_length = range.min != 0 ? short_length() : traced_;
    if (!batches || !any_batch(batch_length)) range.rows = rows_;
    finish(range, checks);
    return range;
  }

  LengthRange recorded(const model::Manifest& manifest) {
    LengthRange range;
    range.min = manifest.proven_min;
    range.max = manifest.proven_max;
    range.padded = std::max(manifest.proven_min, std::size_t{1});
    range.max_length = manifest.proven_max;
    const bool masks = program_.inputs().takes(InputRole::attention_mask);
    range.why = "recorded by the exporter: " + manifest.proven_why;
    const std::size_t length = std::clamp(kShort, range.min, range.max);
    const Unpacked alone = probe_.learn({length, 1}, 1, length);
    range.may_pad = masks && length < range.max && same_at(probe_, alone, 1, length, std::min(2 * length, range.max));
    if (!range.may_pad) range.findings.emplace_back(masks ? kPaddingCounts : kNoMask);
    if (!any_batch(length)) range.rows = rows_;  // the exporter may have found texts right one at a time alone
    return range;
  }

 private:
  std::size_t short_length() const { return std::min(kShort, std::max<std::size_t>(traced_ / 2, 1)); }

  // The short text at the traced shape.
  Unpacked learn() {
    if (traced_ != 0) return probe_.learn({short_length(), 1}, rows_, traced_);
    for (const std::size_t length : kUsualLengths) {
      try {
        traced_ = length;
        return probe_.learn({short_length(), 1}, rows_, length);
      } catch (const Error&) {
        if (length == kUsualLengths.back()) throw;
      }
    }
    return {};
  }

  // Whether a text's answers stay when it is padded to the traced length. @param padded  the short text, run so
  bool padding_stays_out(const Unpacked& padded, std::size_t shortest) const {
    if (short_length() >= traced_) return false;
    if (short_length() >= shortest) {
      return same_at(probe_, padded, rows_, short_length(), short_length()) &&
             places_stay(std::max<std::size_t>(shortest, 1));
    }
    const auto alone = shortest < traced_ ? probe_.run({{shortest, 1}}, rows_, shortest) : std::nullopt;
    return alone && same_at(probe_, *alone, rows_, shortest, traced_);
  }

  // A place (argmax, topk) that is a text's own may be so by luck: of the shortest texts it is the least often.
  bool places_stay(std::size_t tokens) const {
    for (const unsigned seed : {5U, 6U, 7U}) {
      const auto alone = probe_.run({{tokens, seed}}, rows_, tokens);
      const auto wide = probe_.run({{tokens, seed}}, rows_, traced_);
      if (!alone || !wide || !probe_.agree(*alone, 0, *wide, 0, tokens)) return false;
    }
    return true;
  }

  // The shortest length that gives the padded text's answers; 0: even the short text's are others.
  std::size_t shortest_against_padded(const Unpacked& padded) const {
    const std::size_t length = short_length();
    if (!same_at(probe_, padded, rows_, length, length)) return 0;
    for (std::size_t tokens = 1; tokens < std::min<std::size_t>(length, 3); ++tokens) {
      const auto one = probe_.run({{tokens, 2}}, rows_, tokens);
      const auto wide = probe_.run({{tokens, 2}}, rows_, length);
      if (one && wide && probe_.agree(*one, 0, *wide, 0, tokens)) return tokens;
    }
    return length;
  }

  // Each longer length must give a proven text's answers when that is padded to it, and its own tokens behind the
  // proven length must count: a window that was baked in ignores them without an error.
  std::size_t longest_against_padded() const {
    constexpr unsigned kSeed = 4;
    std::size_t proven = traced_;
    auto own = probe_.run({{proven, kSeed}}, rows_, proven);
    for (const std::size_t length : longer_lengths()) {
      const auto padded = probe_.run({{proven, kSeed}}, rows_, length);
      auto full = probe_.run({{length, kSeed}}, rows_, length);
      if (!own || !padded || !full || !probe_.agree(*own, 0, *padded, 0, proven) ||
          probe_.same_beginning(*padded, *full))
        break;
      proven = length;
      own = std::move(full);
    }
    return proven;
  }

  std::size_t shortest_without_mask() const {
    if (program_.mentions(static_cast<std::int64_t>(traced_))) return 0;
    for (const std::size_t tokens : {std::size_t{1}, std::size_t{2}, short_length()}) {
      if (probe_.run({{tokens, 1}}, rows_, tokens)) return tokens;
    }
    return 0;
  }

  std::size_t longest_without_mask(std::size_t shortest) const {
    std::size_t longest = traced_;
    if (shortest == 0) return longest;
    for (const std::size_t length : longer_lengths()) {
      if (!probe_.run({{length, 3}}, rows_, length)) break;
      longest = length;
    }
    return longest;
  }

  // Twice the traced length and the model's longest, as far as they are longer than the traced one.
  std::vector<std::size_t> longer_lengths() const {
    const std::size_t longest = traits_.max_length != 0 ? traits_.max_length : std::max(kUsualLongest, 2 * traced_);
    std::vector<std::size_t> lengths;
    if (2 * traced_ < longest) lengths.push_back(2 * traced_);
    if (traced_ < longest) lengths.push_back(longest);
    return lengths;
  }

  bool any_batch(std::size_t length) const {
    const auto first = probe_.run({{length, 5}}, 1, length);
    const auto second = probe_.run({{length, 6}}, 1, length);
    const auto both = probe_.run({{length, 5}, {length, 6}}, 2, length);
    return first && second && both && probe_.agree(*first, 0, *both, 0, length) &&
           probe_.agree(*second, 0, *both, 1, length);
  }

  void finish(LengthRange& range, bool checks) const {
    const std::string traced = std::to_string(traced_);
    if (range.alone) {
      range.max_length = range.max;
      range.why = traits_.alone_why;
      if (!range.may_pad) {
        range.findings.emplace_back(program_.inputs().takes(InputRole::attention_mask) ? kPaddingCounts : kNoMask);
      }
      return;
    }
    if (range.min == 0 && range.max == traced_) range.max = 0;
    if (range.max == 0) range.min = 0;
    if (range.flexible()) {
      if (range.min == 0) range.min = traced_;
      range.max_length = range.max;
      range.why = range.may_pad ? "compared at load with the same texts padded (traced length " + traced + ")"
                                : "ran at load at several lengths with exact shapes, and the traced length " + traced +
                                      " is no constant of its code";
      if (!range.may_pad) range.findings.emplace_back(kNoMask);
      return;
    }
    range.max_length = traced_;
    range.why = checks ? "other lengths than the traced " + traced + " gave other answers, or none, when it was loaded"
                       : "other lengths than the traced " + traced + " were not tried";
    if (checks) {
      range.findings.push_back("the trace is right at its traced length alone: every text is padded to " + traced);
    }
    if (!range.may_pad) range.findings.emplace_back(kNoMaskPadded);
  }

  Program& program_;
  const ModelTraits& traits_;
  Probe probe_;
  std::size_t traced_;
  std::size_t rows_;
};

}  // namespace

LengthRange find_lengths(Program& program, const model::ModelFile& file, const SessionOptions& options,
                         const ModelTraits& traits) {
  const bool automatic = options.torchscript.length_policy == LengthPolicy::automatic;
  if (automatic && file.manifest() && file.manifest()->proven_max > file.manifest()->proven_min) {
    return Prover(program, traits).recorded(*file.manifest());
  }
  return Prover(program, traits).prove(automatic && options.prove, options.prove);
}

}  // namespace bertrt::engine::torchscript
