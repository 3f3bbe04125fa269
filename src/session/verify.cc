#include "bertrt/verify.h"

#include <string>

#include "bertrt/error.h"
#include "session/bounds.h"
#include "session/checkpoint_session.h"
#include "session/self_test.h"
#include "session/session_impl.h"

namespace bertrt {

VerifyReport verify(const BertSession& session) {
  const session::SessionImpl& impl = session::Access::impl(session);
  const bool folder = !impl.settings().folder.empty();
  if (impl.self_test().empty() && folder) {
    throw Error(ErrorCode::unsupported, "verify",
                std::string(session::kReferenceFile) + " in the folder (models/export.py FOLDER --reference writes it)",
                "none: each setting and weight is one that is known, but nothing was compared with what Python computes");
  }
  if (impl.self_test().empty()) {
    throw Error(ErrorCode::unsupported, "verify", "a bundle with a self-test (models/export.py writes one)", "none");
  }
  const std::string where = folder ? session::kReferenceFile : "bertrt/selftest.json";
  const auto cases = session::parse_self_test(impl.self_test(), where);
  VerifyReport report;
  report.engine = session.info().engine;
  report.cases = cases.size();
  bool tokens_equal = true;
  if (session.has_tokenizer()) {
    for (const session::SelfTestCase& test : cases) {
      const Encoding encoding =
          test.pair ? session.tokenizer().encode(test.text, *test.pair) : session.tokenizer().encode(test.text);
      tokens_equal = tokens_equal && encoding.input_ids == test.encoding.input_ids;
    }
  }
  const session::SelfTestResult result = session::run_self_test(
      cases, where,
      [&](const Encoding& encoding, const RunRequest& request) { return session.run(encoding, request); });
  report.max_hidden_difference = result.hidden.max();
  report.max_logits_difference = result.logits.max();
  const session::Bounds bounds = session::verify_bounds(impl.info().dtype);
  report.tokens_equal = tokens_equal;
  report.hidden_ok = result.hidden.within(bounds.hidden, bounds.relative);
  report.logits_ok = !result.has_logits || result.logits.within(bounds.logits, bounds.relative);
  report.ok = report.tokens_equal && report.hidden_ok && report.logits_ok;
  return report;
}

}  // namespace bertrt
