#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/change_list.h"
#include "text/normalized_text.h"

namespace bertrt::text {

/// A sentencepiece model's normalizer: a double-array trie (darts-clone's layout) from character sequences to texts,
/// applied as Hugging Face's Precompiled does, which is not how sentencepiece does it: by graphemes of less than
/// 6 bytes, of which the *shortest* prefix in the map replaces the whole; else by characters.
/// Sources: sentencepiece src/normalizer.h (the layout), tokenizers 0.23.3 normalizers/precompiled.rs (the rule).
class Precompiled {
 public:
  /// @param charsmap  `precompiled_charsmap` of the model's NormalizerSpec; copied
  /// @throws Error invalid_format with `where`
  Precompiled(std::string_view charsmap, const std::string& where);

  /// Makes `text` its next form. False when something at the very beginning was taken out: the offsets of all that
  /// follows are then wrong in Hugging Face's way, which makes them depend on where the text begins.
  bool apply(NormalizedText& text, ChangeList& list) const;

 private:
  std::optional<std::string_view> find(std::string_view chunk) const noexcept;

  std::vector<std::uint32_t> trie_;
  std::string targets_;                   ///< each with a NUL behind it
  std::array<bool, 256> starts_a_key_{};  ///< some key begins with this byte
};

}  // namespace bertrt::text
