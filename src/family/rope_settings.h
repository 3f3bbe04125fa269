#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "family/config_reader.h"
#include "family/encoder_spec.h"

namespace bertrt::family {

/// One way of turning by positions, as config.json says it ("rope_parameters", "rope_scaling").
struct RopeSettings {
  enum class Type {
    plain,    ///< "default"
    linear,   ///< all frequencies divided by a factor
    dynamic,  ///< a base that grows with texts longer than max_position_embeddings
    yarn,     ///< slow frequencies divided, fast ones kept, and a ramp between
    llama3,   ///< likewise, by wavelengths
    ntk,      ///< GTE's published code: a base and frequencies scaled once and for all
  };
  Type type = Type::plain;
  double theta = 0;          ///< base; 0: not said
  double factor = 1;         ///< 0: what max_position_embeddings is of `original`
  std::size_t original = 0;  ///< longest text before scaling; 0: max_position_embeddings
  std::optional<double> attention_factor;
  double beta_fast = 32;
  double beta_slow = 1;
  double mscale = 0;
  double mscale_all_dim = 0;
  bool truncate = true;
  double low_freq_factor = 0;
  double high_freq_factor = 0;
  std::optional<double> mixed_b;
};

/// Which ways a family's code knows.
enum class RopeCode {
  transformers,        ///< all but ntk
  published_gte,       ///< plain and ntk
  transformers_or_gte  ///< all
};

/// @param where  the key that holds `json`. @throws Error unsupported for a way or setting that is not known, or a
/// number
///               that it cannot have
RopeSettings read_rope(ConfigKeys& keys, std::string_view where, const ConfigKeys::Json& json, RopeCode code);

/// @param values     of a head, all of which turn
/// @param positions  max_position_embeddings
RotarySpec rope_spec(const RopeSettings& settings, std::size_t values, std::size_t positions);

}  // namespace bertrt::family
