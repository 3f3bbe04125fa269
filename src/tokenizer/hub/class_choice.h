#pragma once

#include <string>
#include <string_view>

namespace bertrt::tokenizer {

/// What a class of transformers does with a tokenizer.json.
enum class ClassKind {
  stands,   ///< takes it as it stands
  rebuilt,  ///< takes its vocabulary alone and puts stages of its own around it
  other,    ///< is written in Python, or another program's
};

/// A class that AutoTokenizer takes, under the name that it has in transformers.
struct ClassChoice {
  std::string name;  ///< "BertTokenizer"; "TokenizersBackend" for the one that takes tokenizer.json alone
  ClassKind kind = ClassKind::stands;
  std::string reason;     ///< which file's words it follows from, for messages
  bool is_guess = false;  ///< no file says a word that leads to a class
};

/// What the files say about the class; "" where they do not.
struct ClassHints {
  std::string tokenizer_class = {};      ///< tokenizer_config.json's
  std::string config_class = {};         ///< config.json's tokenizer_class
  std::string model_type = {};           ///< config.json's
  std::string model_name = {};           ///< config.json's, which a few models are known by
  bool has_own_code = false;             ///< tokenizer_config.json's auto_map has a tokenizer
  std::string_view tokenizer_json = {};  ///< its text
};

/// The class that AutoTokenizer of transformers 5.24.0 chooses; docs/tokenizers.md has the order of precedence.
ClassChoice choose_class(const ClassHints& hints);

}  // namespace bertrt::tokenizer
