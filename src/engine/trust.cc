#include "engine/trust.h"

#include "bertrt/error.h"

namespace bertrt::engine {

void refuse_unsafe(const model::ModelFile& file, std::optional<Trust> trust) {
  if (trust == Trust::full) return;
  for (const model::Finding& finding : file.findings()) {
    if (finding.severity != model::Finding::Severity::refuse) continue;
    throw Error(ErrorCode::unsafe_model, file.name() + ", " + finding.where,
                "code that computes and no more (SessionOptions::trust = full allows it)", finding.message);
  }
}

}  // namespace bertrt::engine
