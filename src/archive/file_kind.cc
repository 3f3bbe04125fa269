#include "archive/file_kind.h"

#include <array>
#include <string_view>

#include "archive/byte_reader.h"
#include "base/lfs_pointer.h"

namespace bertrt::archive {
namespace {

constexpr std::string_view kExport = "export a trace with torch.jit.trace and torch.jit.save, or with models/export.py";

// torch.save before 1.6 wrote a pickle of this number (0x1950a86a20f9469cfc6c as a Python long), then the protocol.
constexpr std::string_view kOldTorchMagic("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 14);

bool looks_like_safetensors(std::string_view text) {
  if (text.size() < 10 || text[8] != '{') return false;
  ByteReader reader(std::as_bytes(std::span(text)));
  const auto header = reader.read<std::uint64_t>();
  return header && *header >= 2 && *header <= text.size() - 8;
}

// An ONNX file is a protobuf message without a magic number: field 1 (varint ir_version), then the producer's name
// or the opset as length-delimited fields.
bool looks_like_onnx(std::string_view text) {
  if (text.size() < 8 || text[0] != '\x08' || text[1] < 1 || text[1] > 20) return false;
  return text[2] == '\x12' || text[2] == '\x3a' || text[2] == '\x42' || text[2] == '\x1a';
}

std::string with_advice(std::string_view found) { return std::string(found) + "; " + std::string(kExport); }

}  // namespace

std::string describe_other_file(std::span<const std::byte> bytes) {
  const std::string_view text = as_text(bytes);
  if (text.empty()) return "an empty file";
  if (text.starts_with("PK\x03\x04")) return {};
  if (text.starts_with("PK\x05\x06")) return "an empty zip archive";
  if (text.starts_with(kOldTorchMagic)) {
    return with_advice("a pickle saved by an old torch.save (weights without a program)");
  }
  if (text.starts_with("\x80")) return with_advice("a Python pickle");
  if (looks_like_safetensors(text)) return with_advice("a safetensors file (weights without a program)");
  if (looks_like_onnx(text)) return with_advice("an ONNX model");
  if (text.starts_with(base::kLfsPointer)) return std::string(base::kLfsAdvice);
  if (text.starts_with("\x89HDF")) return with_advice("an HDF5 file");
  if (text.starts_with("GGUF")) return with_advice("a GGUF file");
  if (text.starts_with("\x1f\x8b")) return "a gzip file; unpack it first";
  if (text.starts_with("<")) return "a web page or XML; was the download redirected?";
  if (text.size() > 8 && text.substr(4, 4) == "PTMF") return with_advice("a model for PyTorch's mobile interpreter");
  return "a file that is no zip archive";
}

std::string describe_other_archive(const ZipDirectory& directory, std::string_view root) {
  const auto has = [&](std::string_view name) { return directory.find(std::string(root).append(name)) != nullptr; };
  if (has("model.json")) return "a model of torch 1.1 or older; load and save it again with a newer torch";
  const bool data = has("data.pkl");
  if (data && has("constants.pkl")) return {};
  if (data) return with_advice("a PyTorch state_dict or object saved by torch.save (weights without a program)");
  static constexpr std::array<std::string_view, 4> kExported = {"models/model.json", "serialized_exported_program.json",
                                                                "archive_format", "archive_version"};
  for (const std::string_view name : kExported) {
    if (has(name)) return with_advice("a program saved by torch.export.save (.pt2), which this library cannot run");
  }
  if (directory.find("[Content_Types].xml") != nullptr) return "an office document";
  return with_advice("a zip archive without data.pkl and constants.pkl");
}

}  // namespace bertrt::archive
