#include "archive/safetensors.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "archive/byte_reader.h"
#include "archive/guard.h"
#include "base/json.h"
#include "base/lfs_pointer.h"
#include "base/plain_text.h"
#include "bertrt/error.h"

namespace bertrt::archive {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kMaxHeader = 100'000'000;  // the format's own limit
constexpr std::size_t kMaxAxes = 64;
constexpr std::size_t kLengthSize = 8;

struct DTypeRow {
  std::string_view name;
  std::size_t bits;
  std::optional<ElementType> type;  // nothing: the format has it, no encoder that we run does
};

constexpr std::array<DTypeRow, 19> kDTypes = {{
    {"F32", 32, ElementType::float32}, {"F16", 16, ElementType::float16}, {"BF16", 16, ElementType::bfloat16},
    {"F64", 64, ElementType::float64}, {"I64", 64, ElementType::int64},   {"I32", 32, ElementType::int32},
    {"I16", 16, ElementType::int16},   {"I8", 8, ElementType::int8},      {"U8", 8, ElementType::uint8},
    {"BOOL", 8, ElementType::boolean}, {"U16", 16, std::nullopt},         {"U32", 32, std::nullopt},
    {"U64", 64, std::nullopt},         {"F8_E4M3", 8, std::nullopt},      {"F8_E5M2", 8, std::nullopt},
    {"F8_E8M0", 8, std::nullopt},      {"C64", 64, std::nullopt},         {"F4", 4, std::nullopt},
    {"F6_E2M3", 6, std::nullopt},
}};

class HeaderReader {
 public:
  HeaderReader(std::span<const std::byte> data, const std::string& where) : data_(data), where_(where) {}

  NamedTensor tensor(const std::string& name, const Json& entry) const {
    const std::string at = where_ + ": " + base::printable(name);
    if (!entry.is_object() || entry.size() != 3 || !entry.contains("dtype") || !entry.contains("shape") ||
        !entry.contains("data_offsets")) {
      throw Error(ErrorCode::invalid_format, at, "dtype, shape and data_offsets", "something else");
    }
    const DTypeRow& dtype = dtype_of(entry["dtype"], at);
    NamedTensor result{name, {}};
    TensorView& view = result.tensor;
    view.type = dtype.type.value();
    view.shape = shape_of(entry["shape"], at);
    view.storage_key = name;
    view.strides.resize(view.shape.size());
    std::uint64_t elements = 1;
    bool empty = false;
    for (std::size_t axis = view.shape.size(); axis-- > 0;) {
      view.strides[axis] = static_cast<std::int64_t>(elements);
      const auto size = static_cast<std::uint64_t>(view.shape[axis]);
      if (size != 0 && elements > std::uint64_t{INT64_MAX} / 8 / size) bad(at, "a shape that fits into memory", "more");
      empty = empty || size == 0;
      elements *= std::max<std::uint64_t>(size, 1);
    }
    const auto [begin, end] = range_of(entry["data_offsets"], at);
    const std::uint64_t wanted = empty ? 0 : elements * (dtype.bits / 8);
    if (end - begin != wanted) {
      bad(at, std::to_string(wanted) + " bytes, as dtype and shape say", std::to_string(end - begin));
    }
    view.storage = data_.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
    return result;
  }

 private:
  [[noreturn]] static void bad(const std::string& at, std::string expected, std::string found) {
    throw Error(ErrorCode::invalid_format, at, std::move(expected), std::move(found));
  }

  static const DTypeRow& dtype_of(const Json& value, const std::string& at) {
    const std::string name = value.is_string() ? value.get<std::string>() : std::string();
    const auto* row =
        std::find_if(kDTypes.begin(), kDTypes.end(), [&](const DTypeRow& one) { return one.name == name; });
    if (row == kDTypes.end()) bad(at, "a dtype of the format", base::printable(name));
    if (!row->type) {
      throw Error(ErrorCode::unsupported, at, "F32, F16, BF16, F64, a signed integer, U8 or BOOL", name);
    }
    return *row;
  }

  static std::vector<std::int64_t> shape_of(const Json& value, const std::string& at) {
    if (!value.is_array() || value.size() > kMaxAxes) bad(at, "a shape of at most 64 sizes", "something else");
    std::vector<std::int64_t> shape;
    for (const Json& size : value) {
      if (!size.is_number_unsigned() || size.get<std::uint64_t>() > std::uint64_t{INT64_MAX}) {
        bad(at, "sizes that are whole numbers from 0 on", base::printable(size.dump()));
      }
      shape.push_back(size.get<std::int64_t>());
    }
    return shape;
  }

  std::pair<std::uint64_t, std::uint64_t> range_of(const Json& value, const std::string& at) const {
    if (!value.is_array() || value.size() != 2 || !value[0].is_number_unsigned() || !value[1].is_number_unsigned()) {
      bad(at, "data_offsets [begin, end]", "something else");
    }
    const auto begin = value[0].get<std::uint64_t>();
    const auto end = value[1].get<std::uint64_t>();
    if (begin > end || end > data_.size()) {
      bad(at, "data_offsets within " + std::to_string(data_.size()) + " bytes of data",
          std::to_string(begin) + " to " + std::to_string(end));
    }
    return {begin, end};
  }

