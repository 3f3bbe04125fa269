#include "bertrt/verify.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "base/out_of_memory.h"
#include "bertrt/error.h"
#include "proof/trace_proof.h"
#include "session/bounds.h"
#include "session/checkpoint_session.h"
#include "session/loader.h"
#include "session/self_test.h"
#include "session/session_impl.h"
#include "session/tokenizer_choice.h"
#include "session/trace_of.h"

namespace bertrt {
inline namespace v0 {
namespace {

void object(VerifyReport& report, std::string why) {
  if (report.why.empty()) report.why = std::move(why);
  report.ok = false;
}

void hold_to_self_test(const session::SessionImpl& impl, VerifyReport& report) {
  const std::string where = impl.settings().folder.empty() ? "bertrt/selftest.json" : session::kReferenceFile;
  const auto cases = session::parse_self_test(impl.self_test(), where);
  report.cases += cases.size();
  report.tokens_equal = !impl.tokenizer() || session::gives_ids(*impl.tokenizer(), cases);
  const session::SelfTestResult result =
      session::run_self_test(cases, where, [&](const Encoding& encoding, const RunRequest& request) {
        const Encoding* const one = &encoding;
        return impl.run({&one, 1}, request);
      });
  report.max_hidden_difference = std::max(report.max_hidden_difference, result.hidden.scaled());
  report.max_logits_difference = std::max(report.max_logits_difference, result.logits.scaled());
  const session::Bounds bounds = session::verify_bounds(impl.info().dtype);
  report.hidden_ok = report.hidden_ok && (!result.has_hidden || result.hidden.within(bounds.hidden, bounds.relative));
  report.logits_ok = report.logits_ok && (!result.has_logits || result.logits.within(bounds.logits, bounds.relative));
  if (!report.tokens_equal) object(report, "the tokenizer gives other ids than " + where + " has");
  if (!report.hidden_ok) object(report, where + ": " + result.hidden.text() + " in hidden states");
  if (!report.logits_ok) object(report, where + ": " + result.logits.text() + " in logits");
}

bool is_hidden(OutputRole role) { return role == OutputRole::hidden_state || role == OutputRole::pooled_output; }

void hold_to_trace(const session::SessionImpl& impl, const std::shared_ptr<const family::Trace>& trace,
                   const SessionOptions& options, VerifyReport& report) {
  const bool packed = report.engine == EngineKind::packed;
  if (packed && !trace->reading.recognition) {
    return object(report, "looked at for more lengths, it is no encoder that the packed engine knows: " +
                              trace->reading.not_explained);
  }
  std::vector<std::int32_t> special_ids;
  if (impl.tokenizer()) special_ids = session::special_ids_of(*impl.tokenizer());
  const proof::TraceProof proof(trace, special_ids, packed, true);
  if (proof.without_rounding() && report.engine == EngineKind::torchscript) {
    return object(report, "the trace rounds to integers while it runs, which libtorch cannot be told to leave out");
  }
  const auto other = proof.without_rounding() ? proof.make_engine(report.engine, options) : nullptr;
  const proof::Comparison found = proof.judge(other ? *other : impl.engine(), impl.info().dtype);
  report.trace_cases = proof.cases();
  report.longest_case = proof.longest();
  report.cases += report.trace_cases;
  for (const auto& [role, difference] : found.scaled) {
    float& largest = is_hidden(role) ? report.max_hidden_difference : report.max_logits_difference;
    largest = std::max(largest, difference);
  }
  for (const OutputRole role : found.differ) {
    bool& agrees = is_hidden(role) ? report.hidden_ok : report.logits_ok;
    agrees = false;
  }
  if (found.objection) object(report, "the trace: " + *found.objection);
}

VerifyReport start(const session::SessionImpl& impl) {
  VerifyReport report;
  report.engine = impl.info().engine;
  report.tokens_equal = report.hidden_ok = report.logits_ok = report.ok = true;
  return report;
}

}  // namespace

VerifyReport verify(const BertSession& session) {
  return base::or_out_of_memory("verify", [&] {
    const session::SessionImpl& impl = session::Access::impl(session);
    if (impl.self_test().empty() && !impl.settings().folder.empty()) {
      throw Error(
          ErrorCode::unsupported, "verify",
          std::string(session::kReferenceFile) + " in the folder (models/export.py FOLDER --reference writes it)",
          "none: each setting and weight is one that is known, but nothing was compared with what Python computes");
    }
    if (impl.self_test().empty()) {
      throw Error(ErrorCode::unsupported, "verify", "a bundle with a self-test (models/export.py writes one)", "none");
    }
    VerifyReport report = start(impl);
    hold_to_self_test(impl, report);
    return report;
  });
}

VerifyReport verify(const std::filesystem::path& path, const SessionOptions& options) {
  return base::or_out_of_memory("verify", [&] {
    if (session::is_checkpoint_path(path)) return verify(BertSession::load(path, options));
    session::OpenedFile opened = session::open_timed(path);
    const std::shared_ptr<const model::ModelFile> file = opened.file;
    const auto impl = session::load_session(std::move(opened), path.parent_path(), options);
    const auto trace = session::trace_of(file, options, true);
    if (impl->self_test().empty() && trace->program == nullptr) {
      throw Error(ErrorCode::unsupported, path.string(), "a self-test, or code that can be read as a graph",
                  trace->not_graphable);
    }
    VerifyReport report = start(*impl);
    if (!impl->self_test().empty()) hold_to_self_test(*impl, report);
    if (trace->program != nullptr) hold_to_trace(*impl, trace, options, report);
    return report;
  });
}

}  // namespace v0
}  // namespace bertrt
