#include "archive/old_torch_file.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "archive/byte_reader.h"
#include "archive/stored_tensor.h"
#include "base/plain_text.h"
#include "bertrt/error.h"

namespace bertrt::archive {
namespace {

// 0x1950a86a20f9469cfc6c as a Python long, pickled by itself.
constexpr std::string_view kMagic("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);
constexpr std::int64_t kVersion = 1001;

Error bad(const std::string& where, std::string expected, std::string found) {
  return Error(ErrorCode::invalid_format, where, std::move(expected), std::move(found));
}

}  // namespace

bool OldTorchFile::is_one(std::span<const std::byte> bytes) noexcept { return as_text(bytes).starts_with(kMagic); }

OldTorchFile::OldTorchFile(std::span<const std::byte> bytes, const std::string& where) : where_(where), rest_(bytes) {
  if (!is_one(bytes)) throw bad(where, "a file of torch.save before 1.6", "another");
  rest_ = rest_.subspan(kMagic.size());
  check_machine();
  object_.emplace(next());
  read_storages();
}

// Pickles do not say how long they are.
Pickle OldTorchFile::next() {
  Pickle pickle(rest_.first(std::min(rest_.size(), Pickle::kMaxBytes)), where_, PickleWriter::torch_save);
  rest_ = rest_.subspan(pickle.bytes_read());
  return pickle;
}

void OldTorchFile::check_machine() {
  const Pickle version = next();
  if (!version.root().is(PickleKind::integer) || version.root().integer() != kVersion) {
    throw bad(where_, "version " + std::to_string(kVersion) + " of torch.save's old format", "another");
  }
  const Pickle machine = next();
  const std::optional<PickleValue> little = machine.root().find("little_endian");
  if (!little || !little->is(PickleKind::boolean) || !little->boolean()) {
    throw Error(ErrorCode::unsupported, where_, "numbers of a little-endian machine", "others");
  }
}

void OldTorchFile::read_storages() {
  struct Storage {
    std::uint64_t element_bytes = 0;
    std::int64_t elements = 0;
  };
  std::map<std::string_view, Storage> said;
  for (const PickleValue& tensor : object_->values_of(PickleKind::tensor)) {
    const TensorDescription description = describe_tensor(tensor, where_);
    const Storage storage{description.element_bytes, description.storage_elements};
    const auto [known, is_new] = said.emplace(description.key, storage);
    const Storage& first = known->second;
    if (!is_new && (first.element_bytes != storage.element_bytes || first.elements != storage.elements)) {
      throw bad(where_, "the same of one storage", "two sizes of storage " + base::printable(description.key));
    }
  }
  const Pickle list = next();
  if (!list.root().is(PickleKind::list)) throw bad(where_, "a list of storages", "something else");
  for (std::size_t i = 0; i < list.root().size(); ++i) {
    const std::string key(list.root()[i].text());
    const std::string at = where_ + ": storage " + base::printable(key);
    const auto storage = said.find(key);
    if (storage == said.end()) throw bad(at, "a storage that a tensor lies in", "one of none");
    ByteReader reader(rest_);
    const auto count = reader.read<std::uint64_t>();
    if (!count || static_cast<std::int64_t>(*count) != storage->second.elements) {
      throw bad(at, std::to_string(storage->second.elements) + " elements, as the pickle says",
                count ? std::to_string(static_cast<std::int64_t>(*count)) : "the file's end");
    }
    // No overflow: so many bytes would not be left.
    const bool fits = *count <= reader.left() / storage->second.element_bytes;
    const auto bytes = fits ? reader.take(*count * storage->second.element_bytes) : std::nullopt;
    if (!bytes) {
      throw bad(at, std::to_string(*count) + " elements of " + std::to_string(storage->second.element_bytes) + " bytes",
                "the file's end");
    }
    if (!storages_.emplace(key, *bytes).second) throw bad(at, "each storage once", "one twice");
    rest_ = rest_.subspan(reader.position());
  }
  if (!rest_.empty()) throw bad(where_, "the file's end", std::to_string(rest_.size()) + " more bytes");
}

std::optional<TensorView> OldTorchFile::tensor(const PickleValue& value, const std::string& where) const {
  TensorDescription description = describe_tensor(value, where);
  const auto storage = storages_.find(description.key);
  if (storage == storages_.end()) {
    throw bad(where, "a storage of the file", base::printable(description.key) + ", which it has not");
  }
  const std::string name = "storage " + base::printable(description.key);
  return view_tensor(std::move(description), storage->second, name, where);
}

}  // namespace bertrt::archive