  std::span<const std::byte> data_;
  const std::string& where_;
};

void check_metadata(const Json& metadata, const std::string& where) {
  const bool texts = metadata.is_object() &&
                     std::all_of(metadata.begin(), metadata.end(), [](const Json& value) { return value.is_string(); });
  if (!texts) throw Error(ErrorCode::invalid_format, where + ": __metadata__", "texts by names", "something else");
}

// No holes, no overlap: each tensor begins where the one before ends, and the last ends with the file.
void check_cover(const std::vector<NamedTensor>& tensors, std::span<const std::byte> data, const std::string& where) {
  const std::byte* next = data.data();
  for (const NamedTensor& one : tensors) {
    if (one.tensor.storage.data() != next) {
      throw Error(ErrorCode::invalid_format, where + ": " + base::printable(one.name),
                  "data that begins where another's ends, at " + std::to_string(next - data.data()),
                  std::to_string(one.tensor.storage.data() - data.data()));
    }
    next += one.tensor.storage.size();
  }
  if (const auto used = static_cast<std::size_t>(next - data.data()); used != data.size()) {
    throw Error(ErrorCode::invalid_format, where, std::to_string(used) + " bytes of data, as the header says",
                std::to_string(data.size()));
  }
}

// How long the header is. @param bytes  the file's first ones
std::size_t header_size(std::span<const std::byte> bytes, std::size_t file_size, const std::string& where) {
  ByteReader reader(bytes);
  const auto length = reader.read<std::uint64_t>();
  if (!length)
    throw Error(ErrorCode::invalid_format, where, "a safetensors file: an 8-byte length first", "fewer bytes");
  if (as_text(bytes).starts_with(base::kLfsPointer.substr(0, kLengthSize))) {
    throw Error(ErrorCode::invalid_format, where, "a safetensors file", std::string(base::kLfsAdvice));
  }
  if (*length > kMaxHeader) {
    throw Error(ErrorCode::invalid_format, where, "a safetensors file: a header of at most 100,000,000 bytes",
                std::to_string(*length));
  }
  if (*length > file_size - kLengthSize) {
    throw Error(ErrorCode::invalid_format, where, "a header of " + std::to_string(*length) + " bytes",
                std::to_string(file_size - kLengthSize) + " bytes");
  }
  return static_cast<std::size_t>(*length);
}

// @param data  what lies behind the header: bytes, or the addresses of some that were left in their file
std::vector<NamedTensor> read(std::span<const std::byte> header, std::span<const std::byte> data,
                              const std::string& where) {
  const std::string_view text = as_text(header);
  if (!text.starts_with('{')) throw Error(ErrorCode::invalid_format, where, "a header that begins with '{'", "another");
  // Deep enough for an entry's lists; a header is flat.
  const Json json = base::parse_json(text, where + ": header", {.depth = 4});
  if (!json.is_object()) throw Error(ErrorCode::invalid_format, where, "tensors by names", "something else");

  const HeaderReader entries(data, where);
  std::vector<NamedTensor> tensors;
  tensors.reserve(json.size());
  for (const auto& [name, entry] : json.items()) {
    if (name == "__metadata__") {
      check_metadata(entry, where);
    } else {
      tensors.push_back(entries.tensor(name, entry));
    }
  }
  std::stable_sort(tensors.begin(), tensors.end(), [](const NamedTensor& a, const NamedTensor& b) {
    const std::byte* const a_begin = a.tensor.storage.data();
    const std::byte* const b_begin = b.tensor.storage.data();
    return a_begin != b_begin ? a_begin < b_begin : a.tensor.storage.size() < b.tensor.storage.size();
  });
  check_cover(tensors, data, where);
  return tensors;
}

}  // namespace

std::vector<NamedTensor> read_safetensors(std::span<const std::byte> bytes, const std::string& where) {
  return guard_memory(where, [&] {
    const std::size_t size = header_size(bytes, bytes.size(), where);
    return read(bytes.subspan(kLengthSize, size), bytes.subspan(kLengthSize + size), where);
  });
}

std::vector<NamedTensor> read_safetensors(const Unread& file, std::span<const std::byte> addresses,
                                          const std::string& where) {
  return guard_memory(where, [&] {
    std::array<std::byte, kLengthSize> first{};
    const std::span<std::byte> known = std::span(first).first(std::min(first.size(), addresses.size()));
    file.read(addresses.data(), known);
    std::vector<std::byte> header(header_size(known, addresses.size(), where));
    file.read(addresses.data() + kLengthSize, header);
    std::vector<NamedTensor> tensors = read(header, addresses.subspan(kLengthSize + header.size()), where);
    for (NamedTensor& one : tensors) one.tensor.unread = &file;
    return tensors;
  });
}

}  // namespace bertrt::archive
