#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <vector>

#include "engine/torchscript/program.h"
#include "engine/torchscript/traits.h"

namespace bertrt::engine::torchscript {

/// Made-up texts for checks at load: the same ids in every process, so that a file is judged the same everywhere.
class Probe {
 public:
  Probe(Program& program, const ModelTraits& traits) : program_(program), traits_(traits) {}

  /// A text is its number of tokens and its seed: equal seeds begin with equal tokens.
  struct Text {
    std::size_t tokens = 0;
    unsigned seed = 0;
  };

  /// Runs texts in one call [rows, length]; nothing when that fails.
  std::optional<Unpacked> run(std::initializer_list<Text> texts, std::size_t rows, std::size_t length) const;
  /// The first run, from which the program learns what its outputs are. @throws Error
  Unpacked learn(Text text, std::size_t rows, std::size_t length);

  /// Whether two runs agree on one text's `tokens` first tokens and on what is given once a text: every output, an
  /// infinity where the other has it.
  bool agree(const Unpacked& a, std::size_t row_a, const Unpacked& b, std::size_t row_b, std::size_t tokens) const;
  /// Whether two runs of one shape give the first text's first token, and the text as a whole, the very same bits: what
  /// differs between their inputs has then no influence.
  bool same_beginning(const Unpacked& a, const Unpacked& b) const;

 private:
  batch::Batch make(const std::vector<Text>& texts, batch::Group& group, std::size_t length) const;

  Program& program_;
  const ModelTraits& traits_;
};

}  // namespace bertrt::engine::torchscript
