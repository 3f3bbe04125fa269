#include <string>
#include <string_view>
#include <utility>

#include "graph/operators/table.h"

namespace bertrt::graph {

// Operators of a second name: torch.special, NumPy's words, torch.linalg.
void add_aliases(Table& t) {
  static constexpr std::pair<std::string_view, std::string_view> kBySecondName[] = {
      {"aten::linalg_matmul", "aten::matmul"},
      {"aten::special_erf", "aten::erf"},
      {"aten::special_erfc", "aten::erfc"},
      {"aten::special_exp2", "aten::exp2"},
      {"aten::special_expit", "aten::sigmoid"},
      {"aten::special_expm1", "aten::expm1"},
      {"aten::special_gammaln", "aten::lgamma"},
      {"aten::special_log1p", "aten::log1p"},
      {"aten::special_log_softmax", "aten::log_softmax"},
      {"aten::special_logit", "aten::logit"},
      {"aten::special_logsumexp", "aten::logsumexp"},
      {"aten::special_round", "aten::round"},
      {"aten::special_sinc", "aten::sinc"},
      {"aten::special_softmax", "aten::softmax"},
      {"aten::special_xlogy", "aten::xlogy"},
  };
  for (const auto& [name, of] : kBySecondName) t.alias(name, of);
  // These have a form in place, too.
  static constexpr std::pair<std::string_view, std::string_view> kAlsoInPlace[] = {
      {"aten::absolute", "aten::abs"},  {"aten::arccos", "aten::acos"},   {"aten::arccosh", "aten::acosh"},
      {"aten::arcsin", "aten::asin"},   {"aten::arcsinh", "aten::asinh"}, {"aten::arctan", "aten::atan"},
      {"aten::arctan2", "aten::atan2"}, {"aten::arctanh", "aten::atanh"}, {"aten::clip", "aten::clamp"},
      {"aten::divide", "aten::div"},    {"aten::fix", "aten::trunc"},     {"aten::multiply", "aten::mul"},
      {"aten::negative", "aten::neg"},
  };
  for (const auto& [name, of] : kAlsoInPlace) {
    t.alias(name, of);
    t.alias(std::string(name) + '_', std::string(of) + '_');
  }
}

}  // namespace bertrt::graph
