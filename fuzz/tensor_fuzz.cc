// A pickled tensor with any numbers, read out of an archive and copied. The bytes say: element type, rank, the
// storage's size, then sizes, strides, offset and number of elements, 2 bytes each or, where the first of them is
// 255, 8. Checked: no crash and no exception but Error; what is accepted can be copied to floats.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "archive/stored_tensor.h"
#include "archive/test_zip.h"
#include "bertrt/error.h"

namespace {

using namespace bertrt::archive;

class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

  std::uint64_t take(std::size_t count) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count && size_ > 0; ++i, ++data_, --size_) value |= std::uint64_t{*data_} << (8 * i);
    return value;
  }
  std::uint64_t number() { return size_ > 0 && *data_ == 255 ? take(9) >> 8U : take(2); }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

std::string integer(std::uint64_t value) {
  std::string out = "\x8a\x08";
  test::put(out, value, 8);
  return out;
}

std::string text(std::string_view value) {
  std::string out(1, 'X');
  test::put(out, value.size(), 4);
  return out.append(value);
}

std::string pickled(Bytes& bytes, std::size_t rank) {
  static const char* const kStorages[] = {"FloatStorage", "HalfStorage", "BFloat16Storage", "DoubleStorage",
                                          "LongStorage",  "BoolStorage", "QInt8Storage",    "ComplexFloatStorage"};
  std::string shape = "(";
  std::string strides = "(";
  const std::string storage = kStorages[bytes.take(1) % 8];
  for (std::size_t i = 0; i < rank; ++i) {
    shape += integer(bytes.number());
    strides += integer(bytes.number());
  }
  std::string out =
      "\x80\x02"
      "ctorch._utils\n_rebuild_tensor_v2\n((";
  out += text("storage") + "ctorch\n" + storage + "\n" + text("0") + text("cpu") + integer(bytes.number()) + "tQ";
  out += integer(bytes.number()) + shape + "t" + strides + "t\x89NtR.";
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  const std::size_t rank = bytes.take(1) % 80;
  const std::size_t stored = bytes.take(1) % 128;
  const std::string zip = test::make_archive({{"data/0", std::string(stored, 'x')}});
  const std::string pickle_bytes = pickled(bytes, rank);
  try {
    Archive archive(test::bytes_of(zip), "fuzz");
    const Pickle pickle(test::bytes_of(pickle_bytes), "p");
    const auto view = read_tensor(pickle.root(), archive, "data/", "p");
    if (!view) return 0;
    if (!check_bounds(*view).empty()) std::abort();
    (void)view->contiguous();
    if (view->elements() > (std::size_t{1} << 24)) std::abort();
    if (view->type <= ElementType::float64) (void)to_float32(*view);
  } catch (const bertrt::Error&) {
    // The one exception that may leave the library.
  }
  return 0;
}
