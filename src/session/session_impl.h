#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "batch/batch.h"
#include "bertrt/session.h"
#include "bertrt/tokenizer.h"
#include "engine/engine.h"

namespace bertrt::session {

/// What a session holds. Immutable once made; shared by all copies of a BertSession.
class SessionImpl {
 public:
  SessionImpl(std::unique_ptr<const engine::Engine> engine, std::optional<Tokenizer> tokenizer, SessionInfo info,
              batch::BatchLimits limits, DType dtype, std::string self_test)
      : engine_(std::move(engine)),
        tokenizer_(std::move(tokenizer)),
        info_(std::move(info)),
        limits_(std::move(limits)),
        dtype_(dtype),
        self_test_(std::move(self_test)) {}

  EncoderOutput run(std::span<const Encoding> encodings, const RunRequest& request) const;

  const std::optional<Tokenizer>& tokenizer() const noexcept { return tokenizer_; }
  const SessionInfo& info() const noexcept { return info_; }
  /// The arithmetic in use.
  DType dtype() const noexcept { return dtype_; }
  /// bertrt/selftest.json; empty when the file has none.
  const std::string& self_test() const noexcept { return self_test_; }

 private:
  std::unique_ptr<const engine::Engine> engine_;
  std::optional<Tokenizer> tokenizer_;
  SessionInfo info_;
  batch::BatchLimits limits_;
  DType dtype_;
  std::string self_test_;
};

/// Checks the request against the batch and runs it. @throws Error invalid_argument, and what engines throw
EncoderOutput run_checked(const engine::Engine& engine, const batch::BatchLimits& limits,
                          std::span<const Encoding> encodings, const RunRequest& request);

}  // namespace bertrt::session
