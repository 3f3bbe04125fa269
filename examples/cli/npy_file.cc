#include "npy_file.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "commands.h"

#if defined(_WIN32)
#include <io.h>
#else
#include <unistd.h>
#endif

namespace bertrt::cli {
namespace {

constexpr std::string_view kMagic = std::string_view("\x93NUMPY\x01\x00", 8);
constexpr std::size_t kHeader = 128;  // room for the largest shape; a multiple of 64, as numpy has it
constexpr std::size_t kHeld = std::size_t{1} << 20U;

std::string header(const std::string& type, std::uint64_t rows, std::size_t columns) {
  std::string text = "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + std::to_string(rows) + ", " +
                     std::to_string(columns) + "), }";
  const std::size_t length = kHeader - kMagic.size() - 2;
  text.resize(length - 1, ' ');
  text += '\n';
  std::string whole(kMagic);
  whole += static_cast<char>(length & 0xFF);
  whole += static_cast<char>(length >> 8U);
  return whole + text;
}

struct Header {
  std::string type;
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;
  std::size_t bytes = 0;  ///< before the data
};

std::optional<std::uint64_t> number(std::string_view text, std::size_t& at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == ',' || text[at] == '(')) ++at;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  at = static_cast<std::size_t>(end - text.data());
  return value;
}

// Two-dimensional ones alone.
std::optional<Header> read_header(std::istream& in) {
  std::string start(kMagic.size() + 2, '\0');
  if (!in.read(start.data(), static_cast<std::streamsize>(start.size())) || !start.starts_with(kMagic))
    return std::nullopt;
  const std::size_t length =
      static_cast<unsigned char>(start[8]) | (static_cast<std::size_t>(static_cast<unsigned char>(start[9])) << 8U);
  std::string text(length, '\0');
  if (!in.read(text.data(), static_cast<std::streamsize>(length))) return std::nullopt;
  Header found;
  found.bytes = start.size() + length;
  const std::string_view type_key = "'descr': '";
  const std::string_view shape_key = "'shape': ";
  const std::size_t type = text.find(type_key);
  const std::size_t shape = text.find(shape_key);
  if (type == std::string::npos || shape == std::string::npos ||
      text.find("'fortran_order': False") == std::string::npos) {
    return std::nullopt;
  }
  const std::size_t begin = type + type_key.size();
  found.type = text.substr(begin, text.find('\'', begin) - begin);
  std::size_t at = shape + shape_key.size();
  const auto rows = number(text, at);
  const auto columns = number(text, at);
  if (!rows || !columns || at >= text.size() || text[at] != ')') return std::nullopt;
  found.rows = *rows;
  found.columns = *columns;
  return found;
}

int seek(std::FILE* file, std::uint64_t offset) {
#if defined(_WIN32)
  return _fseeki64(file, static_cast<long long>(offset), SEEK_SET);
#else
  return fseeko(file, static_cast<off_t>(offset), SEEK_SET);
#endif
}

int cut(std::FILE* file, std::uint64_t size) {
#if defined(_WIN32)
  return _chsize_s(_fileno(file), static_cast<long long>(size));
#else
  return ftruncate(fileno(file), static_cast<off_t>(size));
#endif
}

}  // namespace

NpyFile::NpyFile(std::filesystem::path path, std::string type, std::size_t columns, std::size_t column_bytes,
                 std::size_t rows)
    : path_(std::move(path)), type_(std::move(type)), columns_(columns), row_bytes_(columns * column_bytes) {
  std::error_code ignored;
  is_new_ = !std::filesystem::exists(path_, ignored);
  if (rows != 0 && !is_new_) {
    check_old(rows);
    rows_ = rows;
  }
  if (std::filesystem::is_fifo(path_, ignored) || std::filesystem::is_socket(path_, ignored)) {
    throw UsageError(path_.string() +
                     " is a pipe: the header of an .npy file is written again as its rows come in, so "
                     "that a file is needed");
  }
  file_ = std::fopen(path_.string().c_str(), is_new_ ? "w+b" : "r+b");
  if (file_ == nullptr) lost();
  if (is_new_) write_at(0, header(type_, 0, columns_));
}

