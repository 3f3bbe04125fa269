#pragma once

#include <cstddef>
#include <span>

#include "bertrt/similarity.h"

namespace bertrt::tasks {

/// Both of one size; summed in sixteen parts, so that a compiler can use vectors.
float dot(std::span<const float> a, std::span<const float> b) noexcept;

/// 1 / max(‖x‖₂, 1e-12).
float inverse_norm(std::span<const float> x) noexcept;

/// @param inverse_a, inverse_b  inverse_norm() of each; used by cosine alone
float score(std::span<const float> a, std::span<const float> b, Similarity function, float inverse_a,
            float inverse_b) noexcept;

}  // namespace bertrt::tasks
