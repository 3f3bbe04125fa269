#include "bertrt/session.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "base/input_names.h"
#include "base/out_of_memory.h"
#include "batch/wanted_rows.h"
#include "bertrt/error.h"
#include "model/model_file.h"
#include "session/checkpoint_session.h"
#include "session/loader.h"
#include "session/session_impl.h"

namespace bertrt::session {
namespace {

// Values that nobody reads would be a mistake that nobody sees.
void check_extra_inputs(const batch::Batch& batch, const std::vector<std::string>& inputs) {
  for (const NamedInput& extra : batch.extra_inputs) {
    if (base::is_text_input(extra.name)) {  // engines take it from the encoding
      throw Error(ErrorCode::invalid_argument, "extra input " + extra.name, "the encoding's own " + extra.name,
                  "one beside it, which nobody would read");
    }
    if (std::find(inputs.begin(), inputs.end(), extra.name) != inputs.end()) continue;
    std::string names;
    for (const std::string& name : inputs) names.append(names.empty() ? "" : ", ").append(name);
    throw Error(ErrorCode::invalid_argument, "extra input " + extra.name, "one of the model's inputs, " + names,
                "a name that it lacks");
  }
}

EncoderOutput run_batch(const engine::Engine& engine, const batch::Batch& batch, const RunRequest& request) {
  if (!request.logit_tokens.empty()) batch::wanted_rows(batch, request);  // an error whatever the model gives
  return engine.run(batch, request);
}

}  // namespace

EncoderOutput run_checked(const engine::Engine& engine, const batch::BatchLimits& limits,
                          std::span<const Encoding* const> encodings, const RunRequest& request) {
  return run_batch(engine, batch::make_batch(encodings, limits, request.padding_rows), request);
}

EncoderOutput run_checked(const engine::Engine& engine, const batch::BatchLimits& limits,
                          std::span<const Encoding> encodings, const RunRequest& request) {
  return run_batch(engine, batch::make_batch(encodings, limits, request.padding_rows), request);
}

EncoderOutput SessionImpl::run(std::span<const Encoding* const> encodings, const RunRequest& request) const {
  const batch::Batch batch = batch::make_batch(encodings, limits_, request.padding_rows);
  check_extra_inputs(batch, info_.inputs);
  return run_batch(*engine_, batch, request);
}

}  // namespace bertrt::session

namespace bertrt {
inline namespace v0 {

const OutputInfo* SessionInfo::find_output(OutputRole role) const noexcept {
  const auto found = std::find_if(outputs.begin(), outputs.end(),
                                  [&](const OutputInfo& info) { return info.role == role && !info.in_more; });
  return found == outputs.end() ? nullptr : &*found;
}

BertSession::BertSession(std::shared_ptr<const session::SessionImpl> impl) noexcept : impl_(std::move(impl)) {}

BertSession BertSession::load(const std::filesystem::path& path, const SessionOptions& options) {
  return base::or_out_of_memory("loading a model", [&] {
    if (session::is_checkpoint_path(path)) return BertSession(session::load_checkpoint(path, options));
    return BertSession(session::load_session(session::open_timed(path), path.parent_path(), options));
  });
}

BertSession BertSession::load_from_memory(std::span<const std::byte> bytes, const SessionOptions& options,
                                          std::string_view name) {
  return base::or_out_of_memory("loading a model", [&] {
    return BertSession(session::load_session(session::view_timed(bytes, name), std::nullopt, options));
  });
}

const session::SessionImpl& BertSession::impl() const {
  if (!impl_) throw Error(ErrorCode::invalid_argument, "BertSession", "a loaded session", "one that was moved from");
  return *impl_;
}

EncoderOutput BertSession::run(const Encoding& encoding, const RunRequest& request) const {
  return base::or_out_of_memory("running a batch", [&] {
    const Encoding* const one = &encoding;
    return impl().run({&one, 1}, request);
  });
}

EncoderOutput BertSession::run(std::span<const Encoding> batch, const RunRequest& request) const {
  return base::or_out_of_memory("running a batch", [&] {
    std::vector<const Encoding*> pointers;
    pointers.reserve(batch.size());
    for (const Encoding& encoding : batch) pointers.push_back(&encoding);
    return impl().run(pointers, request);
  });
}

EncoderOutput BertSession::run(std::span<const Encoding* const> batch, const RunRequest& request) const {
  return base::or_out_of_memory("running a batch", [&] { return impl().run(batch, request); });
}

const Tokenizer& BertSession::tokenizer() const {
  if (!impl().tokenizer()) {
    throw Error(ErrorCode::unsupported, "BertSession::tokenizer",
                "a tokenizer in the model file, a vocab.txt or tokenizer.json beside it, or SessionOptions::tokenizer",
                "none");
  }
  return *impl().tokenizer();
}

bool BertSession::has_tokenizer() const { return impl().tokenizer().has_value(); }

const SessionInfo& BertSession::info() const { return impl().info(); }

}  // namespace v0
}  // namespace bertrt
