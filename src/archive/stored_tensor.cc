#include "archive/stored_tensor.h"

#include <array>
#include <utility>

#include "base/plain_text.h"
#include "bertrt/error.h"

namespace bertrt::archive {
namespace {

// Storages that libtorch knows and this library has no element type for, with their elements' bytes.
struct OtherStorage {
  std::string_view name;
  std::int64_t bytes;
};
constexpr std::array<OtherStorage, 17> kOthers = {{
    {"ComplexHalfStorage", 4},
    {"ComplexFloatStorage", 8},
    {"ComplexDoubleStorage", 16},
    {"QInt8Storage", 1},
    {"QUInt8Storage", 1},
    {"QInt32Storage", 4},
    {"QUInt4x2Storage", 1},
    {"QUInt2x4Storage", 1},
    {"UntypedStorage", 1},
    {"Float8_e4m3fnStorage", 1},
    {"Float8_e4m3fnuzStorage", 1},
    {"Float8_e5m2Storage", 1},
    {"Float8_e5m2fnuzStorage", 1},
    {"Float8_e8m0fnuStorage", 1},
    {"UInt16Storage", 2},
    {"UInt32Storage", 4},
    {"UInt64Storage", 8},
}};

Error bad(const std::string& where, std::string expected, std::string found) {
  return Error(ErrorCode::invalid_format, where, std::move(expected), std::move(found));
}

std::vector<std::int64_t> read_integers(const PickleValue& tuple, const std::string& where, const char* what) {
  const bool known = tuple.is(PickleKind::tuple) || tuple.is(PickleKind::list);
  if (!known) throw bad(where, std::string("a tensor's ") + what, "something else");
  if (tuple.size() > kMaxRank) {
    throw bad(where, "a tensor of at most " + std::to_string(kMaxRank) + " axes", std::to_string(tuple.size()));
  }
  std::vector<std::int64_t> result;
  result.reserve(tuple.size());
  for (std::size_t i = 0; i < tuple.size(); ++i) {
    if (!tuple[i].is(PickleKind::integer)) throw bad(where, std::string("numbers as ") + what, "something else");
    result.push_back(tuple[i].integer());
  }
  return result;
}

std::int64_t read_count(const PickleValue& value, const std::string& where, const char* what) {
  if (!value.is(PickleKind::integer) || value.integer() < 0) {
    throw bad(where, std::string("a tensor's ") + what + " from 0",
              value.is(PickleKind::integer) ? std::to_string(value.integer()) : std::string("something else"));
  }
  return value.integer();
}

std::int64_t bytes_each(const TensorDescription& tensor, const std::string& where) {
  if (tensor.type) return static_cast<std::int64_t>(element_size(*tensor.type));
  for (const OtherStorage& other : kOthers) {
    if (other.name == tensor.storage_name) return other.bytes;
  }
  throw bad(where, "a storage of a type that libtorch knows", base::printable(tensor.storage_name));
}

// What a tensor's numbers are to be taken for ({"neg": True}: their negatives, as the imaginary part of a conjugate has
// them) stands behind its hooks, where torch writes anything.
void check_bits(const PickleValue& tensor, const std::string& where) {
  constexpr std::size_t kBits = 6;
  if (!tensor.is(PickleKind::tensor) || tensor.size() <= kBits || tensor[kBits].is(PickleKind::none)) return;
  const PickleValue bits = tensor[kBits];
  if (bits.is(PickleKind::dict) && bits.size() == 0) return;
  const bool negative = bits.is(PickleKind::dict) && bits.size() == 1 && bits.key(0).text() == "neg";
  throw Error(ErrorCode::unsupported, where, "a tensor whose numbers are stored as they are",
              negative ? "one that stands for their negatives (its neg bit; save resolve_neg() of it)"
                       : "one with something else to be done to them");
}

}  // namespace

TensorDescription describe_tensor(const PickleValue& tensor, const std::string& where) {
  const bool is_tensor = tensor.is(PickleKind::tensor) || tensor.is(PickleKind::quantized_tensor);
  if (!is_tensor || tensor.size() < 4 || tensor.size() > 7) {
    throw bad(where, "a tensor's storage, offset, sizes and strides", "something else");
  }
  const PickleValue storage = tensor[0];
  // Before torch 1.6 there was a sixth: of which other storage it is a part; none in what is read here.
  const bool whole = storage.size() == 5 || (storage.size() == 6 && storage[5].is(PickleKind::none));
  const bool known = storage.is(PickleKind::storage) && whole && storage[0].text() == "storage" &&
                     storage[1].is(PickleKind::global) && storage[2].is(PickleKind::text) &&
                     storage[3].is(PickleKind::text);
  if (!known) throw bad(where, "a storage's type, key, device and number of elements", "something else");

  TensorDescription result;
  result.storage_name = storage[1].global_name();
  constexpr std::string_view kPrefix = "torch.";
  if (result.storage_name.starts_with(kPrefix)) result.storage_name.erase(0, kPrefix.size());
  result.type = storage_element_type(result.storage_name);
  result.element_bytes = static_cast<std::uint64_t>(bytes_each(result, where));
  result.key = storage[2].text();
  result.device = storage[3].text();
  result.storage_elements = read_count(storage[4], where, "number of stored elements");
  result.storage_offset = read_count(tensor[1], where, "offset");
  result.shape = read_integers(tensor[2], where, "sizes");
  result.strides = read_integers(tensor[3], where, "strides");
  std::string problem = check_shape(result.shape, result.strides);
  if (!problem.empty()) throw bad(where, "a tensor's shape", std::move(problem));
  check_bits(tensor, where);
  return result;
}

std::optional<TensorView> read_tensor(const PickleValue& tensor, Archive& archive, std::string_view folder,
                                      const std::string& where) {
  TensorDescription description = describe_tensor(tensor, where);
  const std::string entry = std::string(folder).append(description.key);
  const std::span<const std::byte> storage = archive.read(entry);
  return view_tensor(std::move(description), storage, "entry " + base::printable(entry), where);
}

std::optional<TensorView> view_tensor(TensorDescription description, std::span<const std::byte> storage,
                                      const std::string& storage_name, const std::string& where) {
  const std::uint64_t each = description.element_bytes;
  const auto elements = static_cast<std::uint64_t>(description.storage_elements);
  // libtorch believes the number in the pickle, and reads that much.
  if (storage.size() % each != 0 || storage.size() / each != elements) {
    throw bad(where, "a storage of " + std::to_string(elements) + " elements of " + std::to_string(each) + " bytes",
              storage_name + " of " + std::to_string(storage.size()) + " bytes");
  }
  if (!description.type) return std::nullopt;
  TensorView view;
  view.type = *description.type;
  view.shape = std::move(description.shape);
  view.strides = std::move(description.strides);
  view.storage_offset = description.storage_offset;
  view.storage = storage;
  view.storage_key = std::string(description.key);
  std::string problem = check_bounds(view);
  if (!problem.empty()) throw bad(where, "a tensor inside its storage, " + storage_name, std::move(problem));
  return view;
}

void check_tensors(const Pickle& pickle, Archive& archive, std::string_view folder, const std::string& where) {
  for (const PickleKind kind : {PickleKind::tensor, PickleKind::quantized_tensor}) {
    for (const PickleValue& tensor : pickle.values_of(kind)) (void)read_tensor(tensor, archive, folder, where);
  }
}

}  // namespace bertrt::archive
