#include "tasks/what_it_has.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/enum_names.h"
#include "bertrt/error.h"
#include "session/session_impl.h"

namespace bertrt::tasks {
namespace {

// In the variant's order.
constexpr std::array kModules = {
    "Transformer",          "Pooling",       "Dense",           "Normalize",       "LayerNorm",
    "WeightedLayerPooling", "SpladePooling", "MultiVectorMask", "StaticEmbedding", "SparseStaticEmbedding"};
static_assert(kModules.size() == std::variant_size_v<family::SentenceModule>);

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "none" : text;
}

// The last axis of an output that is `what`, or `otherwise` where that is not known; 0: nor is that.
std::size_t columns_of(const OutputInfo& output, const std::string& what, std::size_t otherwise,
                       const std::string& task, Evidence least) {
  if (output.evidence < least) {
    throw Error(ErrorCode::unsupported, task, what + " that is known " + std::string(to_string(least)),
                "output " + output.name + ", which is one only " + std::string(to_string(output.evidence)));
  }
  if (!output.shape.empty() && output.shape.back() > 0) return static_cast<std::size_t>(output.shape.back());
  if (otherwise != 0) return otherwise;
  throw Error(ErrorCode::unsupported, task, what + " whose width is known", "output " + output.name);
}

}  // namespace

std::string what_it_has(const BertSession& session) {
  const session::TaskSettings& settings = session::Access::impl(session).settings();
  std::string text = "heads: " + joined(settings.heads);
  if (settings.sentence) {
    std::vector<std::string> modules;
    for (const family::SentenceModule& module : settings.sentence->modules)
      modules.emplace_back(kModules[module.index()]);
    text += "; sentence modules: " + joined(modules);
  }
  std::vector<std::string> outputs;
  for (const OutputInfo& output : session.info().outputs) {
    std::string role(to_string(output.role));
    if (std::find(outputs.begin(), outputs.end(), role) == outputs.end()) outputs.push_back(std::move(role));
  }
  return text + "; outputs: " + joined(outputs);
}

std::size_t hidden_width(const BertSession& session, const std::string& task, Evidence least) {
  base::check_named("EmbedderOptions::least", least);
  const OutputInfo* last = nullptr;
  for (const OutputInfo& output : session.info().outputs) {
    if (output.role == OutputRole::hidden_state && !output.in_more) last = &output;
  }
  if (last == nullptr) {
    throw Error(ErrorCode::unsupported, task, "a model that gives hidden states", what_it_has(session));
  }
  return columns_of(*last, "a hidden state", session.info().hidden_size, task, least);
}

std::size_t logits_width(const BertSession& session, const std::string& task, Evidence least) {
  base::check_named("EmbedderOptions::least", least);
  const OutputInfo* output = session.info().find_output(OutputRole::token_logits);
  const std::vector<std::string>& heads = session::Access::impl(session).settings().heads;
  const bool other = !heads.empty() && std::find(heads.begin(), heads.end(), "masked-lm") == heads.end();
  if (output == nullptr || other) {
    throw Error(ErrorCode::unsupported, task,
                "a model with a masked-token head, whose logits its modules read (\"transformer_task\": \"fill-mask\")",
                what_it_has(session));
  }
  return columns_of(*output, "a token's logits", session.info().vocab_size, task, least);
}

}  // namespace bertrt::tasks
