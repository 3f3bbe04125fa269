#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bertrt/encoding.h"
#include "bertrt/output.h"
#include "bertrt/session.h"

namespace bertrt {

/// One text, and what Python gave for it alone and unpadded (tests/data/traces/README.md). Empty: not recorded.
struct GoldenCase {
  Encoding encoding;
  std::vector<std::vector<float>> layers;  ///< [layer][tokens × hidden]
  std::vector<float> pooled;
  std::vector<float> logits;  ///< [tokens × classes] or [classes]
  std::vector<float> start_logits;
  std::vector<float> end_logits;
};

std::filesystem::path trace_path(const std::string& file);
std::vector<GoldenCase> load_golden(const std::string& file);

/// A session on a test trace with the TorchScript engine, which is what these tests are about.
BertSession load_trace(const std::string& file, SessionOptions options = {});

/// Largest absolute difference; infinite when the sizes differ.
float difference(std::span<const float> a, std::span<const float> b);

/// The difference from that one of a case's golden values that is nearest; infinite when none has this size.
float nearest(std::span<const float> values, const GoldenCase& golden);

/// One text's share of an output against its golden values: hidden states within 1e-5, logits within 1e-4. What comes
/// in `more` must be one of them.
void expect_golden(const EncoderOutput& output, std::size_t text, const GoldenCase& golden);

}  // namespace bertrt
