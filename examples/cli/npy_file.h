#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "bertrt/output.h"

namespace bertrt::cli {

/// Writes a matrix as numpy's .npy, some rows at a time, so that the file is a whole one at any time: its header counts
/// the rows that are wholly behind it, and is written anew after them. What breaks off can be gone on with. A file that
/// is there already stays as it is up to the first row.
class NpyFile {
 public:
  /// @param type     numpy's: "<f4", "|i1", "|u1"
  /// @param columns  of a row, each of `column_bytes` bytes
  /// @param rows     0: a new file, in the place of one that is there. Else one that has so many rows of this kind is
  ///                 gone on with; where there is none, a new one
  /// @throws UsageError for a file that is something else, has another number of rows or is shorter than they are, and
  ///         for what no one can go back in, as a pipe; OutputLost
  NpyFile(std::filesystem::path path, std::string type, std::size_t columns, std::size_t column_bytes,
          std::size_t rows);
  NpyFile(const NpyFile&) = delete;
  NpyFile& operator=(const NpyFile&) = delete;
  /// Writes what is still held back, where that can be done; a new file that got nothing goes.
  ~NpyFile();

  /// @param row  columns x column_bytes bytes, little endian. Written when there is enough of it. @throws OutputLost
  void append(std::string_view row);
  /// Writes all that was appended; nothing is a matrix, too. @throws OutputLost
  void flush();

 private:
  void check_old(std::size_t rows) const;
  void begin();
  void write_at(std::uint64_t offset, std::string_view bytes);
  [[noreturn]] void lost() const;

  std::filesystem::path path_;
  std::string type_;
  std::size_t columns_;
  std::size_t row_bytes_;
  std::FILE* file_ = nullptr;
  bool is_new_ = false;
  bool begun_ = false;
  std::uint64_t rows_ = 0;  ///< in the file, as its header counts them
  std::string held_;        ///< whole rows
};

/// A matrix of float32. @throws UsageError for another file
Matrix read_npy(const std::filesystem::path& path);

}  // namespace bertrt::cli
