#include "family/rope_settings.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>
#include <string>
#include <vector>

#include "family/rotary_frequencies.h"

namespace bertrt::family {
namespace {

using Json = ConfigKeys::Json;
using Type = RopeSettings::Type;

// The settings that a type has beside its name and rope_theta: those that must be there, and those that may.
struct TypeRow {
  std::string_view name;
  Type type;
  std::span<const std::string_view> required;
  std::span<const std::string_view> optional;
};

constexpr std::span<const std::string_view> kNone;
constexpr std::string_view kFactor[] = {"factor"};
constexpr std::string_view kYarn[] = {"original_max_position_embeddings",
                                      "attention_factor",
                                      "beta_fast",
                                      "beta_slow",
                                      "mscale",
                                      "mscale_all_dim",
                                      "truncate"};
constexpr std::string_view kLlama[] = {"factor", "low_freq_factor", "high_freq_factor",
                                       "original_max_position_embeddings"};
constexpr std::string_view kMixed[] = {"mixed_b"};

constexpr TypeRow kTypes[] = {
    {"default", Type::plain, kNone, kNone},     {"linear", Type::linear, kFactor, kNone},
    {"dynamic", Type::dynamic, kFactor, kNone}, {"yarn", Type::yarn, kFactor, kYarn},
    {"llama3", Type::llama3, kLlama, kNone},    {"ntk", Type::ntk, kFactor, kMixed},
};

bool known(Type type, RopeCode code) noexcept {
  if (type == Type::plain) return true;
  return type == Type::ntk ? code != RopeCode::transformers : code != RopeCode::published_gte;
}

// The numbers of one way, out of a JSON object.
class Numbers {
 public:
  Numbers(ConfigKeys& keys, std::string_view where, const Json& json) : keys_(keys), where_(where), json_(json) {}

  [[noreturn]] void refuse(const std::string& expected) const { keys_.refuse(where_, expected, json_); }

  const Json* find(std::string_view key) const {
    const auto found = json_.find(key);
    return found == json_.end() || found->is_null() ? nullptr : &*found;
  }

  double number(std::string_view key, double otherwise, double least) const {
    const Json* value = find(key);
    if (value == nullptr) return otherwise;
    const double number = value->is_number() ? value->get<double>() : least - 1;
    if (!(number >= least) || !std::isfinite(static_cast<float>(number))) {
      refuse(std::string(key) + " as a number from " + Json(least).dump() + " on");
    }
    return number;
  }

  // Above 0.
  double positive(std::string_view key, double otherwise) const {
    const double value = number(key, otherwise, 0);
    if (find(key) != nullptr && value == 0) refuse(std::string(key) + " as a number above 0");
    return value;
  }

  std::size_t size(std::string_view key) const {
    const Json* value = find(key);
    if (value == nullptr) return 0;
    if (!value->is_number_unsigned() || *value < 1U || *value > kMaxConfigSize) {
      refuse(std::string(key) + " as a whole number from 1 on");
    }
    return value->get<std::size_t>();
  }

