// Opens any bytes as a model file, touches what a user could reach, and inspects. The first byte says what the rest is:
// a whole archive, or one entry of an otherwise sound one, so that the pickle and code readers are reached at once.
//
//   python fuzz/archive_seeds.py corpus && archive_fuzz -max_len=20000 corpus/archive

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "archive/test_zip.h"
#include "bertrt/error.h"
#include "model/model_file.h"
#include "model/report.h"

namespace {

using bertrt::archive::test::RawEntry;

std::string archive_of(std::uint8_t kind, std::string rest) {
  const std::string module("\x80\x02c__torch__.a\nM\n)\x81}b.");
  switch (kind % 6) {
    case 1:
      return bertrt::archive::test::make_archive({{"data.pkl", std::move(rest)}, {"data/0", std::string(64, 'x')}});
    case 2:
      return bertrt::archive::test::make_archive({{"data.pkl", module}, {"code/__torch__/a.py", std::move(rest)}});
    case 3: return bertrt::archive::test::make_archive({{"extra/bertrt/manifest.json", std::move(rest)}});
    case 4: return bertrt::archive::test::make_archive({{"traced_inputs.pkl", std::move(rest)}});
    case 5: return bertrt::archive::test::make_archive({{"code/__torch__.py", std::move(rest), 8, 0, 4096}});
    default: return rest;
  }
}

void touch(const bertrt::model::ModelFile& file) {
  float sum = 0;
  for (const auto& parameter : file.parameters()) {
    if (parameter.tensor.type > bertrt::archive::ElementType::float64) continue;
    for (const float value : to_float32(parameter.tensor)) sum += value;
  }
  volatile float sink = sum;
  (void)sink;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes = archive_of(data[0], std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
  const auto span = std::as_bytes(std::span(bytes));
  try {
    touch(*bertrt::model::ModelFile::view(span, "fuzz"));
    (void)bertrt::model::report_of(*bertrt::model::ModelFile::view(span, "fuzz"));
  } catch (const bertrt::Error&) {
    // The one exception that may leave the library.
  }
  return 0;
}
