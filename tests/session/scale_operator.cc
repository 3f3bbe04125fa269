// A vendor's operator library in small: what a compiled trace needs opened before it is loaded.
#include <ATen/ATen.h>
#include <torch/library.h>

TORCH_LIBRARY(bertrt_test, library) {
  library.def("scale(Tensor x, float factor) -> Tensor", [](const at::Tensor& x, double factor) { return x * factor; });
}
