#pragma once

#include <string>

#include "bertrt/tokenizer.h"

namespace bertrt::tokenizer {

/// Checks a tokenizer against one golden file made by tests/data/bpe/golden_cases.py: texts, invalid UTF-8, templates,
/// truncation, stride, decoding, and where the file has them the digests over every code point.
void expect_golden(const Tokenizer& tokenizer, const std::string& path);

/// The bytes of a file below the test data.
std::string read_test_data(const std::string& path);

}  // namespace bertrt::tokenizer
