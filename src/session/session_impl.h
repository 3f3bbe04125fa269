#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "batch/batch.h"
#include "bertrt/session.h"
#include "bertrt/tokenizer.h"
#include "engine/engine.h"
#include "session/task_settings.h"

namespace bertrt::session {

/// What a session holds. Immutable once made; shared by all copies of a BertSession.
class SessionImpl {
 public:
  SessionImpl(std::unique_ptr<const engine::Engine> engine, std::optional<Tokenizer> tokenizer, SessionInfo info,
              batch::BatchLimits limits, std::string self_test, TaskSettings settings)
      : engine_(std::move(engine)),
        tokenizer_(std::move(tokenizer)),
        info_(std::move(info)),
        limits_(std::move(limits)),
        self_test_(std::move(self_test)),
        settings_(std::move(settings)) {}

  EncoderOutput run(std::span<const Encoding* const> encodings, const RunRequest& request) const;

  const engine::Engine& engine() const noexcept { return *engine_; }
  const std::optional<Tokenizer>& tokenizer() const noexcept { return tokenizer_; }
  const SessionInfo& info() const noexcept { return info_; }
  /// bertrt/selftest.json; empty when the file has none.
  const std::string& self_test() const noexcept { return self_test_; }
  const TaskSettings& settings() const noexcept { return settings_; }

 private:
  std::unique_ptr<const engine::Engine> engine_;
  std::optional<Tokenizer> tokenizer_;
  SessionInfo info_;
  batch::BatchLimits limits_;
  std::string self_test_;
  TaskSettings settings_;
};

/// The door to a BertSession's inside, for the library's own layers.
struct Access {
  static BertSession make(std::shared_ptr<const SessionImpl> impl) { return BertSession(std::move(impl)); }
  /// @throws Error invalid_argument for a session that was moved from
  static const SessionImpl& impl(const BertSession& session) { return session.impl(); }
  /// What the tokenizer's files say beyond its public face.
  /// @throws Error invalid_argument for a tokenizer that was moved from
  static const tokenizer::TokenizerImpl& impl(const Tokenizer& tokenizer) { return tokenizer.impl(); }
  /// `tokenizer` by another inside, with the same limit.
  static Tokenizer with_impl(Tokenizer tokenizer, std::shared_ptr<const tokenizer::TokenizerImpl> impl) {
    tokenizer.impl_ = std::move(impl);
    return tokenizer;
  }
  /// What the tokenizer's copies truncate to when they are not told.
  static void set_model_limit(Tokenizer& tokenizer, std::size_t max_length) {
    tokenizer.model_max_length_ = max_length;
  }
};

/// Checks the request against the batch and runs it. @throws Error invalid_argument, and what engines throw
EncoderOutput run_checked(const engine::Engine& engine, const batch::BatchLimits& limits,
                          std::span<const Encoding* const> encodings, const RunRequest& request);
EncoderOutput run_checked(const engine::Engine& engine, const batch::BatchLimits& limits,
                          std::span<const Encoding> encodings, const RunRequest& request);

}  // namespace bertrt::session
