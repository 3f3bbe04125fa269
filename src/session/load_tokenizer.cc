#include <string>
#include <vector>

#include "archive/archive.h"
#include "archive/byte_reader.h"
#include "archive/guard.h"
#include "archive/partial_file.h"
#include "base/out_of_memory.h"
#include "bertrt/error.h"
#include "bertrt/session.h"
#include "family/sentence_modules.h"
#include "session/checkpoint_session.h"
#include "session/tokenizer_choice.h"

namespace bertrt {
inline namespace v0 {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kExtra = "extra/";

std::optional<Tokenizer> from_bundle(const fs::path& path) {
  const auto wanted = [](std::string_view name) {
    const std::string_view inside = name.substr(name.find('/') + 1);
    return inside == "byteorder" ||
           (inside.starts_with(kExtra) && inside.substr(kExtra.size()).starts_with(session::kBundleTokenizer));
  };
  const archive::PartialFile file = archive::PartialFile::read(path, wanted);
  archive::Archive archive(file.span(), path.string());
  std::vector<std::string> names = archive.list(kExtra);
  for (std::string& name : names) name.erase(0, kExtra.size());
  return session::bundle_tokenizer(
      names, [&](const std::string& name) { return archive::as_text(archive.read(std::string(kExtra).append(name))); });
}

}  // namespace

Tokenizer BertSession::load_tokenizer(const fs::path& path) {
  return base::or_out_of_memory("loading a tokenizer", [&] {
    if (session::is_checkpoint_path(path)) {
      std::error_code ignored;
      return Tokenizer::load(fs::is_directory(path, ignored) ? family::transformer_folder(path) : path.parent_path());
    }
    std::optional<Tokenizer> tokenizer = archive::guard_memory(path.string(), [&] { return from_bundle(path); });
    if (!tokenizer) tokenizer = session::tokenizer_beside(path.parent_path());
    if (tokenizer) return *std::move(tokenizer);
    throw Error(ErrorCode::unsupported, path.string(), "a tokenizer in the model's file or beside it", "none");
  });
}

}  // namespace v0
}  // namespace bertrt
