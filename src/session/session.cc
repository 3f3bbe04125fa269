#include "bertrt/session.h"

#include <utility>

#include "bertrt/error.h"
#include "model/model_file.h"
#include "session/loader.h"
#include "session/session_impl.h"

namespace bertrt {

namespace session {

EncoderOutput run_checked(const engine::Engine& engine, const batch::BatchLimits& limits,
                          std::span<const Encoding> encodings, const RunRequest& request) {
  const batch::Batch batch = batch::make_batch(encodings, limits);
  for (const std::size_t row : request.logit_rows) {
    if (row >= batch.total_tokens()) {
      throw Error(ErrorCode::invalid_argument, "RunRequest::logit_rows",
                  "rows from 0 to " + std::to_string(batch.total_tokens() - 1), std::to_string(row));
    }
  }
  return engine.run(batch, request);
}

EncoderOutput SessionImpl::run(std::span<const Encoding> encodings, const RunRequest& request) const {
  return run_checked(*engine_, limits_, encodings, request);
}

}  // namespace session

BertSession::BertSession(std::shared_ptr<const session::SessionImpl> impl) : impl_(std::move(impl)) {}

BertSession BertSession::load(const std::filesystem::path& path, const SessionOptions& options) {
  return BertSession(session::load_session(session::open_timed(path), path.parent_path(), options));
}

BertSession BertSession::load_from_memory(std::span<const std::byte> bytes, const SessionOptions& options,
                                          std::string_view name) {
  return BertSession(session::load_session(session::view_timed(bytes, name), std::nullopt, options));
}

EncoderOutput BertSession::run(const Encoding& encoding, const RunRequest& request) const {
  return impl_->run({&encoding, 1}, request);
}

EncoderOutput BertSession::run(std::span<const Encoding> batch, const RunRequest& request) const {
  return impl_->run(batch, request);
}

const Tokenizer& BertSession::tokenizer() const {
  if (!impl_->tokenizer()) {
    throw Error(ErrorCode::unsupported, "BertSession::tokenizer",
                "a tokenizer in the model file, a vocab.txt or tokenizer.json beside it, or SessionOptions::tokenizer",
                "none");
  }
  return *impl_->tokenizer();
}

bool BertSession::has_tokenizer() const noexcept { return impl_->tokenizer().has_value(); }

const SessionInfo& BertSession::info() const noexcept { return impl_->info(); }

}  // namespace bertrt
