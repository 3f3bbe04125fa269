#include "bertrt/verify.h"

#include "bertrt/error.h"
#include "session/bounds.h"
#include "session/self_test.h"
#include "session/session_impl.h"

namespace bertrt {

VerifyReport verify(const BertSession& session) {
  const session::SessionImpl& impl = session::Access::impl(session);
  if (impl.self_test().empty()) {
    throw Error(ErrorCode::unsupported, "verify", "a bundle with a self-test (models/export.py writes one)", "none");
  }
  const auto cases = session::parse_self_test(impl.self_test(), "bertrt/selftest.json");
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
      cases, "bertrt/selftest.json",
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