 private:
  ConfigKeys& keys_;
  std::string_view where_;
  const Json& json_;
};

const TypeRow& type_of(const Numbers& numbers, RopeCode code) {
  std::string names;
  for (const TypeRow& row : kTypes) {
    if (known(row.type, code)) names += (names.empty() ? "" : ", ") + std::string(row.name);
  }
  // transformers' name wins, but two that differ tell of two readers.
  const Json* name = numbers.find("rope_type");
  const Json* old = numbers.find("type");
  if (name != nullptr && old != nullptr && *name != *old) numbers.refuse("the same rope_type and type");
  if (name == nullptr) name = old;
  if (name == nullptr) return kTypes[0];
  for (const TypeRow& row : kTypes) {
    if (*name == row.name && known(row.type, code)) return row;
  }
  numbers.refuse("a rope_type of " + names);
}

void refuse_others(const Numbers& numbers, const TypeRow& type, const Json& json) {
  const auto has = [](std::span<const std::string_view> list, std::string_view key) {
    return std::find(list.begin(), list.end(), key) != list.end();
  };
  const std::string name(type.name);
  for (const std::string_view key : type.required) {
    if (!json.contains(key)) numbers.refuse(std::string(key) + ", which rope_type " + name + " has");
  }
  for (const auto& [key, value] : json.items()) {
    if (key == "rope_theta" || key == "rope_type" || key == "type") continue;
    if (key == "partial_rotary_factor" && value == 1.0) continue;
    if (has(type.required, key) || has(type.optional, key)) continue;
    numbers.refuse("no " + key + " where rope_type is " + name);
  }
}

double scale_of(double factor, double mscale) { return factor <= 1 ? 1.0 : 0.1 * mscale * std::log(factor) + 1.0; }

double yarn_attention(const RopeSettings& rope, double factor) {
  if (rope.attention_factor) return *rope.attention_factor;
  if (rope.mscale != 0 && rope.mscale_all_dim != 0) {
    return scale_of(factor, rope.mscale) / scale_of(factor, rope.mscale_all_dim);
  }
  return scale_of(factor, 1);
}

// https://arxiv.org/abs/2309.00071
RotarySpec yarn(const RopeSettings& rope, std::size_t values, std::size_t positions) {
  const auto size = static_cast<double>(values);
  const auto original = static_cast<double>(rope.original != 0 ? rope.original : positions);
  const double factor = rope.factor != 0 ? rope.factor : static_cast<double>(positions) / original;
  const auto place = [&](double rotations) {
    return size * std::log(original / (rotations * 2 * std::numbers::pi)) / (2 * std::log(rope.theta));
  };
  double low = place(rope.beta_fast);
  double high = place(rope.beta_slow);
  if (rope.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, size - 1);
  if (low == high) high += 0.001;
  RotarySpec spec{rotary_frequencies(rope.theta, values), static_cast<float>(yarn_attention(rope, factor))};
  for (std::size_t i = 0; i < spec.frequencies.size(); ++i) {
    const float at = (static_cast<float>(i) - static_cast<float>(low)) / static_cast<float>(high - low);
    const float kept = 1 - std::clamp(at, 0.0F, 1.0F);
    const float divided = 1.0F / (static_cast<float>(factor) * (1.0F / spec.frequencies[i]));
    spec.frequencies[i] = divided * (1 - kept) + spec.frequencies[i] * kept;
  }
  return spec;
}

RotarySpec llama3(const RopeSettings& rope, std::size_t values) {
  RotarySpec spec{rotary_frequencies(rope.theta, values)};
  const auto factor = static_cast<float>(rope.factor);
  const auto original = static_cast<float>(rope.original);
  const auto longest = static_cast<float>(static_cast<double>(rope.original) / rope.low_freq_factor);
  const auto shortest = static_cast<float>(static_cast<double>(rope.original) / rope.high_freq_factor);
  for (float& frequency : spec.frequencies) {
    const float wave = static_cast<float>(2 * std::numbers::pi) / frequency;
    if (wave > longest) {
      frequency /= factor;
    } else if (!(wave < shortest)) {
      const float smooth = (original / wave - static_cast<float>(rope.low_freq_factor)) /
                           static_cast<float>(rope.high_freq_factor - rope.low_freq_factor);
      frequency = (1 - smooth) * frequency / factor + smooth * frequency;
    }
  }
  return spec;
}

// https://kexue.fm/archives/9706, "fixed" without mixed_b and "mixed" with it.
RotarySpec ntk(const RopeSettings& rope, std::size_t values) {
  if (rope.factor <= 1) return {rotary_frequencies(rope.theta, values)};
  const double half = static_cast<double>(values) / 2;
  if (!rope.mixed_b) {
    RotarySpec spec{rotary_frequencies(rope.theta * rope.factor, values)};
    const auto divisor = static_cast<float>(std::pow(rope.factor, 1 / half));
    for (float& frequency : spec.frequencies) frequency /= divisor;
    return spec;
  }
  RotarySpec spec{rotary_frequencies(rope.theta, values)};
  const float growth = std::log(static_cast<float>(rope.factor)) / static_cast<float>(std::pow(half, *rope.mixed_b));
  for (std::size_t i = 0; i < spec.frequencies.size(); ++i) {
    spec.frequencies[i] /= std::exp(growth * std::pow(static_cast<float>(i + 1), static_cast<float>(*rope.mixed_b)));
  }
  return spec;
}

}  // namespace

RopeSettings read_rope(ConfigKeys& keys, std::string_view where, const Json& json, RopeCode code) {
  if (!json.is_object()) keys.refuse(where, "settings by names", json);
  const Numbers numbers(keys, where, json);
  const TypeRow& type = type_of(numbers, code);
  refuse_others(numbers, type, json);
  RopeSettings rope;
  rope.type = type.type;
  rope.theta = numbers.positive("rope_theta", 0);
  if (json.contains("rope_theta") && rope.theta == 0) numbers.refuse("a rope_theta above 0");
  const bool open = rope.type == Type::yarn && numbers.find("factor") == nullptr;
  // Below 1, Python's formula for a grown base has no value for texts that are long enough.
  const bool at_least_one = rope.type == Type::dynamic || rope.type == Type::ntk;
  if (at_least_one) numbers.number("factor", 1, 1);
  rope.factor = open ? 0 : numbers.positive("factor", 1);
  rope.original = numbers.size("original_max_position_embeddings");
  if (numbers.find("attention_factor") != nullptr) rope.attention_factor = numbers.number("attention_factor", 1, 0);
  // Python takes 0 for what is left out.
  if (const double fast = numbers.number("beta_fast", 0, 0); fast != 0) rope.beta_fast = fast;
  if (const double slow = numbers.number("beta_slow", 0, 0); slow != 0) rope.beta_slow = slow;
  rope.mscale = numbers.number("mscale", 0, 0);
  rope.mscale_all_dim = numbers.number("mscale_all_dim", 0, 0);
  if (const Json* truncate = numbers.find("truncate"); truncate != nullptr) {
    if (!truncate->is_boolean()) numbers.refuse("truncate as true or false");
    rope.truncate = truncate->get<bool>();
  }
  rope.low_freq_factor = numbers.positive("low_freq_factor", 1);
  rope.high_freq_factor = numbers.positive("high_freq_factor", 4);
  if (rope.type == Type::llama3 && (rope.high_freq_factor <= rope.low_freq_factor || rope.original == 0)) {
    numbers.refuse("an original_max_position_embeddings, and a high_freq_factor above low_freq_factor");
  }
  if (numbers.find("mixed_b") != nullptr) rope.mixed_b = numbers.positive("mixed_b", 1);
  return rope;
}

RotarySpec rope_spec(const RopeSettings& rope, std::size_t values, std::size_t positions) {
  RotarySpec spec{rotary_frequencies(rope.theta, values)};
  switch (rope.type) {
    case Type::plain: return spec;
    case Type::linear:
      for (float& frequency : spec.frequencies) frequency /= static_cast<float>(rope.factor);
      return spec;
    case Type::dynamic: spec.growth = RotaryGrowth{positions, rope.theta, rope.factor}; return spec;
    case Type::yarn: return yarn(rope, values, positions);
    case Type::llama3: return llama3(rope, values);
    case Type::ntk: return ntk(rope, values);
  }
  return spec;
}

}  // namespace bertrt::family