void NpyFile::check_old(std::size_t rows) const {
  std::optional<Header> found;
  {
    std::ifstream in(path_, std::ios::binary);
    found = read_header(in);
  }
  if (!found || found->bytes != kHeader || found->type != type_ || found->columns != columns_) {
    throw UsageError(path_.string() + " is not a matrix of " + std::to_string(columns_) + " columns of " + type_ +
                     " that embed wrote: it cannot be gone on with");
  }
  if (found->rows != rows) {
    throw UsageError(path_.string() + " has " + std::to_string(found->rows) + " rows: --skip " +
                     std::to_string(found->rows) + " goes on with it");
  }
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(path_, error);
  if (error || size < kHeader + rows * row_bytes_) {
    throw UsageError(path_.string() + " is damaged: its header counts " + std::to_string(rows) +
                     " rows, and there are " + (error ? "not so many" : std::to_string((size - kHeader) / row_bytes_)) +
                     " behind it: it cannot be gone on with");
  }
}

// Half a row may be behind the last; of a file that is not gone on with nothing is left.
void NpyFile::begin() {
  if (std::exchange(begun_, true)) return;
  std::error_code ignored;
  const std::uint64_t kept = rows_ == 0 ? 0 : kHeader + rows_ * row_bytes_;
  if (std::filesystem::is_regular_file(path_, ignored) && cut(file_, kept) != 0) lost();
  if (rows_ == 0) write_at(0, header(type_, 0, columns_));
}

NpyFile::~NpyFile() {
  if (file_ == nullptr) return;
  try {
    if (begun_) flush();
  } catch (const OutputLost&) {  // it is a whole file without these rows
  }
  std::fclose(file_);
  std::error_code ignored;
  if (is_new_ && !begun_) std::filesystem::remove(path_, ignored);
}

void NpyFile::lost() const { throw OutputLost(path_.string() + " cannot be written: " + std::strerror(errno)); }

void NpyFile::write_at(std::uint64_t offset, std::string_view bytes) {
  if (seek(file_, offset) != 0 || std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size() ||
      std::fflush(file_) != 0) {
    lost();
  }
}

void NpyFile::append(std::string_view row) {
  begin();
  held_ += row;
  if (held_.size() >= kHeld) flush();
}

void NpyFile::flush() {
  begin();
  if (held_.empty()) return;
  const std::string rows = std::exchange(held_, {});
  write_at(kHeader + rows_ * row_bytes_, rows);
  rows_ += rows.size() / row_bytes_;
  write_at(0, header(type_, rows_, columns_));
}

Matrix read_npy(const std::filesystem::path& path) {
  const auto refuse = [&](const std::string& what) { throw UsageError(path.string() + " " + what); };
  std::ifstream in(path, std::ios::binary);
  if (!in || std::filesystem::is_directory(path)) refuse("cannot be read");
  const std::optional<Header> found = read_header(in);
  constexpr std::uint64_t kMost = std::uint64_t{1} << 28U;
  if (!found || found->type != "<f4" || found->columns == 0 || found->rows > kMost / found->columns) {
    refuse("is not a matrix of float32 in numpy's format");
  }
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(path, error);
  if (!error && size < found->bytes + found->rows * found->columns * sizeof(float))
    refuse("is shorter than its header says");
  Matrix matrix{found->rows, found->columns, std::vector<float>(found->rows * found->columns)};
  const auto bytes = static_cast<std::streamsize>(matrix.data.size() * sizeof(float));
  if (!in.read(reinterpret_cast<char*>(matrix.data.data()), bytes)) refuse("is shorter than its header says");
  return matrix;
}

}  // namespace bertrt::cli
