#include "model/safety.h"

namespace bertrt::model {

std::vector<Finding> scan_code(const std::map<std::string, std::string, std::less<>>& code) {
  std::vector<Finding> findings;
  for (const auto& [entry, text] : code) {
    if (text.find("__setstate__") != std::string::npos) {
      findings.push_back(
          {Finding::Severity::refuse, entry, "defines __setstate__, which runs while the file is loaded"});
    }
  }
  return findings;
}

}  // namespace bertrt::model
